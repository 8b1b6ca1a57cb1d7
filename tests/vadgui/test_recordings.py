"""Many recordings in one window: the list, analyses one after another, and on from one recording to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from engine.common.errors import DeviceError
from engine.review.files import usual_path
from engine.review.recording_list import AnalysisStage, ListedRecording, RecordingListFile
from tests.vadgui.fakes import FakeFiles, MemoryVideo, StillPredictor
from vadgui.errors import ErrorReporter
from vadgui.model.session import AnalysisPhase
from vadgui.program import Program
from vadgui.recordings.model import name_of
from vadgui.settings import Settings

PATIENCE_MS = 120_000  # of a list analysed on a machine that is busy
COUNT = 120
BURSTS = [*range(30, 40), *range(80, 90)]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)


@pytest.fixture
def fake_files() -> FakeFiles:
    return FakeFiles(
        street=lambda path: MemoryVideo(path, COUNT, BURSTS, is_scene=True),
        yard=lambda path: MemoryVideo(path, 30, is_scene=True),
        gate=lambda path: MemoryVideo(path, COUNT + 1, BURSTS, is_scene=True),
        long=lambda path: MemoryVideo(path, 20_000, is_scene=True),
        scratched=lambda path: MemoryVideo(path, COUNT, damaged=range(COUNT)),
    )


@pytest.fixture
def make_program(
    fake_files: FakeFiles, settings: Settings, styled: None, tmp_path: Path, qtbot: QtBot
) -> Iterator[Callable[[], Program]]:
    """Starts the program, as often as a test wants; each goes on with the list of the one before."""
    del styled
    begun: list[tuple[Program, ErrorReporter]] = []

    def make() -> Program:
        reporter = ErrorReporter()
        program = Program(
            settings,
            reporter,
            analyses=tmp_path / "analyses",
            video_opener=fake_files.open_video,
            predictor_opener=fake_files.open_predictor,
            recordings_file=tmp_path / "data" / "recordings.json",
        )
        reporter.set_parent_window(program.window)
        qtbot.addWidget(program.window)
        program.window.show()
        qtbot.waitExposed(program.window)
        program.window.activateWindow()
        begun.append((program, reporter))
        return program

    yield make
    for program, reporter in begun:
        program.close()
        reporter.close()


@pytest.fixture
def program(make_program: Callable[[], Program]) -> Program:
    return make_program()


@pytest.fixture
def videos(settings: Settings, tmp_path: Path) -> Path:
    """Folders with recordings and a detector; what is in them, `fake_files` knows."""
    folder = tmp_path / "videos"
    (folder / "night").mkdir(parents=True)
    (tmp_path / "still.safetensors").touch()
    for each in (folder, folder / "night"):
        settings.remember_detector(each / "any.mp4", tmp_path / "still.safetensors")
    for name in ("gate.mp4", "street.mp4", "night/yard.mkv", "notes.txt"):
        (folder / name).touch()
    return folder


def drop(program: Program, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    program.window.dropEvent(event)


def press(program: Program, qtbot: QtBot, *keys: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    """Press keys wherever the person's keys would go."""
    for key in keys:
        target = QApplication.activePopupWidget() or program.window.focusWidget() or program.window
        qtbot.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)


def stages(program: Program) -> dict[str, str]:
    return {name_of(each): str(each.stage) for each in program.recordings.model.recordings}


def words(program: Program) -> dict[str, str]:
    model = program.recordings.model
    return {name_of(each): model.state_words(each) for each in model.recordings}


def all_analysed(program: Program) -> bool:
    return set(stages(program).values()) == {"analysed"}


def wait_for_all(program: Program, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(stages(program)) and all_analysed(program), timeout=PATIENCE_MS)


def open_name(program: Program) -> str:
    return program.session.video.name if program.session.video else ""


# The list


def test_dropped_folders_become_one_list_and_the_first_is_opened(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.open_detector(tmp_path / "still.safetensors")
    assert not program.window.recordings_dock.isVisible()
    drop(program, videos)
    wait_for_all(program, qtbot)
    assert words(program) == {
        "gate.mp4": "0 of 2 reviewed",
        "street.mp4": "0 of 2 reviewed",
        "yard.mkv": "Nothing flagged",
    }
    assert open_name(program) == "gate.mp4"
    assert program.window.recordings_dock.isVisible()
    assert program.window.recordings_dock.view.summary() == "3 of 3 analysed · 4 to review"


def test_adding_while_one_is_open_leaves_it_open_and_adds_each_once(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.begin(videos / "night" / "yard.mkv", tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    drop(program, videos / "street.mp4", videos)
    qtbot.waitUntil(lambda: len(stages(program)) == 3)
    assert open_name(program) == "yard.mkv"
    assert "2 recordings added to the list, 1 was in it already" in program.window.statusBar().currentMessage()
    assert list(stages(program)) == ["yard.mkv", "street.mp4", "gate.mp4"]


def test_several_files_are_chosen_in_the_dialog(program: Program, qtbot: QtBot, videos: Path) -> None:
    program.window.actions_by_name["open"].trigger()
    dialog = program.window.findChildren(QFileDialog)[0]
    assert dialog.fileMode() is QFileDialog.FileMode.ExistingFiles
    dialog.filesSelected.emit([str(videos / "gate.mp4"), str(videos / "street.mp4")])
    dialog.reject()
    qtbot.waitUntil(lambda: open_name(program) == "gate.mp4")
    assert list(stages(program)) == ["gate.mp4", "street.mp4"]


def test_the_command_line_names_many(program: Program, qtbot: QtBot, videos: Path, tmp_path: Path) -> None:
    program.begin(videos / "street.mp4", tmp_path / "still.safetensors", [videos / "gate.mp4", videos / "night"])
    wait_for_all(program, qtbot)
    assert open_name(program) == "street.mp4"
    assert list(stages(program)) == ["street.mp4", "gate.mp4", "yard.mkv"]


def test_a_folder_without_recordings_is_told(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    drop(program, tmp_path / "empty")
    qtbot.waitUntil(lambda: "no recording in empty" in program.window.statusBar().currentMessage())


def test_a_double_click_and_enter_open_a_recording(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.open_detector(tmp_path / "still.safetensors")
    drop(program, videos)
    wait_for_all(program, qtbot)
    view = program.window.recordings_dock.view
    at = view.list.visualRect(view.model.index(1)).center()
    qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.wait(50)
    assert open_name(program) == "gate.mp4", "one click selects"
    qtbot.mouseDClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: open_name(program) == "street.mp4")
    press(program, qtbot, Qt.Key.Key_J, modifier=CONTROL)
    assert view.list.hasFocus()
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: open_name(program) == "yard.mkv")
    press(program, qtbot, Qt.Key.Key_Up, modifier=CONTROL)
    qtbot.waitUntil(lambda: open_name(program) == "street.mp4")


def test_recordings_are_taken_off_the_list_but_not_the_one_that_is_open(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.open_detector(tmp_path / "still.safetensors")
    drop(program, videos)
    wait_for_all(program, qtbot)
    press(program, qtbot, Qt.Key.Key_J, modifier=CONTROL)
    press(program, qtbot, Qt.Key.Key_Delete)
    assert "stays on the list" in program.window.statusBar().currentMessage()
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Delete)
    assert list(stages(program)) == ["gate.mp4", "yard.mkv"]
    assert (videos / "street.mp4").exists()


# Analyses


def test_a_broken_recording_says_why_and_stops_no_other(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    (videos / "broken.mp4").touch()
    (videos / "scratched.mp4").touch()
    program.begin(videos / "street.mp4", tmp_path / "still.safetensors", [videos])
    finished = {"analysed", "failed"}
    qtbot.waitUntil(
        lambda: len(stages(program)) == 5 and set(stages(program).values()) == finished, timeout=PATIENCE_MS
    )
    assert stages(program)["broken.mp4"] == "failed"
    assert words(program)["broken.mp4"] == "Failed: This file holds no video"
    assert [name for name, stage in stages(program).items() if stage == "analysed"].count("yard.mkv") == 1
    assert " failed" in program.window.recordings_dock.view.summary()


def test_of_many_the_first_that_opens_is_opened(program: Program, qtbot: QtBot, videos: Path) -> None:
    (videos / "broken.mp4").touch()
    told: list[Exception] = []
    program.worker.failed.connect(told.append)
    drop(program, videos)
    qtbot.waitUntil(lambda: open_name(program) == "gate.mp4")
    assert "broken.mp4 can't be opened" in program.window.statusBar().currentMessage()
    assert words(program)["broken.mp4"] == "Failed: This file holds no video"
    assert not any(isinstance(each, QMessageBox) for each in QApplication.topLevelWidgets())


def test_a_full_disk_or_too_little_memory_pauses_the_list_in_place_of_failing_each(
    program: Program, fake_files: FakeFiles, qtbot: QtBot, videos: Path
) -> None:
    told: list[Exception] = []
    program.recordings.failed.disconnect()
    program.recordings.failed.connect(told.append)

    class Exhausted(StillPredictor):
        def predict(self, pictures: list[object]) -> list[object]:
            del pictures
            raise DeviceError("The memory does not suffice", subject="cpu", advice="Close other programs.")

    fake_files.predictors["still"] = Exhausted()
    program.recordings.model.add([ListedRecording(path=str(videos / name)) for name in ("gate.mp4", "street.mp4")])
    qtbot.waitUntil(lambda: bool(told))
    assert program.recordings.model.paused
    assert set(stages(program).values()) == {"waiting"}
    qtbot.wait(100)
    assert len(told) == 1


def test_pausing_stops_all_and_going_on_takes_up_what_was_done(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    (videos / "long.mp4").touch()
    program.begin(videos / "street.mp4", tmp_path / "still.safetensors", [videos / "long.mp4", videos / "gate.mp4"])
    model = program.recordings.model
    long = str(videos / "long.mp4")

    def share() -> float:
        recording = model.recording(long)
        return recording.share if recording else 0.0

    qtbot.waitUntil(lambda: share() > 0.005, timeout=PATIENCE_MS)
    button = program.window.recordings_dock.view.pause_button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert words(program)["long.mp4"].startswith("Paused at ")
    qtbot.wait(200)
    done = share()
    qtbot.wait(200)
    assert share() == done
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stages(program)["long.mp4"] == "analysing")
    assert share() >= done
    assert stages(program)["gate.mp4"] == "waiting", "one after another"


def test_what_has_no_detector_says_so_and_waits_until_one_is_chosen(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    for name in ("street.mp4", "yard.mp4"):
        (tmp_path / "other" / name).touch()
    drop(program, videos, tmp_path / "other")
    model = program.recordings.model
    finished = AnalysisStage.ANALYSED
    qtbot.waitUntil(lambda: sum(each.stage is finished for each in model.recordings) == 3, timeout=PATIENCE_MS)
    others = [str(tmp_path / "other" / name) for name in ("street.mp4", "yard.mp4")]
    assert [model.state_words(model.recording(path)) for path in others] == ["No detector for its folder yet"] * 2
    program.open_video(Path(others[0]))
    qtbot.waitUntil(lambda: program.session.video is not None and str(program.session.video.path) == others[0])
    program.open_detector(tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: all(each.stage is finished for each in model.recordings), timeout=PATIENCE_MS)


def test_a_restart_shows_the_list_and_goes_on(
    make_program: Callable[[], Program], qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    (videos / "long.mp4").touch()
    first = make_program()
    first.begin(videos / "street.mp4", tmp_path / "still.safetensors", [videos / "long.mp4", videos / "gate.mp4"])
    qtbot.waitUntil(lambda: "%" in words(first).get("long.mp4", ""), timeout=PATIENCE_MS)
    assert stages(first)["street.mp4"] == "analysed", "the open one comes first"
    first.close()
    first.window.close()
    again = make_program()
    assert list(stages(again)) == ["street.mp4", "long.mp4", "gate.mp4"]
    assert words(again)["street.mp4"] == "0 of 2 reviewed"
    assert again.window.recordings_dock.isVisible()
    assert again.session.video is None
    again.recordings.model.remove([str(videos / "long.mp4")])
    again.begin(None, tmp_path / "still.safetensors")
    wait_for_all(again, qtbot)
    assert words(again)["gate.mp4"] == "0 of 2 reviewed"


def test_a_second_window_has_a_list_of_its_own(
    make_program: Callable[[], Program], program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    drop(program, videos)
    qtbot.waitUntil(lambda: len(stages(program)) == 3)
    second = make_program()
    assert "open in another window" in second.window.statusBar().currentMessage()
    assert stages(second) == {}
    second.close()
    program.close()
    file = RecordingListFile(tmp_path / "data" / "recordings.json")
    assert len(file.open()) == 3
    file.close()


def test_closing_is_quick_with_a_list_at_work(program: Program, qtbot: QtBot, videos: Path, tmp_path: Path) -> None:
    for number in range(50):
        (videos / f"long{number}.mp4").touch()
    (videos / "long.mp4").touch()
    program.open_detector(tmp_path / "still.safetensors")
    drop(program, videos / "long.mp4", videos)
    qtbot.waitUntil(lambda: "analysing" in stages(program).values())
    program.close()
    assert AnalysisStage.ANALYSING in {each.stage for each in program.recordings.model.recordings}


def test_verdicts_count_in_the_list(program: Program, qtbot: QtBot, videos: Path, tmp_path: Path) -> None:
    program.begin(videos / "street.mp4", tmp_path / "still.safetensors", [videos / "gate.mp4"])
    wait_for_all(program, qtbot)
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    assert words(program)["street.mp4"] == "1 of 2 reviewed"
    program.reviews.flush()
    assert usual_path(videos / "street.mp4").exists()
