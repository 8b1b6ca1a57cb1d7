"""All that takes the keyboard in a dialog has a name for screen readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.common.events import Progress
from engine.detector_library import DetectorLibrary
from engine.review.clock import Clock
from resources import detector_path
from tests.vadgui.accessible import focusable, unnamed
from tests.vadgui.dialogs.test_hand_over import open_dialog
from tests.vadgui.dialogs.test_learn_verdicts import FOUND, LEARNT
from vadgui.archive.chooser import ArchiveChooser
from vadgui.archive.window import ArchiveWindow
from vadgui.dialogs.clock import ClockDialog
from vadgui.dialogs.detector_library import DetectorLibraryDialog
from vadgui.dialogs.help import AboutDialog, ShortcutsDialog
from vadgui.dialogs.learn_camera import LearnCameraDialog
from vadgui.dialogs.learn_verdicts import LearnVerdictsDialog
from vadgui.dialogs.rate import ask_for_rate
from vadgui.dialogs.settings import SettingsDialog
from vadgui.settings import Settings
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.window import TrainingWizard
from vadgui.ui.keymap import Keymap

VIDEO = Path("/gate/monday.mp4")


DIALOGS: dict[str, Callable[[Settings, Path], QWidget]] = {
    "settings": lambda settings, _: SettingsDialog(settings, Keymap()),
    "keys": lambda _, __: ShortcutsDialog(Keymap()),
    "about": lambda _, __: AboutDialog(),
    "clock": lambda _, __: ClockDialog(VIDEO, None, Clock()),
    "library": lambda _, folder: DetectorLibraryDialog(DetectorLibrary(folder), detector_path("plaza")),
    "archive-chooser": lambda _, __: ArchiveChooser(["/site.archive"]),
    "archive": lambda settings, _: ArchiveWindow(settings, Keymap()),
    "wizard": lambda _, __: TrainingWizard(WizardState()),
}


@pytest.mark.parametrize("make", DIALOGS.values(), ids=DIALOGS)
def test_all_that_takes_the_keyboard_has_a_name(
    make: Callable[[Settings, Path], QWidget], settings: Settings, tmp_path: Path, qtbot: QtBot
) -> None:
    window = make(settings, tmp_path)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # qtbot closes it
    qtbot.addWidget(window)
    window.show()
    assert focusable(window) or isinstance(window, AboutDialog)
    assert unnamed(window) == []


def test_frame_rate(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    assert unnamed(ask_for_rate(parent, 25.0, lambda _: None)) == []


def test_learning(qtbot: QtBot) -> None:
    camera = LearnCameraDialog(VIDEO)
    camera.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(camera)
    camera.show_progress(Progress("Reading", 1, 2, seconds_left=60.0))
    assert unnamed(camera) == []
    verdicts = LearnVerdictsDialog()
    verdicts.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(verdicts)
    verdicts.show_verdicts(FOUND)
    assert unnamed(verdicts) == []
    verdicts.show_learnt(LEARNT)  # type: ignore[arg-type]
    assert unnamed(verdicts) == []
    verdicts._discard()


def test_hand_over(tmp_path: Path, settings: Settings, qtbot: QtBot) -> None:
    video = tmp_path / "gate.mp4"
    video.write_bytes(bytes(3000))
    dialog = open_dialog(qtbot, settings, video, has_sound=True)
    for row in range(dialog.kinds.count()):
        dialog.kinds.setCurrentRow(row)
        assert unnamed(dialog) == []
