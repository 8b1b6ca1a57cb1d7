"""A share whose server is gone blocks whoever asks about its files, for minutes: the window goes on without it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from engine.common import in_time
from engine.review.files import usual_path
from engine.review.recording_list import ListedRecording, RecordingList, RecordingListFile
from tests.vadgui.dead_share import DeadShare
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.training.wizard.driving import answer
from vadgui import hang_watch
from vadgui.dialogs.hand_over.dialog import HandOverDialog
from vadgui.dialogs.hand_over.page import SegmentsBox
from vadgui.errors import ErrorReporter
from vadgui.jobs import engine_worker, review_keeper, threads
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.program import Program
from vadgui.recordings.model import name_of
from vadgui.settings import Settings

BURSTS = [*range(14, 22)]
SHARE_FILES = ("gate.mp4", "still.safetensors", "newer.safetensors", "clip.mp4")


@pytest.fixture
def share(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeadShare]:
    """A share that has died, with recordings, detectors and folders that the program remembers."""
    folder, here = tmp_path / "share", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    for name in SHARE_FILES:
        (folder / name).touch()
    settings.remember_detector(here / "street.mp4", folder / "still.safetensors")
    settings.offer_newer(folder / "still.safetensors", folder / "newer.safetensors")
    settings.remember_video(folder / "gate.mp4")
    settings.video_folder = settings.export_folder = settings.runs_folder = str(folder)
    kept = RecordingListFile(tmp_path / "recordings.json")
    kept.open()
    kept.write(
        RecordingList(
            recordings=tuple(ListedRecording(path=str(folder / name)) for name in ("gate.mp4", "yard.mp4")),
            watched_folders=(str(folder),),
        )
    )
    kept.close()
    monkeypatch.setattr(in_time, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(threads, "HANGING_SECONDS", 0.3)
    monkeypatch.setattr(review_keeper, "HANGING_SECONDS", 0.3)
    monkeypatch.setattr(engine_worker, "_HANGS_SECONDS", 0.3)
    share = DeadShare(folder, monkeypatch)
    yield share
    share.come_back()
    assert not share.asked_in_gui, share.asked_in_gui[0]


@pytest.fixture
def program(
    share: DeadShare, settings: Settings, reporter: ErrorReporter, styled: None, tmp_path: Path, qtbot: QtBot
) -> Iterator[Program]:
    del styled
    files = FakeFiles(
        street=lambda path: MemoryVideo(path, 40, BURSTS, is_scene=True),
        gate=lambda path: _of_the_disk(path),
    )
    program = Program(
        settings,
        reporter,
        analyses=tmp_path / "analyses",
        video_opener=files.open_video,
        predictor_opener=files.open_predictor,
        recordings_file=tmp_path / "recordings.json",
    )
    reporter.set_parent_window(program.window)
    qtbot.addWidget(program.window)
    program.window.show()
    qtbot.waitExposed(program.window)
    yield program
    share.come_back()
    program.close()


def _of_the_disk(path: Path) -> MemoryVideo:
    """A recording that is looked for before it is opened, as the real ones are."""
    from engine.video import open_video

    open_video(path)
    return MemoryVideo(path, 40)


@pytest.fixture
def opened(program: Program, tmp_path: Path, qtbot: QtBot) -> Program:
    """With a recording of this machine's disk."""
    program.open_video(tmp_path / "here" / "street.mp4")
    qtbot.waitUntil(lambda: program.session.frame_count == 40)
    return program


def told(program: Program) -> list[str]:
    boxes = program.window.findChildren(QMessageBox)
    return [f"{box.text()} {box.informativeText()}" for box in boxes if box.isVisible()]


def test_the_window_lists_what_is_on_it_and_opens_what_is_elsewhere(opened: Program, settings: Settings) -> None:
    assert [each.name for each in settings.recent_videos] == ["street.mp4", "gate.mp4"]
    model = opened.recordings.model
    assert [name_of(each) for each in model.recordings] == ["gate.mp4", "yard.mp4", "street.mp4"]
    assert not any(each.problem for each in model.recordings), "nobody knows whether they are there"
    assert opened.window.detector_banner.text().startswith("Which detector knows this camera?")


def test_the_list_takes_up_other_folders_and_is_kept(
    opened: Program, tmp_path: Path, qtbot: QtBot, share: DeadShare
) -> None:
    for name in ("one.mp4", "two.mp4"):
        (tmp_path / "here" / name).touch()
    qtbot.wait(300)  # by now the watched folder hangs
    opened.recordings.add([share.folder, tmp_path / "here"])
    names = ["gate.mp4", "yard.mp4", "street.mp4", "one.mp4", "two.mp4"]
    qtbot.waitUntil(lambda: [name_of(each) for each in opened.recordings.model.recordings] == names)
    qtbot.waitUntil(lambda: any("The folder does not answer" in each for each in told(opened)))
    qtbot.waitUntil(lambda: "two.mp4" in (tmp_path / "recordings.json").read_text())


def test_settings_and_exports_show_it(opened: Program, share: DeadShare, qtbot: QtBot) -> None:
    dialog = opened.window.requests.change_settings()
    field = next(each for each in dialog.findChildren(QLineEdit) if each.text() == str(share.folder))
    qtbot.keyClicks(field, "/clips")
    assert any("There is no such folder" in label.text() for label in dialog.findChildren(QLabel))
    dialog.close()
    opened.window.show_export(ExportState(1, ExportPhase.DONE, "A clip", share.folder / "clip.mp4", 1, done=1))
    assert not opened.window.exports.row(1).open_button.isVisibleTo(opened.window.exports)


def test_a_review_is_not_saved_there_and_goes_on_where_it_was(
    opened: Program, share: DeadShare, tmp_path: Path, qtbot: QtBot
) -> None:
    opened.session.review.edit(lambda editor: editor.draw(3, 9))
    opened.review_controller.save()
    opened.review_controller._saving_as.save(share.folder / "night.review.json")
    qtbot.waitUntil(lambda: any("The folder does not answer" in each for each in told(opened)))
    assert opened.reviews.path == usual_path(tmp_path / "here" / "street.mp4")
    assert not opened.reviews.is_unsaved


def test_nothing_is_handed_over_there(opened: Program) -> None:
    opened.session.review.edit(lambda editor: editor.draw(3, 9))
    opened.window.hand_over.ask(SegmentsBox.ALL)
    dialog = opened.window.findChild(HandOverDialog)
    assert dialog is not None
    assert "does not answer" in dialog.line.text()
    dialog.reject()


def test_opening_a_recording_of_it_is_given_up(
    opened: Program, share: DeadShare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(hang_watch, "HANGS_SECONDS", 0.2)
    opened.hang_watch._timer.setInterval(50)
    opened.open_video(share.folder / "gate.mp4")
    qtbot.waitUntil(lambda: any("gate.mp4" in each for each in told(opened)))
    answer(opened.window, "Close the recording", qtbot)
    opened.open_video(tmp_path / "here" / "street.mp4")
    qtbot.waitUntil(lambda: opened.session.frame_count == 40)


def test_the_window_closes(opened: Program, share: DeadShare, qtbot: QtBot) -> None:
    opened.open_video(share.folder / "gate.mp4")
    qtbot.wait(300)
    began = time.monotonic()
    opened.close()
    assert time.monotonic() - began < 30, "the share never came back"
