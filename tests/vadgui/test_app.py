"""The whole window, driven by mouse and keys, with a video in memory and a detector that predicts no motion."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLabel,
    QMenu,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.common.errors import DeviceError
from engine.common.events import Progress, ShouldStop
from engine.video.picture_folder import PictureFolderSource
from resources import bundled_detectors, detector_path
from tests.clips import numbered_picture
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo, StillPredictor, brightness, predicted_brightness
from vadgui.app import parse_arguments
from vadgui.dialogs.detector_library import DetectorLibraryDialog
from vadgui.dialogs.hand_over.dialog import HandOverDialog
from vadgui.dialogs.help import ShortcutsDialog
from vadgui.dialogs.learn_camera import LearnCameraDialog
from vadgui.dialogs.rate import RateDialog
from vadgui.jobs import camera_learning
from vadgui.jobs.camera_learning import CameraRequest
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.model.engine_state import AnalysisPhase
from vadgui.panels.content import Panel
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.ui import theme
from vadgui.window.main_window import MainWindow

COUNT = 120
BURSTS = (range(30, 40), range(80, 90))
CLOSE_SECONDS = 30.0  # it takes less than 2 on an idle machine; the work would take minutes


@pytest.fixture
def fake_files() -> FakeFiles:
    return FakeFiles(
        street=lambda path: MemoryVideo(path, COUNT, [*BURSTS[0], *BURSTS[1]], is_scene=True),
        yard=lambda path: MemoryVideo(path, 30, is_scene=True),
        long=lambda path: MemoryVideo(path, 20_000, is_scene=True),
        pictures=PictureFolderSource,
    )


@pytest.fixture
def program(fake_files: FakeFiles, start_program: StartProgram, analyses: Path) -> Program:
    return start_program(fake_files, analyses)


def open_street(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    """Open the recording and wait until it is analysed."""
    program.begin(tmp_path / "street.mp4", tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)


def press(program: Program, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    qtbot.keyClick(program.window, key, modifier or Qt.KeyboardModifier.NoModifier)


def dialog_of(window: QWidget, kind: type[QDialog], qtbot: QtBot) -> QDialog:
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(kind)))
    return next(dialog for dialog in window.findChildren(kind) if dialog.isVisible())


# Begin


def test_the_empty_window_offers_to_open_a_video(program: Program, qtbot: QtBot) -> None:
    empty = program.window.empty
    assert empty.isVisible()
    assert not program.window.panels.isVisible()
    qtbot.mouseClick(empty.open_button, Qt.MouseButton.LeftButton)
    dialog = dialog_of(program.window, QFileDialog, qtbot)
    dialog.reject()


def test_opens_and_analyses_a_video(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    assert program.window.panels.isVisible()
    assert "street.mp4" in program.window.windowTitle()
    assert program.window.analysis_status.text() == f"Analysed: all {COUNT} frames"
    flagged = [(segment.start, segment.stop) for segment in program.session.scoring.segments]
    assert len(flagged) == 2
    for (start, stop), burst in zip(flagged, BURSTS, strict=True):
        assert start <= burst.start < burst.stop <= stop


def test_the_rate_of_pictures_is_asked_for_and_kept(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(20):
        cv2.imwrite(str(folder / f"{number}.png"), numbered_picture(number))
    set_rate = program.window.actions_by_name["set_rate"]
    assert not set_rate.isEnabled()
    program.open_video(folder)
    qtbot.waitUntil(lambda: program.session.frame_count == 20)
    assert set_rate.isEnabled()
    assert program.session.times[-1] == pytest.approx(19 / 25)
    set_rate.trigger()
    dialog = dialog_of(program.window, RateDialog, qtbot)
    box = dialog.box
    box.selectAll()
    qtbot.keyClicks(box, "10")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(program.session.times[-1] > 1.8))
    assert program.session.video.rate == "given"
    with PictureFolderSource(folder) as source:
        assert source.frame_seconds == pytest.approx(0.1)


def test_first_frame_comes_before_the_detector(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    seen: list[bool] = []
    program.session.view_changed.connect(lambda: seen.append(program.session.detector is None))
    program.begin(tmp_path / "street.mp4", tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.detector is not None)
    assert seen[0]


def test_remembers_what_was_opened(program: Program, settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "street.mp4").touch()
    open_street(program, qtbot, tmp_path)
    assert settings.recent_videos == [tmp_path / "street.mp4"]
    press(program, qtbot, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(program.window.empty.isVisible)
    assert program.session.video is None
    assert "street.mp4" not in program.window.windowTitle()


@pytest.mark.parametrize(("name", "opened"), [("yard.mp4", "video"), ("still.safetensors", "detector")])
def test_opens_dropped_files(program: Program, qtbot: QtBot, tmp_path: Path, name: str, opened: str) -> None:
    if opened == "detector":
        program.open_video(tmp_path / "street.mp4")
        qtbot.waitUntil(lambda: program.session.video is not None)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    program.window.dropEvent(event)
    qtbot.waitUntil(lambda: getattr(program.session, opened) is not None)


def test_while_a_detector_loads_the_window_says_so(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    messages: list[str] = []
    program.session.detector_changed.connect(lambda: messages.append(program.window.segment_list.message()))
    program.begin(tmp_path / "street.mp4", tmp_path / "broken.safetensors")
    qtbot.waitUntil(lambda: len(messages) == 2)
    assert messages == ["Not analysed yet.", "Not analysed yet. Choose a detector first."]
    box = dialog_of(program.window, QMessageBox, qtbot)
    assert isinstance(box, QMessageBox)
    box.accept()


def test_a_broken_file_is_reported_and_changes_nothing(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    program.open_video(tmp_path / "broken.mp4")
    box = dialog_of(program.window, QMessageBox, qtbot)
    assert isinstance(box, QMessageBox)
    assert box.text() == "This file holds no video."
    assert str(tmp_path / "broken.mp4") in box.informativeText()
    assert "Choose another file." in box.informativeText()
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    press(program, qtbot, Qt.Key.Key_Right)
    assert program.session.video is not None
    assert program.session.playhead == 1, "a dialog about an error must not block the review"
    box.accept()


# Review


def test_plays_and_pauses(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    press(program, qtbot, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: program.session.playhead >= 5)
    press(program, qtbot, Qt.Key.Key_Space)
    assert not program.player.playing
    qtbot.waitUntil(program.session.view_is_settled)
    stopped_at = program.session.playhead
    qtbot.wait(150)
    assert program.session.playhead == stopped_at


def test_steps_by_keys(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    steps = [
        (Qt.Key.Key_Right, None, 1),
        (Qt.Key.Key_Right, shift, 11),
        (Qt.Key.Key_Right, control, 36),
        (Qt.Key.Key_Left, None, 35),
        (Qt.Key.Key_Left, shift, 25),
        (Qt.Key.Key_Left, control, 0),
        (Qt.Key.Key_Left, None, 0),
        (Qt.Key.Key_End, None, COUNT - 1),
        (Qt.Key.Key_Right, None, COUNT - 1),
        (Qt.Key.Key_Home, None, 0),
    ]
    for key, modifier, expected in steps:
        press(program, qtbot, key, modifier)
        assert program.session.playhead == expected


def test_the_timeline_stays_drawn_when_zoomed_in_far_from_the_start(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    open_street(program, qtbot, tmp_path)
    program.session.seek(85)
    timeline = program.window.timeline
    for _ in range(4):
        timeline.header.zoom_requested.emit(2.0)
    begin, stop = timeline.plot.box.span()
    assert 2 < begin < 85 / 25 < stop
    image = timeline.plot.viewport().grab().toImage()
    area = timeline.plot.box.sceneBoundingRect().toAlignedRect()
    colours = {image.pixelColor(x, area.bottom() - 5).name() for x in range(area.left(), area.right())}
    assert theme.current().playhead in colours
    colours = {image.pixelColor(x, area.top() + 1).name() for x in range(area.left(), area.right())}
    assert theme.current().alert in colours, "the segment's bracket is drawn"


@pytest.mark.parametrize("box", ["frame", "threshold"])
def test_keys_control_the_player_again_after_a_number_was_typed(
    program: Program, qtbot: QtBot, tmp_path: Path, box: str
) -> None:
    open_street(program, qtbot, tmp_path)
    window = program.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field = window.transport.frame_box if box == "frame" else window.timeline.header.threshold_box
    qtbot.mouseClick(field.lineEdit(), Qt.MouseButton.LeftButton)
    field.selectAll()
    qtbot.keyClicks(field, "1" if box == "frame" else "0.6")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    before = program.session.playhead
    assert (before, program.session.scoring.rule.enter) == ((1, 0.7) if box == "frame" else (0, 0.6))
    qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_Right)
    assert program.session.playhead == before + 1


def test_a_click_on_the_timeline_lands_on_that_frame(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    plot = program.window.timeline.plot
    for index in (101, 37):
        seconds = (index + 0.5) / 25
        on_scene = plot.box.mapViewToScene(QPointF(seconds, 0.5))
        qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.mapFromScene(on_scene))
        assert program.session.playhead == index
        qtbot.waitUntil(program.session.view_is_settled)
        view = program.session.view
        assert view is not None
        assert view.index == index
        assert (view.frame[90, 100, :3] == brightness(index)).all()
        assert view.predicted_frame is not None
        assert (view.predicted_frame[250, 250, :3] == predicted_brightness(index)).all()
        qtbot.wait(600)  # a second click within the double-click interval would be a double click


def test_jumps_from_segment_to_segment(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    first, second = program.session.scoring.segments
    press(program, qtbot, Qt.Key.Key_Down)
    assert (program.session.scoring.selected, program.session.playhead) == (first, first.peak_frame)
    press(program, qtbot, Qt.Key.Key_BracketRight)
    assert (program.session.scoring.selected, program.session.playhead) == (second, second.peak_frame)
    press(program, qtbot, Qt.Key.Key_Up)
    assert program.session.scoring.selected == first
    press(program, qtbot, Qt.Key.Key_End)
    press(program, qtbot, Qt.Key.Key_BracketLeft)
    assert program.session.scoring.selected == second, "the previous segment is counted from the playhead"


def test_pauses_resumes_and_cancels(program: Program, fake_files: FakeFiles, qtbot: QtBot, tmp_path: Path) -> None:
    fake_files.predictors["still"] = StillPredictor(seconds=0.002)
    program.begin(tmp_path / "long.mp4", tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.analysis.done > 10)
    actions = program.window.actions_by_name
    press(program, qtbot, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.PAUSED)
    assert "paused" in program.window.analysis_status.text()
    press(program, qtbot, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.RUNNING)
    assert "fps" in program.window.analysis_status.text()
    actions["cancel"].trigger()
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.CANCELLED)
    assert not actions["pause"].isEnabled()
    assert actions["run"].isEnabled()


# Export


def export_first_segment(program: Program, qtbot: QtBot, target: Path) -> list[ExportState]:
    """Export the first segment's clip to `target`; returns a list to which the queue's states are appended."""
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    press(program, qtbot, Qt.Key.Key_Down)
    press(program, qtbot, Qt.Key.Key_E)
    dialog = dialog_of(program.window, HandOverDialog, qtbot)
    assert isinstance(dialog, HandOverDialog)
    dialog.folder_edit.setText(str(target.parent))
    dialog.clips.names_edit.setText(target.stem)
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    return states


def test_exports_the_selected_segment(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    target = tmp_path / "clip.mp4"
    target.write_bytes(b"somebody's file")
    states = export_first_segment(program, qtbot, target)
    qtbot.waitUntil(lambda: bool(states) and states[-1].phase is ExportPhase.DONE)
    assert target.read_bytes() == b"somebody's file"
    assert states[-1].path == tmp_path / "clip-2.mp4"
    segment = program.session.scoring.selected
    assert segment is not None
    with av.open(str(states[-1].path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(segment)
    row = program.window.exports.row(states[-1].number)
    assert row.show_button.isVisible()
    assert row.text() == "Done"


def test_a_cancelled_export_leaves_nothing(
    program: Program, fake_files: FakeFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    open_street(program, qtbot, tmp_path)
    fake_files.predictors["still"] = StillPredictor(seconds=0.1)
    before = set(tmp_path.iterdir())
    states = export_first_segment(program, qtbot, tmp_path / "clip.mp4")
    qtbot.waitUntil(lambda: bool(states) and states[-1].done > 0)
    row = program.window.exports.row(states[-1].number)
    qtbot.mouseClick(row.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: states[-1].phase is ExportPhase.CANCELLED)
    assert set(tmp_path.iterdir()) == before


def test_a_waiting_export_is_cancelled_at_once_and_its_dock_can_be_closed(
    program: Program, fake_files: FakeFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    open_street(program, qtbot, tmp_path)
    fake_files.predictors["still"] = StillPredictor(seconds=0.1)
    first = export_first_segment(program, qtbot, tmp_path / "first.mp4")
    qtbot.waitUntil(lambda: bool(first) and first[-1].done > 0)
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    states = export_first_segment(program, qtbot, tmp_path / "second.mp4")
    qtbot.waitUntil(lambda: any(state.phase is ExportPhase.WAITING for state in states))
    number = next(state.number for state in states if state.phase is ExportPhase.WAITING)
    row = program.window.exports.row(number)
    qtbot.mouseClick(row.cancel_button, Qt.MouseButton.LeftButton)
    assert row.text() == "Cancelled", "the first export still runs"
    program.window.docks.exports.close()
    shown = first[-1].done
    qtbot.waitUntil(lambda: first[-1].phase is ExportPhase.RUNNING and first[-1].done > shown)
    assert not program.window.docks.exports.isVisible()


def test_an_export_shows_the_recording_that_was_open_when_its_dialog_opened(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    open_street(program, qtbot, tmp_path)
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    press(program, qtbot, Qt.Key.Key_Down)
    segment = program.session.scoring.selected
    assert segment is not None
    press(program, qtbot, Qt.Key.Key_E)
    dialog = dialog_of(program.window, HandOverDialog, qtbot)
    assert isinstance(dialog, HandOverDialog)
    program.open_video(tmp_path / "yard.mp4")
    qtbot.waitUntil(lambda: program.session.frame_count == 30)
    dialog.folder_edit.setText(str(tmp_path))
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(states) and states[-1].phase is ExportPhase.DONE)
    assert states[-1].total == len(segment)


def test_a_failed_export_says_why_and_does_not_stop_the_next(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    (tmp_path / "file").touch()
    failing = export_first_segment(program, qtbot, tmp_path / "file" / "clip.mp4")
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    states = export_first_segment(program, qtbot, tmp_path / "clip.mp4")
    qtbot.waitUntil(lambda: states[-1].phase is ExportPhase.DONE)
    failed = next(state for state in failing if state.phase is ExportPhase.FAILED)
    row = program.window.exports.row(failed.number)
    assert row.text() == "Failed"
    assert "can't be written" in row.why()
    assert not row.show_button.isVisible()


# Close


@pytest.mark.parametrize("moment", ["idle", "analysing", "playing", "exporting", "opening"])
def test_closes_quickly_during_any_work(
    program: Program, fake_files: FakeFiles, qtbot: QtBot, tmp_path: Path, moment: str
) -> None:
    if moment in ("exporting", "playing"):
        open_street(program, qtbot, tmp_path)
        fake_files.predictors["still"] = StillPredictor(seconds=0.1)
    if moment == "exporting":
        states = export_first_segment(program, qtbot, tmp_path / "clip.mp4")
        qtbot.waitUntil(lambda: bool(states) and states[-1].done > 0)
    elif moment == "playing":
        press(program, qtbot, Qt.Key.Key_Space)
    elif moment == "analysing":
        program.begin(tmp_path / "long.mp4", tmp_path / "still.safetensors")
        qtbot.waitUntil(lambda: program.session.analysis.done > 10)
    elif moment == "opening":
        program.begin(tmp_path / "long.mp4", tmp_path / "still.safetensors")
    began = time.monotonic()
    with qtbot.waitSignal(program.window.closed):
        program.window.close()
    program.close()
    assert time.monotonic() - began < CLOSE_SECONDS
    assert not (tmp_path / "clip.mp4").exists()


def test_another_detector_while_analysing(
    program: Program, fake_files: FakeFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    fake_files.predictors["other"] = StillPredictor("other")
    fake_files.predictors["slow"] = StillPredictor("slow", seconds=0.01)
    program.begin(tmp_path / "street.mp4", tmp_path / "slow.safetensors")
    qtbot.waitUntil(lambda: program.session.analysis.done > 10)
    program.open_detector(tmp_path / "other.safetensors")
    qtbot.waitUntil(lambda: program.session.detector is not None and program.session.detector.name == "other")
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert np.count_nonzero(~np.isnan(program.session.scoring.signals["psnr_db"])) == COUNT - 1


# Appearance


def test_a_closed_segment_list_stays_closed(program: Program, settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    dock = program.window.docks.segments
    assert not dock.isVisible()
    open_street(program, qtbot, tmp_path)
    assert dock.isVisible()
    dock.close()
    for name in ("yard.mp4", "street.mp4"):
        with qtbot.waitSignal(program.worker.video_opened):
            program.open_video(tmp_path / name)
        assert not dock.isVisible()
    program.window.close()
    again = MainWindow(program.session, program.player, settings)
    qtbot.addWidget(again)
    again.show()
    assert not again.docks.segments.isVisible()


def test_changes_the_theme_while_open(program: Program, settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    menu = next(a.menu() for a in program.window.menuBar().actions() if a.text() == "&View")
    themes = next(a.menu() for a in menu.actions() if a.text() == "&Theme")  # type: ignore[union-attr]
    dark = next(a for a in themes.actions() if a.text() == "&Dark")  # type: ignore[union-attr]
    dark.trigger()
    assert theme.current().dark
    assert settings.theme == "dark"
    corner = program.window.grab().toImage().pixelColor(QPoint(3, program.window.height() - 3))
    assert corner.name() == theme.DARK.background


def test_a_thousand_repaints_do_not_crash(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    program.window.resize(900, 600)
    for index in range(1000):
        program.session.seek(index % COUNT)
        program.window.panels.panel(Panel.FRAME).repaint()
    qtbot.waitUntil(program.session.view_is_settled)


@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (2560, 1440)])
def test_fits_every_screen(program: Program, qtbot: QtBot, tmp_path: Path, size: tuple[int, int]) -> None:
    open_street(program, qtbot, tmp_path)
    program.window.resize(*size)
    qtbot.wait(50)
    assert (program.window.width(), program.window.height()) == size
    window = program.window
    for widget in (window.panels, window.transport, window.timeline.plot, window.segment_list, window.statusBar()):
        assert widget.isVisible()
        assert window.rect().contains(widget.geometry().translated(widget.mapTo(window, QPoint()) - widget.pos()))


def test_help_lists_the_shortcuts(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_F1)
    dialog = dialog_of(program.window, ShortcutsDialog, qtbot)
    assert isinstance(dialog, ShortcutsDialog)
    assert dialog.height() <= 720, "it fits a small screen"
    shown = set(dialog.listed().values())
    assert {"Space", "Shift+Right", "Down   or   ]", "E", "Ctrl+O", "Y", "X", "U", "B", "N", "Ctrl+Z"} <= shown
    qtbot.keyClicks(dialog.search, "segm next")
    assert dialog.listed() == {"Next segment": "Down   or   ]"}
    dialog.reject()


def test_chooses_a_detector(program: Program, fake_files: FakeFiles, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    fake_files.predictors["plaza"] = StillPredictor("plaza")
    press(program, qtbot, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    dialog = dialog_of(program.window, DetectorLibraryDialog, qtbot)
    assert isinstance(dialog, DetectorLibraryDialog)
    items = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    assert [item.text(0) for item in items if item and "(in use)" in item.text(0)] == ["still (in use)"]
    (plaza,) = [item for item in items if item and item.data(0, Qt.ItemDataRole.UserRole) == detector_path("plaza")]
    with qtbot.waitSignal(program.worker.detector_opened) as opened:
        at = dialog.list.visualItemRect(plaza).center()
        qtbot.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseDClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert opened.args[0].path == detector_path("plaza")
    assert not program.window.findChildren(DetectorLibraryDialog)


def test_a_detector_is_remembered_for_a_folder_and_used_nowhere_else_in_silence(
    program: Program, fake_files: FakeFiles, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    gate, yard = tmp_path / "gate", tmp_path / "yard"
    gate.mkdir()
    yard.mkdir()
    fake_files.predictors["plaza"] = StillPredictor("plaza")
    banner = program.window.detector_banner
    program.begin(gate / "street.mp4", detector_path("plaza"))
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert not banner.isVisible()
    # Another camera: nothing is analysed before somebody has said with what.
    program.open_video(yard / "street.mp4")
    qtbot.waitUntil(lambda: program.session.video is not None and program.session.video.path.parent == yard)
    qtbot.waitUntil(banner.isVisible)
    assert "folder yard" in banner.text()
    qtbot.wait(200)
    assert program.session.detector is None
    assert program.session.analysis.phase is AnalysisPhase.IDLE
    assert np.isnan(program.session.scoring.scores).all()
    # The first one again: as before, without a question.
    program.open_video(gate / "yard.mp4")
    qtbot.waitUntil(lambda: program.session.detector is not None)
    assert not banner.isVisible()
    # Offered, and then remembered there too.
    program.open_video(yard / "street.mp4")
    qtbot.waitUntil(banner.isVisible)
    assert banner.use_button.text() == "Use Demo plaza"
    qtbot.mouseClick(banner.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert not banner.isVisible()
    assert settings.detector_for(yard / "another.mp4") == detector_path("plaza")


def test_the_banner_opens_the_list_of_detectors(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    program.open_video(tmp_path / "street.mp4")
    banner = program.window.detector_banner
    qtbot.waitUntil(banner.isVisible)
    assert not banner.use_button.isVisible()
    qtbot.mouseClick(banner.choose_button, Qt.MouseButton.LeftButton)
    dialog_of(program.window, DetectorLibraryDialog, qtbot).reject()


# Start


def test_importing_the_window_is_light() -> None:
    code = "import sys, vadgui.app, vadgui.window.main_window; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux can a display be missing")
def test_without_a_screen_says_what_to_do() -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run([sys.executable, "-m", "vadgui"], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "no screen" in done.stderr
    assert "--demo" in done.stderr


def test_command_line() -> None:
    options = parse_arguments(["a.mp4", "--detector", "d.safetensors"])
    assert (options.videos, options.detector, options.demo) == ([Path("a.mp4")], Path("d.safetensors"), False)
    assert parse_arguments(["a.mp4", "b.mp4"]).videos == [Path("a.mp4"), Path("b.mp4")]


def test_the_detector_used_last_is_known_while_it_exists(settings: Settings, tmp_path: Path) -> None:
    mine = tmp_path / "mine.safetensors"
    settings.remember_detector(tmp_path / "a.mp4", mine)
    assert settings.last_detector is None
    mine.touch()
    assert settings.last_detector == mine


def test_what_failed_is_not_tried_again_at_every_start(
    program: Program, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.touch()
    settings.remember_detector(tmp_path / "street.mp4", damaged)
    program.begin(tmp_path / "street.mp4", None)
    dialog_of(program.window, QMessageBox, qtbot).done(0)
    assert settings.detector == ""
    assert settings.detector_for(tmp_path / "street.mp4") is None
    assert settings.last_detector is None
    settings.device = "cuda:7"
    program.worker.failed.emit(DeviceError("No such CUDA device here", subject="cuda:7"))
    dialog_of(program.window, QMessageBox, qtbot).done(0)
    assert settings.device == "auto"


@pytest.mark.parametrize("name", bundled_detectors())
def test_a_bundled_detector_may_be_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_arguments(["--detector", name]).detector == detector_path(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    assert parse_arguments(["--detector", name]).detector == Path(name)  # a file in the current folder takes precedence


def test_at_1280_x_720_with_a_banner_the_timeline_keeps_its_height(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    window = program.window
    window.resize(1280, 720)
    open_street(program, qtbot, tmp_path)
    window.drift_banner._line.show_line("warning", "The camera was moved. " * 8)
    window.drift_banner.show()
    qtbot.waitUntil(lambda: window.timeline.plot.height() >= 104 and window.drift_banner.height() > 20)
    # No height is left over around the panels while the timeline could use it.
    window.drift_banner.hide()
    window.resize(1280, 1000)
    qtbot.waitUntil(lambda: window.height() == 1000)
    panels = [window.panels.panel(panel).geometry() for panel in Panel]
    area = window.panels.panel(Panel.FRAME).parentWidget()
    used = max(rect.bottom() for rect in panels) - min(rect.top() for rect in panels)
    across = max(rect.right() for rect in panels) - min(rect.left() for rect in panels)
    assert area.height() - used < 30 or area.width() - across < 30
    assert area.height() - used < 30


def test_a_paused_analysis_can_be_resumed_by_that_name(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    program.begin(tmp_path / "long.mp4", tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.RUNNING)
    press(program, qtbot, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.PAUSED)
    action = program.window.actions_by_name["run"]
    assert action.text() == "&Resume analysis"
    assert "Resume" in action.toolTip()


def test_the_status_bar_speaks_of_a_missing_detector_only_beside_a_recording(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    def texts() -> str:
        return " ".join(label.text() for label in program.window.statusBar().findChildren(QLabel))

    assert "detector" not in texts()
    program.open_video(tmp_path / "street.mp4")
    qtbot.waitUntil(lambda: program.session.video is not None)
    assert "No detector chosen" in texts()


def test_a_detector_that_is_chosen_without_a_recording_is_for_the_next_one(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    program.open_detector(tmp_path / "still.safetensors")
    status = program.window.statusBar()
    assert status.currentMessage() == "still will be used for the next recording that you open."
    status.clearMessage()
    program.open_video(tmp_path / "street.mp4")
    qtbot.waitUntil(lambda: program.session.detector is not None)
    program.open_detector(tmp_path / "still.safetensors")
    assert not status.currentMessage()


def test_the_tip_on_the_detector_says_why_it_computes_in_full_precision(
    program: Program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remark = "The motion model computes in full precision: it is tried."
    monkeypatch.setattr(StillPredictor, "motion_remark", remark)
    program.begin(tmp_path / "street.mp4", tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.detector is not None)
    (label,) = [each for each in program.window.statusBar().findChildren(QLabel) if each.text() == "still on memory"]
    assert label.toolTip().splitlines() == [remark, str(tmp_path / "still.safetensors")]


def drop(program: Program, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    program.window.dropEvent(event)


def test_a_recording_and_its_detector_can_be_dropped_together(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    drop(program, tmp_path / "still.safetensors", tmp_path / "street.mp4")
    qtbot.waitUntil(lambda: program.session.detector is not None)
    assert program.session.video is not None
    assert program.window.statusBar().currentMessage() == ""


def context_menu(widget: QWidget, at: QPoint, qtbot: QtBot) -> QMenu:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at))
    QApplication.sendEvent(widget, event)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def choose(menu: QMenu, text: str, qtbot: QtBot) -> None:
    action = next(action for action in menu.actions() if action.text().replace("&", "").startswith(text))
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())


def test_panels_timeline_and_segments_have_context_menus(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    window, session = program.window, program.session
    mask = window.panels.panel(Panel.PSNR_MASK)
    choose(context_menu(mask, mask.rect().center(), qtbot), "Hide this panel", qtbot)
    assert Panel.PSNR_MASK not in window.panels.shown_panels()
    frame = window.panels.panel(Panel.FRAME)
    choose(context_menu(frame, frame.rect().center(), qtbot), "Show this panel alone", qtbot)
    assert window.panels.shown_panels() == [Panel.FRAME]

    viewport = window.timeline.plot.viewport()
    menu = context_menu(viewport, viewport.rect().center(), qtbot)
    wanted = int(menu.actions()[0].text().removeprefix("Go to frame "))
    choose(menu, "Go to frame", qtbot)
    assert session.playhead == wanted

    items = window.segment_list.list
    at = items.visualRect(items.model().index(1, 0)).center()
    choose(context_menu(items.viewport(), at, qtbot), "Play segment", qtbot)
    assert session.scoring.selected == session.scoring.segments[1]
    assert program.player.playing
    program.player.pause()


def test_clips_go_elsewhere_than_beside_the_evidence_until_somebody_says_so(
    program: Program, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    open_street(program, qtbot, tmp_path)
    press(program, qtbot, Qt.Key.Key_Down)
    press(program, qtbot, Qt.Key.Key_E)
    dialog = dialog_of(program.window, HandOverDialog, qtbot)
    assert isinstance(dialog, HandOverDialog)
    assert dialog.folder != tmp_path
    assert dialog.folder.is_dir()
    dialog.reject()
    settings.export_folder = str(tmp_path / "clips")
    press(program, qtbot, Qt.Key.Key_E)
    dialog = next(found for found in program.window.findChildren(HandOverDialog) if found.isVisible())
    assert dialog.folder == tmp_path / "clips"
    dialog.reject()


def test_a_camera_nobody_taught_can_be_got_to_know(
    program: Program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(request: CameraRequest, _should_stop: ShouldStop) -> Iterator[Progress | Path]:
        assert (request.detector.name, [video.name for video in request.videos]) == (
            "still.safetensors",
            ["street.mp4"],
        )
        yield Progress("Counting normal motion", 500, 1000)
        yield tmp_path / "of-this-camera" / "still.safetensors"

    monkeypatch.setattr(camera_learning, "learn_camera", work)
    open_street(program, qtbot, tmp_path)
    program.window.drift_banner.learn_button.click()  # shown where the scene is another
    dialog = dialog_of(program.window, LearnCameraDialog, qtbot)
    qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.session.detector.path.parent.name == "of-this-camera")
    assert program.controller.wizard is None
    qtbot.mouseClick(dialog.train_button, Qt.MouseButton.LeftButton)
    assert program.controller.wizard is not None, "a training is the next step"
