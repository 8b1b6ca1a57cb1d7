"""Finds segments in an archive, the most conspicuous first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.archive.database import Archive
from engine.archive.listing import Box
from engine.archive.schema import RANK, AnalysisState, FileState, recordings, segments
from engine.common.errors import ArchiveError
from engine.common.language import tr
from engine.review.document import Verdict


@dataclass(frozen=True)
class Query:
    """What a segment has to be; whatever is empty does not matter."""

    cameras: Sequence[str] = ()
    begins_from: datetime | None = None
    """By the clock on the wall, as `begins_before`: segments of recordings whose time is not known are left out."""
    begins_before: datetime | None = None
    min_score: float | None = None
    reasons: Sequence[str] = ()
    """Parts of the reason, one of which it has, in upper or lower case."""
    region: Box | None = None
    """What stands out at the peak reaches into this part of the picture."""
    verdicts: Sequence[Verdict] = ()
    limit: int | None = None

    @property
    def has_no_time(self) -> bool:
        """Whether no segment can begin at its times, as they end before they begin."""
        return bool(self.begins_from and self.begins_before and self.begins_from >= self.begins_before)


ROWS_AT_ONCE = 1000
"""All rows at once would be fetched without a pause for other threads, such as the one that paints."""
HitKey = tuple[int, int]
"""A recording's id, and the number of its segment."""


@dataclass(frozen=True)
class Hit:
    """A segment that was found."""

    path: Path
    camera: str
    number: int
    """Of the recording's segments, from 1, in order of time."""
    start: int
    stop: int
    start_seconds: float
    stop_seconds: float
    start_time: datetime | None
    peak_seconds: float
    peak_score: float | None
    """None of what people drew where nothing was flagged."""
    reason: str
    box: Box | None
    verdict: Verdict
    verdict_reason: str
    note: str
    reviewer: str
    detector_name: str
    score: str
    threshold: float | None
    fingerprint: str
    detector_fingerprint: str
    recording_id: int

    @property
    def key(self) -> HitKey:
        """By which it is known in the archive."""
        return self.recording_id, self.number

    @property
    def stop_time(self) -> datetime | None:
        """When it ended by the clock on the wall."""
        if self.start_time is None:
            return None
        return self.start_time + timedelta(seconds=self.stop_seconds - self.start_seconds)


def search(archive: Archive, query: Query) -> Iterator[Hit]:
    """Yield the segments that fit, the highest peaks first, then by time; those without a score last.

    Raises:
        ArchiveError: the archive can't be read.
    """
    wanted = _listed().where(*conditions(query)).order_by(*in_order()).limit(query.limit)
    with archive.reading() as connection:
        for row in connection.execute(wanted.execution_options(yield_per=1000)).mappings():
            yield _hit(row)


def hits_where(connection: Connection, *wanted: sa.ColumnElement[bool]) -> list[Hit]:
    """The segments of which some conditions hold, in order of time."""
    s = segments.c
    rows = connection.execute(_listed().where(*wanted).order_by(s.start_time, s.recording_id, s.number))
    return [_hit(row) for row in rows.yield_per(ROWS_AT_ONCE).mappings()]


def in_order() -> Sequence[sa.ColumnElement[Any]]:
    """The order of segments: the highest peaks first, then by time."""
    s = segments.c
    return RANK.desc(), s.start_time, s.recording_id, s.number


def _listed() -> sa.Select[Any]:
    s, r = segments.c, recordings.c
    of_recording = (r.path, r.camera, r.detector_name, r.score, r.threshold, r.fingerprint, r.detector_fingerprint)
    return sa.select(*of_recording, *s).join_from(segments, recordings, s.recording_id == r.id)


def check_cameras(archive: Archive, names: Sequence[str]) -> None:
    """Check that the archive has cameras of these names.

    Raises:
        ArchiveError: it has none of a name, or it can't be read.
    """
    if not names:
        return
    with archive.reading() as connection:
        known = (
            connection.execute(sa.select(recordings.c.camera).distinct().order_by(recordings.c.camera)).scalars().all()
        )
    if unknown := [name for name in names if name not in known]:
        advice = tr("There are: {names}.").format(names=", ".join(known)) if known else tr("Scan its folder first.")
        raise ArchiveError(tr("The archive has no camera of this name"), subject=", ".join(unknown), advice=advice)


def counts(archive: Archive) -> list[CameraCounts]:
    """How far each camera's recordings are, by the camera's name.

    Raises:
        ArchiveError: the archive can't be read.
    """
    r, s = recordings.c, segments.c
    is_here = r.file_state == FileState.PRESENT

    def number(*conditions: sa.ColumnElement[bool]) -> sa.Function[Any]:
        return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*conditions), 1), else_=0)), 0)

    states = [
        *(number(r.file_state == state).label(state) for state in FileState),
        *(number(is_here, r.analysis_state == state).label(state) for state in AnalysisState),
    ]
    seconds = sa.case((is_here, r.duration_seconds), else_=0.0)
    hours = sa.func.coalesce(sa.func.sum(seconds), 0.0) / 3600
    done = sa.func.coalesce(sa.func.sum(seconds * r.analysed_share), 0.0) / 3600
    by_camera = sa.select(
        r.camera,
        hours.label("hours"),
        done.label("analysed_hours"),
        sa.func.min(r.start_time, type_=r.start_time.type).label("first"),
        sa.func.max(r.stop_time, type_=r.stop_time.type).label("last"),
        *states,
    )
    listed = (
        sa.select(r.camera, s.verdict, sa.func.count().label("count"))
        .join_from(segments, recordings, s.recording_id == r.id)
        .group_by(r.camera, s.verdict)
    )
    with archive.reading() as connection:
        rows = connection.execute(by_camera.group_by(r.camera).order_by(r.camera)).mappings().all()
        verdicts: dict[str, dict[str, int]] = {}
        for camera, verdict, count in connection.execute(listed):
            verdicts.setdefault(camera, {})[verdict] = count
    return [CameraCounts(**row, verdicts=verdicts.get(row["camera"], {})) for row in rows]


@dataclass(frozen=True)
class CameraCounts:
    """How far the recordings of one camera are."""

    camera: str
    hours: float
    analysed_hours: float
    first: datetime | None
    last: datetime | None
    present: int
    growing: int
    broken: int
    missing: int
    waiting: int
    running: int
    done: int
    failed: int
    verdicts: Mapping[str, int]
    """Segments by verdict."""


@dataclass(frozen=True)
class Problem:
    """A recording that could not be read or analysed."""

    path: Path
    problem: str


def problems(archive: Archive) -> list[Problem]:
    """The recordings that are broken, and those whose analysis failed, with the reason.

    Raises:
        ArchiveError: the archive can't be read.
    """
    r = recordings.c
    failed = sa.and_(r.file_state == FileState.PRESENT, r.analysis_state == AnalysisState.FAILED)
    rows = sa.select(r.path, r.problem, r.analysis_problem).where(sa.or_(r.file_state == FileState.BROKEN, failed))
    with archive.reading() as connection:
        return [Problem(path, one or other) for path, one, other in connection.execute(rows.order_by(r.path))]


def conditions(query: Query) -> Iterator[sa.ColumnElement[bool]]:
    """What a query asks of segments and their recordings."""
    s, r = segments.c, recordings.c
    if query.cameras:
        yield r.camera.in_(query.cameras)
    if query.begins_from:
        yield s.start_time >= query.begins_from
    if query.begins_before:
        yield s.start_time < query.begins_before
    if query.min_score is not None:
        yield s.peak_score >= query.min_score
    if query.reasons:
        yield sa.or_(*(s.reason.icontains(part, autoescape=True) for part in query.reasons))
    if query.region:
        left, top, right, bottom = query.region
        yield sa.and_(s.left < right, s.right > left, s.top < bottom, s.bottom > top)
    if query.verdicts:
        yield s.verdict.in_([str(verdict) for verdict in query.verdicts])


def _hit(row: Mapping[Any, Any]) -> Hit:
    values = dict(row)
    sides = tuple(values.pop(side) for side in ("left", "top", "right", "bottom"))
    box = None if None in sides else sides
    return Hit(**values | {"box": box, "verdict": Verdict(values["verdict"])})
