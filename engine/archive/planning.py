"""What the analysis of an archive costs here, from a measured minute of one of its recordings."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import sqlalchemy as sa

from engine.archive.database import Archive
from engine.archive.schema import AnalysisState, FileState, recordings
from engine.archive.shards import Judge, JudgedShard, Look, Outcome, Shard, ShardFailed
from engine.common.errors import ArchiveError
from engine.common.language import tr
from engine.scoring.sampling import Sampling
from engine.video import open_video

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Predictor

_Kind = TypeVar("_Kind")

MEASURED_SECONDS = 60.0
_WARM_UP_FRAMES = 16
_BUSY_SHARE = 0.8
"""Of a day that workers are planned to be busy: the rest is for restarts and for what comes unevenly."""


@dataclass(frozen=True)
class MeasuredMinute:
    """How one worker fared with a part of a recording."""

    path: Path
    footage_seconds: float
    """How much of the recording was judged."""
    work_seconds: float
    opening_seconds: float
    """What opening a recording of this length takes."""
    stored_bytes: int
    """Of what is kept of that part."""


@dataclass(frozen=True)
class ArchivePlan:
    """What the analysis costs."""

    measured: MeasuredMinute
    waiting_hours: float

    @property
    def speed(self) -> float:
        """Hours of footage that one worker does in an hour."""
        return self.measured.footage_seconds / self.measured.work_seconds

    @property
    def stored_bytes_an_hour(self) -> float:
        """Of stored analyses, for an hour of footage."""
        return self.measured.stored_bytes * 3600 / self.measured.footage_seconds

    def hours_for(self, footage_hours: float, workers: int) -> float:
        """How long so many workers take."""
        return footage_hours / (self.speed * workers)

    def workers_for(self, footage_hours_a_day: float) -> int:
        """How many workers keep up with so much a day."""
        return max(math.ceil(footage_hours_a_day / (24 * _BUSY_SHARE * self.speed)), 1)


def plan_archive(archive: Archive, predictor: Predictor, sampling: Sampling) -> ArchivePlan:
    """Judge a minute from the middle of the longest recording; nothing is stored.

    Raises:
        ArchiveError: there is no recording, or it can't be judged.
    """
    r = recordings.c
    is_here = r.file_state == FileState.PRESENT
    with archive.reading() as connection:
        longest = sa.select(r.path, r.fingerprint).where(is_here, r.analysis_state != AnalysisState.FAILED)
        row = connection.execute(
            longest.order_by(sa.func.coalesce(r.duration_seconds, 0).desc(), r.id).limit(1)
        ).first()
        left = sa.func.sum(r.duration_seconds * (1 - r.analysed_share))
        waits = r.analysis_state.in_([AnalysisState.WAITING, AnalysisState.RUNNING])
        seconds = connection.execute(sa.select(left).where(is_here, waits)).scalar() or 0.0
    if row is None:
        raise ArchiveError(
            tr("There is no recording to measure"), subject=archive.place, advice=tr("Scan its folders first.")
        )
    return ArchivePlan(measure(row.path, row.fingerprint, predictor, sampling), seconds / 3600)


def measure(path: Path, fingerprint: str, predictor: Predictor, sampling: Sampling) -> MeasuredMinute:
    """How long a minute from the middle of a recording takes, after a few frames to warm up.

    Raises:
        ArchiveError: it can't be judged.
    """
    judge = Judge(predictor, sampling)
    try:
        begun = time.perf_counter()
        with open_video(path) as source:
            opening, times = time.perf_counter() - begun, source.times
        frames = _done(judge.run(Shard(path, fingerprint)), Look).frames
        middle = float(times[-1]) / 2
        part = frames[np.abs(times[frames] - middle) <= MEASURED_SECONDS / 2]
        warm_up, part = part[:_WARM_UP_FRAMES], part[_WARM_UP_FRAMES:]
        if not len(part):
            advice = tr("Plan with an archive that has recordings of a minute or more.")
            raise ArchiveError(tr("The recordings are too short to be measured"), subject=path, advice=advice)
        judge.run(Shard(path, fingerprint, int(warm_up[0]), int(warm_up[-1]) + 1))
        begun = time.perf_counter()
        judged = _done(judge.run(Shard(path, fingerprint, int(part[0]), int(part[-1]) + 1)), JudgedShard)
        work = time.perf_counter() - begun
    finally:
        judge.close()
    stored = judged.rows.nbytes + judged.frames.nbytes + sum(map(len, judged.places.values()))
    footage = float(times[part[-1]] - times[warm_up[-1]])
    return MeasuredMinute(path, footage, work, opening, stored)


def _done(outcome: Outcome, kind: type[_Kind]) -> _Kind:
    if isinstance(outcome, ShardFailed):
        raise ArchiveError(outcome.what, subject=outcome.subject, advice=outcome.advice)
    assert isinstance(outcome, kind)
    return outcome
