"""The list of recordings: what is kept of it, and that it never stands in the way."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.common.errors import ReviewError
from engine.review.document import Verdict
from engine.review.recording_list import (
    AnalysisStage,
    FoundSegment,
    ListedRecording,
    RecordingList,
    RecordingListFile,
    ranked,
)

LISTED = RecordingList(
    recordings=(
        ListedRecording(
            path="/videos/street.mp4",
            stage=AnalysisStage.ANALYSED,
            share=1.0,
            detector="plaza",
            score="paper",
            segments=(FoundSegment(10, 20, 15, 0.6, 0.9, Verdict.CONFIRMED), FoundSegment(40, 50, 45, 1.8, 0.8)),
        ),
        ListedRecording(
            path="/videos/yard.mp4", stage=AnalysisStage.FAILED, problem="It holds no video", advice="Go on."
        ),
        ListedRecording(path=os.fsdecode(b"/videos/caf\xe9.mp4")),
    ),
    watched_folders=("/videos",),
    left_out=("/videos/old.mp4",),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = RecordingListFile(tmp_path / "data" / "recordings.json")
    assert file.open() == RecordingList()
    file.write(LISTED)
    file.close()
    again = RecordingListFile(tmp_path / "data" / "recordings.json")
    assert again.open() == LISTED
    assert len(LISTED.recordings[0].unreviewed) == 1
    again.close()


def test_an_analysis_that_was_going_on_waits_after_a_restart(tmp_path: Path) -> None:
    file = RecordingListFile(tmp_path / "recordings.json")
    file.open()
    file.write(RecordingList(recordings=(ListedRecording(path="/a.mp4", stage=AnalysisStage.ANALYSING, share=0.4),)))
    file.close()
    assert file.open().recordings == (ListedRecording(path="/a.mp4", stage=AnalysisStage.WAITING, share=0.4),)
    file.close()


def test_a_list_belongs_to_one_window(tmp_path: Path) -> None:
    path = tmp_path / "recordings.json"
    first, second = RecordingListFile(path), RecordingListFile(path)
    first.open()
    first.write(LISTED)
    with pytest.raises(ReviewError, match="another window"):
        second.open()
    second.write(RecordingList())
    first.close()
    assert second.open() == LISTED
    second.close()


@pytest.mark.parametrize("text", [b"", b"{", b'{"format": "vadgui-recordings", "version": 1, "recordings": 3}', b"[]"])
def test_a_damaged_list_is_put_aside(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "recordings.json"
    path.write_bytes(text)
    file = RecordingListFile(path)
    assert file.open() == RecordingList()
    assert str(tmp_path / "recordings.damaged") in file.notice
    file.write(LISTED)
    file.close()
    assert [each.read_bytes() for each in tmp_path.glob("*.damaged")] == [text]
    assert file.open() == LISTED
    file.close()


@pytest.mark.parametrize(
    "damage",
    [
        {"path": None},
        {"stage": "asleep"},
        {"share": "much"},
        {"segments": [[1, 2]]},
        {"problem_values": []},
    ],
)
def test_an_entry_that_cannot_be_used_costs_no_other_one(tmp_path: Path, damage: dict[str, object]) -> None:
    path = tmp_path / "recordings.json"
    good = {"path": "/b.mp4", "stage": "analysed", "share": 1.0}
    kept = {"recordings": [{**good, "path": "/a.mp4", **damage}, good], "watched_folders": ["/films", 5], "left_out": 1}
    text = json.dumps({"format": "vadgui-recordings", "version": 1, **kept})
    path.write_text(text)
    file = RecordingListFile(path)
    opened = file.open()
    file.close()
    assert [each.path for each in opened.recordings] == ["/b.mp4"]
    assert opened.watched_folders == ("/films",)
    assert "1 of them could be read" in file.notice
    assert (tmp_path / "recordings.damaged").read_text() == text


def test_a_newer_list_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "recordings.json"
    text = json.dumps({"format": "vadgui-recordings", "version": 99, "recordings": "other"})
    path.write_text(text)
    file = RecordingListFile(path)
    with pytest.raises(ReviewError, match="newer version"):
        file.open()
    file.write(LISTED)
    assert path.read_text() == text


def _listed(path: str, detector: str, *scores: float) -> ListedRecording:
    segments = tuple(FoundSegment(10 * at, 10 * at + 5, 10 * at, at, score) for at, score in enumerate(scores))
    return ListedRecording(path=path, detector=detector, segments=segments)


def test_segments_of_all_recordings_are_ranked_by_score() -> None:
    recordings = [_listed("/a", "gate", 3.5, 4.5), _listed("/b", "gate", 4.0), _listed("/c", "gate")]
    assert [(rec.path, seg.peak_score) for rec, seg in ranked(recordings)] == [("/a", 4.5), ("/b", 4.0), ("/a", 3.5)]


def test_scores_of_different_detectors_are_not_compared() -> None:
    recordings = [_listed("/a", "gate", 3.5, 4.5), _listed("/b", "yard", 0.8, 0.9)]
    assert [seg.peak_score for _, seg in ranked(recordings)] == [4.5, 0.9, 3.5, 0.8]
