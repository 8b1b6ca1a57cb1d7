"""What every test stands on: no screen, no network, no trace outside a temporary folder, nothing left running."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from engine.common.paths import (
    camera_zones_file,
    frame_rates_file,
    name_patterns_file,
    recordings_file,
    reviews_folder,
)
from tests.network import refuse_network
from tests.read_only import ReadOnlyFolder

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
THREAD_TIMEOUT_SECONDS = 30.0
"""Only what hangs takes as long, also on a busy machine."""

# Examples are the same at each run, and may take any time: neither chance nor load decides whether a change is right.
# `--hypothesis-profile=random` looks for new ones.
hypothesis_settings.register_profile(
    "random", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
hypothesis_settings.register_profile("repeatable", hypothesis_settings.get_profile("random"), derandomize=True)
hypothesis_settings.load_profile("repeatable")

# The rest has to be in place before Qt, torch or platformdirs look; conftest is imported before any test module.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Threads that spin while they wait make torch ten times slower wherever something else runs too.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Which engine is faster is measured in seconds for each detector, and torch's results are the same everywhere.
os.environ.setdefault("VADGUI_MOTION_ENGINE", "torch")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each worker would start a thread for every core, and they would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests off the network, and give them and the processes they start a home of their own for settings."""
    refuse_network()
    home = Path(tempfile.mkdtemp(prefix="vadgui-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    places = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData" / "Roaming",
        "LOCALAPPDATA": home / "AppData" / "Local",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
        "VADGUI_CACHE": home / "vadgui-cache",
    }
    for name, place in places.items():
        os.environ[name] = str(place)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real footage that lies beside a developer's checkout; not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the real footage in ../shared/data")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tiny_preset() -> Iterator[str]:
    """The name of a preset of models with a few weights."""
    from engine.models.detector import PRESETS  # imports torch, which many tests do without
    from tests.tiny import TINY

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "tiny", TINY)
        yield "tiny"


MakeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """Makes a file of this name once for all workers of the run; nobody may change it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made-once"
    folder.mkdir(exist_ok=True)

    def made(name: str, make: Callable[[Path], object]) -> Path:
        path, unfinished = folder / name, folder / f"unfinished-{name}"
        with FileLock(folder / f"{name}.lock"):
            if not path.exists():
                make(unfinished)
                unfinished.rename(path)
        return path

    return made


@pytest.fixture(scope="session")
def drift_file(make_once: MakeOnce, tiny_preset: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibrated detector that has seen things drift to the right alone."""
    from tests.drift import normal_films, write_drift_detector

    def make(path: Path) -> None:
        write_drift_detector(path, normal_films(tmp_path_factory.mktemp("drift")), tiny_preset)

    return make_once("drift.safetensors", make)


@pytest.fixture
def read_only_folder() -> Iterator[ReadOnlyFolder]:
    """A folder that a test may lock against writing, as root too."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs permissions as POSIX has them")
    # Not below tmp_path: the parents of that belong to one person.
    with tempfile.TemporaryDirectory(prefix="vadgui-read-only-") as folder:
        Path(folder).chmod(0o755)
        yield ReadOnlyFolder(Path(folder))


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    """What a person tells the program once holds from then on, but not from one test to the next."""
    yield
    for kept in (recordings_file, frame_rates_file, name_patterns_file, camera_zones_file):
        kept().unlink(missing_ok=True)
    shutil.rmtree(reviews_folder(), ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    patience_ends = time.monotonic() + THREAD_TIMEOUT_SECONDS
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, patience_ends - time.monotonic()))
        assert not thread.is_alive(), f"the test left a thread running: {thread}"


@pytest.fixture(autouse=True)
def _no_error_is_logged(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    if request.node.get_closest_marker("logs_errors") is None:
        errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
        assert not errors, f"the test logged errors: {errors}"
