"""The jobs of one or many recordings: a report, an evidence package, and other jobs one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engine.common.errors import ExportError, VadError
from engine.common.events import Finished, Noted, Progress, ShouldStop
from engine.common.language import tr, tr_n, tr_noop
from engine.common.left_out import LeftOut
from engine.export.clip import PHASE as ENCODING
from engine.export.list_files import make_folder
from engine.export.reviewed import ReviewedRecording
from engine.hand_over.jobs import Events, Evidence, ExportJob, ExportTools, Subject, first_of
from engine.review.document import Verdict
from engine.video.writer import free_path

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from engine.evidence.package import PackageOptions
    from engine.report.report import EvidenceOf

REPORT_SUFFIXES = (".html", ".pdf")


@dataclass(frozen=True, eq=False)
class SeriesJob:
    """The same of many recordings, one after the other; one that fails does not keep the others from being done."""

    jobs: tuple[ExportJob, ...]
    target: Path
    """Their folder."""
    title: str

    @property
    def units(self) -> Mapping[str, str]:
        """Those of its jobs, which are all of one kind."""
        return self.jobs[0].units

    @property
    def total(self) -> int:
        """Of all jobs."""
        return sum(job.total for job in self.jobs)

    def run(self, tools: ExportTools, should_stop: ShouldStop) -> Events:
        """Do one after the other."""
        failures: list[str] = []
        done = 0
        for job in self.jobs:
            try:
                for event in job.run(tools, should_stop):
                    yield self._of_all(event, done, job) if isinstance(event, Progress) else event
            except VadError as error:
                failures.append(f"{job.title}: {error.what}. {error.advice}")
            done += job.total
        if failures:
            raise ExportError(
                tr("{count} of {total} recordings failed").format(count=len(failures), total=len(self.jobs)),
                subject=self.target,
                advice=first_of(failures),
            )

    def _of_all(self, progress: Progress, done_before: int, job: ExportJob) -> Progress:
        done = done_before + min(progress.done, job.total)
        left = (self.total - done) / progress.per_second if progress.per_second else None
        return replace(progress, done=done, total=self.total, seconds_left=left)


def in_series(jobs: Sequence[ExportJob], folder: Path, title: str) -> ExportJob:
    """Some jobs as one; a single one as it is."""
    return jobs[0] if len(jobs) == 1 else SeriesJob(tuple(jobs), folder, title)


@dataclass(frozen=True, eq=False)
class ReportJob:
    """The report."""

    subjects: tuple[Subject, ...]
    target: Path
    """An HTML or PDF file."""
    verdicts: tuple[Verdict, ...] = tuple(Verdict)
    with_pdf: bool = False
    """Whether there is a PDF beside an HTML file."""
    left_out: tuple[LeftOut, ...] = ()
    """Recordings that the report says it lacks."""

    units: ClassVar[Mapping[str, str]] = {"Drawing": tr_noop("segments")}

    @property
    def title(self) -> str:
        """Of what."""
        count = len(self.subjects)
        words = tr_n("Report of {name}", "Report of {count} recordings", count)
        return words.format(name=self.subjects[0].recording.name, count=count)

    @property
    def total(self) -> int:
        """Segments."""
        return sum(len(each.recording.only(self.verdicts).segments) for each in self.subjects)

    def run(self, tools: ExportTools, should_stop: ShouldStop) -> Events:
        """Write it."""
        from engine.report.report import write_report

        make_folder(self.target.parent)
        subjects, left_out = yield from _outlined(self.subjects, tools, should_stop)
        target = free_path(self.target, [".pdf"] if self.with_pdf else [])
        report = write_report(
            [each.recording for each in subjects],
            target,
            verdicts=self.verdicts,
            with_pdf=self.with_pdf,
            evidence_of=_evidence_opener(subjects, tools, should_stop),
            left_out=(*self.left_out, *left_out),
            should_stop=should_stop,
        )
        for event in report:
            # What is shown when all is done is the file that was asked for.
            if not isinstance(event, Finished) or event.path == str(target):
                yield event


@dataclass(frozen=True, eq=False)
class PackageJob:
    """An evidence package."""

    subjects: tuple[Subject, ...]
    target: Path
    """A new folder."""
    options: PackageOptions
    key: Ed25519PrivateKey | None = None
    """What it is signed with."""
    left_out: tuple[LeftOut, ...] = ()
    """Recordings that the package says it lacks."""

    units: ClassVar[Mapping[str, str]] = {ENCODING: tr_noop("frames"), "Drawing": tr_noop("segments")}

    @property
    def title(self) -> str:
        """Of what."""
        count = len(self.subjects)
        words = tr_n("Evidence package of {name}", "Evidence package of {count} recordings", count)
        return words.format(name=self.subjects[0].recording.name, count=count)

    @property
    def total(self) -> int:
        """Not known before."""
        return 0

    def run(self, tools: ExportTools, should_stop: ShouldStop) -> Events:
        """Make it."""
        from engine.evidence.package import make_package

        make_folder(self.target.parent)
        subjects, left_out = yield from _outlined(self.subjects, tools, should_stop)
        yield from make_package(
            [each.recording for each in subjects],
            _reviews(subjects),
            free_path(self.target),
            self.options,
            should_stop,
            key=self.key,
            evidence_of=_evidence_opener(subjects, tools, should_stop),
            left_out=(*self.left_out, *left_out),
        )


def _outlined(
    subjects: Sequence[Subject], tools: ExportTools, should_stop: ShouldStop
) -> Generator[Noted, None, tuple[list[Subject], list[LeftOut]]]:
    """The recordings with what stands out in them, and of many those that can't be opened.

    Raises:
        VadError: none can be opened.
    """
    opened: list[Subject] = []
    left_out: list[LeftOut] = []
    for each in subjects:
        try:
            opened.append(replace(each, recording=each.outlined(tools, should_stop)))
        except VadError as error:
            if each is subjects[-1] and not opened:
                raise
            left_out.append(LeftOut.of(each.recording.name, error))
            yield left_out[-1].note
    return opened, left_out


def _reviews(subjects: Sequence[Subject]) -> list[tuple[str, bytes]]:
    """Names and contents of the reviews' files; where two share a name, it tells of which recording they are."""
    counts = Counter(each.review[0].casefold() for each in subjects)
    return [
        (name if counts[name.casefold()] == 1 else f"{each.recording.info.fingerprint[:8]}.{name}", content)
        for each in subjects
        for name, content in [each.review]
    ]


def _evidence_opener(subjects: Sequence[Subject], tools: ExportTools, should_stop: ShouldStop) -> EvidenceOf:
    """What opens, for reports and packages, what tells of each frame where its evidence lies."""
    by_recording = {each.recording.info.fingerprint: each for each in subjects}

    @contextmanager
    def evidence_of(recording: ReviewedRecording) -> Iterator[Evidence | None]:
        predictor = by_recording[recording.info.fingerprint].outlining(tools)
        with (
            tools.source(recording, should_stop) as source,
            tools.evidence(recording, source, predictor) as evidence,
        ):
            yield evidence

    return evidence_of
