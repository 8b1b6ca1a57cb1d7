"""Reviewing in the window with keys and mouse: verdicts, undo, autosave, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QInputDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from engine.common.errors import ReviewError
from engine.common.language import in_language
from engine.review.document import Review, Verdict
from engine.review.files import backup_path, read_review, usual_path, write_review
from engine.review.store import ReviewStore, look_up
from tests.engine.review.making import recording
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo, StillPredictor
from tests.vadgui.synthetic import add_rows, signals_with_bumps
from vadgui.dialogs.settings import SettingsDialog
from vadgui.jobs.review_keeper import SOON_MS
from vadgui.jobs.source_guard import SourceChange
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.program import Program
from vadgui.segments.dismiss_menu import DismissMenu
from vadgui.segments.model import SegmentFilter, verdict_words
from vadgui.settings import Settings
from vadgui.timeline.lanes import PSNR

COUNT = 400
BUMPS = [(40, 60), (120, 140), (200, 220), (300, 320)]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)


@pytest.fixture
def make_program(settings: Settings, start_program: StartProgram) -> Callable[[], Program]:
    """Starts the program, as often as a test wants; recordings have no analysis, see `opened`."""
    settings.analyse_on_open = False

    def make() -> Program:
        files = FakeFiles(
            street=lambda path: MemoryVideo(path, COUNT),
            square=lambda path: MemoryVideo(path, COUNT + 1),
            gate=lambda path: MemoryVideo(path, COUNT + 2),
        )
        files.predictors["newer"] = StillPredictor("newer")
        return start_program(files)

    return make


@pytest.fixture
def program(make_program: Callable[[], Program], qtbot: QtBot, tmp_path: Path) -> Program:
    program = make_program()
    return opened(program, qtbot, tmp_path / "street.mp4")


def opened(program: Program, qtbot: QtBot, video: Path) -> Program:
    """Open a recording with its scores, as if its analysis was done."""
    before = program.session.video
    if program.session.detector is None:
        program.open_detector(video.parent / "still.safetensors")
    program.open_video(video)
    qtbot.waitUntil(lambda: program.session.video is not before and program.session.detector is not None)
    add_rows(program.session.scoring, 0, signals_with_bumps(program.session.frame_count, BUMPS))
    while not program.session.scoring.catch_up():
        pass
    count = program.session.frame_count
    program.session.set_analysis(AnalysisState(AnalysisPhase.DONE, count, count))
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    return program


def press(program: Program, qtbot: QtBot, *keys: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    """Press keys wherever the person's keys would go."""
    for key in keys:
        target = QApplication.activePopupWidget() or program.window.focusWidget() or program.window
        qtbot.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)


def verdicts(program: Program) -> list[str]:
    return [verdict_words(segment) for segment in program.session.scoring.segments]


def saved(video: Path) -> list[dict[str, object]]:
    """Judged segments in a recording's file."""
    review = json.loads(usual_path(video).read_text())["review"]
    return review["recordings"][review["current"]]["segments"]  # type: ignore[no-any-return]


def used_detector(video: Path) -> str:
    """The detector in a recording's file."""
    (recording,) = json.loads(usual_path(video).read_text())["review"]["recordings"]
    return str(recording["detector"]["name"])


def click_timeline(program: Program, qtbot: QtBot, frame: int) -> None:
    plot = program.window.timeline.plot
    on_scene = plot.box.mapViewToScene(QPointF((frame + 0.5) / 25, 0.3))
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.mapFromScene(on_scene))


# Verdicts


def test_a_set_is_reviewed_from_start_to_finish_by_keyboard(
    make_program: Callable[[], Program], qtbot: QtBot, tmp_path: Path
) -> None:
    program = make_program()
    videos = [tmp_path / f"{name}.mp4" for name in ("street", "square", "gate")]
    key = Qt.Key
    for video in videos:
        opened(program, qtbot, video)
        assert program.window.segment_list.count_text() == "4 segments"
        press(program, qtbot, key.Key_Down, key.Key_Y)
        assert program.window.segment_list.count_text() == "3 of 4 left"
        assert program.session.scoring.selected == program.session.scoring.segments[1], "confirm goes on"
        press(program, qtbot, key.Key_X, key.Key_Return)
        press(program, qtbot, key.Key_X, key.Key_3)
        assert program.window.segment_list.count_text() == "1 of 4 left"
        press(program, qtbot, key.Key_U)
        assert program.window.segment_list.count_text() == "0 of 4 left"
        assert program.window.statusBar().currentMessage() == "Every segment has a verdict."
        press(program, qtbot, key.Key_B)
        assert verdicts(program) == ["Confirmed", "Dismissed: normal", "Dismissed: animal", "Unsure"]
    program.reviews.flush()
    for video in videos:
        kept = read_review(usual_path(video)).review.recordings[0]
        assert [str(segment.verdict) for segment in kept.segments] == ["confirmed", "dismissed", "dismissed", "unsure"]
        assert kept.segments[3].bookmark
        assert len(kept.history) == 5


def test_everything_is_back_when_the_recording_is_opened_again(
    make_program: Callable[[], Program], program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.session.review.set_threshold(0.8)
    program.session.seek(77)
    program.close()
    program.window.close()
    again = opened(make_program(), qtbot, tmp_path / "street.mp4")
    assert verdicts(again) == ["Confirmed", "", "", ""]
    assert again.session.scoring.rule.enter == 0.8
    assert again.session.playhead == 77
    assert "Undo: Threshold to 0.80" in again.window.actions_by_name["undo"].text()
    press(again, qtbot, Qt.Key.Key_Z, Qt.Key.Key_Z, modifier=CONTROL)
    assert verdicts(again) == [""] * 4
    assert again.session.scoring.rule.enter == 0.7


def test_the_window_is_as_it_was_when_a_review_is_opened_again(
    make_program: Callable[[], Program], program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    window = program.window
    window.timeline.lanes.show([PSNR.key])
    press(program, qtbot, Qt.Key.Key_F3, Qt.Key.Key_Down, Qt.Key.Key_Y)
    press(program, qtbot, Qt.Key.Key_5, modifier=Qt.KeyboardModifier.AltModifier)
    press(program, qtbot, Qt.Key.Key_2, modifier=CONTROL)
    assert window.docks.history.isVisible()
    shown = window.panels.shown_panels()
    playhead = program.session.playhead
    window.close()
    program.close()
    again = opened(make_program(), qtbot, tmp_path / "street.mp4")
    assert again.window.docks.history.isVisible()
    assert again.window.panels.shown_panels() == shown
    assert again.window.timeline.lanes.wanted == [PSNR.key]
    assert again.session.playhead == playhead
    assert again.session.review.undo_name == "Confirm, frames 35–64"


def test_undo_and_redo_by_keys(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y, Qt.Key.Key_Y)
    press(program, qtbot, Qt.Key.Key_Z, modifier=CONTROL)
    assert verdicts(program) == ["Confirmed", "", "", ""]
    press(program, qtbot, Qt.Key.Key_Z, modifier=CONTROL | SHIFT)
    assert verdicts(program) == ["Confirmed", "Confirmed", "", ""]
    press(program, qtbot, Qt.Key.Key_Z, Qt.Key.Key_Z, Qt.Key.Key_Z, modifier=CONTROL)
    assert verdicts(program) == [""] * 4
    assert not program.window.actions_by_name["undo"].isEnabled()


def test_decisions_are_on_disk_within_two_seconds_and_nothing_before(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Right)
    assert not list(tmp_path.glob("*.review.json")), "looking leaves no file"
    press(program, qtbot, Qt.Key.Key_Y)
    assert SOON_MS <= 1000, "the rest is for writing"
    qtbot.waitUntil(lambda: usual_path(tmp_path / "street.mp4").exists())
    assert [each["verdict"] for each in saved(tmp_path / "street.mp4")] == ["confirmed"]


def test_a_note_is_typed_in_its_field_where_keys_trigger_nothing(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_N)
    note = program.window.verdict_bar.note
    assert note.hasFocus()
    playhead = program.session.playhead
    qtbot.keyClicks(note, "yxubn sm[]")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Delete):
        qtbot.keyClick(note, key)
    qtbot.keyClick(note, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(note, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert (program.session.playhead, verdicts(program)) == (playhead, [""] * 4)
    assert QApplication.activePopupWidget() is None
    note.setText("")
    qtbot.keyClicks(note, "yes, no")
    qtbot.keyClick(note, Qt.Key.Key_Return)
    assert not note.hasFocus()
    press(program, qtbot, Qt.Key.Key_Y)
    assert program.window.verdict_bar.note.text() == ""
    program.reviews.flush()
    assert saved(tmp_path / "street.mp4")[0]["note"] == "yes, no"


def test_a_long_note_shows_its_beginning(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_N)
    note = program.window.verdict_bar.note
    qtbot.keyClicks(note, "a cyclist rides across the square where nobody may ride, from left to right " * 3)
    qtbot.keyClick(note, Qt.Key.Key_Return)
    assert note.cursorPosition() == 0
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Up)
    assert note.cursorPosition() == 0


def test_after_a_note_and_the_go_to_box_keys_are_for_the_recording(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_N)
    note = program.window.verdict_bar.note
    qtbot.keyClicks(note, "cyclist")
    qtbot.keyClick(note, Qt.Key.Key_Return)
    press(program, qtbot, Qt.Key.Key_G)
    field = QApplication.focusWidget()
    assert field is not None
    qtbot.keyClicks(field, "12")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: program.session.playhead == 12)
    assert not isinstance(QApplication.focusWidget(), QCheckBox)
    program.window.actions_by_name["settings"].trigger()
    (dialog,) = program.window.findChildren(SettingsDialog)
    dialog.close()
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    assert not isinstance(QApplication.focusWidget(), QCheckBox)


def test_escape_leaves_a_note_as_it_was(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_N)
    qtbot.keyClicks(program.window.verdict_bar.note, "nonsense")
    qtbot.keyClick(program.window.verdict_bar.note, Qt.Key.Key_Escape)
    assert program.session.review.recording is not None
    assert program.session.review.recording.segments == ()
    assert program.session.scoring.selected is not None, "Escape was for the field"


def test_a_note_stays_with_its_segment_when_another_one_is_clicked(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_N)
    qtbot.keyClicks(program.window.verdict_bar.note, "first")
    click_timeline(program, qtbot, 130)
    first, second = program.session.review.segments[:2]
    assert program.session.scoring.selected == second
    assert first.judged is not None
    assert first.judged.note == "first"
    assert second.judged is None
    assert program.window.verdict_bar.note.text() == ""


@pytest.mark.parametrize("field", ["frame", "threshold"])
def test_keys_in_number_fields_trigger_nothing(program: Program, qtbot: QtBot, field: str) -> None:
    window = program.window
    box = window.transport.frame_box if field == "frame" else window.timeline.header.threshold_box
    qtbot.mouseClick(box.lineEdit(), Qt.MouseButton.LeftButton)
    focused = window.focusWidget()
    assert isinstance(focused, QLineEdit | type(box))
    for key in (Qt.Key.Key_Y, Qt.Key.Key_X, Qt.Key.Key_U, Qt.Key.Key_B, Qt.Key.Key_N, Qt.Key.Key_Delete):
        qtbot.keyClick(focused, key)
    assert verdicts(program) == [""] * 4
    assert program.session.scoring.selected is None
    assert QApplication.activePopupWidget() is None


def test_another_reason_is_asked_for_once_and_offered_again(program: Program, settings: Settings, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_X, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: bool(program.window.findChildren(QInputDialog)))
    dialog = program.window.findChildren(QInputDialog)[0]
    qtbot.waitUntil(dialog.isVisible)
    dialog.setTextValue(" road  works ")
    qtbot.keyClick(dialog.findChildren(QLineEdit)[0], Qt.Key.Key_Return)
    assert verdicts(program)[0] == "Dismissed: road works"
    assert settings.dismiss_reasons == ["road works"]
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    press(program, qtbot, Qt.Key.Key_X)
    assert isinstance(QApplication.activePopupWidget(), DismissMenu)
    press(program, qtbot, Qt.Key.Key_6)
    assert verdicts(program)[1] == "Dismissed: road works"


def test_the_list_shows_one_kind_of_verdict(program: Program, qtbot: QtBot) -> None:
    segments = program.window.segment_list
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    box = segments.filter_box
    for which, rows in ((SegmentFilter.CONFIRMED, 1), (SegmentFilter.UNREVIEWED, 3), (SegmentFilter.NOTED, 0)):
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_Home)
        for _ in range(list(SegmentFilter).index(which)):
            qtbot.keyClick(box, Qt.Key.Key_Down)
        assert box.currentData() is which
        assert segments.model.rowCount() == rows
    assert "with a note" in segments.message()


def test_the_list_shows_what_was_dismissed_for_one_reason(program: Program, qtbot: QtBot) -> None:
    segments = program.window.segment_list
    for digit in (Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_2):
        press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_X)
        qtbot.keyClick(QApplication.activePopupWidget(), digit)
    box = segments.filter_box
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_End)
    assert box.currentText() == "Dismissed: weather"
    assert [verdict_words(segments.model.segment(row)) for row in range(2)] == 2 * ["Dismissed: weather"]
    assert segments.model.rowCount() == 2
    program.window.setFocus()
    press(program, qtbot, Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert segments.model.rowCount() == 1
    box.setFocus()
    assert [box.itemText(row) for row in range(len(SegmentFilter) + 1, box.count())] == [
        "Dismissed: animal",
        "Dismissed: weather",
    ]


def test_the_history_is_in_the_persons_language_at_once(program: Program, qtbot: QtBot) -> None:
    with in_language("de"):
        press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
        program.session.review.set_threshold(0.9)
    stack = program.session.review.stack
    assert stack.text(0).startswith("Bestätigen, Bilder ")
    assert stack.text(1) == "Schwelle auf 0,90"


# Which segment


def test_a_click_on_a_flagged_band_selects_it_and_one_elsewhere_none(program: Program, qtbot: QtBot) -> None:
    second = program.session.scoring.segments[1]
    click_timeline(program, qtbot, 125)
    assert program.session.scoring.selected == second
    assert program.session.playhead == 125, "the playhead goes where the click was"
    assert program.window.actions_by_name["export"].isEnabled()
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    click_timeline(program, qtbot, 170)
    assert program.session.scoring.selected is None
    assert program.session.playhead == 170


def test_next_enters_the_segment_that_the_playhead_is_in(program: Program, qtbot: QtBot) -> None:
    program.session.seek(125)
    press(program, qtbot, Qt.Key.Key_Down)
    assert program.session.scoring.selected == program.session.scoring.segments[1]
    press(program, qtbot, Qt.Key.Key_Down)
    assert program.session.scoring.selected == program.session.scoring.segments[2]


def test_unreviewed_segments_are_gone_through_in_a_circle(program: Program, qtbot: QtBot) -> None:
    segments = program.session.scoring.segments
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Y)
    peaks = [segment.peak_frame for segment in segments]
    at = []
    for _ in range(3):
        press(program, qtbot, Qt.Key.Key_Down, modifier=SHIFT)
        at.append(program.session.playhead)
    assert at == [peaks[3], peaks[0], peaks[2]]
    press(program, qtbot, Qt.Key.Key_Up, modifier=SHIFT)
    assert program.session.playhead == peaks[0]


# Frames of a segment


def test_trims_splits_merges_and_takes_back(program: Program, qtbot: QtBot) -> None:
    def frames() -> list[tuple[int, int]]:
        return [(each.start, each.stop) for each in program.session.scoring.segments[:2]]

    flagged = frames()
    click_timeline(program, qtbot, 44)
    press(program, qtbot, Qt.Key.Key_I)
    program.session.seek(51)
    press(program, qtbot, Qt.Key.Key_O)
    assert frames()[0] == (44, 52)
    program.session.seek(48)
    press(program, qtbot, Qt.Key.Key_S)
    assert frames() == [(44, 48), (48, 52)]
    press(program, qtbot, Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_M)
    assert frames()[0] == (44, 52)
    press(program, qtbot, Qt.Key.Key_Delete)
    assert frames() == flagged
    press(program, qtbot, Qt.Key.Key_Z, modifier=CONTROL)
    assert frames()[0] == (44, 52)


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_merging_takes_a_split_of_the_last_segment_back(program: Program, qtbot: QtBot, share: float) -> None:
    press(program, qtbot, Qt.Key.Key_End, Qt.Key.Key_Up)
    scoring = program.session.scoring
    last = scoring.segments[-1]
    count = len(scoring.segments)
    assert scoring.selected == last
    program.session.seek(last.start + max(round(share * (last.stop - last.start)), 1))
    press(program, qtbot, Qt.Key.Key_S)
    assert len(scoring.segments) == count + 1
    press(program, qtbot, Qt.Key.Key_M)
    assert len(scoring.segments) == count
    assert (scoring.segments[-1].start, scoring.segments[-1].stop) == (last.start, last.stop)


def test_draws_a_segment_where_nothing_was_flagged(program: Program, qtbot: QtBot) -> None:
    click_timeline(program, qtbot, 250)
    press(program, qtbot, Qt.Key.Key_I)
    assert "frame 250" in program.window.statusBar().currentMessage()
    for _ in range(5):
        press(program, qtbot, Qt.Key.Key_Right)
    press(program, qtbot, Qt.Key.Key_O)
    drawn = program.session.scoring.selected
    assert drawn is not None
    assert (drawn.start, drawn.stop) == (250, 256)
    assert verdict_words(drawn) == "Confirmed: missed by the detector"
    assert program.window.statusBar().currentMessage().startswith("Frames 250 to 255 are a segment now")
    program.session.seek(290)
    press(program, qtbot, Qt.Key.Key_Escape, Qt.Key.Key_I, Qt.Key.Key_Escape)
    assert program.window.statusBar().currentMessage() == ""
    press(program, qtbot, Qt.Key.Key_I)
    program.session.seek(330)
    press(program, qtbot, Qt.Key.Key_O)
    assert "another segment" in program.window.statusBar().currentMessage()


# The threshold


def test_a_threshold_belongs_to_its_recording(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    box = program.window.timeline.header.threshold_box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "0.95")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert program.session.scoring.rule.enter == 0.95
    opened(program, qtbot, tmp_path / "square.mp4")
    assert program.session.scoring.rule.enter == 0.7, "another recording begins with the default"
    assert box.value() == 0.7
    opened(program, qtbot, tmp_path / "street.mp4")
    assert program.session.scoring.rule.enter == 0.95
    assert box.value() == 0.95


def test_verdicts_above_which_the_threshold_rises_are_told_of_and_come_back(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    scores = program.session.scoring.scores
    highest = float(np.nanmax(scores[:100]))
    lower = [segment for segment in program.session.scoring.segments if segment.peak_score > highest]
    program.session.review.set_threshold(min(1.0, highest + 1e-6))
    assert verdicts(program) == [""] * len(lower)
    assert "1 judged segment is below the threshold" in program.window.verdict_bar.hidden_text()
    program.session.review.set_threshold(0.6)
    assert verdicts(program)[0] == "Confirmed"
    assert not program.window.verdict_bar.hidden_text() or program.session.review.hidden_count == 0
    assert program.session.review.recording is not None
    assert len(program.session.review.recording.history) == 2, "moved twice at once is one step"


# The file


def test_a_damaged_review_opens_from_its_backup_and_says_so(
    make_program: Callable[[], Program], program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    path = usual_path(tmp_path / "street.mp4")
    for _ in range(2):
        press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
        program.reviews.flush()
    program.close()
    program.window.close()
    path.write_bytes(path.read_bytes()[:100])
    assert backup_path(path, 1).exists()
    again = opened(make_program(), qtbot, tmp_path / "street.mp4")
    assert "damaged" in again.window.review_banner.text()
    assert again.window.review_banner.isVisible()
    assert verdicts(again) == ["Confirmed", "", "", ""]
    press(again, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    again.reviews.flush()
    assert len(saved(tmp_path / "street.mp4")) == 2
    qtbot.mouseClick(again.window.review_banner.hide_button, Qt.MouseButton.LeftButton)
    assert not again.window.review_banner.isVisible()


def test_a_review_made_with_another_detector_says_so(
    make_program: Callable[[], Program], program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    video = tmp_path / "street.mp4"
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.open_detector(tmp_path / "newer.safetensors")
    qtbot.waitUntil(lambda: program.session.detector.name == "newer")
    assert program.window.review_banner.text() == "", "it was made here, not earlier"
    program.open_detector(tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.detector.name == "still")
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.close()
    program.window.close()
    again = opened(make_program(), qtbot, video)
    assert not again.window.review_banner.isVisible()
    again.open_detector(tmp_path / "newer.safetensors")
    qtbot.waitUntil(again.window.review_banner.isVisible)
    text = again.window.review_banner.text()
    assert text.startswith("This review was made with still. What is flagged now is by newer")
    again.session.seek(33)
    again.reviews.save_soon()
    again.reviews.flush()
    assert used_detector(video) == "still", "looking is not deciding"
    press(again, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    again.reviews.flush()
    assert used_detector(video) == "newer"
    again.open_detector(tmp_path / "still.safetensors")
    qtbot.waitUntil(again.window.review_banner.isHidden)


def test_a_second_window_says_who_has_the_review_and_changes_nothing(
    make_program: Callable[[], Program], program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.reviews.flush()
    program.close()
    program.window.close()
    other = ReviewStore(look_up(tmp_path / "street.mp4", f"street.mp4-{COUNT}"))
    other.claim()
    second = opened(make_program(), qtbot, tmp_path / "street.mp4")
    qtbot.waitUntil(lambda: "open in another window" in second.window.review_banner.text())
    assert verdicts(second)[0] == "Confirmed"
    assert not second.window.actions_by_name["confirm"].isEnabled()
    press(second, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    assert verdicts(second) == ["Confirmed", "", "", ""]
    assert second.session.review.edit(lambda editor: editor.draw(1, 2)) is False
    other.close()


def test_of_two_windows_that_begin_a_review_the_second_says_that_its_decision_is_not_kept(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    other = ReviewStore(look_up(tmp_path / "street.mp4", f"street.mp4-{COUNT}"))
    other.write(Review(recordings=(recording(fingerprint=f"street.mp4-{COUNT}"),)))
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    qtbot.waitUntil(lambda: "What you decided here last is not kept." in program.window.review_banner.text())
    other.close()


def test_a_review_that_failed_to_be_saved_is_told_and_saved_later(
    program: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Exception] = []
    program.reviews.failed.disconnect()
    program.reviews.failed.connect(told.append)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ReviewStore, "write", full)
        press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
        program.reviews.flush()
        qtbot.waitUntil(lambda: bool(told))
    assert isinstance(told[0], ReviewError)
    assert "No space left" in told[0].advice
    with qtbot.waitSignal(program.reviews.saved):
        program.reviews.flush()


def full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def fill_disk(patch: pytest.MonkeyPatch) -> None:
    """That of the recording and that of the person's data."""
    for name in ("write", "keep_aside"):
        patch.setattr(ReviewStore, name, full_disk)


@pytest.mark.parametrize("way", ["another recording", "close the recording", "close the window"])
def test_what_cannot_be_saved_is_not_left_without_asking(
    program: Program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def leave() -> None:
        if way == "another recording":
            program.window.video_chosen.emit(tmp_path / "square.mp4")
        elif way == "close the recording":
            program.window.close_video_requested.emit()
        else:
            program.window.close()

    def questions() -> list[QMessageBox]:
        return [box for box in program.window.findChildren(QMessageBox) if box.isVisible() and "saved" in box.text()]

    program.reviews.failed.disconnect()
    with monkeypatch.context() as patch:
        fill_disk(patch)
        press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
        leave()
        qtbot.waitUntil(lambda: bool(questions()))
        box = questions()[0]
        qtbot.mouseClick(next(b for b in box.buttons() if b.text() == "Stay here"), Qt.MouseButton.LeftButton)
        qtbot.wait(100)
        assert program.window.isVisible()
        assert verdicts(program)[0] == "Confirmed"
    leave()
    qtbot.waitUntil(lambda: usual_path(tmp_path / "street.mp4").exists())
    assert not questions()
    assert [each["verdict"] for each in saved(tmp_path / "street.mp4")] == ["confirmed"]


def test_what_was_decided_before_the_recording_was_replaced_is_saved(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y, Qt.Key.Key_N)
    qtbot.keyClicks(program.window.verdict_bar.note, "a van")
    program.worker.source_changed.emit(SourceChange.REPLACED)
    assert [each.get("note") for each in saved(tmp_path / "street.mp4")] == [None, "a van"]
    assert program.session.review.read_only


def test_what_could_not_be_saved_before_the_recording_was_replaced_is_tried_again(
    program: Program, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.reviews.failed.disconnect()
    with monkeypatch.context() as patch:
        fill_disk(patch)
        press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
        program.worker.source_changed.emit(SourceChange.REPLACED)
        assert program.reviews.is_unsaved
        qtbot.wait(50)  # until the failure is told
    program.reviews.flush()
    assert not program.reviews.is_unsaved
    assert [each["verdict"] for each in saved(tmp_path / "street.mp4")] == ["confirmed"]


def test_what_cannot_be_saved_may_be_given_up(program: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    program.reviews.failed.disconnect()
    fill_disk(monkeypatch)
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.window.close()
    box = next(box for box in program.window.findChildren(QMessageBox) if box.isVisible())
    qtbot.mouseClick(next(b for b in box.buttons() if b.text() != "Stay here"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not program.window.isVisible())


def test_another_review_of_the_open_recording_is_that_one(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "street.mp4").touch()
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.reviews.flush()
    theirs = tmp_path / "colleague.review.json"
    text = usual_path(tmp_path / "street.mp4").read_text()
    theirs.write_text(text.replace('"verdict": "confirmed"', '"verdict": "unsure"'))
    opened(program, qtbot, theirs)
    assert verdicts(program)[0] == "Unsure"
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.reviews.flush()
    assert usual_path(tmp_path / "street.mp4").read_text() == text
    assert len(read_review(theirs).review.recordings[0].segments) == 2


def test_a_reviews_file_opens_its_recording(
    make_program: Callable[[], Program], program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "street.mp4").touch()
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.close()
    program.window.close()
    again = opened(make_program(), qtbot, usual_path(tmp_path / "street.mp4"))
    assert again.session.video is not None
    assert again.session.video.name == "street.mp4"
    assert verdicts(again)[0] == "Confirmed"


def test_verdicts_survive_opening_the_same_recording_again(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    opened(program, qtbot, tmp_path / "street.mp4")
    press(program, qtbot, Qt.Key.Key_Y)
    program.reviews.flush()
    assert len(saved(tmp_path / "street.mp4")) == 2
    assert [each.verdict for each in program.session.review.segments[:2]] == [Verdict.CONFIRMED] * 2


def test_a_note_that_is_being_typed_goes_along_when_the_recording_is_left(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_N)
    qtbot.keyClicks(program.window.verdict_bar.note, "by the gate")
    program.window.close_video_requested.emit()
    qtbot.waitUntil(lambda: program.session.video is None)
    assert [each["note"] for each in saved(tmp_path / "street.mp4")] == ["by the gate"]


# Saved elsewhere


@pytest.fixture
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where reviews were saved is forgotten after the test: recordings of all tests are alike."""
    monkeypatch.setenv("VADGUI_REVIEWS", str(tmp_path / "reviews"))


def save_as(program: Program, qtbot: QtBot, path: Path) -> None:
    """Press the key for it, and choose a file in the dialog."""
    press(program, qtbot, Qt.Key.Key_S, modifier=CONTROL | SHIFT)
    dialog = program.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    program.window.activateWindow()
    qtbot.waitUntil(lambda: program.window.isActiveWindow() or QApplication.activeModalWidget() is not None)


@pytest.mark.usefixtures("own_places")
def test_a_review_saved_elsewhere_is_kept_there_and_opens_by_its_recording(
    program: Program, make_program: Callable[[], Program], qtbot: QtBot, tmp_path: Path, settings: Settings
) -> None:
    case = tmp_path / "case"
    case.mkdir()
    with qtbot.waitSignal(program.reviews.saved_as):
        save_as(program, qtbot, case / "monday")
    elsewhere = case / "monday.review.json"
    assert elsewhere.exists(), "it has the suffix of reviews, and is there before anything was decided"
    assert settings.recent_videos[0] == elsewhere
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.close()
    program.window.close()
    assert not usual_path(tmp_path / "street.mp4").exists()
    again = opened(make_program(), qtbot, tmp_path / "street.mp4")
    assert verdicts(again).count("Confirmed") == 1
    assert again.reviews.path == elsewhere


@pytest.mark.usefixtures("own_places")
def test_saving_over_another_review_asks_and_names_it(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    other = tmp_path / "square.mp4.review.json"
    program.reviews.flush()
    write_review(other, read_review(usual_path(tmp_path / "street.mp4")).review)
    before = other.read_bytes()
    save_as(program, qtbot, other)
    box = program.window.findChild(QMessageBox)
    assert box is not None
    assert "street.mp4" in box.informativeText()
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert other.read_bytes() == before
    assert program.reviews.path == usual_path(tmp_path / "street.mp4")
    save_as(program, qtbot, other)
    box = program.window.findChildren(QMessageBox)[-1]
    with qtbot.waitSignal(program.reviews.saved_as):
        qtbot.mouseClick(box.buttons()[0], Qt.MouseButton.LeftButton)
    assert program.reviews.path == other


@pytest.mark.usefixtures("own_places")
def test_saving_under_another_spelling_of_the_open_review_asks_nothing(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    program.reviews.flush()
    usual = usual_path(tmp_path / "street.mp4")
    (tmp_path / "link.review.json").symlink_to(usual)
    with qtbot.waitSignal(program.reviews.saved_as):
        save_as(program, qtbot, tmp_path / "link.review.json")
    assert program.window.findChild(QMessageBox) is None
    assert program.reviews.path == usual
