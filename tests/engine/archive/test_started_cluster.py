"""`vad archive analyse` on a cluster whose nodes were started by `ray start` and ask for a token."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.archive.analysing import AnalysisSettings, analyse_waiting
from engine.archive.database import Archive
from engine.archive.leases import Leases
from engine.archive.searching import counts
from engine.models.predictor import Predictor
from resources import detector_path
from tests.engine.archive.conftest import scanned
from tests.engine.archive.ray_nodes import PATIENCE_SECONDS, RayCluster, RayNode, ray_cluster
from tests.engine.archive.test_analysing import film, settings_of

pytest.importorskip("ray", reason="needs Ray (pip install 'vadgui[cluster]')")

from tests.engine.archive.test_cluster import signals

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]


@pytest.fixture
def cluster() -> Iterator[RayCluster]:
    with ray_cluster() as cluster:
        yield cluster


@pytest.fixture
def settings(cache: Path) -> AnalysisSettings:
    return settings_of(Predictor.open(detector_path("plaza"), "cpu"), cache)


def analysing(address: str, place: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "engine", "archive", "analyse", "--archive", str(place), "--cluster", address]
    return subprocess.Popen(
        [*command, "--detector", str(detector_path("plaza")), "--device", "cpu"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def of_one_process(films: Sequence[Path], place: Path, settings: AnalysisSettings) -> list[bytes]:
    """The raw signals of an analysis without a cluster; nothing is taken from what is stored."""
    shutil.rmtree(settings.folder)
    with Archive(str(place), create=True) as archive:
        scanned(archive, films[0].parent)
        list(analyse_waiting(Leases(archive), Predictor.open(detector_path("plaza"), "cpu"), settings))
    return signals(films, settings)


def wait_until_judging(node: RayNode) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not node.is_judging() and time.monotonic() < ends:
        time.sleep(0.1)


@pytest.fixture
def films(footage: Path) -> Sequence[Path]:
    """One for each node."""
    return [film(footage / f"{number}.mp4", 60, seed=number) for number in range(2)]


@pytest.fixture
def place(films: Sequence[Path], tmp_path: Path) -> Path:
    """An archive of them."""
    with Archive(str(tmp_path / "site.archive"), create=True) as archive:
        scanned(archive, films[0].parent)
    return tmp_path / "site.archive"


@pytest.mark.parametrize("is_client", [False, True])
def test_two_nodes_find_what_one_process_finds(
    cluster: RayCluster, films: Sequence[Path], place: Path, settings: AnalysisSettings, is_client: bool
) -> None:
    if is_client and find_spec("grpc") is None:
        pytest.skip("needs grpcio")
    address = cluster.client_address if is_client else cluster.address
    for _ in range(3):
        told, _ = analysing(address, place, cluster.environment).communicate(timeout=PATIENCE_SECONDS)
        # On a busy machine Ray gives up on the server that it starts for a client; the person would try again, too.
        if "Starting Ray client server failed" not in told:
            break
    assert f"on 2 workers of the cluster {address}" in told
    assert "2 recordings analysed, 0 failed." in told
    assert "workers differ" not in told
    assert signals(films, settings) == of_one_process(films, place.with_name("one"), settings)


@pytest.mark.abuse
def test_a_killed_node_changes_nothing(
    cluster: RayCluster, films: Sequence[Path], place: Path, settings: AnalysisSettings
) -> None:
    run = analysing(cluster.address, place, cluster.environment)
    wait_until_judging(cluster.node)
    cluster.node.kill()
    told, _ = run.communicate(timeout=2 * PATIENCE_SECONDS)
    assert "2 recordings analysed, 0 failed." in told
    assert signals(films, settings) == of_one_process(films, place.with_name("one"), settings)


@pytest.mark.abuse
def test_a_head_that_dies_is_said_to_a_client(cluster: RayCluster, place: Path) -> None:
    """A program on a node is ended by Ray itself after a minute."""
    if find_spec("grpc") is None:
        pytest.skip("needs grpcio")
    environment = {**cluster.environment, "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "3"}
    run = analysing(cluster.client_address, place, environment)
    wait_until_judging(cluster.head)
    cluster.head.kill()
    told, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == 1
    assert "The cluster has gone away" in told
    with Archive(str(place)) as archive:
        assert counts(archive)[0].running == 0


@pytest.mark.abuse
def test_a_wrong_token_is_said(cluster: RayCluster, place: Path) -> None:
    run = analysing(cluster.address, place, {**cluster.environment, "RAY_AUTH_TOKEN": "b" * 64})
    told, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == 1
    assert "The cluster can't be reached" in told
    assert "RAY_AUTH_MODE=token" in told


@pytest.mark.abuse
def test_a_node_with_another_processor_is_told() -> None:
    """It takes the instructions of an older one; in a process of its own, as Ray takes its token once for a process."""
    script = """
import sys
from engine.archive.cluster import RayWorkers
from engine.scoring.sampling import SAMPLED
from resources import detector_path
workers = RayWorkers(sys.argv[1], detector_path("plaza"), SAMPLED, device="cpu")
while len(workers.free) < 2:
    workers.wait(1.0)
print(*workers.kinds, sep="\\n")
workers.close()
"""
    with ray_cluster(ATEN_CPU_CAPABILITY="default") as cluster:
        told = subprocess.run(
            [sys.executable, "-c", script, cluster.address],
            env={**os.environ, **cluster.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=PATIENCE_SECONDS,
        ).stdout
    assert len(told.splitlines()) == 2
    assert sum("DEFAULT" in kind for kind in told.splitlines()) == 1
