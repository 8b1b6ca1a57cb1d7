"""The jobs, without a window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest

from engine.common.errors import Cancelled, ExportError, VideoError
from engine.common.events import Finished, Noted, Progress, never_stop
from engine.export.clip import ExportOptions
from engine.hand_over.jobs import ClipsJob, ExportTools, Subject, TablesJob
from engine.hand_over.joint_jobs import ReportJob
from engine.review.document import Verdict
from engine.video import open_video
from engine.video.wall_clock import BY_HAND, RecordingStart
from tests.clips import make_clip
from tests.engine.export.reviews import reviewed

FRAME = ExportOptions(panels=("frame",), score_strip=False)


def no_predictor(*_: object) -> None:
    raise AssertionError("no detector is needed")


@pytest.fixture
def tools() -> ExportTools:
    return ExportTools(open_video, no_predictor)  # type: ignore[arg-type]


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    video = make_clip(tmp_path / "gate.mp4", 150, gop=12, b_frames=0)
    recording = reviewed(video)
    with open_video(video) as source:
        return Subject(replace(recording, info=source.info))


def clips(subject: Subject, folder: Path, options: ExportOptions | None = FRAME) -> ClipsJob:
    return ClipsJob(subject, subject.recording.segments, folder, "{segment}", options)


def test_clips_of_many_segments_count_frames_of_all(tmp_path: Path, tools: ExportTools, subject: Subject) -> None:
    job = clips(subject, tmp_path / "out")
    events = list(job.run(tools, never_stop))
    paths = [Path(each.path) for each in events if isinstance(each, Finished)]
    assert [path.name for path in paths] == ["1.mp4", "2.mp4", "3.mp4", "4.mp4"]
    done = [each.done for each in events if isinstance(each, Progress)]
    assert done == sorted(done)
    assert done[-1] == job.total == 25 + 25 + 10 + 10
    for path, segment in zip(paths, job.segments, strict=True):
        with av.open(str(path)) as container:
            assert sum(1 for _ in container.decode(video=0)) == len(segment)


@pytest.mark.parametrize("options", [FRAME, None], ids=["encoded", "cut"])
def test_a_margin_is_shown_around_segments_as_far_as_there_is_some(
    tmp_path: Path, tools: ExportTools, subject: Subject, options: ExportOptions | None
) -> None:
    job = replace(clips(subject, tmp_path / "out", options), margin_seconds=0.4)
    paths = [Path(each.path) for each in job.run(tools, never_stop) if isinstance(each, Finished)]
    assert [path.name for path in paths] == ["1.mp4", "2.mp4", "3.mp4", "4.mp4"]
    shown = [(15, 60), (65, 110), (110, 140), (130, 150)]
    assert job.total == sum(stop - start for start, stop in shown)
    for path, (start, stop) in zip(paths, shown, strict=True):
        with av.open(str(path)) as container:
            count = sum(1 for _ in container.decode(video=0))
        assert count == stop - (start if options else start // 12 * 12)


def test_a_clip_that_fails_does_not_keep_the_others_from_being_made(
    tmp_path: Path, tools: ExportTools, subject: Subject
) -> None:
    late = replace(subject.recording.segments[1], start=148, stop=160, peak_frame=150)
    segments = (subject.recording.segments[0], late, *subject.recording.segments[2:])
    job = replace(clips(subject, tmp_path / "out"), segments=segments)
    with pytest.raises(ExportError, match="1 of 4 clips failed") as failed:
        list(job.run(tools, never_stop))
    assert "2.mp4: The video has no frames 148 to 159" in failed.value.advice
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1.mp4", "3.mp4", "4.mp4"]


def test_clips_have_the_time_that_was_reviewed_not_that_of_the_file(
    tmp_path: Path, tools: ExportTools, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ExportOptions] = []

    def watched(*given: Any) -> Iterator[Finished]:
        made.append(given[6])
        yield Finished(str(given[5]))

    monkeypatch.setattr("engine.hand_over.jobs.export_clip", watched)
    start = RecordingStart(datetime(2024, 1, 15, 10, 30, tzinfo=UTC), BY_HAND)
    recording = replace(subject.recording, info=replace(subject.recording.info, start=start))
    list(clips(replace(subject, recording=recording), tmp_path / "out").run(tools, never_stop))
    assert [each.start for each in made] == [start] * 4


def test_nothing_is_replaced(tmp_path: Path, tools: ExportTools, subject: Subject) -> None:
    (tmp_path / "1.mp4").write_bytes(b"somebody's")
    job = replace(clips(subject, tmp_path), segments=subject.recording.segments[:1])
    *_, last = job.run(tools, never_stop)
    assert last == Finished(str(tmp_path / "1-2.mp4"))
    assert (tmp_path / "1.mp4").read_bytes() == b"somebody's"
    again = replace(job, template="x")  # every segment has the same name
    again = replace(again, segments=subject.recording.segments[:3])
    names = [Path(each.path).name for each in again.run(tools, never_stop) if isinstance(each, Finished)]
    assert names == ["x.mp4", "x-2.mp4", "x-3.mp4"]


def test_cancelling_keeps_what_is_whole_and_nothing_else(tmp_path: Path, tools: ExportTools, subject: Subject) -> None:
    done = 0
    events = clips(subject, tmp_path / "out").run(tools, lambda: done > 30)
    while done <= 30:
        event = next(events)
        done = event.done if isinstance(event, Progress) else done
    with pytest.raises(Cancelled):
        next(events)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["1.mp4"], "the second has frames 26 to 50"


def test_a_cut_says_how_much_earlier_it_begins(tmp_path: Path, tools: ExportTools, subject: Subject) -> None:
    events = list(clips(subject, tmp_path / "out", None).run(tools, never_stop))
    notes = [each.text for each in events if isinstance(each, Noted)]
    # Frames 25 and 75 come after keyframes 24 and 72, 120 is one, 140 comes after 132.
    assert [note.split(" begins ")[1] for note in notes] == [
        "0.04 s earlier, at keyframe 24.",
        "0.12 s earlier, at keyframe 72.",
        "0.32 s earlier, at keyframe 132.",
    ]


@pytest.mark.parametrize("kind", ["clips", "report"])
def test_a_recording_that_was_changed_meanwhile_is_refused(
    tmp_path: Path, tools: ExportTools, subject: Subject, kind: str
) -> None:
    make_clip(subject.recording.info.path, 140)
    one = replace(clips(subject, tmp_path / "out"), segments=subject.recording.segments[:1])
    job = one if kind == "clips" else ReportJob((subject,), tmp_path / "out" / "report.html")
    with pytest.raises(ExportError, match="changed since"):
        list(job.run(tools, never_stop))
    assert not list((tmp_path / "out").iterdir())


def test_a_recording_that_is_gone_is_told(tmp_path: Path, tools: ExportTools, subject: Subject) -> None:
    subject.recording.info.path.unlink()
    one = replace(clips(subject, tmp_path / "out"), segments=subject.recording.segments[:1])
    with pytest.raises(VideoError):
        list(one.run(tools, never_stop))


def test_tables_list_the_chosen_verdicts(tmp_path: Path, tools: ExportTools, subject: Subject) -> None:
    job = TablesJob(subject, ("csv",), tmp_path / "out", (Verdict.DISMISSED,))
    (event,) = job.run(tools, never_stop)
    assert isinstance(event, Finished)
    lines = Path(event.path).read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert ",dismissed," in lines[1]
