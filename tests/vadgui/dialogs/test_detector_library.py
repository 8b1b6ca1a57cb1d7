"""The detector library's dialog, by mouse and keys: it lists, renames, exports, imports and deletes detectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QInputDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.detector_library import DetectorLibrary, LibraryEntry
from resources import detector_path
from tests.vadgui.training.wizard.driving import answer, click
from vadgui.dialogs.detector_library import DetectorLibraryDialog, fact_rows
from vadgui.settings import Settings
from vadgui.training.controller import TrainingController


@pytest.fixture
def library(tmp_path: Path) -> DetectorLibrary:
    return DetectorLibrary(tmp_path / "detectors")


@pytest.fixture(scope="session")
def trained_detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The detector file that a training run writes."""
    from engine.models.detector import Detector, DetectorSettings, save_detector

    videos = ["monday.mp4", "tuesday.mp4", "sunday.mp4"]
    record = {"videos": videos, "held_out": ["sunday.mp4"], "transitions": 1234}
    settings = DetectorSettings("Gate", "fast", "dis-fast", 4.0, created="2025-03-01T12:00:00+00:00", training=record)
    path = tmp_path_factory.mktemp("run") / "detector.safetensors"
    save_detector(Detector(settings), path)
    return path


@pytest.fixture
def gate(library: DetectorLibrary, trained_detector: Path) -> LibraryEntry:
    return library.add(trained_detector, name="North gate", note="by day", camera="Gate")


@pytest.fixture
def controller(
    settings: Settings, library: DetectorLibrary, styled: None, tmp_path: Path
) -> Iterator[TrainingController]:
    del styled

    def open_nothing(*_: object, **__: object) -> None:
        raise AssertionError("the library opens neither videos nor detectors")

    controller = TrainingController(
        settings,
        analyses=tmp_path,
        video_opener=open_nothing,  # type: ignore[arg-type]
        predictor_opener=open_nothing,  # type: ignore[arg-type]
        library=library,
    )
    yield controller
    controller.close()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """The parent window of the dialogs, which deletes them at the end."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def shown(controller: TrainingController, window: QWidget, qtbot: QtBot) -> DetectorLibraryDialog:
    dialog = controller.open_library(window)
    qtbot.waitExposed(dialog)
    return dialog


def names(dialog: DetectorLibraryDialog) -> list[str]:
    items = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    return [item.text(0) for item in items if item]


def select(dialog: DetectorLibraryDialog, name: str, qtbot: QtBot) -> None:
    item = dialog.list.findItems(name, Qt.MatchFlag.MatchStartsWith)[0]
    position = dialog.list.visualItemRect(item).center()
    qtbot.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=position)


def type_into(dialog: DetectorLibraryDialog, text: str, qtbot: QtBot) -> None:
    """Type a text into the open QInputDialog and press Return."""
    qtbot.waitUntil(lambda: any(each.isVisible() for each in dialog.findChildren(QInputDialog)))
    question = next(each for each in dialog.findChildren(QInputDialog) if each.isVisible())
    field = question.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def choose(dialog: DetectorLibraryDialog, path: Path, qtbot: QtBot) -> None:
    """Choose a path in the open QFileDialog."""
    qtbot.waitUntil(lambda: any(each.isVisible() for each in dialog.findChildren(QFileDialog)))
    files = next(each for each in dialog.findChildren(QFileDialog) if each.isVisible())
    files.selectFile(str(path))
    files.done(QFileDialog.DialogCode.Accepted)
    files.fileSelected.emit(str(path))


def test_a_detector_is_listed_with_camera_date_training_and_calibration(
    controller: TrainingController, window: QWidget, gate: LibraryEntry, qtbot: QtBot
) -> None:
    dialog = shown(controller, window, qtbot)
    select(dialog, "North gate", qtbot)
    item = dialog.list.currentItem()
    assert item is not None
    assert [item.text(column) for column in range(4)] == ["North gate", "Gate", "2025-03-01", "No"]
    facts = dict(fact_rows(gate))
    assert facts["Note"] == "by day"
    assert facts["Learnt from"] == "1,234 frames, monday.mp4, tuesday.mp4"
    assert dialog.rename_button.isEnabled()
    select(dialog, "Demo plaza", qtbot)
    assert not dialog.rename_button.isEnabled(), "a bundled detector can't be renamed"
    assert not dialog.delete_button.isEnabled()


@pytest.mark.usefixtures("gate")
def test_a_detector_can_be_renamed_annotated_and_used(
    controller: TrainingController, window: QWidget, library: DetectorLibrary, qtbot: QtBot
) -> None:
    dialog = shown(controller, window, qtbot)
    select(dialog, "North gate", qtbot)
    click(dialog.rename_button, qtbot)
    type_into(dialog, "East gate", qtbot)
    qtbot.waitUntil(lambda: "East gate" in names(dialog))
    click(dialog.note_button, qtbot)
    type_into(dialog, "by night", qtbot)
    entry = library.find("East gate")
    assert entry is not None
    qtbot.waitUntil(lambda: library.entry(entry.path).note == "by night")
    with qtbot.waitSignal(controller.detector_accepted) as used:
        click(dialog.use_button, qtbot)
    assert used.args == [entry.path]
    assert "East gate (in use)" in names(dialog)
    assert not dialog.use_button.isEnabled()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
@pytest.mark.usefixtures("gate")
def test_enter_in_the_list_uses_the_detector_and_closes(
    controller: TrainingController, window: QWidget, library: DetectorLibrary, key: Qt.Key, qtbot: QtBot
) -> None:
    dialog = shown(controller, window, qtbot)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    select(dialog, "North gate", qtbot)
    dialog.list.setFocus()
    entry = library.find("North gate")
    assert entry is not None
    with qtbot.waitSignal(controller.detector_accepted) as used, qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(dialog.list, key)
    assert used.args == [entry.path]


def test_a_detector_can_be_exported_and_imported(
    controller: TrainingController,
    window: QWidget,
    library: DetectorLibrary,
    gate: LibraryEntry,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    (tmp_path / "stick").mkdir()
    dialog = shown(controller, window, qtbot)
    select(dialog, "North gate", qtbot)
    click(dialog.export_button, qtbot)
    choose(dialog, tmp_path / "stick", qtbot)
    qtbot.waitUntil(lambda: "Exported to" in dialog.message.text())
    (copy,) = (tmp_path / "stick").iterdir()
    library.delete(gate.path)
    dialog.reload()
    assert "North gate" not in names(dialog)
    click(dialog.import_button, qtbot)
    choose(dialog, copy, qtbot)
    qtbot.waitUntil(lambda: "North gate" in names(dialog))
    assert dialog.message.text() == "Taken in."
    (tmp_path / "none.safetensors").write_bytes(b"no detector")
    click(dialog.import_button, qtbot)
    choose(dialog, tmp_path / "none.safetensors", qtbot)
    qtbot.waitUntil(lambda: "none.safetensors" in dialog.message.text() and "Taking" not in dialog.message.text())


def test_deleting_the_detector_in_use_asks_twice(
    controller: TrainingController, window: QWidget, gate: LibraryEntry, qtbot: QtBot
) -> None:
    dialog = shown(controller, window, qtbot)
    select(dialog, "North gate", qtbot)
    click(dialog.use_button, qtbot)
    click(dialog.delete_button, qtbot)
    answer(dialog, "Delete", qtbot)
    answer(dialog, "Cancel", qtbot)
    assert gate.path.exists()
    click(dialog.delete_button, qtbot)
    answer(dialog, "Delete", qtbot)
    answer(dialog, "Delete it all the same", qtbot)
    qtbot.waitUntil(lambda: not gate.path.exists())
    assert "North gate" not in names(dialog)


@pytest.mark.usefixtures("gate")
def test_a_dialog_closed_during_an_import_gets_no_result(
    controller: TrainingController, window: QWidget, qtbot: QtBot
) -> None:
    dialog = shown(controller, window, qtbot)
    click(dialog.import_button, qtbot)
    choose(dialog, detector_path("ped2"), qtbot)
    box = dialog.findChild(QDialogButtonBox)
    assert box is not None
    click(box.button(QDialogButtonBox.StandardButton.Close), qtbot)
    qtbot.wait(300)
    assert names(shown(controller, window, qtbot)), "the library opens again in a new dialog"
