"""Archives in SQLite and PostgreSQL, and folders of small recordings."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.archive.cameras import CameraRule
from engine.archive.database import Archive
from engine.archive.scanning import ScanReport, remember_folder, scan
from engine.commands.progress import finished
from tests.clips import make_clip
from tests.engine.archive.postgres import postgres_server
from tests.engine.commands.conftest import cache, calibrated_file, detector_file  # noqa: F401
from tests.s3_store import endpoint, look_ups, s3  # noqa: F401

LONG_AGO = 1_700_000_000.0
_numbers = itertools.count()

MakeRecording = Callable[..., Path]


@pytest.fixture(scope="session")
def socket_folder() -> Iterator[Path]:
    with postgres_server() as server:
        yield server.folder


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an archive can be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "archive.sqlite3")
        return
    import psycopg

    folder, name = request.getfixturevalue("socket_folder"), f"archive{next(_numbers)}"
    with psycopg.connect(host=str(folder), user="vadgui", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"postgresql://vadgui@/{name}?host={folder}"


@pytest.fixture
def archive(place: str) -> Iterator[Archive]:
    with ExitStack() as open_archive:
        yield open_archive.enter_context(Archive(place, create=True))


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    """The folder that is scanned."""
    folder = tmp_path / "footage"
    folder.mkdir()
    return folder


@pytest.fixture
def record(footage: Path) -> MakeRecording:
    def make(name: str, first: int = 0, count: int = 10, *, modified: float = LONG_AGO) -> Path:
        """A recording of pictures numbered from `first`, last written to at `modified`."""
        path = footage / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make_clip(path, range(first, first + count), fps=5)
        os.utime(path, (modified, modified))
        return path

    return make


def scanned(archive: Archive, *folders: Path, rule: CameraRule | None = None) -> ScanReport:
    for folder in folders:
        remember_folder(archive, folder, rule)
    return finished(scan(archive, folders))
