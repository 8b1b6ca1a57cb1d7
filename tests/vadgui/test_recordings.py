"""Many recordings in one window: the list, analyses one after another, and on from one recording to the next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from engine.common.errors import DeviceError, VideoError
from engine.common.language import SOURCE_LANGUAGE, tr, use_language
from engine.review.files import usual_path
from engine.review.recording_list import AnalysisStage, ListedRecording, RecordingListFile
from engine.video import watching as engine_watching
from engine.video.fingerprint import file_fingerprint
from engine.video.source import VideoSource
from tests.vadgui.fakes import FakeFiles, MemoryVideo, StillPredictor
from vadgui.errors import ErrorReporter
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.program import Program
from vadgui.recordings import queue, watching
from vadgui.recordings.model import name_of
from vadgui.recordings.view import Listed
from vadgui.settings import Settings
from vadgui.ui.list_view import ListView

COUNT = 80
BURSTS = [*range(14, 22), *range(60, 68)]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier

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
    qtbot.waitUntil(lambda: bool(stages(program)) and all_analysed(program))


def open_name(program: Program) -> str:
    return program.session.video.name if program.session.video else ""


# The list


def test_dropped_folders_become_one_list_and_the_first_is_opened(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.open_detector(tmp_path / "still.safetensors")
    assert not program.window.docks.recordings.isVisible()
    drop(program, videos)
    wait_for_all(program, qtbot)
    assert words(program) == {
        "gate.mp4": "0 of 2 reviewed",
        "street.mp4": "0 of 2 reviewed",
        "yard.mkv": "Nothing flagged",
    }
    assert open_name(program) == "gate.mp4"
    assert program.window.docks.recordings.isVisible()
    assert program.window.docks.recordings.view.summary() == "3 of 3 analysed · 4 to review"


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
    view = program.window.docks.recordings.view
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
    qtbot.waitUntil(lambda: len(stages(program)) == 5 and set(stages(program).values()) == finished)
    assert stages(program)["broken.mp4"] == "failed"
    assert words(program)["broken.mp4"] == "Failed: This file holds no video"
    assert [name for name, stage in stages(program).items() if stage == "analysed"].count("yard.mkv") == 1
    assert " failed" in program.window.docks.recordings.view.summary()


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


def test_recordings_of_a_share_that_is_away_wait_for_it(
    make_program: Callable[[], Program],
    fake_files: FakeFiles,
    qtbot: QtBot,
    videos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vadgui.recordings.queue._LOOK_AGAIN_MS", 200)

    def mounted(make: Callable[[Path], VideoSource]) -> Callable[[Path], VideoSource]:
        def open_video(path: Path) -> VideoSource:
            if not path.exists():
                raise VideoError("There is no such file", subject=path, advice="Check the name.")
            return make(path)

        return open_video

    fake_files.videos = {stem: mounted(make) for stem, make in fake_files.videos.items()}
    names = ("gate.mp4", "street.mp4", "night/yard.mkv")
    videos.rename(tmp_path / "server")
    videos.mkdir()
    program = make_program()
    program.recordings.model.add([ListedRecording(path=str(videos / name)) for name in names])
    waits = "Waiting: its folder can’t be reached, or is empty"
    qtbot.waitUntil(lambda: set(words(program).values()) == {waits})
    qtbot.wait(500)  # tried again, in vain
    assert set(stages(program).values()) == {"waiting"}
    videos.rmdir()
    (tmp_path / "server").rename(videos)
    wait_for_all(program, qtbot)
    (videos / "gate.mp4").unlink()
    program.recordings.analyse_again([str(videos / "gate.mp4")])
    qtbot.waitUntil(lambda: stages(program)["gate.mp4"] == "failed")


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

    qtbot.waitUntil(lambda: share() > 0.002)
    button = program.window.docks.recordings.view.pause_button
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


def test_a_detector_whose_disk_answers_late_is_asked_for_again(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def answer_late(folder: Path, ask: Callable[[], bool], otherwise: bool | None) -> bool | None:
        asked.append(folder)
        return ask() if len(asked) > 2 else otherwise

    monkeypatch.setattr(queue, "answer_in_time", answer_late)
    monkeypatch.setattr(program.recordings.queue._ask_again, "start", lambda: QTimer.singleShot(10, again))
    again = program.recordings.queue._plan
    program.begin(videos / "street.mp4", tmp_path / "still.safetensors", [videos / "gate.mp4"])
    qtbot.waitUntil(lambda: len(asked) > 0)
    assert "No detector" not in words(program).get("gate.mp4", "")
    wait_for_all(program, qtbot)


def test_what_has_no_detector_says_so_and_waits_until_one_is_chosen(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    for name in ("street.mp4", "yard.mp4"):
        (tmp_path / "other" / name).touch()
    drop(program, videos, tmp_path / "other")
    model = program.recordings.model
    finished = AnalysisStage.ANALYSED
    qtbot.waitUntil(lambda: sum(each.stage is finished for each in model.recordings) == 3)
    others = [str(tmp_path / "other" / name) for name in ("street.mp4", "yard.mp4")]
    assert [model.state_words(model.recording(path)) for path in others] == ["No detector for its folder yet"] * 2
    program.open_video(Path(others[0]))
    qtbot.waitUntil(lambda: program.session.video is not None and str(program.session.video.path) == others[0])
    program.open_detector(tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: all(each.stage is finished for each in model.recordings))


@pytest.mark.parametrize("others", ["other", None])
def test_a_detector_that_arrives_late_is_not_taken_for_the_folder_that_is_open_by_then(
    make_program: Callable[[], Program],
    settings: Settings,
    qtbot: QtBot,
    videos: Path,
    tmp_path: Path,
    fake_files: FakeFiles,
    others: str | None,
) -> None:
    (videos / "day").mkdir()
    fake_files.predictors["other"] = StillPredictor("other")
    (tmp_path / "other.safetensors").touch()
    if others:
        settings.remember_detector(videos / "day" / "yard.mkv", tmp_path / "other.safetensors")
    program = make_program()
    gone_on: list[bool] = []

    def go_on(_: object) -> None:
        """The first has been read, but not shown yet: its detector is not asked for before the second is."""
        if fake_files.opened and not gone_on:
            gone_on.append(True)
            program.open_video(videos / "day" / "yard.mkv")

    program.worker.opening_changed.connect(go_on)
    program.open_video(videos / "gate.mp4")
    qtbot.waitUntil(lambda: open_name(program) == "yard.mkv" and not program.session.detector_is_coming)
    qtbot.wait(200)
    used, remembered = program.session.detector, settings.detector_for(videos / "day" / "yard.mkv")
    assert (used.path.stem if used else None) == others
    assert (remembered.stem if remembered else None) == others
    assert settings.detector_for(videos / "gate.mp4") == tmp_path / "still.safetensors"


def test_a_folders_recordings_are_analysed_anew_by_its_new_detector(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path, fake_files: FakeFiles
) -> None:
    fake_files.predictors["other"] = StillPredictor("other")
    (tmp_path / "other.safetensors").touch()
    program.begin(videos / "gate.mp4", tmp_path / "still.safetensors", [videos])
    wait_for_all(program, qtbot)
    program.open_detector(tmp_path / "other.safetensors")

    def used() -> dict[str, str]:
        return {name_of(each): each.detector for each in program.recordings.model.recordings}

    qtbot.waitUntil(lambda: used()["street.mp4"] == "other" and all_analysed(program))
    assert used() == {"gate.mp4": "other", "street.mp4": "other", "yard.mkv": "still"}


def test_a_detector_and_a_recording_that_are_dropped_together_belong_together(
    program: Program, settings: Settings, qtbot: QtBot, videos: Path, tmp_path: Path, fake_files: FakeFiles
) -> None:
    (videos / "day").mkdir()
    fake_files.predictors["other"] = StillPredictor("other")
    (tmp_path / "other.safetensors").touch()
    (videos / "day" / "yard.mkv").touch()
    program.begin(videos / "gate.mp4", None)
    qtbot.waitUntil(lambda: program.session.detector is not None)
    drop(program, videos / "day" / "yard.mkv", tmp_path / "other.safetensors")
    qtbot.waitUntil(lambda: settings.detector_for(videos / "day" / "yard.mkv") == tmp_path / "other.safetensors")
    assert open_name(program) == "yard.mkv"
    assert settings.detector_for(videos / "gate.mp4") == tmp_path / "still.safetensors"


def test_a_restart_shows_the_list_and_goes_on(
    make_program: Callable[[], Program], qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    (videos / "long.mp4").touch()
    first = make_program()
    first.begin(videos / "street.mp4", tmp_path / "still.safetensors", [videos / "long.mp4", videos / "gate.mp4"])
    qtbot.waitUntil(lambda: "%" in words(first).get("long.mp4", ""))
    assert stages(first)["street.mp4"] == "analysed", "the open one comes first"
    first.close()
    first.window.close()
    again = make_program()
    assert list(stages(again)) == ["street.mp4", "long.mp4", "gate.mp4"]
    assert words(again)["street.mp4"] == "0 of 2 reviewed"
    assert again.window.docks.recordings.isVisible()
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
    assert len(file.open().recordings) == 3
    file.close()


def test_a_damaged_list_goes_on_with_what_can_be_read_and_says_so(
    make_program: Callable[[], Program], videos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "data" / "recordings.json"
    path.parent.mkdir()
    entries = [{"path": str(videos / "street.mp4")}, {"path": 5}]
    path.write_text(json.dumps({"format": "vadgui-recordings", "version": 1, "recordings": entries}))
    program = make_program()
    assert list(stages(program)) == ["street.mp4"]
    said = program.window.statusBar().currentMessage()
    assert "1 of them could be read" in said
    assert str(path.with_suffix(".damaged")) in said


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


# From one recording to the next


def selected(program: Program) -> tuple[str, int] | None:
    segment = program.session.scoring.selected
    return (open_name(program), segment.start) if segment else None


def test_the_next_unreviewed_is_in_the_next_recording_that_has_one(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.begin(videos / "gate.mp4", tmp_path / "still.safetensors", [videos / "night", videos / "street.mp4"])
    wait_for_all(program, qtbot)
    first, second = (each.start for each in program.session.review.segments)
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    assert selected(program) == ("gate.mp4", second)
    press(program, qtbot, Qt.Key.Key_Y)
    assert "On to street.mp4: 2 to review" in program.window.statusBar().currentMessage()
    qtbot.waitUntil(lambda: selected(program) == ("street.mp4", first))
    assert program.session.playhead == program.session.review.segments[0].peak_frame
    press(program, qtbot, Qt.Key.Key_Y, Qt.Key.Key_U)
    assert words(program)["street.mp4"] == "2 of 2 reviewed"
    press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
    assert "Every segment has a verdict" in program.window.statusBar().currentMessage()
    assert open_name(program) == "street.mp4"


def test_nobody_is_told_that_all_is_reviewed_while_recordings_wait(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.begin(videos / "gate.mp4", tmp_path / "still.safetensors", [videos / "street.mp4"])
    wait_for_all(program, qtbot)
    program.recordings.model.change(str(videos / "street.mp4"), stage=AnalysisStage.WAITING, segments=())
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y, Qt.Key.Key_Y)
    said = "Every segment found so far has a verdict. 1 recording is still to be analysed."
    assert program.window.statusBar().currentMessage() == said


@pytest.mark.parametrize("known", ["nothing", "a part"])
def test_a_verdict_that_comes_before_the_scores_are_read_is_in_the_list(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path, known: str
) -> None:
    program.begin(videos / "gate.mp4", tmp_path / "still.safetensors", [videos / "street.mp4"])
    wait_for_all(program, qtbot)
    assert words(program)["gate.mp4"] == "0 of 2 reviewed"
    analysis = AnalysisState() if known == "nothing" else AnalysisState(AnalysisPhase.RUNNING, COUNT, COUNT)
    program.session.set_analysis(analysis)
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y, Qt.Key.Key_Y)
    assert "On to street.mp4: 2 to review" in program.window.statusBar().currentMessage()
    assert words(program)["gate.mp4"] == "2 of 2 reviewed"


def test_shift_up_goes_back_into_the_recording_before(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.begin(videos / "gate.mp4", tmp_path / "still.safetensors", [videos / "street.mp4"])
    wait_for_all(program, qtbot)
    first, second = (each.start for each in program.session.review.segments)
    press(program, qtbot, Qt.Key.Key_Up, modifier=SHIFT)
    qtbot.waitUntil(lambda: selected(program) == ("street.mp4", second))
    press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
    qtbot.waitUntil(lambda: selected(program) == ("gate.mp4", first))


def test_pressing_again_while_a_recording_opens_does_not_pass_it_over(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.begin(videos / "night" / "yard.mkv", tmp_path / "still.safetensors", [videos / "gate.mp4", videos])
    wait_for_all(program, qtbot)
    opened: list[str] = []
    program.worker.video_opened.connect(lambda opening: opened.append(opening.info.path.name))
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, modifier=SHIFT)
    qtbot.waitUntil(lambda: bool(opened))
    press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
    qtbot.waitUntil(lambda: selected(program) is not None)
    assert opened == ["gate.mp4"]
    assert open_name(program) == "gate.mp4"


def test_a_recording_that_breaks_on_the_way_is_passed_over(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path, fake_files: FakeFiles
) -> None:
    program.begin(videos / "night" / "yard.mkv", tmp_path / "still.safetensors", [videos / "gate.mp4", videos])
    wait_for_all(program, qtbot)
    del fake_files.videos["gate"]
    press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
    qtbot.waitUntil(lambda: "Failed" in words(program)["gate.mp4"])
    for box in program.window.findChildren(QMessageBox):
        box.reject()
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
    qtbot.waitUntil(lambda: (selected(program) or ("",))[0] == "street.mp4")


def test_a_key_that_is_held_judges_one_segment(program: Program) -> None:
    for name in ("confirm", "dismiss", "unsure", "bookmark", "split", "merge", "forget"):
        assert not program.window.actions_by_name[name].autoRepeat(), name


def test_whoever_goes_elsewhere_while_a_recording_opens_stays_there(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.begin(videos / "night" / "yard.mkv", tmp_path / "still.safetensors", [videos / "street.mp4"])
    wait_for_all(program, qtbot)
    program.worker.video_opened.connect(lambda _: program.session.seek(5))
    press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
    qtbot.waitUntil(lambda: len(program.session.review.segments) == 2 and open_name(program) == "street.mp4")
    qtbot.wait(100)
    assert program.session.playhead == 5
    assert selected(program) is None


# Segments of all recordings


def listed_segments(program: Program) -> list[tuple[str, int]]:
    ranked = program.window.docks.recordings.view.ranked
    rows = [ranked.segment(row) for row in range(ranked.rowCount())]
    return [(name_of(recording), segment.start) for recording, segment in rows]


def choose_listed(program: Program, qtbot: QtBot, wanted: Listed) -> None:
    """Choose what is listed with the keys of the box."""
    box = program.window.docks.recordings.view.listed_box
    box.setFocus()
    for _ in range(list(Listed).index(wanted) - box.currentIndex()):
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert program.window.docks.recordings.view.listed is wanted


def test_segments_of_all_recordings_are_one_list_and_open_their_recording(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    program.begin(videos / "night" / "yard.mkv", tmp_path / "still.safetensors", [videos])
    wait_for_all(program, qtbot)
    choose_listed(program, qtbot, Listed.UNREVIEWED)
    rows = listed_segments(program)
    assert len(rows) == 4
    view = program.window.docks.recordings.view
    scores = [view.ranked.segment(row)[1].peak_score for row in range(4)]
    assert scores == sorted(scores, reverse=True)
    at = view.segments.visualRect(view.ranked.index(2)).center()
    qtbot.mouseClick(view.segments.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert open_name(program) == "yard.mkv", "one click selects"
    qtbot.mouseDClick(view.segments.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: selected(program) == rows[2])
    press(program, qtbot, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: listed_segments(program) == [*rows[:2], rows[3]])
    press(program, qtbot, Qt.Key.Key_J, modifier=CONTROL)
    press(program, qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: selected(program) == rows[3])
    choose_listed(program, qtbot, Listed.SEGMENTS)
    assert listed_segments(program) == rows


def test_a_list_without_segments_says_why(program: Program, qtbot: QtBot, videos: Path, tmp_path: Path) -> None:
    (videos / "street.mp4").unlink()
    (videos / "gate.mp4").unlink()
    (videos / "yard.mp4").touch()
    program.begin(videos, tmp_path / "still.safetensors")
    wait_for_all(program, qtbot)
    choose_listed(program, qtbot, Listed.UNREVIEWED)
    nothing = [each.text() for each in program.window.docks.recordings.view.findChildren(QLabel) if each.isVisible()]
    assert "Nothing is flagged so far." in nothing


# Watched folders


@pytest.fixture
def _quick_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files rest at once, and folders are looked into all the time."""
    monkeypatch.setattr(engine_watching, "REST_SECONDS", 0.2)
    monkeypatch.setattr(watching, "POLL_MS", 50)


@pytest.mark.usefixtures("_quick_to_rest")
def test_what_comes_into_a_watched_folder_comes_onto_the_list(
    make_program: Callable[[], Program], qtbot: QtBot, videos: Path
) -> None:
    program = make_program()
    program.window.actions_by_name["watch_folder"].trigger()
    dialog = program.window.findChildren(QFileDialog)[0]
    dialog.fileSelected.emit(str(videos))
    dialog.reject()
    assert "Watching videos" in program.window.statusBar().currentMessage()
    wait_for_all(program, qtbot)
    assert list(stages(program)) == ["gate.mp4", "street.mp4", "yard.mkv"]
    assert program.session.video is None, "nothing is opened by itself"
    program.recordings.remove([str(videos / "gate.mp4")])
    (videos / "yard.mp4").touch()
    qtbot.waitUntil(lambda: list(stages(program)) == ["street.mp4", "yard.mkv", "yard.mp4"])
    program.close()
    program.window.close()

    (videos / "long.mp4").touch()
    again = make_program()
    qtbot.waitUntil(lambda: list(stages(again)) == ["street.mp4", "yard.mkv", "yard.mp4", "long.mp4"])
    view = again.window.docks.recordings.view
    assert view.watched_button.text() == "Watching videos"
    view.watched_button.menu().actions()[0].trigger()
    assert not view.watched_button.isVisible()
    (videos / "scratched.mp4").touch()
    drop(again, videos / "gate.mp4", videos / "street.mp4")
    qtbot.waitUntil(lambda: "gate.mp4" in stages(again))
    qtbot.wait(500)
    assert "scratched.mp4" not in stages(again)


@pytest.mark.usefixtures("_quick_to_rest")
def test_a_watched_folder_that_is_gone_is_told_and_watched_on(
    program: Program, qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    program.recordings.told.connect(told.append)
    program.recordings.watch(tmp_path / "disk")
    qtbot.waitUntil(lambda: any("disk is watched, but: The folder is gone" in each for each in told))
    videos.rename(tmp_path / "disk")
    qtbot.waitUntil(lambda: len(stages(program)) == 3)
    assert sum("is gone" in each for each in told) == 1


# The order, and where recordings are


def test_recordings_are_moved_in_the_list_with_alt_and_the_arrows(program: Program, qtbot: QtBot, videos: Path) -> None:
    program.recordings.model.set_paused(True)
    drop(program, videos)
    qtbot.waitUntil(lambda: open_name(program) == "gate.mp4")
    press(program, qtbot, Qt.Key.Key_J, modifier=CONTROL)
    press(program, qtbot, Qt.Key.Key_Down, modifier=ALT)
    assert list(stages(program)) == ["street.mp4", "gate.mp4", "yard.mkv"]
    press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
    press(program, qtbot, Qt.Key.Key_Down, modifier=ALT)
    assert list(stages(program)) == ["street.mp4", "gate.mp4", "yard.mkv"], "the last one can go no further"
    press(program, qtbot, Qt.Key.Key_Up, modifier=ALT)
    assert list(stages(program)) == ["gate.mp4", "yard.mkv", "street.mp4"]


def drag_rows(program: Program, qtbot: QtBot, rows: list[int], to: QPoint) -> None:
    """Select rows, drag them by the first and let go there; the screen of tests has no drags, so their end is sent."""
    view = program.window.docks.recordings.view.list
    places = [view.visualRect(view.model().index(row, 0)).center() for row in rows]
    for place in places:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, CONTROL, place)
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=places[0])
    qtbot.mouseMove(view.viewport(), places[0] + QPoint(2, 2))
    assert view.state() is ListView.State.DraggingState, "the mouse takes rows along, it does not select others"
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, CONTROL, place)
    data = view.model().mimeData(sorted(view.selectedIndexes()))
    left, no_keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QDragEnterEvent, QDragMoveEvent):
        QApplication.sendEvent(view.viewport(), kind(to, Qt.DropAction.MoveAction, data, left, no_keys))
    drop = QDropEvent(QPointF(to), Qt.DropAction.MoveAction, data, left, no_keys)
    QApplication.sendEvent(view.viewport(), drop)
    assert drop.isAccepted()


def test_recordings_are_dragged_to_another_place_and_stay_there(
    make_program: Callable[[], Program], qtbot: QtBot, videos: Path
) -> None:
    program = make_program()
    program.recordings.model.set_paused(True)
    drop(program, videos)
    qtbot.waitUntil(lambda: open_name(program) == "gate.mp4")
    view = program.window.docks.recordings.view.list
    view.clearSelection()
    assert view.dragEnabled()
    below_all = QPoint(20, view.viewport().height() - 2)
    drag_rows(program, qtbot, [0, 1], below_all)
    assert list(stages(program)) == ["yard.mkv", "gate.mp4", "street.mp4"], "they stay together, in their order"
    assert view.selectionModel().selectedRows()[0].row() == 1, "they stay selected"
    view.clearSelection()
    drag_rows(program, qtbot, [2], view.visualRect(view.model().index(0, 0)).topLeft() + QPoint(20, 2))
    assert list(stages(program)) == ["street.mp4", "yard.mkv", "gate.mp4"]
    program.close()
    program.window.close()
    assert list(stages(make_program())) == ["street.mp4", "yard.mkv", "gate.mp4"]


def test_recordings_that_moved_are_told_and_found_again(
    make_program: Callable[[], Program], qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    first = make_program()
    first.begin(videos / "night" / "yard.mkv", tmp_path / "still.safetensors", [videos])
    wait_for_all(first, qtbot)
    first.close()
    first.window.close()
    (tmp_path / "archive").mkdir()
    (videos / "street.mp4").rename(tmp_path / "archive" / "street.mp4")

    again = make_program()
    qtbot.waitUntil(lambda: words(again)["street.mp4"] == "Failed: It is not where it was")
    assert words(again)["gate.mp4"] == "0 of 2 reviewed"
    model = again.recordings.model
    known = model.recording(str(videos / "street.mp4"))
    assert known
    model.change(known.path, fingerprint=file_fingerprint(tmp_path / "archive" / "street.mp4"))  # as of a real file
    again.window.actions_by_name["find_moved"].trigger()
    dialog = again.window.findChildren(QFileDialog)[0]
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    qtbot.waitUntil(lambda: "1 of 1 moved" in again.window.statusBar().currentMessage())
    assert model.recording(str(tmp_path / "archive" / "street.mp4"))
    assert words(again)["street.mp4"] == "0 of 2 reviewed"


def test_a_recording_that_is_put_back_goes_on_at_the_next_start(
    make_program: Callable[[], Program], qtbot: QtBot, videos: Path, tmp_path: Path
) -> None:
    first = make_program()
    first.begin(videos / "gate.mp4", tmp_path / "still.safetensors", [videos])
    wait_for_all(first, qtbot)
    first.close()
    first.window.close()
    videos.rename(tmp_path / "unplugged")
    second = make_program()
    qtbot.waitUntil(lambda: set(words(second).values()) == {"Failed: It is not where it was"})
    second.close()
    second.window.close()
    (tmp_path / "unplugged").rename(videos)
    third = make_program()
    qtbot.waitUntil(lambda: all_analysed(third))


@pytest.fixture
def german() -> Iterator[None]:
    """The window speaks German, until a test says otherwise."""
    use_language("de")
    yield
    use_language(SOURCE_LANGUAGE)


@pytest.mark.usefixtures("german")
def test_why_a_recording_failed_is_told_in_the_language_that_the_window_speaks_now(
    make_program: Callable[[], Program], fake_files: FakeFiles, videos: Path, qtbot: QtBot
) -> None:
    def refuse(path: Path) -> MemoryVideo:
        advice = tr("Check the name and the permissions of its folder ({reason}).").format(reason="5")
        raise VideoError(tr("The file can't be reached"), subject=path, advice=advice)

    fake_files.videos["broken"] = refuse
    (videos / "broken.mp4").touch()
    broken = str(videos / "broken.mp4")
    before = make_program()
    before.recordings.model.add([ListedRecording(path=broken)])
    qtbot.waitUntil(lambda: stages(before)["broken.mp4"] == "failed")
    assert words(before)["broken.mp4"].startswith("Fehlgeschlagen: ")
    before.close()
    use_language(SOURCE_LANGUAGE)
    model = make_program().recordings.model
    recording, row = model.recording(broken), model.row_of(broken)
    assert recording is not None
    assert model.state_words(recording) == "Failed: The file can't be reached"
    tip = model.data(model.index(row or 0), Qt.ItemDataRole.ToolTipRole)
    assert "Check the name and the permissions of its folder (5)." in tip
