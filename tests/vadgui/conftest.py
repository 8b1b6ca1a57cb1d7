"""What every test of the window stands on: settings of its own, and the program's theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from vadgui.garbage import GarbageCollector
from vadgui.settings import Settings
from vadgui.ui import theme


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of the window."""
    for item in items:  # of the whole run
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.gui)


@pytest.fixture(autouse=True)
def _widgets_die_in_the_gui_thread(qapp: QApplication) -> Iterator[None]:
    """As in the program: see `GarbageCollector`."""
    del qapp
    collector = GarbageCollector()
    yield
    collector.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a person who starts the program for the first time."""
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture(autouse=True)
def _no_window_is_left() -> Iterator[None]:
    """A window, or a box without one, would be found by later tests that look for theirs."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # what pytest-qt has closed
    left = [window for window in QApplication.topLevelWidgets() if window.isVisible()]
    for window in left:
        window.hide()
    assert not left, f"the test left windows open: {left}"


@pytest.fixture
def styled(qapp: QApplication) -> Iterator[None]:
    """The application in the light theme, and back to it afterwards."""
    theme.install(qapp, theme.ThemeChoice.LIGHT)
    yield
    theme.choose(theme.ThemeChoice.LIGHT)
