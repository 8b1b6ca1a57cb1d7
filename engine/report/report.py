"""Writes the report of reviewed recordings: an HTML file that needs neither network nor script, or PDF pages."""

from __future__ import annotations

import importlib.metadata
import platform
import socket
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np
from markupsafe import EscapeFormatter, Markup

from engine.common.durations import duration_in_words
from engine.common.errors import Cancelled, ExportError, VadError
from engine.common.events import Finished, Noted, Progress, ShouldStop, never_stop
from engine.common.hashing import sha256_of
from engine.common.language import language_in_use, number_text, tr, tr_n, tr_noop
from engine.common.left_out import LeftOut
from engine.common.names import displayable
from engine.export.list_files import refuse_existing, write_new
from engine.export.reviewed import ListedSegment, ReviewedRecording
from engine.redaction.regions import redaction_in_words
from engine.redaction.source import redacted
from engine.report.heat_map import HeatMap, heat_map_of
from engine.report.pdf import SUFFIX as PDF_SUFFIX
from engine.report.pdf import pdf_of, refuse_pdf
from engine.report.pictures import Thumbnail, thumbnails
from engine.report.timeline import Timeline, clock, timeline_of
from engine.review.document import JudgedSegment, Verdict
from engine.review.edits import person
from engine.scoring.heat_map import EvidenceAt
from engine.video import open_video
from engine.video.integrity import Integrity

EvidenceOf = Callable[[ReviewedRecording], AbstractContextManager[EvidenceAt | None]]
"""Opens what tells of a recording where its evidence lies; it gives None where nobody knows."""

PHASE, LAYING_OUT = tr_noop("Drawing"), tr_noop("Laying out pages")
_MARKS = {Verdict.CONFIRMED: "✓", Verdict.UNSURE: "?", Verdict.DISMISSED: "✕", Verdict.UNREVIEWED: "○"}
"""In the order in which a reader wants them; told apart without colour."""
_BAR_LOOKS = {
    Verdict.CONFIRMED: 'fill="#000"',
    Verdict.UNSURE: 'fill="#000" fill-opacity="0.35"',
    Verdict.DISMISSED: 'fill="none" stroke-dasharray="2 2"',
    Verdict.UNREVIEWED: 'fill="none"',
}
"""Attributes, since styles of the page don't reach into a drawing in a PDF; in a browser the styles win."""


@dataclass(frozen=True)
class Card:
    """A segment in the report."""

    segment: ListedSegment
    start_seconds: float
    stop_seconds: float
    start_time: datetime | None
    pictures: tuple[Thumbnail, ...]


@dataclass(frozen=True)
class Section:
    """A recording in the report."""

    recording: ReviewedRecording
    timeline: Timeline
    cards: tuple[Card, ...]
    counts: dict[str, int]
    """Of all segments, by verdict."""
    flagged_seconds: float
    """How long its segments last in all."""
    not_analysed: tuple[tuple[float, float], ...]
    """Runs of frames without a score, in seconds."""
    integrity: tuple[str, ...]
    """What is missing of the recording, in sentences without a full stop."""
    left_out: int
    """How many segments the report leaves out by their verdict."""
    sha256: str
    """Of the recording's file; empty for a folder of pictures."""
    heat_map: HeatMap | None = None
    """Where things happened, unless nobody knows."""


class _Drawing(NamedTuple):
    """What sections are made with."""

    verdicts: Collection[Verdict]
    known_sha256: Mapping[str, str]
    evidence_of: EvidenceOf | None


def write_report(
    recordings: Sequence[ReviewedRecording],
    target: Path,
    *,
    verdicts: Collection[Verdict] = tuple(Verdict),
    with_pdf: bool = False,
    known_sha256: Mapping[str, str] | None = None,
    evidence_of: EvidenceOf | None = None,
    left_out: Sequence[LeftOut] = (),
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress | Noted | Finished, None, tuple[LeftOut, ...]]:
    """Write a report with a card for each segment that has one of the verdicts, as HTML or PDF by the target's name.

    `with_pdf` writes an HTML report as PDF beside it, too. `known_sha256` are checksums of recordings by fingerprint,
    which then need not be read for that. Heat maps need `evidence_of`.

    Of many recordings, one that fails is left out. The report names it, beside those that were `left_out` before;
    returns all of them.

    Raises:
        ExportError: the target exists or can't be written, or a library that PDFs need is missing.
        VideoError: no recording can be read; of single frames that can't be decoded the report says so.
        Cancelled: `should_stop` said yes; no file is left.
    """
    targets = report_targets(target, with_pdf=with_pdf)
    refuse_targets(targets)
    total = sum(len(each.only(verdicts).segments) for each in recordings)
    done = 0
    sections: list[Section] = []
    missing = list(left_out)
    yield Progress(PHASE, done, total)
    how = _Drawing(verdicts, known_sha256 or {}, evidence_of)
    for recording in recordings:
        try:
            sections.append((yield from _drawn(recording, how, done, total, should_stop)))
        except VadError as error:
            if recording is recordings[-1] and not sections:
                raise
            missing.append(LeftOut.of(recording.name, error))
            yield missing[-1].note
        done += len(recording.only(verdicts).segments)
    html = report_html(sections, missing)
    contents = {}
    for path in targets:
        if path.suffix.lower() == PDF_SUFFIX:
            yield Progress(LAYING_OUT, 0, 0)
            contents[path] = pdf_of(html)
        else:
            contents[path] = html.encode()
    if should_stop():  # laying out hundreds of pages takes a minute
        raise Cancelled
    for path, content in contents.items():
        write_new(path, content)
        yield Finished(str(path))
    return tuple(missing)


def _drawn(
    recording: ReviewedRecording, how: _Drawing, done: int, total: int, should_stop: ShouldStop
) -> Generator[Progress, None, Section]:
    """The section of one recording, where so many of all cards are done before."""
    sha256 = how.known_sha256.get(recording.info.fingerprint, "")
    if not sha256 and not recording.info.path.is_dir():
        sha256 = yield from sha256_of(recording.info.path, should_stop)
    cards = []
    with redacted(open_video(recording.info.path, should_stop), recording.redaction) as source:
        for number, segment in enumerate(recording.only(how.verdicts).segments, 1):
            if should_stop():
                raise Cancelled
            cards.append(_card(recording, segment, tuple(thumbnails(source, segment, recording.zones, should_stop))))
            yield Progress(PHASE, done + number, total)
        with how.evidence_of(recording) if how.evidence_of else nullcontext() as evidence:
            heat_map = heat_map_of(recording, source, evidence, should_stop) if evidence else None
    return _section(recording, cards, sha256, heat_map)


def report_targets(target: Path, *, with_pdf: bool) -> list[Path]:
    """The files that a report becomes."""
    beside = target.with_suffix(PDF_SUFFIX)
    return [target, beside] if with_pdf and beside != target else [target]


def refuse_targets(targets: Sequence[Path]) -> None:
    """Check that a report can become these files.

    Raises:
        ExportError: one exists, is of another kind, or a library that PDFs need is missing.
    """
    for target in targets:
        refuse_existing(target)
        suffix = target.suffix.lower()
        if suffix not in (".html", ".htm", PDF_SUFFIX):
            advice = tr("Give the file a name that ends in .html or {suffix}.").format(suffix=PDF_SUFFIX)
            raise ExportError(tr("Reports are HTML or PDF files"), subject=target, advice=advice)
        if suffix == PDF_SUFFIX:
            refuse_pdf()


def report_html(sections: Sequence[Section], left_out: Sequence[LeftOut] = ()) -> str:
    """The report's text, with the recordings that it lacks."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("engine.report", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clock=clock,
        duration=duration_in_words,
        moment=_moment,
        number=number_text,
        redaction=redaction_in_words,
        translated=tr,
        verdict=_verdict,
    )
    # The template's own texts are taken as they stand; what is filled into them is escaped.
    environment.globals.update(
        tr=lambda text: _Text(tr(text)),
        tr_n=lambda singular, plural, count: _Text(tr_n(singular, plural, count)),
    )
    reviewers = {
        each.judged.who
        for section in sections
        for each in section.recording.segments
        if each.judged and each.judged.who
    }
    now = datetime.now(UTC)
    return environment.get_template("report.html").render(
        language=language_in_use(),
        sections=sections,
        left_out=left_out,
        settings=_each_once(section.recording for section in sections),
        verdicts=list(_MARKS),
        marks=_MARKS,
        bar_looks=_BAR_LOOKS,
        counts=sum((Counter(section.counts) for section in sections), Counter()),
        reviewers=sorted(reviewers),
        made={
            "at": " = ".join(dict.fromkeys((_moment(now.astimezone()), _moment(now)))),
            "by": displayable(person()),
            "on": displayable(socket.gethostname()),
            "program": f"vadgui {importlib.metadata.version('vadgui')}",
            "system": platform.platform(),
        },
    )


def _card(recording: ReviewedRecording, segment: ListedSegment, pictures: tuple[Thumbnail, ...]) -> Card:
    start = recording.start_seconds(segment)
    return Card(segment, start, recording.stop_seconds(segment), recording.time_of_day(start), pictures)


def _section(recording: ReviewedRecording, cards: Sequence[Card], sha256: str, heat_map: HeatMap | None) -> Section:
    counts = Counter(str(each.verdict) for each in recording.segments)
    return Section(
        recording,
        timeline_of(recording),
        tuple(cards),
        {str(verdict): counts[str(verdict)] for verdict in Verdict},
        sum(recording.stop_seconds(each) - recording.start_seconds(each) for each in recording.segments),
        tuple(_not_analysed(recording)),
        tuple(Integrity.of(recording.info, recording.times).in_words()),
        len(recording.segments) - len(cards),
        sha256,
        heat_map,
    )


def _not_analysed(recording: ReviewedRecording) -> list[tuple[float, float]]:
    if recording.scores is None:
        return []
    edges = np.flatnonzero(np.diff(np.isnan(recording.scores), prepend=False, append=False))
    starts, stops = recording.times[edges[::2]], recording.ends[edges[1::2] - 1]
    return [(float(start), float(stop)) for start, stop in zip(starts, stops, strict=True)]


def _each_once(recordings: Iterable[ReviewedRecording]) -> list[ReviewedRecording]:
    """One recording for each way in which they were analysed."""
    return list({(each.detector, each.score_name, each.rule): each for each in recordings}.values())


class _Formatter(EscapeFormatter):
    """Fills in numbers as the language in use writes them, and escapes all else."""

    def format_field(self, value: object, format_spec: str) -> str:
        return (
            number_text(value, format_spec)
            if isinstance(value, (int, float))
            else super().format_field(value, format_spec)
        )


class _Text(Markup):
    """A text of the template: taken as it stands, what is filled into it is escaped."""

    def format(self, *values: object, **named: object) -> _Text:
        return _Text(_Formatter(self.escape).vformat(self, values, named))


def _verdict(judged: JudgedSegment) -> str:
    return f"{tr(judged.verdict)} ({tr(judged.reason)})" if judged.reason else tr(judged.verdict)


def _moment(moment: datetime) -> str:
    """A time of day with the zone that it is of."""
    return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzname()}"
