"""What an archive holds by days and cameras, what nobody can place in time, and what needs a person's attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.archive.database import Archive
from engine.archive.lanes import DayFootage, Footage, Lane
from engine.archive.schema import AnalysisState, FileState, recordings, segments
from engine.archive.searching import CameraCounts, Hit, counts, hits_where

_LONGEST_RECORDING = timedelta(days=2)
"""What begins before so long a time is not looked for on a day: segments are found by their beginning."""


@dataclass(frozen=True)
class DaySummary:
    """What there is of a day, by this machine's time zone."""

    day: date
    recorded_seconds: float
    """Of all cameras together."""
    segments: int
    unreviewed: int
    top_score: float | None
    """Of the most conspicuous segment that begins on it."""


class Attention(StrEnum):
    """Why a recording needs a person's attention."""

    BROKEN = "can't be read"
    FAILED = "analysis failed"
    MISSING = "missing"
    GROWING = "still growing"
    UNDATED = "no time of day"


@dataclass(frozen=True)
class NotedRecording:
    """A recording that needs attention."""

    path: Path
    camera: str
    attention: Attention
    problem: str
    fingerprint: str
    detector_fingerprint: str


@dataclass(frozen=True)
class Overview:
    """What there is in an archive, and how far it is."""

    cameras: Sequence[CameraCounts]
    noted: Sequence[NotedRecording]
    reasons: Sequence[str]
    last_day: date | None


def overview(archive: Archive) -> Overview:
    """All that is not of a certain time.

    Raises:
        ArchiveError: the archive can't be read.
    """
    return Overview(counts(archive), noted_recordings(archive), reasons(archive), last_day(archive))


def day_ends(day: date) -> tuple[datetime, datetime]:
    """When a day begins and ends here; not every day has 24 hours."""
    start, stop = (datetime.combine(each, time.min).astimezone() for each in (day, day + timedelta(days=1)))
    return start, stop


def days(archive: Archive, first: date, last: date) -> list[DaySummary]:
    """The days from `first` to `last` on which there is footage or a segment.

    Raises:
        ArchiveError: the archive can't be read.
    """
    r = recordings.c
    with archive.reading() as connection:
        begin, end = day_ends(first)[0], day_ends(last)[1]
        spans = connection.execute(sa.select(r.start_time, r.stop_time).where(*_overlaps(begin, end))).all()
        begun, ended = np.array([[each.timestamp() for each in span] for span in spans]).reshape(-1, 2).T
        found = []
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            start, stop = day_ends(day)
            within = np.minimum(ended, stop.timestamp()) - np.maximum(begun, start.timestamp())
            recorded = float(within[within > 0].sum())
            count, unreviewed, top = connection.execute(_segments_between(start, stop)).one()
            if recorded or count:
                found.append(DaySummary(day, recorded, count, unreviewed, top))
    return found


def footage_of(archive: Archive, day: date) -> DayFootage:
    """What was recorded and found on a day.

    Raises:
        ArchiveError: the archive can't be read.
    """
    r, s = recordings.c, segments.c
    start, stop = day_ends(day)
    columns = (r.path, r.camera, r.start_time, r.stop_time, r.analysis_state, r.fingerprint, r.detector_fingerprint)
    on_day = _overlaps(start, stop)
    with archive.reading() as connection:
        rows = connection.execute(
            sa.select(*columns, r.file_state == FileState.MISSING).where(*on_day).order_by(r.camera, r.start_time)
        ).all()
        # Of a recording that begins the day before, only what reaches into this one.
        found = hits_where(connection, *on_day, s.start_time < stop, s.start_time >= start - _LONGEST_RECORDING)
        cameras = connection.execute(sa.select(r.camera).distinct().order_by(r.camera)).scalars().all()
        before, after = _days_beside(connection, start, stop)
    footage: dict[str, list[Footage]] = {camera: [] for camera in cameras}
    hits: dict[str, list[Hit]] = {camera: [] for camera in cameras}
    for path, camera, begun, ended, state, *rest in rows:
        footage[camera].append(Footage(path, camera, begun, ended, AnalysisState(state), *rest))
    for hit in found:
        if hit.stop_time is not None and hit.stop_time > start:
            hits[hit.camera].append(hit)
    lanes = [Lane(camera, footage[camera], hits[camera]) for camera in cameras]
    return DayFootage(day, start, stop, lanes, before, after)


def last_day(archive: Archive) -> date | None:
    """The last day with footage; None where no recording's time is known.

    Raises:
        ArchiveError: the archive can't be read.
    """
    r = recordings.c
    with archive.reading() as connection:
        latest: datetime | None = connection.execute(
            sa.select(sa.func.max(r.start_time, type_=r.start_time.type))
        ).scalar()
    return latest.astimezone().date() if latest else None


def noted_recordings(archive: Archive) -> list[NotedRecording]:
    """The recordings that need attention: those that failed first, then by path.

    Raises:
        ArchiveError: the archive can't be read.
    """
    r = recordings.c
    failed = sa.and_(r.file_state == FileState.PRESENT, r.analysis_state == AnalysisState.FAILED)
    undated = sa.and_(r.file_state == FileState.PRESENT, r.start_time.is_(None))
    attention = sa.case(
        (r.file_state == FileState.BROKEN, Attention.BROKEN.name),
        (failed, Attention.FAILED.name),
        (r.file_state == FileState.MISSING, Attention.MISSING.name),
        (r.file_state == FileState.GROWING, Attention.GROWING.name),
        (undated, Attention.UNDATED.name),
    )
    problem = sa.case((failed, r.analysis_problem), else_=r.problem)
    columns = sa.select(r.path, r.camera, attention, problem, r.fingerprint, r.detector_fingerprint)
    with archive.reading() as connection:
        rows = connection.execute(columns.where(attention.is_not(None)).order_by(r.path)).all()
    noted = [NotedRecording(path, camera, Attention[why], *rest) for path, camera, why, *rest in rows]
    return sorted(noted, key=lambda each: list(Attention).index(each.attention))


def reasons(archive: Archive) -> list[str]:
    """The reasons that segments were flagged for.

    Raises:
        ArchiveError: the archive can't be read.
    """
    reason = segments.c.reason
    with archive.reading() as connection:
        found = connection.execute(sa.select(reason).where(reason != "").distinct().order_by(reason))
        return list(found.scalars())


def _overlaps(start: datetime, stop: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    r = recordings.c
    return r.start_time < stop, r.stop_time > start


def _segments_between(start: datetime, stop: datetime) -> sa.Select[Any]:
    s = segments.c
    unreviewed = sa.func.coalesce(sa.func.sum(sa.case((s.verdict == "unreviewed", 1), else_=0)), 0)
    return sa.select(sa.func.count(), unreviewed, sa.func.max(s.peak_score)).where(
        s.start_time >= start, s.start_time < stop
    )


def _days_beside(connection: Connection, start: datetime, stop: datetime) -> tuple[date | None, date | None]:
    r = recordings.c
    moment = r.start_time.type
    latest = sa.select(sa.func.max(r.start_time, type_=moment)).where(r.start_time < start)
    earliest = sa.select(sa.func.min(r.start_time, type_=moment)).where(r.start_time >= stop)
    before, after = (connection.execute(query).scalar() for query in (latest, earliest))
    return before.astimezone().date() if before else None, after.astimezone().date() if after else None
