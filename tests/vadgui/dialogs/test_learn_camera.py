"""Getting to know a camera: which recordings, how far it is, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.calibrating.length import FootageLength
from engine.common.errors import TrainingError, VideoError
from engine.common.events import Progress, ShouldStop
from engine.detector_library import DetectorLibrary
from engine.scoring.zones import Zone, ZoneKind
from tests.clips import write_clip
from tests.research.street import street_pictures
from vadgui.camera_controller import CameraController
from vadgui.dialogs.learn_camera import LearnCameraDialog
from vadgui.jobs import camera_learning
from vadgui.jobs.camera_learning import CameraRequest, learn_camera

VIDEO, DETECTOR = Path("/gate/monday.mp4"), Path("/detectors/plaza.safetensors")
ZONES = (Zone.rectangle(ZoneKind.IGNORED, (0, 0), (0.5, 0.25)),)


LENGTHS = {VIDEO.name: 60.0, "tuesday.mp4": 24.0, "wednesday.mp4": 156.0}


@pytest.fixture
def controller(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[CameraController]:
    del qapp

    def length_of(path: Path, *_: object) -> FootageLength:
        if path.name not in LENGTHS:
            raise VideoError("This file holds no video", subject=path, advice="Choose another file.")
        return FootageLength(LENGTHS[path.name], LENGTHS[path.name] - 4)

    monkeypatch.setattr(camera_learning, "length_of", length_of)
    controller = CameraController()
    yield controller
    controller.close()


@pytest.fixture
def dialog(controller: CameraController, qtbot: QtBot) -> Iterator[LearnCameraDialog]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    controller.open(window, VIDEO, DETECTOR, "cpu", ZONES)
    assert controller.dialog is not None
    qtbot.waitExposed(controller.dialog)
    yield controller.dialog
    window.close()


def click(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_learns_from_this_recording_and_those_that_were_added(
    controller: CameraController, dialog: LearnCameraDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def work(request: CameraRequest, _should_stop: ShouldStop) -> Iterator[Progress | Path]:
        asked.append(request)
        yield Progress("Counting normal motion", 500, 1000)
        yield Path("/library/gate.safetensors")

    monkeypatch.setattr(camera_learning, "learn_camera", work)
    assert dialog.videos() == [VIDEO]
    dialog.add_videos([VIDEO, Path("/gate/tuesday.mp4"), Path("/gate/wednesday.mp4")])
    dialog.list.topLevelItem(1).setCheckState(0, Qt.CheckState.Unchecked)
    with qtbot.waitSignals([controller.begun, controller.learnt]):
        click(qtbot, dialog.start_button)
    assert asked == [CameraRequest(DETECTOR, "cpu", (VIDEO, Path("/gate/wednesday.mp4")), ZONES)]
    assert "knows this camera now" in dialog.line.text()
    assert not dialog.start_button.isVisible()
    with qtbot.waitSignal(controller.training_requested):
        click(qtbot, dialog.train_button)
    assert controller.dialog is None


def test_without_a_recording_there_is_nothing_to_learn(dialog: LearnCameraDialog) -> None:
    dialog.list.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert not dialog.start_button.isEnabled()


def column(dialog: LearnCameraDialog, number: int) -> list[str]:
    return [dialog.list.topLevelItem(row).text(number) for row in range(dialog.list.topLevelItemCount())]


def test_says_how_long_the_recordings_are_and_what_that_can_promise(dialog: LearnCameraDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(dialog.sum_label.text()))
    assert "1 recording, 48 s of it usable" in dialog.sum_label.text()
    # 47.6 of 56 seconds, and fewer than one alarm in all of them is a guess.
    assert "not less than 74 an hour" in dialog.sum_label.text()
    dialog.add_videos([Path("/gate/wednesday.mp4")])
    qtbot.waitUntil(lambda: "2 recordings" in dialog.sum_label.text())
    assert column(dialog, 1) == ["60 s", "2.6 min"]
    assert column(dialog, 2) == ["48 s", "2.2 min"]
    assert "not less than 21 an hour" in dialog.sum_label.text()


def test_too_short_recordings_are_told_before_anything_begins(dialog: LearnCameraDialog, qtbot: QtBot) -> None:
    dialog.add_videos([Path("/gate/tuesday.mp4")])
    dialog.list.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: "too short" in dialog.sum_label.text())
    assert "at least 36 s in all" in dialog.sum_label.text()
    assert not dialog.start_button.isEnabled()


def test_a_recording_that_cannot_be_opened_is_left_out(dialog: LearnCameraDialog, qtbot: QtBot) -> None:
    dialog.add_videos([Path("/gate/notes.mp4")])
    qtbot.waitUntil(lambda: "can't be opened" in column(dialog, 1))
    assert "holds no video" in dialog.list.topLevelItem(1).toolTip(1)
    assert dialog.videos() == [VIDEO]


def test_says_why_it_came_to_nothing_and_lets_others_be_chosen(
    dialog: LearnCameraDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(_request: CameraRequest, _should_stop: ShouldStop) -> Iterator[Progress | Path]:
        yield Progress("Counting normal motion", 1, 1000)
        raise TrainingError("The recordings are too short", subject="monday.mp4", advice="Add more.")

    monkeypatch.setattr(camera_learning, "learn_camera", work)
    click(qtbot, dialog.start_button)
    qtbot.waitUntil(lambda: "too short" in dialog.line.text())
    assert "Add more." in dialog.line.text()
    assert dialog.start_button.isEnabled()
    assert not dialog.bar.isVisible()


def test_cancel_stops_the_work(
    controller: CameraController, dialog: LearnCameraDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []

    def work(_request: CameraRequest, should_stop: ShouldStop) -> Iterator[Progress | Path]:
        try:
            while not should_stop():
                yield Progress("Counting normal motion", 250, 1000)
                time.sleep(0.005)
        finally:
            stopped.append(True)

    monkeypatch.setattr(camera_learning, "learn_camera", work)
    click(qtbot, dialog.start_button)
    qtbot.waitUntil(lambda: dialog.bar.value() == 250)
    assert not dialog.start_button.isEnabled()
    click(qtbot, dialog.cancel_button)
    qtbot.waitUntil(lambda: bool(stopped))
    assert controller.dialog is None


@pytest.mark.slow
def test_the_detector_of_the_camera_is_in_the_library(tiny_preset: str, tmp_path: Path) -> None:
    import torch

    from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector

    torch.manual_seed(0)
    save_detector(Detector(DetectorSettings("any", tiny_preset, "dis-ultrafast", 4.0)), tmp_path / "any.safetensors")
    street = write_clip(tmp_path / "street.mp4", list(street_pictures(200)), 5)
    request = CameraRequest(tmp_path / "any.safetensors", "cpu", (street,))
    *progress, path = learn_camera(request, lambda: False)
    assert progress
    assert isinstance(path, Path)
    entry = DetectorLibrary().entry(path)
    assert entry.name == "Camera of street"
    assert "street.mp4" in entry.note
    calibration = load_detector(path)[0].settings.calibration
    assert calibration is not None
    assert calibration.reference is not None


def test_that_recordings_are_too_short_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    short = write_clip(tmp_path / "short.mp4", list(street_pictures(40)), 5)
    request = CameraRequest(tmp_path / "never read.safetensors", "cpu", (short,))
    with pytest.raises(TrainingError, match=r"(?s)too short to calibrate on: 8 s in all.*at least 36 s in all"):
        list(learn_camera(request, lambda: False))
