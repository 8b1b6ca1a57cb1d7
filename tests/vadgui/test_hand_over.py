"""What is handed over from the window, of a recording on the disk, up to the files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from engine.commands.progress import finished
from engine.common.paths import exports_folder
from engine.evidence.bag import verify_package
from engine.hand_over.unfinished import UnfinishedExport, UnfinishedExports
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.review.document import JudgedSegment, Recording, Review, Verdict
from engine.review.files import read_review, usual_path, write_review
from engine.review.recording_list import ListedRecording
from engine.video import open_video
from engine.video import watching as engine_watching
from tests.clips import make_clip, read_number
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, StillPredictor
from vadgui.dialogs.hand_over.dialog import HandOverDialog
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.model.engine_state import AnalysisPhase
from vadgui.program import Program
from vadgui.recordings import watching
from vadgui.window import exports_view, hand_over_actions

FIRST, LAST = 30, 44


@pytest.fixture
def files() -> FakeFiles:
    files = FakeFiles(gate=open_video)
    files.predictors["still"] = StillPredictor("still")
    return files


@pytest.fixture
def program(files: FakeFiles, start_program: StartProgram, analyses: Path, tmp_path: Path, qtbot: QtBot) -> Program:
    """With a recording of 90 frames, in which a person has drawn and confirmed frames 30 to 44."""
    program = start_program(files, analyses)
    video = make_clip(tmp_path / "gate.mp4", 90, gop=12, b_frames=0)
    program.begin(video, tmp_path / "still.safetensors")
    session = program.session
    qtbot.waitUntil(lambda: session.analysis.phase is AnalysisPhase.DONE)
    session.seek(FIRST)
    QTest.keyClick(program.window, Qt.Key.Key_I)
    session.seek(LAST)
    QTest.keyClick(program.window, Qt.Key.Key_O)
    QTest.keyClick(program.window, Qt.Key.Key_Y)
    assert [(each.start, each.stop) for each in session.review.segments if each.judged] == [(FIRST, LAST + 1)]
    return program


Choose = Callable[[HandOverDialog], object]


def hand_over(program: Program, qtbot: QtBot, folder: Path, kind: int, choose: Choose = lambda _: None) -> ExportState:
    """Ctrl+E, the kind, the folder, Export; returns the last state."""
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    QTest.keyClick(program.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = program.window.findChildren(HandOverDialog)
    qtbot.waitExposed(dialog)
    place = dialog.kinds.visualItemRect(dialog.kinds.item(kind)).center()
    QTest.mouseClick(dialog.kinds.viewport(), Qt.MouseButton.LeftButton, pos=place)
    choose(dialog)
    dialog.folder_edit.setText(str(folder))
    click(dialog.export_button)
    ends = (ExportPhase.DONE, ExportPhase.FAILED)
    qtbot.waitUntil(lambda: bool(states) and states[-1].phase in ends)
    assert states[-1].phase is ExportPhase.DONE, states[-1].failure
    return states[-1]


def click(box: QAbstractButton) -> None:
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def test_a_cut_without_re_encoding_says_how_much_earlier_it_begins(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    state = hand_over(program, qtbot, tmp_path / "out", 0, lambda dialog: click(dialog.clips.cut_button))
    with av.open(str(state.path)) as container:
        numbers = [read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert numbers[0] == 24
    assert numbers[:21] == list(range(24, LAST + 1))
    assert "0.24 s earlier, at keyframe 24" in program.window.exports.row(state.number).why()


def test_tables_of_what_was_decided(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "gate.reviewed.csv").write_text("somebody's")
    state = hand_over(program, qtbot, tmp_path / "out", 1, lambda dialog: click(dialog.tables.format_boxes["vtt"]))
    assert state.path == tmp_path / "out"
    assert {path.name for path in state.path.iterdir()} == {
        "gate.reviewed.csv",
        "gate.reviewed-2.csv",
        "gate.reviewed.vtt",
    }
    line = (tmp_path / "out" / "gate.reviewed-2.csv").read_text("utf-8-sig").splitlines()[1]
    assert f"gate.mp4,1,{FIRST},{LAST + 1}," in line
    assert ",confirmed," in line


def test_a_report_opens_when_it_is_done(
    program: Program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(exports_view.QDesktopServices, "openUrl", opened.append)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "gate.report.pdf").write_bytes(b"somebody's")
    state = hand_over(program, qtbot, tmp_path / "out", 2, lambda dialog: click(dialog.report.format_boxes[".pdf"]))
    assert state.path == tmp_path / "out" / "gate.report-2.html"
    assert state.path.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
    assert opened == [QUrl.fromLocalFile(str(state.path))]
    text = state.path.read_text("utf-8")
    assert "Review of gate.mp4" in text
    assert f"frames {FIRST} to {LAST}" in text
    assert hashlib.sha256((tmp_path / "gate.mp4").read_bytes()).hexdigest() in text


def test_a_package_is_whole_and_holds_the_review_as_it_is_now(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    state = hand_over(program, qtbot, tmp_path / "out", 3)
    assert state.path == tmp_path / "out" / "gate.evidence"
    assert finished(verify_package(state.path)).is_whole
    data = state.path / "data"
    assert next((data / "originals").rglob("gate.mp4")).read_bytes() == (tmp_path / "gate.mp4").read_bytes()
    (recording,) = read_review(data / "review" / "gate.mp4.review.json").review.recordings
    assert [(each.start, each.stop, each.verdict) for each in recording.segments] == [(FIRST, LAST + 1, "confirmed")]
    assert len(list((data / "clips").iterdir())) == 2


def crashed(exports: Path, video: Path, folder: Path) -> None:
    """As a window that was killed while it exported leaves it."""
    unfinished = UnfinishedExports(exports, "0badf00d")
    unfinished.begin(1, UnfinishedExport("Tables of gate.mp4", str(video), str(folder), "tables", "confirmed"))
    unfinished.close()
    folder.mkdir()
    (folder / ".vadgui-0badf00d-1.partial").touch()


def test_what_was_not_finished_is_offered_again(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    crashed(exports_folder(), tmp_path / "gate.mp4", folder)
    program.export_controller.offer_unfinished()
    qtbot.waitUntil(program.window.docks.exports.isVisible)
    (row,) = program.window.exports.findChildren(exports_view.UnfinishedRow)
    assert not list(folder.iterdir())
    click(row.again_button)
    qtbot.waitUntil(lambda: bool(program.window.findChildren(HandOverDialog)))
    (dialog,) = program.window.findChildren(HandOverDialog)
    assert dialog.page is dialog.tables
    assert dialog.tables.segments_box.which == "confirmed"
    assert dialog.folder == folder
    dialog.reject()
    assert not row.isHidden(), "who cancels is offered it still"
    click(row.again_button)
    qtbot.waitUntil(lambda: any(each.isVisible() for each in program.window.findChildren(HandOverDialog)))
    (dialog,) = (each for each in program.window.findChildren(HandOverDialog) if each.isVisible())
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    click(dialog.export_button)
    qtbot.waitUntil(lambda: bool(states) and states[-1].phase is ExportPhase.DONE)
    qtbot.waitUntil(lambda: not program.window.exports.findChildren(exports_view.UnfinishedRow))
    assert list(folder.iterdir())
    assert not list(exports_folder().glob("*.json")), "it is done"


def test_a_long_name_leaves_the_buttons_of_an_export_in_sight(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    crashed(exports_folder(), tmp_path / f"{'gate_' * 30}.mp4", tmp_path / "out")
    program.export_controller.offer_unfinished()
    qtbot.waitUntil(program.window.docks.exports.isVisible)
    view = program.window.exports
    failure = f"It can't be written: /{'gate_' * 30}.mp4"
    view.show_export(ExportState(1, ExportPhase.FAILED, "gate", Path("gate"), 1, failure=failure))
    qtbot.waitUntil(lambda: view.widget().width() == view.viewport().width())


def test_what_is_not_wanted_any_more_is_forgotten(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    crashed(exports_folder(), tmp_path / "gate.mp4", tmp_path / "out")
    program.export_controller.offer_unfinished()
    qtbot.waitUntil(program.window.docks.exports.isVisible)
    (row,) = program.window.exports.findChildren(exports_view.UnfinishedRow)
    click(row.forget_button)
    assert row.isHidden()
    assert not list(exports_folder().glob("*.json"))


@pytest.mark.logs_errors
def test_where_its_recording_can_not_be_opened_it_is_offered_still(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    gone = tmp_path / "unplugged" / "gate.mp4"
    crashed(exports_folder(), gone, tmp_path / "out")
    program.export_controller.offer_unfinished()
    qtbot.waitUntil(program.window.docks.exports.isVisible)
    (row,) = program.window.exports.findChildren(exports_view.UnfinishedRow)
    failures: list[Path] = []
    program.worker.opening_failed.connect(lambda path, _: failures.append(path))
    click(row.again_button)
    qtbot.waitUntil(lambda: bool(failures))
    assert not row.isHidden()
    gone.parent.mkdir()
    make_clip(gone, 30, gop=12, b_frames=0)
    program.open_video(gone)
    session = program.session
    qtbot.waitUntil(lambda: session.video is not None and session.video.path == gone)
    qtbot.wait(50)
    assert not program.window.findChildren(HandOverDialog), "nobody asked for it any more"
    program.close()
    (offered,) = UnfinishedExports(exports_folder(), "another").take_over()
    assert offered.video == str(gone)


def offered(program: Program, qtbot: QtBot) -> exports_view.UnfinishedRow:
    """The row of the one export that was not finished, once it is shown."""
    program.export_controller.offer_unfinished()
    qtbot.waitUntil(lambda: bool(program.window.exports.findChildren(exports_view.UnfinishedRow)))
    (row,) = program.window.exports.findChildren(exports_view.UnfinishedRow)
    qtbot.waitUntil(row.again_button.isVisible)
    return row


def test_its_recording_is_opened_first(
    files: FakeFiles, start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start_program(files)
    crashed(exports_folder(), make_clip(tmp_path / "gate.mp4", 30, gop=12, b_frames=0), tmp_path / "out")
    row = offered(program, qtbot)
    click(row.again_button)
    qtbot.waitUntil(lambda: bool(program.window.findChildren(HandOverDialog)))
    (dialog,) = program.window.findChildren(HandOverDialog)
    assert dialog.page is dialog.tables
    dialog.reject()


def test_what_is_forgotten_while_its_recording_opens_can_be_exported_still(
    files: FakeFiles, start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start_program(files)
    crashed(exports_folder(), make_clip(tmp_path / "gate.mp4", 30, gop=12, b_frames=0), tmp_path / "out")
    row = offered(program, qtbot)
    click(row.again_button)
    click(row.forget_button)
    qtbot.waitUntil(lambda: bool(program.window.findChildren(HandOverDialog)))
    (dialog,) = program.window.findChildren(HandOverDialog)
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    dialog.tables.segments_box.choose("all")
    click(dialog.export_button)
    qtbot.waitUntil(lambda: bool(states) and states[-1].phase in (ExportPhase.DONE, ExportPhase.FAILED))
    assert not list(exports_folder().glob("*.json"))


def test_an_export_that_the_end_of_the_program_cuts_off_is_offered_again(
    program: Program, files: FakeFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    files.predictors["still"] = StillPredictor(seconds=0.1)
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    QTest.keyClick(program.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = program.window.findChildren(HandOverDialog)
    dialog.folder_edit.setText(str(tmp_path / "out"))
    click(dialog.export_button)
    qtbot.waitUntil(lambda: bool(states) and states[-1].done > 0)
    program.close()
    (found,) = UnfinishedExports(exports_folder(), "another").take_over()
    assert (found.title, found.kind, found.folder) == ("Clips of gate.mp4", "clips", str(tmp_path / "out"))
    assert not list((tmp_path / "out").iterdir())


@pytest.fixture
def listed(program: Program, tmp_path: Path) -> Program:
    """With a second recording on the list, which is not open, and a third that is no video."""
    for name in ("yard", "broken"):
        (tmp_path / name).mkdir()
    make_clip(tmp_path / "yard" / "gate.mp4", 60, gop=12, b_frames=0)
    (tmp_path / "broken" / "gate.mp4").write_bytes(b"nothing")
    program.recordings.model.add(
        ListedRecording(path=str(path)) for path in (tmp_path / "yard" / "gate.mp4", tmp_path / "broken" / "gate.mp4")
    )
    return program


def choose_all(program: Program, qtbot: QtBot) -> HandOverDialog:
    """All recordings of the list, by its menu."""
    view = program.window.docks.recordings.view
    view.list.setFocus()
    view.list.selectAll()
    menu = view.menu()
    menu.actions()[3].trigger()
    menu.close()
    qtbot.waitUntil(lambda: bool(program.window.findChildren(HandOverDialog)))
    (dialog,) = program.window.findChildren(HandOverDialog)
    return dialog


def judge_elsewhere(path: Path) -> None:
    """A verdict on a recording that was never open in this window."""
    with open_video(path) as source:
        info = source.info
    judged = JudgedSegment(start=10, stop=25, verdict=Verdict.CONFIRMED, is_drawn=True)
    recording = Recording(
        name=path.name, path=str(path), fingerprint=info.fingerprint, frame_count=60, segments=(judged,)
    )
    write_review(usual_path(path), Review(recordings=(recording,)))


@pytest.mark.parametrize("kind", ["clips", "tables", "report", "package"])
def test_many_recordings_are_handed_over_at_once(
    listed: Program, qtbot: QtBot, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over_actions, "open_file", lambda _: None)
    judge_elsewhere(tmp_path / "yard" / "gate.mp4")
    dialog = choose_all(listed, qtbot)
    assert dialog.windowTitle() == "Hand over · 2 recordings"
    assert dialog.left_out.text().startswith("1 recording is left out:\ngate.mp4: This file can't be opened")
    assert dialog.clips.segments_box.segment_count == 2
    assert dialog.summary.text().startswith("2 clips, ")
    row = ["clips", "tables", "report", "package"].index(kind)
    dialog.kinds.setCurrentRow(row)
    only_frame(dialog)
    dialog.folder_edit.setText(str(tmp_path / "out"))
    states: list[ExportState] = []
    listed.exports.changed.connect(states.append)
    click(dialog.export_button)
    qtbot.waitUntil(lambda: bool(states) and states[-1].phase in (ExportPhase.DONE, ExportPhase.FAILED))
    assert not states[-1].failure
    names = {path.name for path in (tmp_path / "out").iterdir()}
    if kind == "clips":
        assert len(names) == 2
        assert all(name.endswith(".segment-1.mp4") for name in names)
    elif kind == "tables":
        assert len(names) == 2
    elif kind == "report":
        (name,) = names
        assert name.endswith("-and-1-more.report.html")
        assert "1 recording is not in this report:" in (tmp_path / "out" / name).read_text(encoding="utf-8")
    else:
        (name,) = names
        assert len(list((tmp_path / "out" / name / "data" / "review").iterdir())) == 2
        assert len(list((tmp_path / "out" / name / "data" / "originals").iterdir())) == 2
        provenance = json.loads((tmp_path / "out" / name / "data" / "provenance.json").read_text(encoding="utf-8"))
        assert [each["name"] for each in provenance["left_out"]] == ["gate.mp4"]


def test_what_is_exported_into_a_watched_folder_is_no_new_recording(
    program: Program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_watching, "REST_SECONDS", 0.5)
    monkeypatch.setattr(watching, "POLL_MS", 50)
    folder = tmp_path / "watched"
    folder.mkdir()
    program.recordings.watch(folder)
    clip = hand_over(program, qtbot, folder, 0, only_frame).path
    package = hand_over(program, qtbot, folder, 3).path
    assert clip.parent == package.parent == folder
    make_clip(folder / "recorded.mp4")
    shutil.copy(clip, folder / "copied.mp4")
    listed = program.recordings.model
    qtbot.waitUntil(lambda: any(each.path.endswith("recorded.mp4") for each in listed.recordings))
    qtbot.wait(1000)
    assert [Path(each.path).name for each in listed.recordings] == ["gate.mp4", "recorded.mp4"]


@pytest.mark.logs_errors
def test_where_no_recording_can_be_handed_over_it_says_why(
    files: FakeFiles, start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start_program(files)
    told: list[Exception] = []
    program.export_controller.failed.connect(told.append)
    program.export_controller.hand_over([tmp_path / "gate.mp4"])
    qtbot.waitUntil(lambda: bool(told))
    assert "None of these recordings can be handed over" in str(told[0])
    assert "gate.mp4: " in str(told[0])


def test_what_is_redacted_is_in_no_clip_and_in_no_package(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    redaction = Redaction((RedactedRegion(RedactionMethod.FILL, (Keyframe(0, whole),)),))
    assert program.session.review.edit(lambda editor: editor.set_redaction("Redact", redaction))
    clip = hand_over(program, qtbot, tmp_path / "out", 0, only_frame).path
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")
            middle = picture[
                picture.shape[0] // 3 : picture.shape[0] // 2, picture.shape[1] // 4 : -picture.shape[1] // 4
            ]
            assert int(middle.max()) - int(middle.min()) < 8
    package = hand_over(program, qtbot, tmp_path / "out", 3).path
    assert not (package / "data" / "originals").exists()
    assert [path.name for path in (package / "data" / "clips").iterdir() if "cut" in path.name] == []


def only_frame(dialog: HandOverDialog) -> None:
    for panel, box in dialog.clips.panel_boxes.items():
        if box.isChecked() != (panel == "frame"):
            click(box)


@pytest.mark.usefixtures("pseudo_language")
def test_what_an_unfinished_export_is_kept_as_is_english_and_shown_in_the_language_in_use(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    QTest.keyClick(program.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = program.window.findChildren(HandOverDialog)
    dialog.folder_edit.setText(str(tmp_path / "out"))
    with qtbot.waitSignal(dialog.export_requested) as requested:
        click(dialog.export_button)
    _, unfinished = requested.args
    assert unfinished.title == "Clips of gate.mp4"
    assert unfinished.words == "⟦Clips of gate.mp4⟧"
