"""Recordings that are handed over without being open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine.common.errors import ExportError
from engine.common.events import Finished, Noted, never_stop
from engine.hand_over.jobs import ExportTools, TablesJob
from engine.hand_over.joint_jobs import ReportJob, SeriesJob, in_series
from engine.hand_over.opening import OpenedSubjects, RecordingToOpen, open_subjects
from engine.review.document import JudgedSegment, Recording, Review, Verdict
from engine.review.files import usual_path, write_review
from engine.video import open_video
from tests.clips import make_clip


def no_predictor(*_: object) -> None:
    raise AssertionError("no detector is needed")


TOOLS = ExportTools(open_video, no_predictor)  # type: ignore[arg-type]


def reviewed_clip(path: Path, frames: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    with open_video(make_clip(path, frames, gop=12, b_frames=0)) as source:
        fingerprint = source.info.fingerprint
    judged = JudgedSegment(start=5, stop=20, verdict=Verdict.CONFIRMED, is_drawn=True)
    recording = Recording(
        name=path.name, path=str(path), fingerprint=fingerprint, frame_count=frames, segments=(judged,)
    )
    write_review(usual_path(path), Review(recordings=(recording,)))
    return path


def opened(paths: Sequence[Path]) -> OpenedSubjects:
    results: list[OpenedSubjects] = []

    def work() -> Iterator[int]:
        results.append((yield from open_subjects([RecordingToOpen(path) for path in paths], TOOLS, never_stop)))

    assert list(work()) == list(range(len(paths)))
    return results[0]


def test_recordings_of_one_name_are_called_apart(tmp_path: Path) -> None:
    found = opened([reviewed_clip(tmp_path / folder / "gate.mp4", n) for folder, n in (("a", 40), ("b", 50))])
    assert not found.left_out
    assert len({each.name for each in found.subjects}) == 2
    assert [len(each.recording.segments) for each in found.subjects] == [1, 1]
    assert all(size > 0 for size in found.sizes_bytes)


def test_what_can_not_be_handed_over_is_left_out_by_name(tmp_path: Path) -> None:
    gate = reviewed_clip(tmp_path / "gate.mp4", 40)
    shutil.copy(gate, tmp_path / "again.mp4")
    shutil.copy(usual_path(gate), usual_path(tmp_path / "again.mp4"))
    changed = reviewed_clip(tmp_path / "changed.mp4", 30)
    make_clip(changed, 35, gop=12, b_frames=0)
    new = make_clip(tmp_path / "new.mp4", 45, gop=12, b_frames=0)
    found = opened([gate, tmp_path / "again.mp4", changed, new, tmp_path / "gone.mp4"])
    assert [each.recording.name for each in found.subjects] == ["gate.mp4"]
    said = [each.in_words.split(". ")[0].rstrip(".") for each in found.left_out]
    assert said[:3] == [
        "again.mp4: It is the same as gate.mp4",
        "changed.mp4: Its review is not of what it holds now",
        "new.mp4: It is neither analysed nor reviewed",
    ]
    assert said[3].startswith("gone.mp4: ")


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    found = opened([reviewed_clip(tmp_path / f"{name}.mp4", n) for name, n in (("a", 40), ("b", 50))])
    out = tmp_path / "out"
    blocked = tmp_path / "file"
    blocked.touch()
    first, second = found.subjects
    job = SeriesJob((TablesJob(first, ("csv",), blocked / "out"), TablesJob(second, ("csv",), out)), out, "Tables")

    with pytest.raises(ExportError, match="1 of 2 recordings failed") as raised:
        list(job.run(TOOLS, never_stop))
    assert "Tables of a.mp4" in raised.value.advice
    assert [path.name for path in out.iterdir()] == ["b.reviewed.csv"]


def test_a_joint_report_names_what_it_lacks(tmp_path: Path) -> None:
    found = opened(
        [tmp_path / "gone.mp4", *(reviewed_clip(tmp_path / f"{name}.mp4", n) for name, n in (("a", 40), ("b", 50)))]
    )
    (tmp_path / "a.mp4").unlink()
    job = ReportJob(found.subjects, tmp_path / "out" / "report.html", left_out=found.left_out)
    events = list(job.run(TOOLS, never_stop))
    assert [each.text.split(": ")[1] for each in events if isinstance(each, Noted)] == ["a.mp4"]
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Review of b.mp4" in text
    assert [f"<li>{name}.mp4: " in text for name in ("gone", "a", "b")] == [True, True, False]


def test_a_series_of_one_is_that_one(tmp_path: Path) -> None:
    (subject,) = opened([reviewed_clip(tmp_path / "a.mp4", 40)]).subjects
    job = TablesJob(subject, ("csv",), tmp_path / "out")
    assert in_series([job], tmp_path, "Tables of 1 recording") is job
    assert [Path(each.path).name for each in job.run(TOOLS, never_stop) if isinstance(each, Finished)] == [
        "a.reviewed.csv"
    ]
