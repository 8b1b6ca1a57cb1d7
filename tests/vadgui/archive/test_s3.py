"""A recording of an S3 store in the window: opened from an archive, reviewed, and its verdict in the archive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.archive.database import Archive
from engine.archive.scanning import remember_folder, scan
from engine.archive.searching import Query, search
from engine.commands.progress import finished
from engine.common.remote_path import as_path
from engine.review.document import Verdict
from tests.engine.archive.test_analysing import film
from tests.vadgui.archive.conftest import NOON, MadeArchive, OpenArchive
from tests.vadgui.conftest import StartProgram
from vadgui.model.engine_state import AnalysisPhase
from vadgui.program import Program

if TYPE_CHECKING:
    from s3fs import S3FileSystem

pytestmark = [
    pytest.mark.usefixtures("look_ups"),
    pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True),
]
PATIENCE_MS = 30_000


@pytest.fixture
def program(start_program: StartProgram) -> Program:
    return start_program()


def test_a_recording_is_opened_judged_and_its_verdict_kept(
    s3: S3FileSystem,
    program: Program,
    open_archive: OpenArchive,
    calibrated_file: Path,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    name = f"{NOON:%Y%m%d_%H%M%S}.mp4"
    s3.put(str(film(tmp_path / name, 60)), f"cctv/north/{name}")
    place, footage = tmp_path / "site.archive", as_path("s3://cctv/north")
    made = MadeArchive(place)
    with Archive(str(place)) as archive:
        remember_folder(archive, footage, None)
        finished(scan(archive, [footage], rest_seconds=0.0))
    made.find(1, 1, NOON + timedelta(seconds=3), 5.0)
    program.open_detector(calibrated_file)
    window = open_archive(place)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Right)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Return)
    session = program.session
    qtbot.waitUntil(lambda: session.analysis.phase is AnalysisPhase.DONE, timeout=PATIENCE_MS)
    assert session.video is not None
    assert str(session.video.path) == f"s3://cctv/north/{name}"
    qtbot.waitUntil(session.view_is_settled, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: bool(session.review.segments), timeout=PATIENCE_MS)
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    qtbot.keyClick(program.window.focusWidget(), Qt.Key.Key_Y)
    program.reviews.flush()
    with Archive(str(place)) as archive:
        assert finished(scan(archive, [footage], rest_seconds=0.0)).reviewed == 1
        assert [hit.verdict for hit in search(archive, Query(verdicts=(Verdict.CONFIRMED,)))] == [Verdict.CONFIRMED]
