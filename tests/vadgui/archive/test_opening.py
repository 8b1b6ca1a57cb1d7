"""How archives are opened, and recordings from them: by menu, drop and command line; where they are, and where not."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.archive.schema import recordings
from engine.common.remote_path import as_path
from engine.detector_library import DetectorLibrary
from tests.remote_files import memory_store
from tests.vadgui.archive.conftest import NOON, MadeArchive, OpenArchive, is_settled
from tests.vadgui.pseudo_language import untranslated
from vadgui.app import parse_arguments
from vadgui.archive.chooser import ArchiveChooser
from vadgui.archive.window import ArchiveWindow
from vadgui.model.engine_state import AnalysisPhase
from vadgui.program import Program
from vadgui.settings import Settings

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)


def open_name(program: Program) -> str:
    return program.session.video.name if program.session.video else ""


def wait_for(program: Program, qtbot: QtBot, name: str, frame: int) -> None:
    qtbot.waitUntil(lambda: (open_name(program), program.session.playhead) == (name, frame))


def drop(target: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    target.dropEvent(event)


def question(qtbot: QtBot) -> QMessageBox:
    def boxes() -> list[QMessageBox]:
        return [each for each in QApplication.topLevelWidgets() if isinstance(each, QMessageBox) and each.isVisible()]

    qtbot.waitUntil(lambda: bool(boxes()))
    return boxes()[0]


def press(qtbot: QtBot, box: QMessageBox, text: str) -> None:
    qtbot.mouseClick(next(each for each in box.buttons() if each.text() == text), Qt.MouseButton.LeftButton)


# Recordings


def test_enter_on_a_lane_opens_the_segment_as_a_review(
    archive: MadeArchive, open_archive: OpenArchive, program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "still.safetensors").touch()
    program.open_detector(tmp_path / "still.safetensors")
    window = open_archive(archive.file)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Right)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Return)
    wait_for(program, qtbot, "street.mp4", 35)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    qtbot.waitUntil(lambda: program.session.scoring.selected is not None)
    selected = program.session.scoring.selected
    assert selected is not None
    assert selected.start <= 35 < selected.stop


def test_a_double_click_on_a_row_opens_it_and_another_one_of_the_same_recording(
    archive: MadeArchive, open_archive: OpenArchive, program: Program, qtbot: QtBot
) -> None:
    archive.find(1, 3, NOON, 2.0, peak_seconds=0.4)
    window = open_archive(archive.file)
    table = window.lists.segments
    for row, frame in ((2, 35), (4, 10)):
        at = table.visualRect(table.model().index(row, 1)).center()
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        wait_for(program, qtbot, "street.mp4", frame)


def test_a_double_click_on_footage_opens_it_at_that_time(
    archive: MadeArchive, open_archive: OpenArchive, program: Program, qtbot: QtBot
) -> None:
    archive.change(sa.update(recordings).where(recordings.c.id == 2).values(stop_time=recordings.c.start_time))
    window = open_archive(archive.file)
    lanes = window.day.lanes
    for _ in range(14):
        lanes.scale.zoom(0.5, NOON)
    at = QPoint(lanes.x_of(NOON) + lanes.viewport().width() // 50, lanes.row_rect(0).center().y())
    shown = (lanes.scale.shown_stop - lanes.scale.shown_start).total_seconds()
    seconds = (lanes.scale.at(at.x() - lanes.x_of(lanes.scale.shown_start)) - NOON).total_seconds()
    assert 0 < seconds < 4.8 < shown
    qtbot.mouseDClick(lanes.viewport(), Qt.MouseButton.LeftButton, pos=at)
    wait_for(program, qtbot, "street.mp4", int(seconds * 25))


def test_a_recording_without_a_time_is_opened_from_its_list(
    archive: MadeArchive, open_archive: OpenArchive, program: Program, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    window.lists.setCurrentIndex(1)
    window.lists.recordings.choose(1)
    qtbot.keyClick(window.lists.recordings, Qt.Key.Key_Return)
    wait_for(program, qtbot, "odd.mp4", 0)


def test_a_recording_that_was_moved_is_said_and_found_in_a_folder(
    archive: MadeArchive, open_archive: OpenArchive, program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "street.mp4").rename(tmp_path / "elsewhere" / "street.mp4")
    window = open_archive(archive.file)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Right)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Return)
    box = question(qtbot)
    assert box.text() == "The recording is not where it was."
    assert str(tmp_path / "street.mp4") in box.informativeText()
    assert "vad archive scan" in box.informativeText()
    press(qtbot, box, "Look for it in a folder …")
    dialog = next(each for each in window.findChildren(QFileDialog) if each.isVisible())
    dialog.fileSelected.emit(str(tmp_path / "elsewhere"))
    dialog.close()
    wait_for(program, qtbot, "street.mp4", 35)
    video = program.session.video
    assert video is not None
    assert video.path == tmp_path / "elsewhere" / "street.mp4"


def test_a_recording_that_a_url_names_is_opened_and_listed_by_it(
    archive: MadeArchive,
    open_archive: OpenArchive,
    program: Program,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = as_path("memory://cctv/street.mp4")
    archive.find(1, 3, NOON.replace(minute=20), 2.0, peak_seconds=0.4)
    archive.change(sa.update(recordings).where(recordings.c.id == 1).values(path=place))
    with memory_store(monkeypatch) as store:
        store.put("cctv/street.mp4", b"video")
        window = open_archive(archive.file)
        for frame in (35, 10):
            # The main window came to the front with the recording, and has shortcuts for these keys.
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)
            qtbot.keyClick(window.day.lanes, Qt.Key.Key_Right)
            qtbot.keyClick(window.day.lanes, Qt.Key.Key_Return)
            wait_for(program, qtbot, "street.mp4", frame)
        video = program.session.video
        assert video is not None
        assert str(video.path) == "memory://cctv/street.mp4"
        assert program.recordings.model.open_path == "memory://cctv/street.mp4"
        assert [each.path for each in program.recordings.model.recordings] == ["memory://cctv/street.mp4"]


def test_a_url_on_the_command_line_is_opened_and_offered_again(
    program: Program, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with memory_store(monkeypatch) as store:
        url = store.put("cctv/street.mp4", b"video")
        program.begin(parse_arguments([url]).videos[0], None)
        wait_for(program, qtbot, "street.mp4", 0)
        assert [str(path) for path in settings.recent_videos] == [url]
        program.open_video(settings.recent_videos[0])
        wait_for(program, qtbot, "street.mp4", 0)


def test_a_url_whose_package_is_missing_says_what_to_install(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.change(sa.update(recordings).where(recordings.c.id == 1).values(path=as_path("s3://cctv/street.mp4")))
    monkeypatch.setitem(sys.modules, "s3fs", None)
    window = open_archive(archive.file)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Right)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Return)
    box = question(qtbot)
    assert "can't be reached" in box.text()
    assert "pip install 'vadgui[s3]'" in box.text() + box.informativeText()
    box.close()


def test_a_folder_that_is_away_and_a_search_in_vain_are_told(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot, tmp_path: Path
) -> None:
    archive.change(sa.update(recordings).where(recordings.c.id == 1).values(path=tmp_path / "share" / "street.mp4"))
    (tmp_path / "street.mp4").unlink()
    window = open_archive(archive.file)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Right)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Return)
    box = question(qtbot)
    assert "network share" in box.informativeText()
    press(qtbot, box, "Look for it in a folder …")
    (tmp_path / "empty").mkdir()
    dialog = next(each for each in window.findChildren(QFileDialog) if each.isVisible())
    dialog.fileSelected.emit(str(tmp_path / "empty"))
    dialog.close()
    qtbot.waitUntil(lambda: question(qtbot).text() == "The recording was not found.")
    press(qtbot, question(qtbot), "Cancel")


# Archives


def test_the_menu_offers_archives_opened_lately(
    archive: MadeArchive, open_archive: OpenArchive, program: Program, qtbot: QtBot, settings: Settings
) -> None:
    open_archive(archive.file)
    assert settings.recent_archives == [str(archive.file)]
    program.archives.close()
    program.window.actions_by_name["open_archive"].trigger()
    chooser = program.window.findChild(ArchiveChooser)
    assert chooser is not None
    qtbot.keyClick(chooser.recent, Qt.Key.Key_Return)
    window = program.archives.window
    assert window is not None
    qtbot.waitUntil(lambda: is_settled(window))


def test_a_typed_place_is_opened(archive: MadeArchive, program: Program, qtbot: QtBot, settings: Settings) -> None:
    settings.remember_archive("postgresql://me@server/other")
    program.archives.ask()
    chooser = program.window.findChild(ArchiveChooser)
    assert chooser is not None
    chooser.field.setFocus()
    qtbot.keyClicks(chooser.field, str(archive.file))
    qtbot.mouseClick(chooser.buttons.button(QDialogButtonBox.StandardButton.Open), Qt.MouseButton.LeftButton)
    window = program.archives.window
    assert window is not None
    qtbot.waitUntil(lambda: is_settled(window))
    assert settings.recent_archives[0] == str(archive.file)


def test_nothing_chosen_opens_nothing(program: Program) -> None:
    program.archives.ask()
    chooser = program.window.findChild(ArchiveChooser)
    assert chooser is not None
    assert not chooser.buttons.button(QDialogButtonBox.StandardButton.Open).isEnabled()
    chooser.reject()
    assert program.archives.window is None


def test_an_archive_is_dropped_on_either_window(
    archive: MadeArchive, program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    drop(program.window, archive.file)
    window = program.archives.window
    assert window is not None
    qtbot.waitUntil(lambda: is_settled(window))
    assert program.session.video is None
    other = MadeArchive(tmp_path / "other.sqlite3")
    drop(window, other.file)
    qtbot.waitUntil(lambda: "other" in window.windowTitle() and is_settled(window))
    assert "0 recordings" in window.state.text()


def test_an_archive_is_named_on_the_command_line() -> None:
    assert parse_arguments(["--archive", "site.archive"]).archive == "site.archive"
    assert parse_arguments([]).archive is None


@pytest.mark.usefixtures("pseudo_language")
def test_every_text_of_the_chooser_is_translated(program: Program, settings: Settings) -> None:
    settings.remember_archive("/a/b")
    chooser = ArchiveChooser(settings.recent_archives, program.window)
    assert untranslated(chooser, ["/a/b"]) == []
    chooser.reject()


def test_a_closed_window_comes_back_with_the_next_archive(archive: MadeArchive, open_archive: OpenArchive) -> None:
    window: ArchiveWindow = open_archive(archive.file)
    window.close()
    again = open_archive(archive.file, until=lambda window: window.isVisible() and is_settled(window))
    assert again is window


def test_the_detector_that_analysed_a_recording_is_used_where_its_folder_has_none(
    archive: MadeArchive,
    open_archive: OpenArchive,
    program: Program,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "still.safetensors").touch()
    entry = SimpleNamespace(path=tmp_path / "still.safetensors", fingerprint="still-fingerprint", problem="")
    monkeypatch.setattr(DetectorLibrary, "entries", lambda _: [entry])
    archive.change(sa.update(recordings).values(detector_fingerprint="still-fingerprint"))
    window = open_archive(archive.file)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Right)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: program.session.scoring.selected is not None)
    assert program.session.detector is not None
    assert program.session.detector.name == "still"
    assert 30 <= program.session.playhead < 40
