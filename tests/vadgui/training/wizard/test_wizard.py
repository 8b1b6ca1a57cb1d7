"""The whole wizard, driven by mouse and keys, from the first page to a detector in use."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget, QWizard
from pytestqt.qtbot import QtBot

from engine.models.detector_header import read_header
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from engine.review.recording_list import ListedRecording
from engine.training import Run
from resources import detector_path
from tests.engine.commands.reviews import write_review
from tests.tiny import TINY
from tests.vadgui.training.wizard.driving import (
    answer,
    button_of,
    click,
    drop,
    go_next,
    open_wizard,
    press,
    start,
    to_accept,
    to_check,
    to_effort,
    to_footage,
    wait_for,
)
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.training.model.draft import Goal
from vadgui.training.model.training_run import RunPhase
from vadgui.training.wizard.window import ACCEPT, RUN

MakeProgram = Callable[..., Program]
STOP_SECONDS = 30.0  # it takes 1 on an idle machine; what is stopped would run for minutes


def test_from_recordings_to_a_detector_in_use(
    make_program: MakeProgram,
    clips: Sequence[Path],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    from engine.models.detector import PRESETS

    clips = clips[:2]
    monkeypatch.setitem(PRESETS, "fast", TINY)  # the trainer's process does the same
    program = make_program(trainer="tiny")
    program.open_video(clips[0])
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot)
    qtbot.waitUntil(lambda: "In all" in wizard.check_page.facts.facts)
    assert wizard.check_page.facts.facts["In all"] == "about 2.5 min"
    start(wizard, qtbot)
    wait_for(program, RunPhase.FINISHED, qtbot)
    assert button_of(wizard, QWizard.WizardButton.NextButton).hasFocus()  # not the one that closes
    to_accept(program, wizard, qtbot)
    page = wizard.accept_page
    qtbot.waitUntil(lambda: "from less than 30 s nobody can tell" in page.alarms.text())
    click(page.compare_button, qtbot)
    acceptance = program.controller.state.acceptance
    assert acceptance is not None
    qtbot.waitUntil(lambda: acceptance.compare_progress is None and len(acceptance.traces()) >= 1)
    page.note_edit.setFocus()
    qtbot.keyClicks(page.note_edit, "by day")
    with qtbot.waitSignal(program.controller.detector_accepted) as accepted:
        press(wizard, QWizard.WizardButton.FinishButton, qtbot)
    kept = accepted.args[0]
    entry = program.controller.library.entry(kept)
    assert (entry.name, entry.note, entry.camera) == ("North gate", "by day", "North gate")
    qtbot.waitUntil(lambda: program.session.detector is not None and program.session.detector.path == kept)
    assert settings.detector == str(kept)
    assert program.controller.wizard is None


def test_the_run_has_the_settings_that_were_chosen(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_footage(wizard, qtbot)
    drop(wizard.footage_page, [clips[0].parent])
    page, footage = wizard.footage_page, program.controller.state.draft.footage
    qtbot.waitUntil(page.isComplete)
    first = page.list.topLevelItem(0)
    assert first is not None
    page.list.setCurrentItem(first)
    box = page.list.visualItemRect(first)
    left = page.list.header().sectionViewportPosition(3)
    qtbot.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(left + 11, box.center().y()))
    view = page.view
    for at in (0.3, 0.9):
        position = QPoint(round(view.strip.x_of(at)), 12)
        qtbot.mouseClick(view.strip, Qt.MouseButton.LeftButton, pos=position)
        click(view.mark_button, qtbot)
    qtbot.waitUntil(lambda: view.picture.picture is not None)
    assert str(clips[0]) in {str(path) for path in footage.held_out()}
    go_next(wizard, qtbot)
    qtbot.waitUntil(lambda: wizard.flow_page.flow.picture is not None)
    assert "px a frame" in wizard.flow_page.radius_line.text()
    go_next(wizard, qtbot)
    click(wizard.effort_page.cards["quick"].radio, qtbot)
    go_next(wizard, qtbot)
    start(wizard, qtbot)
    run = program.controller.state.run
    assert run is not None
    settings = Run(run.folder).settings
    assert settings.name == "North gate"
    assert settings.videos == tuple(map(str, clips))
    assert str(clips[0]) in settings.held_out
    ((begin, stop),) = settings.left_out[str(clips[0])]
    assert abs(begin - 0.3) < 0.05
    assert abs(stop - 0.9) < 0.05
    assert (settings.preset, settings.motion_epochs, settings.frame_epochs) == ("fast", 5, 3)
    assert settings.batch_size == 8, "the batch size that was measured to fit into memory"


def test_start_is_refused_with_the_reason(make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot) -> None:
    wizard = open_wizard(make_program(planner="refuses"), qtbot)
    to_check(wizard, clips, qtbot)
    qtbot.waitUntil(lambda: "The disk is full." in wizard.check_page.status.text())
    assert not wizard.button(QWizard.WizardButton.CommitButton).isEnabled()


def test_no_text_is_cut_off_at_the_minimum_size(make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot) -> None:
    wizard = open_wizard(make_program(), qtbot)
    wizard.resize(1, 1)
    to_effort(wizard, clips, qtbot)
    pages = (wizard.goal_page, wizard.footage_page, wizard.flow_page, wizard.effort_page)
    for page in pages[:0:-1]:
        assert wizard.currentPage() is page
        _nothing_is_squeezed(page)
        press(wizard, QWizard.WizardButton.BackButton, qtbot)
    for card in wizard.goal_page.cards.values():
        if card.radio.isEnabled():
            click(card.radio, qtbot)
            _nothing_is_squeezed(wizard.goal_page)


def _nothing_is_squeezed(page: QWidget) -> None:
    """Assert that wrapped labels have the height they need: a layout without enough space shrinks them first."""
    QApplication.processEvents()
    labels = [label for label in page.findChildren(QLabel) if label.isVisible() and label.wordWrap() and label.text()]
    assert labels
    for label in labels:
        assert label.height() >= label.heightForWidth(label.width()), label.text()


def test_keys_take_recordings_off_the_list_and_hold_them_out(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_footage(wizard, qtbot)
    page, footage = wizard.footage_page, program.controller.state.draft.footage
    drop(page, clips)
    qtbot.waitUntil(page.isComplete)
    page.list.setCurrentItem(page.list.topLevelItem(0))
    qtbot.keyClick(page.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(page.isComplete)
    assert [clip.path for clip in footage.clips] == clips[1:]
    assert page.list.selected() == clips[1:2]
    was_held_out = clips[1] in footage.held_out()
    qtbot.keyClick(page.list, Qt.Key.Key_Space)
    assert (clips[1] in footage.held_out()) is not was_held_out
    qtbot.keyClick(page.list, Qt.Key.Key_Space)
    assert (clips[1] in footage.held_out()) is was_held_out


def test_keys_alone_start_a_training(make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot) -> None:
    wizard = open_wizard(make_program(), qtbot)
    to_effort(wizard, clips, qtbot)
    next_button = button_of(wizard, QWizard.WizardButton.NextButton)
    next_button.setFocus()
    qtbot.keyClick(next_button, Qt.Key.Key_Space)
    start_button = button_of(wizard, QWizard.WizardButton.CommitButton)
    qtbot.waitUntil(start_button.hasFocus)
    qtbot.keyClick(start_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: wizard.currentId() == RUN)
    assert wizard.run_page.pause_button.hasFocus()


def test_a_measurement_that_dies_is_told_though_some_efforts_have_their_costs(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    wizard = open_wizard(make_program(planner="dies"), qtbot)
    to_effort(wizard, clips, qtbot)
    qtbot.waitUntil(lambda: "ended unexpectedly" in wizard.effort_page.status.text())
    assert wizard.effort_page.times["quick"].text().startswith("about")


def test_tab_goes_through_the_first_page_in_the_order_on_screen(make_program: MakeProgram, qtbot: QtBot) -> None:
    wizard = open_wizard(make_program(), qtbot)
    page = wizard.goal_page
    wizard.activateWindow()
    qtbot.waitUntil(page.cards[Goal.NEW_CAMERA].radio.hasFocus)
    qtbot.keyClick(page.cards[Goal.NEW_CAMERA].radio, Qt.Key.Key_Down)
    for widget in (page.cards[Goal.IMPROVE].radio, page.base_box, page.browse_button, page.name_edit):
        assert widget.hasFocus()
        qtbot.keyClick(widget, Qt.Key.Key_Tab)


def test_the_wizard_fits_the_screen(make_program: MakeProgram, qtbot: QtBot) -> None:
    wizard = open_wizard(make_program(), qtbot)
    room = wizard.screen().availableSize()
    assert wizard.height() < room.height()
    assert wizard.width() <= max(room.width(), wizard.minimumWidth())


def test_costs_are_shown_on_the_cards(make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot) -> None:
    wizard = open_wizard(make_program(), qtbot)
    to_effort(wizard, clips, qtbot)
    times = wizard.effort_page.times
    qtbot.waitUntil(lambda: times["standard"].text() == "about 30 min")
    assert times["quick"].text() == "about 8.5 min"
    assert wizard.effort_page.status.text() == "Measured on this machine, with your footage."


def test_a_busy_machine_is_noted_beside_every_duration(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    wizard = open_wizard(make_program(planner="busy"), qtbot)
    to_effort(wizard, clips, qtbot)
    page, busy = wizard.effort_page, "Other programs keep this machine busy: without them {} would take about {}."
    qtbot.waitUntil(lambda: page.times["standard"].text() == "about 30 min")
    assert busy.format("Standard", "15 min") in page.status.text()
    click(page.cards["quick"].radio, qtbot)
    assert busy.format("Quick", "4.2 min") in page.status.text()
    go_next(wizard, qtbot)
    qtbot.waitUntil(lambda: wizard.check_page.notes.text() == busy.format("it", "4.2 min"))


def test_unusable_footage_is_reported(
    make_program: MakeProgram, clips: Sequence[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video")
    wizard = open_wizard(make_program(), qtbot)
    to_footage(wizard, qtbot)
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    drop(wizard.footage_page, [broken])
    page = wizard.footage_page
    qtbot.waitUntil(lambda: "no video to learn from" in page.status.text())
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    drop(page, clips[:2])
    qtbot.waitUntil(page.isComplete)
    assert wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    drop(page, [tmp_path / "nowhere"])
    qtbot.waitUntil(lambda: "There is no such file or folder" in page.status.text())


def test_pauses_and_resumes(make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot, epochs=50)
    start(wizard, qtbot)
    wait_for(program, RunPhase.RUNNING, qtbot)
    page = wizard.run_page
    began = time.monotonic()
    click(page.pause_button, qtbot)
    wait_for(program, RunPhase.STOPPED, qtbot)
    assert time.monotonic() - began < STOP_SECONDS
    assert "Nothing is lost" in page.message.text()
    assert page.pause_button.text() == "Go on"
    assert page.pause_button.hasFocus()  # not the one that gives up
    click(page.pause_button, qtbot)
    wait_for(program, RunPhase.RUNNING, qtbot)
    qtbot.waitUntil(page.finish_button.isEnabled)
    qtbot.waitUntil(lambda: not page.samples.picture.image.isNull())


def test_closing_the_wizard_asks_and_the_status_bar_reopens_it(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot, epochs=300)
    start(wizard, qtbot)
    wait_for(program, RunPhase.RUNNING, qtbot)
    wizard.close()
    answer(wizard, "Stay here", qtbot)
    assert wizard.isVisible()
    wizard.close()
    answer(wizard, "Go on without this window", qtbot)
    assert not wizard.isVisible()
    status = program.window.training_status
    assert status.isVisible()
    assert "North gate" in status.text()
    assert status.width() > status.fontMetrics().horizontalAdvance("North gate")
    click(status, qtbot)
    assert wizard.isVisible()
    assert wizard.currentId() == RUN
    wizard.close()
    answer(wizard, "Pause, resume later", qtbot)
    wait_for(program, RunPhase.STOPPED, qtbot)


def test_closing_the_program_pauses_and_the_next_start_resumes(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot, epochs=300)
    start(wizard, qtbot)
    wait_for(program, RunPhase.RUNNING, qtbot)
    program.window.close()
    assert program.window.isVisible(), "closing must ask first"
    process = psutil.Process(program.controller.supervisor.client.process_id)
    with qtbot.waitSignal(program.window.closed):
        answer(program.window, "Pause, resume later", qtbot)
    program.close()
    assert not process.is_running()

    again = make_program()
    wizard = open_wizard(again, qtbot)
    qtbot.waitUntil(lambda: len(again.controller.state.runs) == 1)
    click(wizard.goal_page.cards[Goal.RESUME].radio, qtbot)
    assert wizard.goal_page.run_list.topLevelItem(0).text(0) == "North gate"  # type: ignore[union-attr]
    go_next(wizard, qtbot)
    qtbot.waitUntil(lambda: wizard.currentId() == RUN)
    run = again.controller.state.run
    assert run is not None
    assert run.phase is RunPhase.STOPPED
    click(wizard.run_page.pause_button, qtbot)
    wait_for(again, RunPhase.RUNNING, qtbot)


def test_closing_the_program_detaches_the_run_and_the_next_start_finds_it(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot, epochs=300)
    start(wizard, qtbot)
    wait_for(program, RunPhase.RUNNING, qtbot)
    program.window.close()
    with qtbot.waitSignal(program.window.closed):
        answer(program.window, "Go on in the background", qtbot)
    run = program.controller.state.run
    assert run is not None
    folder = run.folder
    program.close()
    qtbot.waitUntil(lambda: Run(folder).process_id is not None)

    again = make_program()
    again.controller.find_pending_run()
    qtbot.waitUntil(again.window.training_status.isVisible)
    click(again.window.training_status, qtbot)
    wizard = again.controller.wizard
    assert wizard is not None
    assert wizard.currentId() == RUN
    click(wizard.run_page.pause_button, qtbot)
    wait_for(again, RunPhase.STOPPED, qtbot)
    qtbot.waitUntil(lambda: Run(folder).process_id is None)


def test_giving_a_training_up_deletes_its_files(make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot, epochs=300)
    start(wizard, qtbot)
    wait_for(program, RunPhase.RUNNING, qtbot)
    run = program.controller.state.run
    assert run is not None
    folder = run.folder
    click(wizard.run_page.cancel_button, qtbot)
    answer(wizard, "Delete it", qtbot)
    qtbot.waitUntil(lambda: not folder.exists())
    assert program.controller.wizard is None
    assert all(clip.exists() for clip in clips)
    wizard = open_wizard(program, qtbot)
    assert wizard.currentPage() is wizard.goal_page
    assert not program.window.training_status.isVisible()


def test_a_killed_trainer_is_reported_and_its_run_resumed(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program(trainer="killed")
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot, epochs=3)
    start(wizard, qtbot)
    wait_for(program, RunPhase.FAILED, qtbot)
    page = wizard.run_page
    assert "memory ran out" in page.message.text()
    click(page.pause_button, qtbot)
    to_accept(program, wizard, qtbot)
    assert wizard.currentId() == ACCEPT


def test_a_finished_detector_can_be_decided_on_later(
    make_program: MakeProgram, clips: Sequence[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    from engine.models.detector import Detector, DetectorSettings, save_detector

    save_detector(Detector(DetectorSettings("New", "fast", "dis-fast", 2.0)), tmp_path / "new.safetensors")
    monkeypatch.setenv("FAKE_DETECTOR", str(tmp_path / "new.safetensors"))  # a detector that is not in the library yet
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_check(wizard, clips, qtbot)
    start(wizard, qtbot)
    to_accept(program, wizard, qtbot)
    later = wizard.button(QWizard.WizardButton.CancelButton)
    assert later.text() == "Decide later"
    assert "among the trainings to go on with" in later.toolTip()
    press(wizard, QWizard.WizardButton.CancelButton, qtbot)
    assert not wizard.isVisible()
    runs = open_wizard(program, qtbot).goal_page.run_list
    qtbot.waitUntil(lambda: runs.topLevelItemCount() == 1)
    assert runs.topLevelItem(0).text(1) == "Done, to be decided on"  # type: ignore[union-attr]
    assert all(entry.is_bundled for entry in program.controller.library.entries())
    program.close()

    again = make_program()
    again.controller.find_pending_run()
    qtbot.waitUntil(again.window.training_status.isVisible)
    click(again.window.training_status, qtbot)
    wizard_again = again.controller.wizard
    assert wizard_again is not None
    assert wizard_again.currentId() == ACCEPT
    with qtbot.waitSignal(again.controller.detector_accepted):
        press(wizard_again, QWizard.WizardButton.FinishButton, qtbot)
    qtbot.waitUntil(lambda: again.controller.wizard is None)


def test_closed_before_the_training_began_the_wizard_reopens_at_the_same_page(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    to_effort(wizard, clips, qtbot)
    press(wizard, QWizard.WizardButton.CancelButton, qtbot)
    assert not wizard.isVisible()
    assert open_wizard(program, qtbot) is wizard
    assert wizard.currentPage() is wizard.effort_page
    assert len(program.controller.state.draft.footage.clips) == len(clips)


def test_the_fourth_goal_takes_what_was_reviewed_and_leaves_out_what_is_not_normal(
    make_program: MakeProgram, clips: Sequence[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    detector = detector_path("plaza")
    used = DetectorUsed("Demo plaza", read_header(detector).fingerprint)
    videos = [Path(shutil.copy(clip, tmp_path / clip.name)) for clip in clips[:2]]
    normal = JudgedSegment(start=2, stop=8, verdict=Verdict.DISMISSED, reason="normal")
    thief = JudgedSegment(start=10, stop=20, verdict=Verdict.CONFIRMED)
    write_review(videos[0], normal, thief, detector=used, score="calibrated")
    write_review(videos[1], normal, detector=used, score="calibrated")
    program = make_program()
    program.recordings.model.add(ListedRecording(path=str(video)) for video in videos)
    wizard = open_wizard(program, qtbot)
    page = wizard.goal_page
    click(page.cards[Goal.VERDICTS].radio, qtbot)
    assert page.base_box.isVisible()
    paths = [page.base_box.itemData(number) for number in range(page.base_box.count())]
    page.base_box.setCurrentIndex(paths.index(detector))
    page.base_box.activated.emit(page.base_box.currentIndex())
    qtbot.keyClicks(page.name_edit, "Plaza")
    go_next(wizard, qtbot)
    footage = program.controller.state.draft.footage
    qtbot.waitUntil(lambda: len(footage.clips) == 2)
    assert [clip.path for clip in footage.clips] == videos
    assert footage.clips[0].left_out == (pytest.approx((0.4, 0.8)),)
    assert footage.clips[1].left_out == ()
    qtbot.waitUntil(lambda: footage.checking is None)
    fields = program.controller.state.draft.settings_fields()
    assert fields["start_from"] == str(detector)


def test_where_nothing_was_reviewed_the_fourth_goal_says_what_to_do(make_program: MakeProgram, qtbot: QtBot) -> None:
    program = make_program()
    wizard = open_wizard(program, qtbot)
    click(wizard.goal_page.cards[Goal.VERDICTS].radio, qtbot)
    qtbot.keyClicks(wizard.goal_page.name_edit, "Plaza")
    go_next(wizard, qtbot)
    qtbot.waitUntil(lambda: "No recording was reviewed" in wizard.footage_page.status.text())
