"""Which recordings were reviewed with a detector, and what was dismissed in each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.commands.progress import finished
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from engine.review.files import usual_path
from engine.review.verdicts import FoundVerdicts, find_verdicts
from tests.clips import write_clip
from tests.engine.commands.reviews import write_review

GATE, YARD = DetectorUsed("Gate", "gate-fingerprint"), DetectorUsed("Yard", "yard-fingerprint")
DISMISSED = JudgedSegment(start=10, stop=20, verdict=Verdict.DISMISSED, reason="normal")
RAIN = JudgedSegment(start=25, stop=40, verdict=Verdict.DISMISSED, reason="weather")
CONFIRMED = JudgedSegment(start=20, stop=25, verdict=Verdict.CONFIRMED)


def record(path: Path, seed: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (30, 48, 64, 3), np.uint8)
    return write_clip(path, list(noise), 5)


def found(*videos: Path) -> FoundVerdicts:
    return finished(find_verdicts(dict.fromkeys(videos, ""), GATE.fingerprint))


def test_finds_what_lies_beside_the_open_recording_and_what_is_listed(tmp_path: Path) -> None:
    monday, tuesday = record(tmp_path / "monday.mp4", 1), record(tmp_path / "tuesday.mp4", 2)
    elsewhere = record(tmp_path / "other" / "sunday.mp4", 3)
    unseen = record(tmp_path / "other" / "saturday.mp4", 4)
    write_review(monday, DISMISSED, CONFIRMED, RAIN, detector=GATE, score="calibrated")
    for video in (tuesday, elsewhere, unseen):
        write_review(video, DISMISSED, detector=GATE, score="calibrated")
    result = found(monday, elsewhere)
    assert [each.video for each in result.recordings] == [monday, elsewhere, tuesday]
    assert not result.left_out
    first = result.recordings[0]
    assert first.dismissed["normal"] == pytest.approx([2.0])
    assert first.dismissed["weather"] == pytest.approx([1.0]), "it ends with the recording"
    assert first.dismissed_for({"weather", "normal", "animal"}) == pytest.approx([2.0, 1.0])
    assert first.confirmed_count == 1
    assert first.not_normal == [pytest.approx((4.0, 5.0)), pytest.approx((5.0, 6.0))], "confirmed; rain"
    assert result.recordings[1].not_normal == []


def test_tells_of_what_it_leaves_out(tmp_path: Path) -> None:
    videos = [record(tmp_path / f"{name}.mp4", number) for number, name in enumerate("abcd")]
    write_review(videos[0], DISMISSED, detector=YARD, score="calibrated")
    write_review(videos[1], DISMISSED, detector=GATE, score="paper")
    write_review(videos[2], DISMISSED, detector=GATE, score="calibrated")
    videos[2].unlink()
    usual_path(videos[3]).write_text("{")
    result = found(videos[0])
    assert not result.recordings
    assert {each.name: each.why for each in result.left_out} == {
        "a.mp4": "Reviewed with another detector, Yard",
        "b.mp4": "Not reviewed by the calibrated score",
        "c.mp4": "A recording of this review is not where it was",
        "d.mp4.review.json": "The review's file is damaged",
    }


def test_damage_is_told_of_in_other_folders_too(tmp_path: Path) -> None:
    here, there = record(tmp_path / "here.mp4", 1), record(tmp_path / "other" / "there.mp4", 2)
    usual_path(there).write_text("{")
    (left_out,) = finished(find_verdicts({here: "", there: "abc"}, GATE.fingerprint)).left_out
    assert left_out.why == "The review's file is damaged"


def test_a_recording_without_a_verdict_is_not_offered(tmp_path: Path) -> None:
    video = record(tmp_path / "monday.mp4", 1)
    write_review(video, JudgedSegment(start=3, stop=6, note="who is this?"), detector=GATE, score="calibrated")
    assert found(video) == FoundVerdicts([], [])
