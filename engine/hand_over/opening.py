"""Opens recordings that are to be handed over without a window: their reviews and stored analyses."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace as replaced

from engine.analysis.clock import zones_or_clock
from engine.common.errors import ExportError, VadError
from engine.common.events import Progress, ShouldStop
from engine.common.language import tr
from engine.common.left_out import LeftOut
from engine.detector_library import DetectorLibrary
from engine.export.list_files import unique_names
from engine.export.reviewed import ReviewedRecording
from engine.hand_over.jobs import ExportTools, Subject
from engine.hand_over.reviewing import reviewed, tells_where
from engine.review.document import DetectorUsed, Recording, Review, to_bytes
from engine.review.files import OpenedReview, find_review, usual_path
from engine.scoring.scorers import default_scorer
from engine.video.source import VideoSource, size_bytes

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


@dataclass(frozen=True)
class RecordingToOpen:
    """A recording of which nothing is open."""

    path: Path
    detector: Path | None = None
    """What the recordings of its folder are analysed with; None where nobody has chosen one."""
    device: str = "auto"


@dataclass(frozen=True, eq=False)
class OpenedSubjects:
    """What can be handed over, and why the others can't."""

    subjects: tuple[Subject, ...]
    sizes_bytes: tuple[int, ...]
    """Of their recordings."""
    left_out: tuple[LeftOut, ...] = ()


def open_subjects(
    recordings: Sequence[RecordingToOpen | Subject], tools: ExportTools, should_stop: ShouldStop
) -> Generator[int, None, OpenedSubjects]:
    """Open one after the other, and yield how many are done; one that can't be opened does not stop the others.

    What is open already is passed on.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    subjects: dict[str, tuple[Subject, int]] = {}
    left_out: list[LeftOut] = []
    for number, each in enumerate(recordings):
        yield number
        try:
            subject = each if isinstance(each, Subject) else open_subject(each, tools, should_stop)
            same = subjects.get(subject.recording.info.fingerprint)
            if same:
                raise ExportError(tr("It is the same as {name}").format(name=same[0].recording.name))
            info = subject.recording.info
            subjects[info.fingerprint] = subject, size_bytes(info.path)
        except VadError as error:
            name = each.recording.name if isinstance(each, Subject) else each.path.name
            left_out.append(LeftOut.of(name, error))
    tools.clear()
    opened = [subject for subject, _ in subjects.values()]
    names = unique_names([each.recording for each in opened])
    called = tuple(replace(each, called=name) for each, name in zip(opened, names, strict=True))
    return OpenedSubjects(called, tuple(size for _, size in subjects.values()), tuple(left_out))


def open_subject(to_open: RecordingToOpen, tools: ExportTools, should_stop: ShouldStop) -> Subject:
    """A recording with its review and its stored analysis.

    Raises:
        VideoError: it can't be read.
        ReviewError: its review can't be read.
        ExportError: it is neither analysed to its end nor reviewed.
    """
    with tools.video(to_open.path, should_stop) as source:
        opened, notice = find_review(to_open.path, source.info.fingerprint)
        if opened is None and notice:
            # Whoever redacted it before it changed did not mean it to be seen now.
            raise ExportError(tr("Its review is not of what it holds now"), subject=to_open.path, advice=notice)
        recording = _recording(source, opened)
        detector = _detector_file(recording.detector, to_open, tools)
        predictor = tools.predictor(detector, to_open.device) if detector else None
        if predictor and recording.detector is None:
            recording = replaced(recording, detector=DetectorUsed(predictor.settings.name, predictor.fingerprint))
        if predictor and not recording.has_decided_zones:
            scorer = default_scorer(predictor.settings.calibration)
            zones = zones_or_clock(recording.zones, source, scorer, should_stop)
            recording = replaced(recording, zones=zones)
        if predictor is None and opened is None:
            raise ExportError(
                tr("It is neither analysed nor reviewed"),
                subject=to_open.path,
                advice=tr("Open it and choose a detector."),
            )
        found = _stored(recording, source, predictor, tools, should_stop)
        review = _review_file(recording, opened, to_open.path)
    knows_where = tells_where(predictor, found.score_name)
    return Subject(found, detector, to_open.device, knows_where, review)


def _recording(source: VideoSource, opened: OpenedReview | None) -> Recording:
    info = source.info
    kept = opened.review.recording_of(info.fingerprint) if opened else None
    path = str(info.path.absolute())
    return kept or Recording(name=info.name, path=path, fingerprint=info.fingerprint, frame_count=len(source))


def _detector_file(used: DetectorUsed | None, to_open: RecordingToOpen, tools: ExportTools) -> Path | None:
    """The detector of its review, or of its folder where there is no review; None where it is not here."""
    here = to_open.detector if to_open.detector and to_open.detector.is_file() else None
    if used is None or (here and tools.predictor(here, to_open.device).fingerprint == used.fingerprint):
        return here
    entries = DetectorLibrary().entries()
    return next((entry.path for entry in entries if entry.fingerprint == used.fingerprint), None)


def _stored(
    recording: Recording,
    source: VideoSource,
    predictor: Predictor | None,
    tools: ExportTools,
    should_stop: ShouldStop,
) -> ReviewedRecording:
    """What the stored analysis says: nobody who hands over waits for another one.

    Raises:
        ExportError: it is not complete.
    """
    work = reviewed(recording, source, predictor, should_stop, tools.analyses)
    while True:
        try:
            progress: Progress = next(work)
        except StopIteration as end:
            found: ReviewedRecording = end.value
            return found
        if progress.done < progress.total:
            work.close()
            raise ExportError(
                tr("It is not analysed to its end"),
                subject=source.info.path,
                advice=tr("Wait until the list says that it is analysed, or choose *Analyse again* there."),
            )


def _review_file(recording: Recording, opened: OpenedReview | None, video: Path) -> tuple[str, bytes]:
    review = opened.review if opened else Review(recordings=(recording,))
    return (opened.path if opened else usual_path(video)).name, to_bytes(review)
