"""Recordings divided among workers: the same signals bit for bit, whatever fails or dies meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from engine.analysis.runner import analyse_to_store, analysis_key, stored_signals
from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.archive.database import Archive
from engine.archive.dispatching import Dispatcher, Event, RecordingGivenUp, RecordingJudged, ShardStored
from engine.archive.leases import LeaseLostError, Leases
from engine.archive.schema import AnalysisState, FileState, folders, recordings
from engine.archive.shards import Judge, JudgedShard, Look, Outcome, Shard, ShardFailed
from engine.archive.workers import Ended, Worker, Workers
from engine.common.errors import Cancelled
from engine.models.predictor import Predictor
from engine.scoring.sampling import Sampling
from engine.scoring.signals import missing_signals
from engine.video import open_video
from resources import detector_path
from tests.engine.archive.conftest import scanned


class FakeJudge:
    """Judges recordings that are not there: 100 frames each, whose signal is their number."""

    frames = np.arange(1, 100)

    def __init__(self, odd: Callable[[Shard], Outcome | None] = lambda _: None) -> None:
        self.odd = odd
        self.done: list[Shard] = []

    def run(self, shard: Shard) -> Outcome:
        self.done.append(shard)
        if odd := self.odd(shard):
            return odd
        if shard.is_look:
            return Look(AnalysisKey(shard.fingerprint, "detector", "{}"), self.frames, self.digest(shard))
        frames = self.frames[(self.frames >= shard.start) & (self.frames < shard.stop)]
        rows = missing_signals(len(frames))
        rows["speed_px"] = frames
        return JudgedShard(frames, rows, {int(frame): b"%d" % frame for frame in frames}, self.digest(shard))

    def digest(self, shard: Shard) -> str:
        return f"verified {shard.verify}"

    def close(self) -> None:
        pass


class FakeWorkers(Workers):
    """Some workers of two shards each that end in any order, and some of which die."""

    def __init__(self, judge: FakeJudge, count: int = 3, dies: Callable[[Shard], bool] = lambda _: False) -> None:
        self._judge, self._dies = judge, dies
        self._running: dict[Worker, list[Shard]] = {number: [] for number in range(count)}
        self._random = np.random.default_rng(0)

    @property
    def free(self) -> Sequence[Worker]:
        return sorted((worker for worker in self._running if len(self._running[worker]) < 2), key=self._load)

    def submit(self, worker: Worker, shard: Shard) -> None:
        assert len(self._running[worker]) < 2
        self._running[worker].append(shard)

    def wait(self, seconds: float) -> list[Ended]:
        del seconds
        busy = [worker for worker, shards in self._running.items() if shards]
        if not busy:
            return []
        worker = busy[int(self._random.integers(len(busy)))]
        shard = self._running[worker].pop(0)
        if not self._dies(shard):
            return [Ended(worker, shard, self._judge.run(shard))]
        behind, self._running[worker] = self._running[worker], []
        return [Ended(worker, shard, None), *(Ended(worker, each, None, was_begun=False) for each in behind)]

    def _load(self, worker: Worker) -> int:
        return len(self._running[worker])

    def close(self) -> None:
        pass


class OwnWorker(Workers):
    """This process itself, as the only worker."""

    def __init__(self, judge: Judge | FakeJudge) -> None:
        self._judge = judge
        self._given: Shard | None = None

    @property
    def free(self) -> Sequence[Worker]:
        return [] if self._given else [0]

    def submit(self, worker: Worker, shard: Shard) -> None:
        del worker
        self._given = shard

    def wait(self, seconds: float) -> list[Ended]:
        del seconds
        shard, self._given = self._given, None
        return [Ended(0, shard, self._judge.run(shard))] if shard else []

    def close(self) -> None:
        self._judge.close()


def fill(archive: Archive, count: int) -> None:
    with archive.changing() as connection:
        connection.execute(sa.insert(folders).values(id=1, path=Path("/f"), camera_rule={}))
        for number in range(count):
            connection.execute(
                sa.insert(recordings).values(
                    **{"folder_id": 1, "path": Path(f"/f/{number}.mp4"), "size_bytes": 1, "modified_ns": 1},
                    **{"file_state": FileState.PRESENT, "fingerprint": f"f{number}"},
                )
            )


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"), create=True)


def dispatch(archive: Archive, workers: Workers, folder: Path, **options: object) -> list[Event]:
    """All events of `dispatching`."""
    return list(dispatching(archive, workers, folder, **options))


def dispatching(archive: Archive, workers: Workers, folder: Path, **options: object) -> Iterator[Event]:
    """Yield all events; recordings that are judged are marked as done, and checked."""
    leases = Leases(archive)
    for event in Dispatcher(leases, workers, folder, shard_frames=10, lease_seconds=300, **options).run():  # type: ignore[arg-type]
        if isinstance(event, RecordingJudged):
            with event.store, leases.finishing(event.recording, {}):
                frames, rows = event.store.read()
                assert frames.tolist() == FakeJudge.frames.tolist()
                assert rows["speed_px"].tolist() == FakeJudge.frames.tolist()
                assert event.store.places([50]) == {50: b"50"}
        elif isinstance(event, RecordingGivenUp):
            leases.fail(event.recording, str(event.error), tried_enough=True)
        yield event


def states(archive: Archive) -> list[str]:
    with archive.reading() as connection:
        return list(connection.execute(sa.select(recordings.c.analysis_state).order_by(recordings.c.id)).scalars())


def test_all_is_judged_once_in_whatever_order_it_comes(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 5)
    judge = FakeJudge()
    dispatch(archive, FakeWorkers(judge), tmp_path)
    assert states(archive) == [AnalysisState.DONE] * 5
    assert len(judge.done) == len(set(judge.done)) == 5 * (1 + 10)


def test_workers_that_start_slowly_are_waited_for(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 2)

    class Slow(FakeWorkers):
        waits = 0

        @property
        def free(self) -> Sequence[Worker]:
            return super().free if self.waits > 3 else []

        def wait(self, seconds: float) -> list[Ended]:
            self.waits += 1
            return super().wait(seconds)

    dispatch(archive, Slow(FakeJudge()), tmp_path)
    assert states(archive) == ["done", "done"]


def test_a_worker_keeps_to_its_recording_while_others_wait(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 6)
    judge = FakeJudge()
    dispatch(archive, OwnWorker(judge), tmp_path)
    paths = [shard.path for shard in judge.done]
    assert paths == sorted(paths)


def test_shards_of_dead_workers_run_again(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 3)
    chance = np.random.default_rng(1)
    workers = FakeWorkers(FakeJudge(), dies=lambda _: chance.random() < 0.1)
    dispatch(archive, workers, tmp_path)
    assert states(archive) == [AnalysisState.DONE] * 3


def test_what_kills_every_worker_and_what_is_broken_fail_alone(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 4)
    broken = ShardFailed("It is broken", "/f/2.mp4", "Mend it.")
    judge = FakeJudge(lambda shard: broken if shard.path.stem == "2" and shard.start > 50 else None)
    events = dispatch(archive, FakeWorkers(judge, dies=lambda shard: shard.path.stem == "1"), tmp_path)
    failed = {each.recording.path.stem: str(each.error) for each in events if isinstance(each, RecordingGivenUp)}
    assert sorted(failed) == ["1", "2"]
    assert "worker died" in failed["1"]
    assert "It is broken" in failed["2"]
    assert states(archive) == ["done", "failed", "failed", "done"]


def test_cancelled_it_goes_on_from_what_is_stored(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 2)
    judge = FakeJudge()
    with pytest.raises(Cancelled):
        dispatch(archive, FakeWorkers(judge), tmp_path, should_stop=lambda: len(judge.done) >= 12)
    assert states(archive) == ["waiting", "waiting"]
    again = FakeJudge()
    dispatch(archive, FakeWorkers(again), tmp_path)
    assert states(archive) == ["done", "done"]
    assert len(again.done) < 22 - 5


def test_two_dispatchers_of_one_archive_judge_nothing_twice(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 6)
    judge = FakeJudge()
    both = [dispatching(archive, FakeWorkers(judge, 2), tmp_path) for _ in range(2)]
    for _ in zip_longest(*both):
        pass
    assert states(archive) == [AnalysisState.DONE] * 6
    assert len(judge.done) == len(set(judge.done)) == 6 * (1 + 10)


def test_a_dispatcher_that_slept_longer_than_its_lease_leaves_its_recordings_to_another(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(archive, 3)
    slow = dispatching(archive, FakeWorkers(FakeJudge()), tmp_path)
    assert isinstance(next(slow), ShardStored)
    now = datetime.now(UTC) + timedelta(seconds=400)
    monkeypatch.setattr(Archive, "now", lambda *_: now)
    quick = dispatch(archive, FakeWorkers(FakeJudge()), tmp_path)
    assert sum(isinstance(event, RecordingJudged) for event in quick) == 3
    before = states(archive)
    with pytest.raises(LeaseLostError):
        list(slow)
    assert states(archive) == before == [AnalysisState.DONE] * 3


def test_frames_that_are_numbered_otherwise_begin_anew(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 1)

    class Renumbering(FakeJudge):
        def digest(self, shard: Shard) -> str:
            return "verified" if shard.verify or shard.start > 30 else "by the container"

        def run(self, shard: Shard) -> Outcome:
            outcome = super().run(shard)
            if isinstance(outcome, JudgedShard) and not shard.verify:
                outcome.rows["speed_px"] = -1
            return outcome

    dispatch(archive, FakeWorkers(Renumbering()), tmp_path)
    assert states(archive) == ["done"]


def test_whole_recordings_are_given_out_where_they_are_not_to_be_divided(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 2)
    judge = FakeJudge()
    dispatch(archive, FakeWorkers(judge), tmp_path, divides=False)
    assert [shard.stop for shard in judge.done if not shard.is_look] == [100, 100]


@pytest.mark.slow
def test_seams_are_bit_for_bit_those_of_one_analysis(shared_data: Path, tmp_path: Path) -> None:
    """All of Ped2's testing clips, a sample every two seconds, divided every two samples."""
    predictor = Predictor.open(detector_path("ped2"), "cpu")
    sampling = Sampling(seconds=2.0)
    divided = {}
    with Archive(str(tmp_path / "archive"), create=True) as archive:
        scanned(archive, shared_data / "ped2" / "testing")
        leases, judge = Leases(archive), Judge(predictor, sampling)
        dispatcher = Dispatcher(leases, OwnWorker(judge), tmp_path / "divided", shard_frames=2, lease_seconds=3000)
        for event in dispatcher.run():
            if isinstance(event, RecordingJudged):
                with event.store, leases.finishing(event.recording, {}):
                    divided[event.recording.path] = event.store.read(), event.store.places(event.store.frames())
        judge.close()
    assert len(divided) == 12
    for path, ((frames, rows), places) in divided.items():
        with (
            open_video(path) as source,
            ScoreStore(tmp_path / "one", analysis_key(source, predictor, sampling)) as store,
        ):
            list(analyse_to_store(source, predictor, store, sampling=sampling))
            signals = stored_signals(store, len(source))
            assert sorted(store.frames()) == frames.tolist()
            assert signals[frames].tobytes() == rows.tobytes()
            assert store.places(frames) == places
