"""Workers of a cluster that die, on a Ray that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.archive import cluster
from engine.archive.cluster import LOCAL, MOST_STARTS, RayWorkers
from engine.archive.shards import Shard
from engine.common.errors import ArchiveError
from engine.scoring.sampling import SAMPLED


class FakeRayError(Exception):
    pass


class FakeRay:
    """A cluster of one core, on which the first `deaths` workers die while they start."""

    exceptions = SimpleNamespace(RayError=FakeRayError)

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths
        self.started = 0
        self.options: dict[str, Any] = {}
        self.is_gone = False
        self.killed: list[object] = []
        self.kinds = ["CPU, bfloat16"]
        """Of workers by the number of their start."""

    def init(self, **options: object) -> None:
        self.options = options

    def shutdown(self) -> None:
        pass

    def is_initialized(self) -> bool:
        return not self.is_gone

    def kill(self, actor: object) -> None:
        self.killed.append(actor)

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}

    def put(self, content: bytes) -> bytes:
        return content

    def remote(self, _: type) -> SimpleNamespace:
        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=self._actor))

    def _actor(self, *_: object) -> SimpleNamespace:
        self.started += 1
        number = self.started
        run = SimpleNamespace(remote=lambda shard: -shard.stop)  # below the number of deaths: it dies over each shard
        return SimpleNamespace(start=SimpleNamespace(remote=lambda: number), run=run)

    def wait(self, references: Sequence[int], **_: object) -> tuple[list[int], list[int]]:
        if self.is_gone:
            raise ConnectionError("Failed to reconnect")
        return list(references), []

    def get(self, number: int) -> str:
        if number <= self.deaths:
            raise FakeRayError("The node ran out of memory")
        return self.kinds[number % len(self.kinds)]


def workers(ray: FakeRay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **more: bool) -> RayWorkers:
    monkeypatch.setattr(cluster, "_import_ray", lambda: ray)
    detector = tmp_path / "detector"
    detector.write_bytes(b"weights")
    return RayWorkers(LOCAL, detector, SAMPLED, device="cpu", **more)  # type: ignore[arg-type]


def test_one_that_dies_each_time_it_starts_ends_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ray = FakeRay(deaths=100)
    started = workers(ray, monkeypatch, tmp_path)
    assert [started.wait(0) for _ in range(MOST_STARTS - 1)] == [[]] * (MOST_STARTS - 1)
    with pytest.raises(ArchiveError, match="ran out of memory"):
        started.wait(0)
    assert ray.started == MOST_STARTS


def test_one_that_died_once_or_twice_is_started_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = workers(FakeRay(deaths=MOST_STARTS - 1), monkeypatch, tmp_path)
    for _ in range(MOST_STARTS):
        assert started.free == []
        assert started.wait(0) == []
    assert started.free == [0]


def test_a_cluster_of_this_machine_has_the_cores_asked_for_and_this_copy_of_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    detector = tmp_path / "detector"
    detector.write_bytes(b"weights")
    ray = FakeRay(deaths=0)
    monkeypatch.setattr(cluster, "_import_ray", lambda: ray)
    ray.cluster_resources = lambda: {"CPU": 6.0}  # type: ignore[method-assign]
    assert RayWorkers(LOCAL, detector, SAMPLED, device="cpu", count=2, cores=3).count == 2
    assert (ray.options["address"], ray.options["num_cpus"]) == ("local", 6)
    variables = ray.options["runtime_env"]["env_vars"]
    assert variables["OMP_NUM_THREADS"] == "3"
    assert variables["PYTHONPATH"] == str(Path(cluster.__file__).parents[2])


def test_what_a_dead_worker_had_next_is_not_taken_for_what_killed_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ray = FakeRay(deaths=0)
    started = workers(ray, monkeypatch, tmp_path)
    started.wait(0)
    shards = [Shard(Path("/f/0.mp4"), "f0", start, start + 10) for start in (1, 11)]
    for shard in shards:
        assert started.free == [0]
        started.submit(0, shard)
    assert started.free == []
    ended = started.wait(0)
    assert [(each.shard, each.outcome, each.was_begun) for each in ended] == [
        (shards[0], None, True),
        (shards[1], None, False),
    ]
    assert ray.started == 2


def two_kinds(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    ray = FakeRay(deaths=0)
    ray.kinds = ["CPU, bfloat16", "CPU, float32"]
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2.0})
    return ray


def test_workers_of_several_kinds_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = workers(two_kinds(monkeypatch), monkeypatch, tmp_path)
    assert started.kinds == ()
    started.wait(0)
    assert sorted(started.kinds) == ["CPU, bfloat16", "CPU, float32"]
    assert len(started.free) == 2


def test_workers_of_several_kinds_are_refused_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = workers(two_kinds(monkeypatch), monkeypatch, tmp_path, refuses_mixture=True)
    with pytest.raises(ArchiveError, match=r"Workers of the cluster differ: CPU, \w+; CPU, \w+"):
        started.wait(0)
    alike = FakeRay(deaths=0)
    monkeypatch.setattr(alike, "cluster_resources", lambda: {"CPU": 2.0})
    started = workers(alike, monkeypatch, tmp_path, refuses_mixture=True)
    started.wait(0)
    assert len(started.free) == 2


def test_an_address_of_rays_client_is_refused_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    detector = tmp_path / "detector"
    detector.write_bytes(b"weights")
    monkeypatch.setattr(cluster, "_import_ray", lambda: FakeRay(deaths=0))
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(ArchiveError, match="client is not installed") as refused:
        RayWorkers("ray://127.0.0.1:1", detector, SAMPLED, device="cpu")
    assert "pip install 'vadgui[cluster]'" in refused.value.advice


def test_a_cluster_whose_head_is_gone_ends_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ray = FakeRay(deaths=0)
    started = workers(ray, monkeypatch, tmp_path)
    started.wait(0)
    started.submit(0, Shard(Path("/f/0.mp4"), "f0", 1, 11))
    ray.is_gone = True
    with pytest.raises(ArchiveError, match="has gone away") as told:
        started.wait(0)
    assert "goes on from there" in told.value.advice
    started.close()
    assert not ray.killed
