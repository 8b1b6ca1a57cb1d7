"""The jobs of single recordings, clips of segments and tables, and what all jobs have in common."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from engine.analysis.where import stored_evidence
from engine.common.durations import duration_in_words
from engine.common.errors import ExportError, VadError
from engine.common.events import Finished, Noted, Progress, ShouldStop
from engine.common.language import tr, tr_n, tr_noop
from engine.common.names import displayable
from engine.export.clip import PHASE as ENCODING
from engine.export.clip import ExportOptions, export_clip
from engine.export.clip_names import clip_name
from engine.export.list_files import make_folder, unique_names, write_lists
from engine.export.reviewed import ListedSegment, ReviewedRecording
from engine.export.stream_copy import PHASE as CUTTING
from engine.export.stream_copy import copy_clip, copy_starts_at, copy_suffix, skipped_gaps
from engine.review.document import Verdict
from engine.scoring.where import WindowEvidence
from engine.video.source import VideoSource
from engine.video.writer import free_path

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

Events = Generator[Progress | Noted | Finished, None, None]
Evidence = Callable[[int], WindowEvidence | None]
_TOLD_FAILURES = 3


def first_of(failures: Sequence[str]) -> str:
    """The first of many failures, a line each, and how many more there are."""
    more = len(failures) - _TOLD_FAILURES
    return "\n".join([*failures[:_TOLD_FAILURES], *([tr("and {count} more").format(count=more)] if more > 0 else [])])


class ExportTools:
    """Opens what jobs need; the detector loaded last is kept until `clear`."""

    def __init__(
        self,
        video_opener: Callable[..., VideoSource],
        predictor_opener: Callable[[Path, str], Predictor],
        analyses: Path | None = None,
    ) -> None:
        """The openers have the signatures of `open_video` and `Predictor.open`.

        What stands out in a frame comes from the stored `analyses`.
        """
        self._video_opener = video_opener
        self._predictor_opener = predictor_opener
        self.analyses = analyses
        self._opened: tuple[Path, str] | None = None
        self._predictor: Predictor | None = None

    def video(self, path: Path, should_stop: ShouldStop) -> VideoSource:
        """A recording as it is now.

        Raises:
            VideoError: it can't be read.
        """
        return self._video_opener(path, should_stop=should_stop)

    @contextmanager
    def source(self, recording: ReviewedRecording, should_stop: ShouldStop) -> Iterator[VideoSource]:
        """The recording.

        Raises:
            ExportError: it is not the one that was reviewed any more.
            VideoError: it can't be read.
        """
        info = recording.info
        with self.video(info.path, should_stop) as source:
            if source.info.fingerprint != info.fingerprint:
                raise ExportError(
                    tr("The recording was changed since it was reviewed"),
                    subject=info.path,
                    advice=tr("Put the reviewed one back, or review this one anew."),
                )
            yield source

    def predictor(self, path: Path, device: str) -> Predictor:
        """A detector."""
        if self._predictor is None or self._opened != (path, device):
            self._predictor = self._predictor_opener(path, device)
            self._opened = (path, device)
        return self._predictor

    def clear(self) -> None:
        """Free the detector's memory."""
        self._predictor = None

    @contextmanager
    def evidence(
        self, recording: ReviewedRecording, source: VideoSource, predictor: Predictor | None
    ) -> Iterator[Evidence | None]:
        """What tells of each frame where its evidence lies; None where that is not known."""
        if predictor is None or self.analyses is None:
            yield None
            return
        with stored_evidence(self.analyses, source, predictor, recording.zones) as evidence:
            yield evidence


@dataclass(frozen=True, eq=False)
class Subject:
    """A recording that is handed over, and what made its scores."""

    recording: ReviewedRecording
    detector: Path | None = None
    device: str = "auto"
    knows_where: bool = False
    """Whether the detector tells where the evidence lies."""
    review: tuple[str, bytes] = ("", b"")
    """Name and content of the review's file."""
    called: str = ""
    """What its files are called after; empty for the recording's own name."""

    @property
    def name(self) -> str:
        """What its files are called after."""
        return self.called or unique_names([self.recording])[0]

    def outlining(self, tools: ExportTools) -> Predictor | None:
        """The detector, if it tells where the evidence lies."""
        return tools.predictor(self.detector, self.device) if self.detector and self.knows_where else None

    def outlined(self, tools: ExportTools, should_stop: ShouldStop) -> ReviewedRecording:
        """The recording with what stands out in the peak frame of each segment."""
        recording, predictor = self.recording, self.outlining(tools)
        segments = []
        with (
            tools.source(recording, should_stop) as source,
            tools.evidence(recording, source, predictor) as evidence_at,
        ):
            if evidence_at is None or recording.rule is None:
                return recording
            enter = recording.rule.enter
            for segment in recording.segments:
                evidence = evidence_at(segment.peak_frame) if segment.has_score else None
                outlines = tuple(evidence.outlines(enter, at_least=1)) if evidence else ()
                segments.append(replace(segment, outlines=outlines))
        return replace(recording, segments=tuple(segments))


class ExportJob(Protocol):
    """Something that is written: files of which `Finished` tells each as it is done."""

    @property
    def units(self) -> Mapping[str, str]:
        """What progress counts, by its phase; that of other phases is shown as a share."""

    @property
    def title(self) -> str:
        """What is made, in words."""

    @property
    def target(self) -> Path:
        """The file, or the folder that files go to."""

    @property
    def total(self) -> int:
        """How much there is to do, before any progress is told."""

    def run(self, tools: ExportTools, should_stop: ShouldStop) -> Events:
        """Do it; what exists already is never replaced."""


@dataclass(frozen=True, eq=False)
class ClipsJob:
    """A clip of each of some segments."""

    subject: Subject
    segments: tuple[ListedSegment, ...]
    folder: Path
    template: str
    """Of the clips' names."""
    options: ExportOptions | None
    """How they look; None to cut without re-encoding."""
    sound: bool = True
    margin_seconds: float = 0.0
    """What is shown before and after each segment."""

    units: ClassVar[Mapping[str, str]] = {ENCODING: tr_noop("frames"), CUTTING: tr_noop("frames")}

    @property
    def title(self) -> str:
        """How many clips of what."""
        count = len(self.segments)
        text = tr_n("{count} clip of {name}", "{count} clips of {name}", count)
        return text.format(count=count, name=self.subject.recording.name)

    @property
    def target(self) -> Path:
        """The clip, or of several their folder."""
        return (
            self._path(self.segments[0], ".mp4" if self._suffix is None else self._suffix)
            if len(self.segments) == 1
            else self.folder
        )

    @property
    def total(self) -> int:
        """Frames."""
        return sum(len(self._shown(each)) for each in self.segments)

    def run(self, tools: ExportTools, should_stop: ShouldStop) -> Events:
        """Make one after the other; one that fails does not keep the others from being made."""
        failures: list[str] = []
        done = 0
        make_folder(self.folder)
        suffix = self._suffix if self._suffix is not None else copy_suffix(self.subject.recording.info)
        for segment in self.segments:
            target = free_path(self._path(segment, suffix))
            try:
                for event in self._clip(segment, target, tools, should_stop):
                    yield self._of_all(event, done) if isinstance(event, Progress) else event
            except VadError as error:
                if len(self.segments) == 1:
                    raise
                failures.append(f"{displayable(target.name)}: {error.what}. {error.advice}")
            done += len(self._shown(segment))
        if failures:
            raise ExportError(
                tr("{count} of {total} clips failed").format(count=len(failures), total=len(self.segments)),
                subject=self.folder,
                advice=first_of(failures),
            )

    def _shown(self, segment: ListedSegment) -> ListedSegment:
        return self.subject.recording.widened(segment, self.margin_seconds)

    @property
    def _suffix(self) -> str | None:
        """Of the clips' names; None where it depends on what the recording holds."""
        return self.options.encoding.facts.suffix if self.options else None

    def _of_all(self, progress: Progress, done_before: int) -> Progress:
        done = min(done_before + progress.done, self.total)
        left = (self.total - done) / progress.per_second if progress.per_second else None
        return replace(progress, done=done, total=self.total, seconds_left=left)

    def _path(self, segment: ListedSegment, suffix: str) -> Path:
        return self.folder / clip_name(self.template, self.subject.name, self.subject.recording, segment, suffix)

    def _clip(self, segment: ListedSegment, target: Path, tools: ExportTools, should_stop: ShouldStop) -> Events:
        subject, recording, shown = self.subject, self.subject.recording, self._shown(segment)
        start, stop = shown.start, shown.stop
        with tools.source(recording, should_stop) as source:
            if self.options is None:
                redaction = recording.redaction
                yield from copy_clip(source, start, stop, target, should_stop, sound=self.sound, redaction=redaction)
                yield from _noted_cut(source, shown)
                return
            options = replace(
                self.options,
                threshold=recording.rule.enter if recording.rule else None,
                outlines=self.options.outlines and subject.knows_where,
                zones=recording.zones,
                redaction=recording.redaction,
                start=recording.info.start,
                verdict=str(segment.verdict),
                sound=self.sound,
            )
            needs_detector = options.needs_detector or options.needs_evidence
            detector = subject.detector if needs_detector else None
            predictor = tools.predictor(detector, subject.device) if detector else None
            scores = np.full(len(source), np.nan) if recording.scores is None else recording.scores
            with tools.evidence(recording, source, predictor if options.needs_evidence else None) as evidence:
                yield from export_clip(source, predictor, scores, start, stop, target, options, should_stop, evidence)


def _noted_cut(source: VideoSource, segment: ListedSegment) -> Iterator[Noted]:
    """How much earlier than its segment a cut begins, and what it skips."""
    first = copy_starts_at(source, segment.start)
    earlier = float(source.times[segment.start] - source.times[first])
    if earlier:
        yield Noted(
            tr("Segment {number} begins {seconds:.2f} s earlier, at keyframe {first}.").format(
                number=segment.number, seconds=earlier, first=first
            )
        )
    if skipped := sum(gap.seconds for gap in skipped_gaps(source, segment.start, segment.stop)):
        yield Noted(
            tr("Segment {number} skips {duration} in which the recorder stopped.").format(
                number=segment.number, duration=duration_in_words(skipped)
            )
        )


@dataclass(frozen=True, eq=False)
class TablesJob:
    """Lists of segments."""

    subject: Subject
    formats: tuple[str, ...]
    folder: Path
    verdicts: tuple[Verdict, ...] = tuple(Verdict)

    units: ClassVar[Mapping[str, str]] = {}

    @property
    def title(self) -> str:
        """Of what."""
        return tr("Tables of {name}").format(name=self.subject.recording.name)

    @property
    def target(self) -> Path:
        """Their folder."""
        return self.folder

    @property
    def total(self) -> int:
        """Files."""
        return len(self.formats)

    def run(self, _tools: ExportTools, _should_stop: ShouldStop) -> Events:
        """Write all of them, or none."""
        listed = self.subject.recording.only(self.verdicts)
        for path in write_lists([listed], self.formats, self.folder, next_free=True):
            yield Finished(str(path))
