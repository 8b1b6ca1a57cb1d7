"""Divides recordings among workers, and puts together what they make of the parts."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.analysis.score_store import ScoreStore
from engine.archive.leases import Heartbeat, LeasedRecording, Leases
from engine.archive.shards import JudgedShard, Look, Shard, ShardFailed
from engine.archive.workers import Ended, Worker, Workers
from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.scoring.sampling import Frames

SHARD_FRAMES = 1024
"""Judged frames a shard: some three minutes of a recording, and ten seconds of work for two cores."""
MOST_ATTEMPTS = 3
_WAIT_SECONDS = 1.0

_DISAGREE = "The workers disagree on how the frames of this recording are numbered"
_DISAGREE_ADVICE = "Give them all the same version of the program."
_DIED = "The worker died over this recording each time"
_DIED_ADVICE = "The file may be what kills it. See the messages of the cluster."


@dataclass(frozen=True, eq=False)
class RecordingJudged:
    """All raw signals of a recording are in its store."""

    recording: LeasedRecording
    store: ScoreStore


@dataclass(frozen=True)
class RecordingGivenUp:
    """A recording could not be judged."""

    recording: LeasedRecording
    error: VideoError


@dataclass(frozen=True)
class ShardStored:
    """So much of a recording is stored."""

    recording: LeasedRecording
    done: int
    total: int
    judged: int
    """Frames of the shard that came back: `done` waits for the shards before it."""


Event = RecordingJudged | RecordingGivenUp | ShardStored


@dataclass(eq=False)
class _OpenRecording:
    """A recording of which some shards are judged and others not."""

    recording: LeasedRecording
    heartbeat: Heartbeat
    verify: bool = False
    look: Look | None = None
    store: ScoreStore | None = None
    stored_before: Frames = field(default_factory=lambda: np.empty(0, np.int64))
    """Frames that an earlier analysis has stored: shards reach over some of them."""
    waiting: deque[Shard] = field(default_factory=deque)
    ready: dict[int, JudgedShard] = field(default_factory=dict)
    """By the first frame; rows go into the store in order, so that any analysis can go on from them."""
    starts: deque[int] = field(default_factory=deque)
    """Of the shards that are not stored yet."""
    failures: Counter[tuple[int, int]] = field(default_factory=Counter)

    @property
    def is_complete(self) -> bool:
        """Whether all is stored."""
        return self.look is not None and not self.starts

    def close(self) -> None:
        """Close the store."""
        store, self.store = self.store, None
        if store:
            store.close()


class Dispatcher:
    """Keeps all workers busy with recordings that wait."""

    def __init__(
        self,
        leases: Leases,
        workers: Workers,
        folder: Path,
        *,
        divides: bool = True,
        shard_frames: int = SHARD_FRAMES,
        most_attempts: int = MOST_ATTEMPTS,
        lease_seconds: float,
        should_stop: ShouldStop = never_stop,
        open_store: Callable[[Path, Look], ScoreStore] = lambda folder, look: ScoreStore(folder, look.key),
    ) -> None:
        """`folder` is that of the score stores. Recordings are given out whole unless it `divides` them."""
        self._leases = leases
        self._workers = workers
        self._folder = folder
        self._divides = divides
        self._shard_frames = shard_frames
        self._most_attempts = most_attempts
        self._lease_seconds = lease_seconds
        self._should_stop = should_stop
        self._open_store = open_store
        self._open: dict[Path, _OpenRecording] = {}
        self._last: dict[Worker, Path] = {}
        """What each worker has open, or will have once it has done what it was given."""
        self._given: Counter[Worker] = Counter()
        """Shards that each worker has and has not done."""

    def run(self) -> Generator[Event, None, None]:
        """Do all recordings that wait; whoever gets one that is judged finishes it, and closes its store.

        However it ends, what was judged is stored, and recordings that were not finished wait again.

        Raises:
            ArchiveError: the archive can't be changed.
            ScoreStoreError: a store can't be written.
            Cancelled: `should_stop` said yes.
        """
        try:
            while self._give_shards() or self._open:
                if self._should_stop():
                    raise Cancelled
                for ended in self._workers.wait(_WAIT_SECONDS):
                    yield from self._take(ended)
                self._renew()
        finally:
            opened = list(self._open.values())
            self._open.clear()
            for each in opened:
                each.close()
            # Last, as it fails where the archive has gone away; the leases then end by themselves.
            for each in opened:
                self._leases.release(each.recording)

    def _give_shards(self) -> bool:
        """Give every free worker a shard; whether there was one for each that had nothing to do."""
        for worker in self._workers.free:
            if shard := self._next_shard(worker):
                self._workers.submit(worker, shard)
                self._last[worker] = shard.path
                self._given[worker] += 1
            elif not self._given[worker]:
                return False
        return True

    def _next_shard(self, worker: Worker) -> Shard | None:
        """Of the recording that the worker has open, else of a new one, else of the one with the most to do.

        The last only for a worker that has nothing to do: another one would close its recording too early.
        """
        own = self._open.get(self._last.get(worker, Path()))
        if own and own.waiting:
            return own.waiting.popleft()
        is_busy = self._given[worker] > 0
        if is_busy and own and own.look is None:
            return None  # what it looks at is divided next
        if recording := self._leases.take():
            heartbeat = Heartbeat(self._leases, recording, self._should_stop, self._lease_seconds)
            self._open[recording.path] = _OpenRecording(recording, heartbeat)
            return Shard(recording.path, recording.fingerprint)
        if is_busy:
            return None
        most = max(self._open.values(), key=lambda each: len(each.waiting), default=None)
        return most.waiting.popleft() if most and most.waiting else None

    def _take(self, ended: Ended) -> Iterator[Event]:
        self._given[ended.worker] -= 1
        opened = self._open.get(ended.shard.path)
        if opened is None:
            return  # it failed, or was lost to another process, while this was running
        shard, outcome = ended.shard, ended.outcome
        if shard.verify != opened.verify:
            return  # by numbers of frames that were wrong
        if not ended.was_begun:
            opened.waiting.appendleft(shard)
        elif isinstance(outcome, Look):
            self._divide(opened, outcome)
        elif isinstance(outcome, JudgedShard) and opened.look:
            if outcome.times_digest == opened.look.times_digest:
                opened.ready[shard.start] = outcome
                self._store_ready(opened)
                left, total = self._left(opened), len(opened.look.frames)
                yield ShardStored(opened.recording, total - left, total, len(outcome.frames))
            elif opened.verify:
                yield from self._again(opened, shard, ShardFailed(_DISAGREE, str(shard.path), _DISAGREE_ADVICE))
            else:
                self._begin_anew(opened)
        else:
            yield from self._again(opened, shard, outcome if isinstance(outcome, ShardFailed) else None)
        if opened.is_complete and opened.recording.path in self._open:
            del self._open[opened.recording.path]
            assert opened.store is not None
            yield RecordingJudged(opened.recording, opened.store)

    def _divide(self, opened: _OpenRecording, look: Look) -> None:
        """Make shards of what the store lacks."""
        opened.close()
        opened.look = look
        store = opened.store = self._open_store(self._folder, look)
        opened.stored_before = store.frames()
        lacking = np.setdiff1d(look.frames, opened.stored_before)
        parts = -(-len(lacking) // self._shard_frames) if self._divides else min(len(lacking), 1)
        runs = np.array_split(lacking, parts) if parts else []
        for run in runs:
            start, stop = int(run[0]), int(run[-1]) + 1
            opened.waiting.append(
                Shard(opened.recording.path, opened.recording.fingerprint, start, stop, opened.verify)
            )
            opened.starts.append(start)

    def _begin_anew(self, opened: _OpenRecording) -> None:
        """Frames are numbered otherwise than the container said: what was judged may have other numbers now."""
        if opened.store:
            opened.store.clear()
        recording = opened.recording
        opened.verify, opened.look = True, None
        for each in (opened.waiting, opened.starts, opened.ready):
            each.clear()
        opened.waiting.append(Shard(recording.path, recording.fingerprint, verify=True))

    def _again(self, opened: _OpenRecording, shard: Shard, failed: ShardFailed | None) -> Iterator[Event]:
        """Put a shard back that failed or was lost, unless that happened too often."""
        opened.failures[shard.start, shard.stop] += 1
        if opened.failures[shard.start, shard.stop] < self._most_attempts:
            opened.waiting.appendleft(shard)
            return
        del self._open[opened.recording.path]
        opened.close()
        error = failed.error() if failed else VideoError(_DIED, subject=shard.path, advice=_DIED_ADVICE)
        yield RecordingGivenUp(opened.recording, error)

    def _store_ready(self, opened: _OpenRecording) -> None:
        assert opened.store is not None
        while opened.starts and opened.starts[0] in opened.ready:
            judged = opened.ready.pop(opened.starts.popleft())
            new = ~np.isin(judged.frames, opened.stored_before)
            opened.store.append(judged.frames[new], judged.rows[new], judged.places)
            opened.store.flush()

    def _left(self, opened: _OpenRecording) -> int:
        assert opened.look is not None
        frames = opened.look.frames
        return len(frames) - int(np.searchsorted(frames, opened.starts[0])) if opened.starts else 0

    def _renew(self) -> None:
        for path, each in list(self._open.items()):
            if each.look is not None:
                each.heartbeat.share = 1 - self._left(each) / max(len(each.look.frames), 1)
            each.heartbeat.should_stop()
            if each.heartbeat.is_lost:
                each.close()
                del self._open[path]
