"""Workers of a cluster that die while they start, on a Ray that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.archive import cluster
from engine.archive.cluster import LOCAL, MOST_STARTS, RayWorkers
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

    def init(self, **_: object) -> None:
        pass

    def shutdown(self) -> None:
        pass

    def kill(self, actor: object) -> None:
        pass

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}

    def put(self, content: bytes) -> bytes:
        return content

    def remote(self, _: type) -> SimpleNamespace:
        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=self._actor))

    def _actor(self, *_: object) -> SimpleNamespace:
        self.started += 1
        number = self.started
        return SimpleNamespace(start=SimpleNamespace(remote=lambda: number))

    def wait(self, references: Sequence[int], **_: object) -> tuple[list[int], list[int]]:
        return list(references), []

    def get(self, number: int) -> None:
        if number <= self.deaths:
            raise FakeRayError("The node ran out of memory")


def workers(ray: FakeRay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RayWorkers:
    monkeypatch.setattr(cluster, "_import_ray", lambda: ray)
    detector = tmp_path / "detector"
    detector.write_bytes(b"weights")
    return RayWorkers(LOCAL, detector, SAMPLED, device="cpu")


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
        assert started.idle == []
        assert started.wait(0) == []
    assert started.idle == [0]
