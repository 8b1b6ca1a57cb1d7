"""Archives made of rows, whose recordings are fake videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pytestqt.qtbot import QtBot

from engine.archive.database import Archive
from engine.archive.schema import AnalysisState, FileState, folders, recordings, segments
from engine.review.document import Verdict
from tests.engine.commands.conftest import calibrated_file  # noqa: F401
from tests.s3_store import endpoint, look_ups, s3  # noqa: F401
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from vadgui.archive.window import ArchiveWindow
from vadgui.program import Program

NOON = datetime(2026, 3, 28, 12).astimezone()
COUNT = 120

OpenArchive = Callable[..., ArchiveWindow]


class MadeArchive:
    """Writes rows as scans and analyses do."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with closing(Archive(str(file), create=True)) as archive, archive.changing() as connection:
            connection.execute(sa.insert(folders).values(id=1, path=file.parent, camera_rule={}))

    def record(self, number: int, path: Path, camera: str, start: datetime | None, **values: object) -> None:
        """Add an hour of footage."""
        row: dict[str, object] = {
            **{"id": number, "folder_id": 1, "path": path, "camera": camera, "size_bytes": 1, "modified_ns": 1},
            **{"file_state": FileState.PRESENT, "analysis_state": AnalysisState.DONE, "analysed_share": 1.0},
            **{"start_time": start, "stop_time": start + timedelta(hours=1) if start else None},
            "duration_seconds": 3600.0,
        }
        self.change(sa.insert(recordings).values(row | values))

    def find(self, recording: int, number: int, begins: datetime | None, score: float | None, **values: object) -> None:
        """Add a segment of half a minute, whose peak is frame 35."""
        row: dict[str, object] = {
            **{"recording_id": recording, "number": number, "start": 30, "stop": 40, "start_time": begins},
            **{"start_seconds": 1.2, "stop_seconds": 31.2, "peak_seconds": 1.4, "peak_score": score},
            **{"reason": "unusually fast", "verdict": Verdict.UNREVIEWED},
        }
        self.change(sa.insert(segments).values(row | values))

    def change(self, statement: sa.Executable) -> None:
        """Do as another process would."""
        with closing(Archive(str(self.file))) as archive, archive.changing() as connection:
            connection.execute(statement)


@pytest.fixture
def empty_archive(tmp_path: Path) -> MadeArchive:
    return MadeArchive(tmp_path / "site.archive")


@pytest.fixture
def archive(empty_archive: MadeArchive, tmp_path: Path) -> MadeArchive:
    """North and south on one day, north two days before, one that failed and one without a time."""
    made = empty_archive
    for name in ("street", "yard", "early", "odd"):
        (tmp_path / f"{name}.mp4").touch()
    made.record(1, tmp_path / "street.mp4", "north", NOON)
    made.record(2, tmp_path / "yard.mp4", "south", NOON + timedelta(hours=2))
    made.record(3, tmp_path / "early.mp4", "north", NOON - timedelta(days=2))
    made.record(4, tmp_path / "odd.mp4", "south", None)
    failed = {"analysis_state": AnalysisState.FAILED, "analysis_problem": "Frame 7 can't be decoded"}
    made.record(5, tmp_path / "broken.mp4", "south", NOON + timedelta(hours=4), **failed)
    made.find(1, 1, NOON + timedelta(minutes=10), 5.0)
    made.find(1, 2, NOON + timedelta(minutes=30), 3.0, verdict=Verdict.DISMISSED, verdict_reason="a cat")
    made.find(2, 1, NOON + timedelta(hours=2, minutes=5), 7.0, reason="unusual looks", verdict=Verdict.CONFIRMED)
    made.find(3, 1, NOON - timedelta(days=2), 9.0)
    made.find(4, 1, None, 1.0)
    return made


@pytest.fixture
def fake_files() -> FakeFiles:
    return FakeFiles(
        street=lambda path: MemoryVideo(path, COUNT, range(30, 40), is_scene=True),
        yard=lambda path: MemoryVideo(path, COUNT, range(30, 40), is_scene=True),
        odd=lambda path: MemoryVideo(path, COUNT, is_scene=True),
    )


@pytest.fixture
def program(fake_files: FakeFiles, start_program: StartProgram) -> Program:
    return start_program(fake_files)


@pytest.fixture
def open_archive(program: Program, qtbot: QtBot) -> Iterator[OpenArchive]:
    """Opens an archive as the person would, and waits until it is on screen."""

    def open_it(place: Path | str, *, until: Callable[[ArchiveWindow], object] | None = None) -> ArchiveWindow:
        program.archives.open(str(place))
        window = program.archives.window
        assert window is not None
        window.resize(1280, 720)
        qtbot.waitUntil(lambda: bool((until or is_settled)(window)))
        return window

    yield open_it
    program.archives.close()


def is_settled(window: ArchiveWindow) -> bool:
    """Whether the day and the ranking are on screen."""
    model = window.lists.ranking
    is_ranked = "(" in window.lists.tabText(0)
    return is_ranked and window.day.day is not None and all(model.hit(row) for row in range(min(model.rowCount(), 20)))


def listed(window: ArchiveWindow) -> list[str]:
    """Scores of the list, from the top."""
    model = window.lists.ranking
    return [str(model.index(row, 0).data() or "…") for row in range(model.rowCount())]
