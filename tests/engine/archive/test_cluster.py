"""Workers on a Ray cluster of this machine: killed, they are replaced, and what comes of it is the same."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
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


@pytest.mark.timeout(280)
def test_a_killed_worker_changes_nothing(
    footage: Path, tmp_path: Path, settings: AnalysisSettings, short_folder: Path
) -> None:
    assert short_folder.is_dir()
    for number in range(2):
        film(footage / f"{number}.mp4", 120, seed=number)
    with Archive(str(tmp_path / "divided"), create=True) as archive:
        scanned(archive, footage)
        workers = RayWorkers(LOCAL, detector_path("plaza"), settings.scorer.sampling, device="cpu", count=2)
        killed, done = 0, []
        try:
            for event in analyse_divided(Leases(archive), workers, settings):
                if isinstance(event, Progress) and not killed:
                    killed = _kill_a_worker()
                if isinstance(event, RecordingAnalysed):
                    done.append(event)
        finally:
            workers.close()
    assert killed, done
    assert len(done) == 2
    shutil.rmtree(settings.folder)
    with Archive(str(tmp_path / "one"), create=True) as archive:
        scanned(archive, footage)
        predictor = Predictor.open(detector_path("plaza"), "cpu")
        list(analyse_waiting(Leases(archive), predictor, settings))
    assert hits(tmp_path / "divided") == hits(tmp_path / "one")


def test_a_cluster_that_is_not_there_is_said(settings: AnalysisSettings) -> None:
    with pytest.raises(ArchiveError, match="can't be reached"):
        RayWorkers("127.0.0.1:1", detector_path("plaza"), settings.scorer.sampling)


def _kill_a_worker() -> int:
    """Kill one of the processes that this one's cluster has for judging; returns its number."""
    for process in psutil.Process().children(recursive=True):
        if "ray::_Judging" in " ".join(process.cmdline()):
            os.kill(process.pid, signal.SIGKILL)
            return process.pid
    return 0
