"""Everything by keyboard: real key events, and what they do to playhead, panels, timeline and docks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import SIGNAL, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.synthetic import add_rows, signals_with_bumps
from vadgui.dialogs.settings import SettingsDialog
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.model.session import ReviewSession
from vadgui.panels.content import Panel
from vadgui.playback.player import PlaybackMode
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.ui import theme
from vadgui.ui.keymap import Keymap
from vadgui.window.main_window import MainWindow

COUNT = 2000
BUMPS = [(400, 420), (1200, 1260)]
KEY = Qt.Key
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def program(start_program: StartProgram, settings: Settings, qtbot: QtBot, tmp_path: Path) -> Program:
    """The program with a recording of 80 seconds, two segments flagged."""
    settings.analyse_on_open = False
    program = start_program(FakeFiles(street=lambda path: MemoryVideo(path, COUNT, is_scene=True)))
    program.open_detector(tmp_path / "still.safetensors")
    program.open_video(tmp_path / "street.mp4")
    session = program.session
    qtbot.waitUntil(lambda: session.video is not None and session.detector is not None)
    add_rows(session.scoring, 0, signals_with_bumps(COUNT, BUMPS))
    while not session.scoring.catch_up():
        pass
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, COUNT, COUNT))
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    return program


Press = Callable[..., None]


@pytest.fixture
def press(program: Program, qtbot: QtBot) -> Press:
    """Presses keys wherever a person's keys would go."""

    def press_keys(*keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            qtbot.keyClick(program.window.focusWidget() or program.window, key, modifier)

    return press_keys


def test_every_action_does_something(program: Program) -> None:
    for name, action in program.window.actions_by_name.items():
        receivers = [action.receivers(SIGNAL(signal)) for signal in ("triggered(bool)", "toggled(bool)")]
        menus = [owner for owner in action.associatedObjects() if isinstance(owner, QMenu)]
        assert sum(receivers) > len(menus), f"{name}: somebody listens besides the menu, which always does"
        assert action in program.window.actions(), f"the keys of {name} work in all of the window"


@pytest.mark.parametrize(
    ("key", "modifier", "frames"),
    [
        (KEY.Key_Comma, None, -1),
        (KEY.Key_Period, None, 1),
        (KEY.Key_Left, None, -1),
        (KEY.Key_Right, SHIFT, 10),
        (KEY.Key_Left, CONTROL, -25),
        (KEY.Key_PageUp, None, -250),
        (KEY.Key_PageDown, None, 250),
        (KEY.Key_Home, None, -900),
        (KEY.Key_End, None, 1099),
    ],
)
def test_steps(program: Program, press: Press, key: Qt.Key, modifier: Qt.KeyboardModifier | None, frames: int) -> None:
    program.session.seek(900)
    press(key, modifier=modifier or Qt.KeyboardModifier.NoModifier)
    assert program.session.playhead == 900 + frames


def test_minutes(program: Program, press: Press) -> None:
    press(KEY.Key_PageDown, modifier=SHIFT)
    assert program.session.playhead == 1500
    press(KEY.Key_PageUp, modifier=SHIFT)
    assert program.session.playhead == 0


def test_j_k_l(program: Program, press: Press, qtbot: QtBot) -> None:
    player, session = program.player, program.session
    session.seek(1000)
    press(KEY.Key_L, KEY.Key_L)
    assert (player.playing, player.backwards, player.speed) == (True, False, 2.0)
    assert program.window.transport.speed_box.currentText() == "2×"
    press(KEY.Key_J)
    assert (player.playing, player.backwards, player.speed) == (True, True, 1.0)
    press(KEY.Key_J, KEY.Key_J)
    assert player.speed == 4.0
    here = session.playhead
    qtbot.waitUntil(lambda: session.playhead < here - 5)
    press(KEY.Key_K)
    assert (player.playing, player.speed) == (False, 1.0)
    press(KEY.Key_L, modifier=SHIFT)
    assert player.speed == 2.0
    press(KEY.Key_J, KEY.Key_J, modifier=SHIFT)
    assert player.speed == 0.5
    press(KEY.Key_F)
    assert player.mode is PlaybackMode.EVERY_FRAME
    assert program.window.actions_by_name["every_frame"].isChecked()
    press(KEY.Key_F)
    assert player.mode is PlaybackMode.REAL_TIME


def test_the_segment_is_looped_with_a_margin_and_the_next_one_after_it(
    program: Program, press: Press, settings: Settings
) -> None:
    settings.loop_margin = 0.4
    press(KEY.Key_R, modifier=SHIFT)
    assert not program.player.playing, "there is no segment here"
    press(KEY.Key_Down)
    press(KEY.Key_R, modifier=SHIFT)
    first, second = program.session.scoring.segments
    assert program.player.loop == (first.start - 10, first.stop + 10)
    assert program.window.actions_by_name["loop"].isChecked()
    press(KEY.Key_Down)
    assert program.player.loop == (second.start - 10, second.stop + 10)
    press(KEY.Key_R, modifier=SHIFT)
    assert not program.player.playing
    assert not program.window.actions_by_name["loop"].isChecked()


def test_a_segment_is_played_and_its_ends_are_reached(program: Program, press: Press) -> None:
    press(KEY.Key_Down)
    (segment, _) = program.session.scoring.segments
    press(KEY.Key_O, modifier=SHIFT)
    assert program.session.playhead == segment.stop - 1
    press(KEY.Key_I, modifier=SHIFT)
    assert program.session.playhead == segment.start
    program.window.panels.setFocus()
    press(KEY.Key_Return)
    assert program.player.playing
    press(KEY.Key_Space)
    assert not program.player.playing


def test_panels(program: Program, press: Press) -> None:
    panels = program.window.panels
    press(KEY.Key_3)
    assert panels.shown_panels() == [Panel.TEACHER_FLOW]
    press(KEY.Key_1)
    assert panels.shown_panels() == [Panel.FRAME]
    press(KEY.Key_1)
    assert len(panels.shown_panels()) == 5
    press(KEY.Key_6)
    assert panels.shown_panels() == [Panel.EVIDENCE]
    press(KEY.Key_0)
    assert len(panels.shown_panels()) == 5
    press(KEY.Key_5, modifier=CONTROL)
    assert Panel.PSNR_MASK not in panels.shown_panels()
    press(KEY.Key_0)
    assert panels.shown_panels() == list(Panel)
    press(KEY.Key_W, modifier=SHIFT)
    assert panels.overlay_action.isChecked()


def test_panels_are_put_first_by_keys_and_stay_so_after_a_restart(
    program: Program, press: Press, settings: Settings, qtbot: QtBot
) -> None:
    panels = program.window.panels
    usual = panels.shown_panels()
    press(KEY.Key_5, KEY.Key_6, modifier=ALT)
    arranged = [Panel.EVIDENCE, Panel.PSNR_MASK, *usual[:-1]]
    assert panels.shown_panels() == arranged, "a hidden one is shown"
    press(KEY.Key_2, modifier=CONTROL)
    arranged.remove(Panel.PREDICTED_FLOW)
    again = MainWindow(ReviewSession(), program.player, settings)
    qtbot.addWidget(again)
    assert again.panels.shown_panels() == arranged
    press(KEY.Key_0, modifier=ALT)
    assert panels.shown_panels() == usual
    assert panels.order == list(Panel)


def test_the_timeline_is_zoomed_and_moved(program: Program, press: Press) -> None:
    timeline = program.window.timeline
    whole = timeline.plot.box.span()
    program.session.seek(1000)
    press(KEY.Key_Plus)
    begin, stop = timeline.plot.box.span()
    assert stop - begin == pytest.approx((whole[1] - whole[0]) / 2)
    press(KEY.Key_Right, modifier=CONTROL | SHIFT)
    assert timeline.plot.box.span()[0] == pytest.approx(begin + 0.25 * (stop - begin))
    press(KEY.Key_Left, modifier=CONTROL | SHIFT)
    press(KEY.Key_Minus)
    assert timeline.plot.box.span() == pytest.approx(whole)
    press(KEY.Key_Down)
    press(KEY.Key_A)
    segment = program.session.scoring.segments[1]
    begin, stop = timeline.plot.box.span()
    assert begin < segment.start / 25 < segment.stop / 25 < stop
    assert stop - begin == pytest.approx(3 * len(segment) / 25, rel=0.1)
    press(KEY.Key_Z, modifier=SHIFT)
    assert timeline.plot.box.span() == pytest.approx(whole)


def test_the_threshold_is_stepped_and_typed(program: Program, press: Press, qtbot: QtBot) -> None:
    rule = program.session.scoring.rule.enter
    press(KEY.Key_PageUp, modifier=ALT)
    assert program.session.scoring.rule.enter == pytest.approx(rule + 0.05)
    press(KEY.Key_PageDown, KEY.Key_PageDown, modifier=ALT)
    assert program.session.scoring.rule.enter == pytest.approx(rule - 0.05)
    field = program.window.timeline.header.threshold_box
    assert not field.lineEdit().hasSelectedText(), "it does not look as if typing went there"
    press(KEY.Key_T, modifier=SHIFT)
    qtbot.wait(1)  # the number is selected a moment later
    qtbot.keyClicks(QApplication.focusWidget(), "0.7")
    press(KEY.Key_Return)
    assert program.session.scoring.rule.enter == pytest.approx(0.7)


def test_docks_theme_and_height_of_the_timeline(program: Program, press: Press) -> None:
    window = program.window
    for key, dock in ((KEY.Key_F2, window.docks.segments), (KEY.Key_F3, window.docks.history)):
        before = dock.isVisible()
        press(key)
        assert dock.isVisible() is not before
    height = window.timeline.height()
    press(KEY.Key_Up, modifier=CONTROL | SHIFT)
    assert window.timeline.height() > height
    window.actions_by_name["theme_dark"].trigger()
    assert theme.current().dark
    assert not window.actions_by_name["theme_light"].isChecked()


def test_what_is_known_is_copied(program: Program, press: Press) -> None:
    program.session.seek(410)
    press(KEY.Key_C, modifier=CONTROL)
    assert QGuiApplication.clipboard().text().startswith("Frame 410   0:16.400")
    press(KEY.Key_C, modifier=CONTROL | SHIFT)
    assert "peak score" in QGuiApplication.clipboard().text()


def test_the_keyboard_goes_from_area_to_area(program: Program, press: Press) -> None:
    window = program.window
    areas = [window.panels, window.transport, window.timeline, window.docks.segments]

    def area_of_focus() -> int | None:
        focus = QApplication.focusWidget()
        return next((n for n, area in enumerate(areas) if focus and area.isAncestorOf(focus)), None)

    seen = []
    for _ in range(5):
        press(KEY.Key_F6)
        seen.append(area_of_focus())
    assert seen == [3, 0, 1, 2, 3], "the timeline has the keyboard at first"
    press(KEY.Key_F6, modifier=SHIFT)
    assert area_of_focus() == 2


def test_go_to(program: Program, press: Press, qtbot: QtBot) -> None:
    box, session = program.window.go_to_box, program.session
    session.seek(7)
    press(KEY.Key_G)
    assert box.isVisible()
    assert box.answer() == "Now: Frame 7   0:00.280"
    qtbot.keyClicks(box.field, "1234")
    assert box.answer() == "Frame 1234   0:49.360"
    assert session.playhead == 7, "keys in the box trigger nothing else"
    press(KEY.Key_Return)
    assert session.playhead == 1234
    assert not box.isVisible()
    press(KEY.Key_G)
    qtbot.keyClicks(box.field, "9999")
    press(KEY.Key_Return)
    assert box.isVisible()
    assert box.answer() == "The last frame is 1999."
    press(KEY.Key_Escape)
    assert not box.isVisible()
    assert session.playhead == 1234


def test_chosen_keys_hold_at_once_and_are_kept(
    program: Program, press: Press, settings: Settings, qtbot: QtBot
) -> None:
    press(KEY.Key_Comma, modifier=CONTROL)
    qtbot.waitUntil(lambda: bool(program.window.findChildren(SettingsDialog)))
    (dialog,) = program.window.findChildren(SettingsDialog)
    dialog.show_keys()
    page = dialog.keys_page
    page.tree.setCurrentItem(page.tree.rows["step_forward"])
    page.editors[1].setFocus()
    qtbot.keyClick(page.editors[1], KEY.Key_D)
    dialog.reject()
    press(KEY.Key_D, KEY.Key_Right)
    assert program.session.playhead == 2
    press(KEY.Key_Period)
    assert program.session.playhead == 2
    assert Keymap(settings.keys).keys("step_forward") == ("Right", "D")
    button = next(each for each in program.window.transport.buttons if each.accessibleName() == "Next frame")
    program.window.actions_by_name.keymap.set_keys("step_forward", ["D"])
    assert button.toolTip().startswith("Next frame (D)")
    note = program.window.verdict_bar.note
    assert note.placeholderText() == "Note (N)"
    program.window.actions_by_name.keymap.set_keys("note", ["Shift+N"])
    assert note.placeholderText() == "Note (Shift+N)"
    program.window.actions_by_name.keymap.set_keys("note", [])
    assert note.placeholderText() == "Note"


def test_settings_hold_at_once(program: Program, settings: Settings, qtbot: QtBot) -> None:
    settings.outlines = False
    assert not program.window.actions_by_name["outlines"].isChecked()
    settings.theme = "dark"
    assert theme.current().dark
    with qtbot.waitSignal(program.worker.detector_opened):
        settings.device = "cpu"


def test_the_next_most_suspicious_are_gone_through(program: Program, press: Press) -> None:
    program.session.scoring.set_threshold(2.0)
    program.window.docks.segments.hide()
    moments, session = program.window.segment_list.moments, program.session
    press(KEY.Key_M, modifier=SHIFT)
    assert moments.list.isVisible()
    peaks = [moments.model.segment(row).peak_frame for row in range(moments.model.rowCount())]
    assert len(peaks) > 2
    assert session.playhead == peaks[0]
    press(KEY.Key_Down, KEY.Key_Down)
    assert session.playhead == peaks[2]
    press(KEY.Key_Up)
    assert session.playhead == peaks[1]
    press(KEY.Key_Return)
    assert program.player.playing
    assert session.playhead == moments.model.segment(1).start
    press(KEY.Key_Space)
    assert not program.player.playing


def test_moments_that_leave_the_list_leave_the_playhead_alone(program: Program, press: Press) -> None:
    program.session.scoring.set_threshold(2.0)
    press(KEY.Key_M, modifier=SHIFT)
    press(KEY.Key_End)
    model = program.window.segment_list.moments.model
    count = model.rowCount()
    program.session.seek(7)
    program.session.scoring.set_threshold(0.5)
    assert 0 < model.rowCount() < count
    assert program.session.playhead == 7
