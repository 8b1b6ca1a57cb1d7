"""Fixtures of all tests of the window: fresh settings, the program's theme, and clean-up after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.vadgui.fakes import FakeFiles
from tests.vadgui.patience import PatientQtBot
from tests.vadgui.pseudo_language import pseudo_language
from vadgui.errors import ErrorReporter
from vadgui.garbage import GarbageCollector
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.ui import theme

__all__ = ["pseudo_language"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test in this folder the marker `gui`."""
    for item in items:  # pytest passes all tests of the run, not only those of this folder
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.gui)


@pytest.fixture(autouse=True)
def _widgets_are_destroyed_in_the_gui_thread(qapp: QApplication) -> Iterator[None]:
    """Collect garbage in the GUI thread only, as the program does: see `GarbageCollector`."""
    del qapp
    collector = GarbageCollector()
    yield
    collector.close()


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """Mouse, keys and waits."""
    del qapp
    return PatientQtBot(request)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with all their defaults, in a file of this test."""
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture(autouse=True)
def _no_window_stays_open() -> Iterator[None]:
    """Fail a test that leaves a window open: later tests search all top-level windows for their own."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # deletes the widgets that pytest-qt has closed
    open_windows = [window for window in QApplication.topLevelWidgets() if window.isVisible()]
    for window in open_windows:
        window.hide()
    assert not open_windows, f"the test left windows open: {open_windows}"


@pytest.fixture
def styled(qapp: QApplication) -> Iterator[None]:
    """Give the application the light theme, and restore it after the test."""

    def has_light_theme() -> bool:
        return theme.choice() is theme.ThemeChoice.LIGHT and qapp.styleSheet() == theme.style_sheet(theme.LIGHT)

    # Setting a style sheet anew, even the same, takes longer than many a test.
    if not has_light_theme():
        theme.install(qapp, theme.ThemeChoice.LIGHT)
    yield
    if not has_light_theme():
        theme.choose(theme.ThemeChoice.LIGHT)


@pytest.fixture
def reporter(qapp: QApplication) -> Iterator[ErrorReporter]:
    """Shows the errors of the programs that a test starts."""
    del qapp
    reporter = ErrorReporter()
    yield reporter
    reporter.close()


@pytest.fixture(scope="module")
def analyses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of stored analyses that a module's tests share, where an analysis is not what they test."""
    return tmp_path_factory.mktemp("analyses")


StartProgram = Callable[..., Program]


@pytest.fixture
def start_program(
    settings: Settings, reporter: ErrorReporter, styled: None, tmp_path: Path, qtbot: QtBot
) -> Iterator[StartProgram]:
    """Starts the program with these files, on screen, as often as a test wants; all end with the test."""
    del styled
    with ExitStack() as ends:

        def start(files: FakeFiles | None = None, analyses: Path = tmp_path / "analyses") -> Program:
            openers = {"video_opener": files.open_video, "predictor_opener": files.open_predictor} if files else {}
            program = Program(settings, reporter, analyses=analyses, **openers)
            ends.callback(program.close)
            reporter.set_parent_window(program.window)
            qtbot.addWidget(program.window)
            program.window.show()
            qtbot.waitExposed(program.window)
            return program

        yield start
