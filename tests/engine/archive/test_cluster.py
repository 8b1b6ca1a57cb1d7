"""Workers on a Ray cluster: killed, alone or with their machine, they change nothing of what comes of it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from engine.analysis.runner import analysis_key, stored_signals
from engine.analysis.score_store import ScoreStore
from engine.archive.analysing import AnalysisSettings, RecordingAnalysed, analyse_divided, analyse_waiting
from engine.archive.database import Archive
from engine.archive.leases import Leases
from engine.common.errors import ArchiveError
from engine.common.events import Progress
from engine.common.remote_path import as_path
from engine.models.predictor import Predictor
from engine.video import open_video
from resources import detector_path
from tests.engine.archive.conftest import scanned
from tests.engine.archive.test_analysing import film, settings_of
from tests.remote_files import web_server

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytest.importorskip("ray", reason="needs Ray (pip install 'vadgui[cluster]')")

from engine.archive.cluster import RayWorkers

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 60
"""Until the workers of a machine that is gone have ended, too."""


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Two machines of one core each."""
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="ray-")  # names of its sockets have to be short
    monkeypatch.setenv("RAY_TMPDIR", folder)
    machine = {"num_cpus": 1, "object_store_memory": 128 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={**machine, "include_dashboard": False})
    try:
        cluster.add_node(**machine)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(cache: Path) -> AnalysisSettings:
    return settings_of(Predictor.open(detector_path("plaza"), "cpu"), cache, shard_frames=4)


def signals(films: Sequence[Path], settings: AnalysisSettings) -> list[bytes]:
    """Raw signals of all frames of recordings, as they are stored; the order in which they were measured is lost."""
    predictor, all_signals = Predictor.open(detector_path("plaza"), "cpu"), []
    for path in films:
        with open_video(path) as source:
            key, count = analysis_key(source, predictor, settings.scorer.sampling), len(source)
        with ScoreStore(settings.folder, key) as store:
            of_film = stored_signals(store, count)
        assert np.nanmax(of_film["speed_px"]) > 1
        all_signals.append(of_film.tobytes())
    return all_signals


def analysed_by_one_process(place: Path, folders: Sequence[Path], settings: AnalysisSettings) -> None:
    """Analyse without a cluster; nothing is taken from what is stored."""
    shutil.rmtree(settings.folder)
    with Archive(str(place), create=True) as archive:
        scanned(archive, *folders)
        list(analyse_waiting(Leases(archive), Predictor.open(detector_path("plaza"), "cpu"), settings))


def divided_among(
    workers: RayWorkers, place: Path, folders: Sequence[Path], settings: AnalysisSettings, disaster: Callable[[], None]
) -> int:
    """Analyse all recordings, with a disaster once there is a result; how many were done."""
    done, happened = 0, False
    with Archive(str(place), create=True) as archive:
        scanned(archive, *folders)
        with closing(workers):
            for event in analyse_divided(Leases(archive), workers, settings):
                if isinstance(event, Progress) and not happened:
                    disaster()
                    happened = True
                done += isinstance(event, RecordingAnalysed)
    assert happened
    return done


@pytest.mark.timeout(280)
@pytest.mark.usefixtures("connections")
def test_a_killed_machine_and_a_killed_worker_change_nothing(
    cluster: Cluster, footage: Path, tmp_path: Path, settings: AnalysisSettings
) -> None:
    """Of recordings here and, where the extra http is installed, behind a web server."""
    here, there = footage / "here", footage / "there"
    for number, folder in enumerate((here, there)):
        folder.mkdir()
        film(folder / f"{number}.mp4", 60, seed=number)
    films = [here / "0.mp4", there / "1.mp4"]
    workers = RayWorkers(cluster.address, detector_path("plaza"), settings.scorer.sampling, device="cpu")
    assert workers.count == 2

    def disaster() -> None:
        machine = next(node for node in cluster.list_all_nodes() if not node.is_head())
        cluster.remove_node(machine, allow_graceful=False)
        ends = time.monotonic() + PATIENCE_SECONDS
        while len(left := _judging()) > 1 and time.monotonic() < ends:
            time.sleep(0.1)
        (last,) = left
        last.kill()

    with web_server(there) as server:
        folders = [here, as_path(server.url) if find_spec("aiohttp") else there]
        assert divided_among(workers, tmp_path / "divided", folders, settings, disaster) == 2
        divided = signals(films, settings)
        analysed_by_one_process(tmp_path / "one", folders, settings)
    assert divided == signals(films, settings)


def test_a_cluster_that_is_not_there_is_said(settings: AnalysisSettings) -> None:
    with pytest.raises(ArchiveError, match="can't be reached"):
        RayWorkers("127.0.0.1:1", detector_path("plaza"), settings.scorer.sampling)


def _judging() -> list[psutil.Process]:
    """The processes of this one's cluster that judge."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "ray::_Judging" in " ".join(process.cmdline()):
                found.append(process)
    return found
