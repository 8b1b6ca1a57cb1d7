"""Workers on a Ray cluster: killed, alone or with their machine, they change nothing of what comes of it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.archive.analysing import AnalysisSettings, RecordingAnalysed, analyse_divided, analyse_waiting
from engine.archive.database import Archive
from engine.archive.leases import Leases
from engine.archive.searching import Hit, Query, search
from engine.common.errors import ArchiveError
from engine.common.events import Progress
from engine.models.predictor import Predictor
from resources import detector_path
from tests.engine.archive.conftest import scanned
from tests.engine.archive.test_analysing import film, settings_of

pytest.importorskip("ray", reason="needs Ray (pip install 'vadgui[cluster]')")

from engine.archive.cluster import LOCAL, RayWorkers

pytestmark = pytest.mark.slow


@pytest.fixture
def short_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """For what Ray leaves behind: names of its sockets have to be short."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    monkeypatch.setenv("RAY_TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(cache: Path) -> AnalysisSettings:
    return settings_of(Predictor.open(detector_path("plaza"), "cpu"), cache, shard_frames=8)


def hits(place: Path) -> list[Hit]:
    with Archive(str(place)) as archive:
        return list(search(archive, Query()))


def of_one_process(folder: Path, footage: Path, settings: AnalysisSettings) -> list[Hit]:
    """What an analysis without a cluster finds; nothing is taken from what is stored."""
    shutil.rmtree(settings.folder)
    with Archive(str(folder / "one"), create=True) as archive:
        scanned(archive, footage)
        list(analyse_waiting(Leases(archive), Predictor.open(detector_path("plaza"), "cpu"), settings))
    return hits(folder / "one")


def divided_among(
    workers: RayWorkers, folder: Path, footage: Path, settings: AnalysisSettings, kill: Callable[[], bool]
) -> list[RecordingAnalysed]:
    """Analyse all recordings, and kill something once there is a result."""
    killed, done = False, []
    with Archive(str(folder / "divided"), create=True) as archive:
        scanned(archive, footage)
        try:
            for event in analyse_divided(Leases(archive), workers, settings):
                if isinstance(event, Progress) and not killed:
                    killed = kill()
                if isinstance(event, RecordingAnalysed):
                    done.append(event)
        finally:
            workers.close()
    assert killed
    return done


@pytest.mark.timeout(280)
@pytest.mark.usefixtures("short_folder")
def test_a_killed_worker_changes_nothing(footage: Path, tmp_path: Path, settings: AnalysisSettings) -> None:
    for number in range(2):
        film(footage / f"{number}.mp4", 120, seed=number)
    workers = RayWorkers(LOCAL, detector_path("plaza"), settings.scorer.sampling, device="cpu", count=2)
    assert len(divided_among(workers, tmp_path, footage, settings, _kill_a_worker)) == 2
    assert hits(tmp_path / "divided") == of_one_process(tmp_path, footage, settings)


@pytest.mark.timeout(280)
@pytest.mark.usefixtures("short_folder")
def test_a_killed_machine_changes_nothing(footage: Path, tmp_path: Path, settings: AnalysisSettings) -> None:
    from ray.cluster_utils import Cluster

    for number in range(2):
        film(footage / f"{number}.mp4", 120, seed=number)
    machine = {"num_cpus": 1, "object_store_memory": 128 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={**machine, "include_dashboard": False})
    try:
        other = cluster.add_node(**machine)
        cluster.wait_for_nodes()
        workers = RayWorkers(cluster.address, detector_path("plaza"), settings.scorer.sampling, device="cpu")
        assert workers.count == 2

        def kill() -> bool:
            cluster.remove_node(other, allow_graceful=False)
            return True

        assert len(divided_among(workers, tmp_path, footage, settings, kill)) == 2
    finally:
        cluster.shutdown()
    assert hits(tmp_path / "divided") == of_one_process(tmp_path, footage, settings)


def test_a_cluster_that_is_not_there_is_said(settings: AnalysisSettings) -> None:
    with pytest.raises(ArchiveError, match="can't be reached"):
        RayWorkers("127.0.0.1:1", detector_path("plaza"), settings.scorer.sampling)


def _kill_a_worker() -> bool:
    """Kill one of the processes that this one's cluster has for judging; whether there was one."""
    for process in psutil.Process().children(recursive=True):
        if "ray::_Judging" in " ".join(process.cmdline()):
            os.kill(process.pid, signal.SIGKILL)
            return True
    return False
