"""An archive of many recordings, over simulated workers: what a shard costs besides its work, balance, and recovery.

No network runs and no time passes: workers take as long as a shard of that many frames would by a clock of their own.
Leases, divisions and the order of shards are the real ones.
"""

from __future__ import annotations

import heapq
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from engine.analysis.score_store import AnalysisKey
from engine.archive.database import Archive
from engine.archive.dispatching import Dispatcher, RecordingJudged
from engine.archive.leases import Leases
from engine.archive.schema import AnalysisState, FileState, folders, recordings
from engine.archive.shards import JudgedShard, Look, Shard
from engine.archive.workers import Ended, Worker, Workers
from engine.scoring.sampling import Frames
from engine.scoring.signals import RawSignals, missing_signals

WORKERS = 64
SAMPLES_A_SECOND = 25.0
"""That one core judges."""
OPENING_SECONDS = 2.0
HOURS_BETWEEN_DEATHS = 8.0
"""Of one worker: a machine of 16 cores is lost every half an hour."""
RESTART_SECONDS = 30.0

BARS = {
    "overhead of a shard, ms": ("<=", 40.0),
    "share of the time that workers are busy": (">=", 0.95),
    "share of the work done twice": ("<=", 0.02),
    "recordings lost": ("<=", 0.0),
}


def run(quick: bool) -> dict[str, float]:
    """Of 10,000 recordings of 5 to 60 minutes, or of 1,000."""
    count = 1_000 if quick else 10_000
    random = np.random.default_rng(0)
    lengths = random.integers(5 * 300, 60 * 300, count)  # at five samples a second
    with tempfile.TemporaryDirectory() as name, Archive(str(Path(name) / "archive"), create=True) as archive:
        _fill(archive, count)
        workers = _Simulated({Path(f"/f/{number}.mp4"): int(length) for number, length in enumerate(lengths)})
        leases = Leases(archive, lease_seconds=1e6)
        begun = time.perf_counter()
        dispatcher = Dispatcher(
            leases,
            workers,
            Path(name),
            lease_seconds=1e6,
            open_store=lambda _, look: _Store(look),  # type: ignore[arg-type,return-value]
        )
        for event in dispatcher.run():
            if isinstance(event, RecordingJudged):
                with leases.finishing(event.recording, {}):
                    pass
        spent = time.perf_counter() - begun
        with archive.reading() as connection:
            done = recordings.c.analysis_state == AnalysisState.DONE
            finished = connection.execute(sa.select(sa.func.count()).where(done)).scalar_one()
    return {
        "shards": workers.shards,
        "overhead of a shard, ms": 1000 * spent / workers.shards,
        "simulated hours": workers.now / 3600,
        "share of the time that workers are busy": workers.busy_seconds / (workers.now * WORKERS),
        "deaths": workers.deaths,
        "share of the work done twice": workers.lost_seconds / workers.busy_seconds,
        "recordings lost": count - finished,
    }


class _Simulated(Workers):
    """Workers that take their time by a clock of their own."""

    def __init__(self, lengths: Mapping[Path, int]) -> None:
        self._lengths = lengths
        self._random = np.random.default_rng(1)
        self._idle: list[Worker] = list(range(WORKERS))
        self._running: list[tuple[float, int, Shard | None, bool]] = []
        self._has_open: dict[Worker, Path] = {}
        self.now = self.busy_seconds = self.lost_seconds = 0.0
        self.shards = self.deaths = 0

    @property
    def free(self) -> Sequence[Worker]:
        """Those that have nothing to do."""
        return list(self._idle)

    def submit(self, worker: Worker, shard: Shard) -> None:
        """Begin a shard, which the worker may not survive."""
        assert isinstance(worker, int)
        self._idle.remove(worker)
        frames = 0 if shard.is_look else shard.stop - shard.start
        seconds = frames / SAMPLES_A_SECOND + (self._has_open.get(worker) != shard.path) * OPENING_SECONDS
        self._has_open[worker] = shard.path
        dies_after = self._random.exponential(HOURS_BETWEEN_DEATHS * 3600)
        dies = dies_after < seconds
        if dies:
            self.deaths += 1
            self.lost_seconds += dies_after
        self.shards += 1
        self.busy_seconds += min(seconds, dies_after)
        heapq.heappush(self._running, (self.now + min(seconds, dies_after), worker, shard, dies))

    def wait(self, seconds: float) -> list[Ended]:
        """Turn the clock to the next end."""
        del seconds
        if not self._running:
            return []
        self.now, worker, shard, dies = heapq.heappop(self._running)
        if dies:
            self._has_open.pop(worker, None)
            heapq.heappush(self._running, (self.now + RESTART_SECONDS, worker, None, False))
        else:
            self._idle.append(worker)
        return [] if shard is None else [Ended(worker, shard, None if dies else self._outcome(shard))]

    def close(self) -> None:
        """Nothing runs."""

    def _outcome(self, shard: Shard) -> Look | JudgedShard:
        frames = np.arange(self._lengths[shard.path])
        if shard.is_look:
            return Look(AnalysisKey(shard.fingerprint, "", ""), frames, "")
        frames = frames[shard.start : shard.stop]
        return JudgedShard(frames, missing_signals(len(frames)), {}, "")


class _Store:
    """Keeps which frames are stored, without a disk."""

    def __init__(self, look: Look) -> None:
        self._stored = np.zeros(len(look.frames), np.bool_)

    def frames(self) -> Frames:
        """Those that are stored."""
        return np.flatnonzero(self._stored)

    def append(self, frames: Frames, rows: RawSignals, places: Mapping[int, bytes]) -> None:
        """Store some."""
        del rows, places
        assert not self._stored[frames].any()
        self._stored[frames] = True

    def flush(self) -> None:
        """There is no disk."""

    def close(self) -> None:
        """There is no file."""


def _fill(archive: Archive, count: int) -> None:
    with archive.changing() as connection:
        connection.execute(sa.insert(folders).values(id=1, path=Path("/f"), camera_rule={}))
        rows = [
            {"folder_id": 1, "path": Path(f"/f/{number}.mp4"), "fingerprint": str(number), "size_bytes": 1}
            | {"modified_ns": 1, "file_state": FileState.PRESENT}
            for number in range(count)
        ]
        connection.execute(sa.insert(recordings), rows)
