"""No text of the dialogs is forgotten in another language."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from engine.calibrating.length import NO_FOOTAGE, FootageLength
from engine.common.events import Progress
from engine.detector_library import DetectorLibrary
from engine.export.clip_names import FIELDS
from engine.review.clock import Clock
from resources import detector_path
from tests.vadgui.dialogs.test_hand_over import open_dialog
from tests.vadgui.dialogs.test_learn_verdicts import FOUND, LEARNT
from tests.vadgui.pseudo_language import untranslated
from vadgui.dialogs.clock import ClockDialog
from vadgui.dialogs.detector_library import DetectorLibraryDialog
from vadgui.dialogs.files import VIDEO_FILTER, ask_for_file
from vadgui.dialogs.help import AboutDialog, ShortcutsDialog
from vadgui.dialogs.learn_camera import LearnCameraDialog
from vadgui.dialogs.learn_verdicts import LearnVerdictsDialog
from vadgui.dialogs.rate import ask_for_rate
from vadgui.dialogs.settings import SettingsDialog
from vadgui.settings import Settings
from vadgui.ui.action_specs import ALL_SPECS
from vadgui.ui.keymap import Keymap, shown_key

pytestmark = pytest.mark.usefixtures("pseudo_language")

KEYS = {shown_key(key) for spec in ALL_SPECS for key in spec.keys}
VIDEO = Path("/gate/monday.mp4")
D = TypeVar("D", bound=QDialog)


def kept(dialog: D, qtbot: QtBot) -> D:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # qtbot closes it
    qtbot.addWidget(dialog)
    return dialog


def test_settings_and_keys(settings: Settings, qtbot: QtBot) -> None:
    dialog = kept(SettingsDialog(settings, Keymap()), qtbot)
    assert dialog.windowTitle() == "⟦Settings⟧"
    assert untranslated(dialog, KEYS) == []


def test_a_key_of_another_action(settings: Settings, qtbot: QtBot) -> None:
    dialog = kept(SettingsDialog(settings, Keymap()), qtbot)
    dialog.show()
    dialog.show_keys()
    editor = dialog.keys_page.editors[0]
    editor.setFocus()
    qtbot.keyClick(editor, Qt.Key.Key_L)
    assert dialog.keys_page.conflict.text().startswith("⟦L belongs to")
    assert untranslated(dialog, KEYS) == []


def test_help(qtbot: QtBot) -> None:
    versions = f"Qt {qVersion()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    assert untranslated(kept(AboutDialog(), qtbot), {versions}) == []
    assert untranslated(kept(ShortcutsDialog(Keymap()), qtbot), KEYS) == []


def test_clock_and_frame_rate(qtbot: QtBot) -> None:
    dialog = kept(ClockDialog(VIDEO, None, Clock()), qtbot)
    assert untranslated(dialog, without=[dialog.zone_box]) == []
    assert dialog.zone_box.itemText(0) == "⟦This computer's⟧"
    dialog.zone_box.setCurrentText("Nowhere")
    assert untranslated(dialog, without=[dialog.zone_box]) == []
    parent = QWidget()
    qtbot.addWidget(parent)
    assert untranslated(ask_for_rate(parent, 25.0, lambda _: None)) == []


def test_filters_of_files(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ask_for_file(parent, "", "", VIDEO_FILTER, lambda _: None)
    videos, everything = dialog.nameFilters()
    assert videos.startswith("⟦Videos⟧ (*.avi *.mp4 ")
    assert everything == "⟦All files⟧ (*)"
    dialog.reject()


def test_detectors(tmp_path: Path, qtbot: QtBot) -> None:
    library = DetectorLibrary(tmp_path)
    dialog = kept(DetectorLibraryDialog(library, detector_path("plaza")), qtbot)
    names = {name for each in library.entries() for name in each.training_videos()}
    for each in library.entries():
        names |= {*filter(None, (str(each.path), each.name, each.note, each.camera, each.preset, each.teacher))}
    assert untranslated(dialog, names) == []


def test_learning(qtbot: QtBot) -> None:
    names = {"/gate/monday.mp4", "monday.mp4", "tuesday.mp4", "sunday.mp4", "/gate/"}
    camera = kept(LearnCameraDialog(VIDEO), qtbot)
    camera.add_videos([VIDEO])
    for length in (FootageLength(9.0, 8.0), FootageLength(900.0, 800.0)):
        camera.show_length(VIDEO, length)
        assert untranslated(camera, names) == []
    camera.show_length(VIDEO, NO_FOOTAGE, "/gate/")
    camera.show_progress(Progress("Reading", 1, 2, seconds_left=60.0))
    assert untranslated(camera, names) == []
    verdicts = kept(LearnVerdictsDialog(), qtbot)
    assert untranslated(verdicts, names) == []
    verdicts.show_verdicts(FOUND)
    assert untranslated(verdicts, names) == []
    verdicts.show_learnt(LEARNT)  # type: ignore[arg-type]
    assert untranslated(verdicts, names) == []
    verdicts._discard()


def test_hand_over(tmp_path: Path, settings: Settings, qtbot: QtBot) -> None:
    video = tmp_path / "gate.mp4"
    video.write_bytes(bytes(3000))
    dialog = kept(open_dialog(qtbot, settings, video, has_sound=True), qtbot)
    names = {"gate-001.mp4", "gate", "TB", *(f"{{{field}}}" for field in FIELDS)}
    for row in range(dialog.kinds.count()):
        dialog.kinds.setCurrentRow(row)
        assert untranslated(dialog, {*names, dialog.clips.preview.text()}) == []
