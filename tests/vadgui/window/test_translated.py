"""The main window in another language: nothing stays English, and mnemonics are as distinct as in English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from engine.common.language import LANGUAGES, SOURCE_LANGUAGE, tr, use_language
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.pseudo_language import untranslated
from tests.vadgui.synthetic import add_rows, signals_with_bumps
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.panels.content import Panel
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.ui.action_spec import MENUS
from vadgui.ui.action_specs import SPECS
from vadgui.window.main_window import MainWindow

COUNT = 1000
ALIKE = ("street.mp4", "still.safetensors", "still", "memory")
"""Names of the recording, the detector and the device."""


@pytest.fixture(params=list(LANGUAGES))
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    use_language(request.param)
    yield request.param
    use_language(SOURCE_LANGUAGE)


@pytest.fixture
def program(start_program: StartProgram, settings: Settings, pseudo_language: None) -> Program:
    del pseudo_language
    settings.analyse_on_open = False
    return start_program(FakeFiles(street=lambda path: MemoryVideo(path, COUNT, is_scene=True)))


def open_street(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    """Open a recording of 40 seconds, two segments flagged."""
    program.open_detector(tmp_path / "still.safetensors")
    program.open_video(tmp_path / "street.mp4")
    session = program.session
    qtbot.waitUntil(lambda: session.video is not None and session.detector is not None)
    add_rows(session.scoring, 0, signals_with_bumps(COUNT, [(400, 420), (700, 760)]))
    while not session.scoring.catch_up():
        pass
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, COUNT, COUNT))
    qtbot.waitUntil(session.view_is_settled)


def left_english(window: MainWindow, folder: Path = Path("/")) -> list[str]:
    return untranslated(window, same=(*ALIKE, str(folder)))


def test_nothing_is_left_english_in_the_empty_window(program: Program) -> None:
    assert left_english(program.window) == []


def test_nothing_is_left_english_with_a_recording(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    window, session = program.window, program.session
    assert left_english(window, tmp_path) == []
    session.navigation.select(session.scoring.segments[0])
    for name in ("zones", "redaction", "mask", "show_history", "show_exports", "commands"):
        window.actions_by_name[name].trigger()
        assert left_english(window, tmp_path) == [], name
    assert untranslated(window.command_palette) == []


@pytest.mark.parametrize("phase", list(AnalysisPhase))
def test_the_state_of_the_analysis_is_translated(program: Program, phase: AnalysisPhase) -> None:
    program.session.set_analysis(AnalysisState(phase, 1200, 5000, 25.0, 90.0))
    assert untranslated(program.window.analysis_status) == []


def test_what_panels_say_is_translated(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    said = [panel.title for panel in Panel]
    for panel in Panel:
        said += [panel.explanation, panel.use, program.window.panels.panel(panel).message]
    open_street(program, qtbot, tmp_path)
    said += [program.window.timeline.reading_at(410), program.window.timeline.flagged_in_words()]
    assert [text for text in said if "⟦" not in text] == []


def test_context_menus_are_translated(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_street(program, qtbot, tmp_path)
    window = program.window
    rows, plot, frame = window.segment_list.list, window.timeline.plot.viewport(), window.panels.panel(Panel.FRAME)
    first = rows.visualRect(rows.model().index(0, 0)).center()
    for widget, at in ((frame, frame.rect().center()), (plot, plot.rect().center()), (rows.viewport(), first)):
        assert untranslated(context_menu(widget, at, qtbot), same=ALIKE) == []


def context_menu(widget: QWidget, at: QPoint, qtbot: QtBot) -> QMenu:
    """The menu that a right click opens."""
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at))
    QApplication.sendEvent(widget, event)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    qtbot.addWidget(menu)
    menu.hide()
    return menu


def test_mnemonics_differ_within_a_menu(language: str) -> None:
    del language
    bar = [tr(name) for name in MENUS]
    assert repeated(bar) == []
    for menu in MENUS:
        for submenu in {spec.submenu for spec in SPECS}:
            texts = [spec.text for spec in SPECS if (spec.menu, spec.submenu) == (menu, submenu)]
            if not submenu:
                texts += sorted({spec.submenu for spec in SPECS if spec.menu == menu and spec.submenu})
            assert repeated(list(map(tr, texts))) == [], (menu, submenu)


def repeated(texts: list[str]) -> list[str]:
    marks = Counter(text[text.index("&") + 1].lower() for text in texts if "&" in text)
    return [mark for mark, count in marks.items() if count > 1]
