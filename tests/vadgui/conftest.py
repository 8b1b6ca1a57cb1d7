"""What every test of the window stands on: settings of its own, and the program's theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from vadgui import theme
from vadgui.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a person who starts the program for the first time."""
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def styled(qapp: QApplication) -> Iterator[None]:
    """The application in the light theme, and back to it afterwards."""
    theme.install(qapp, theme.ThemeChoice.LIGHT)
    yield
    theme.choose(theme.ThemeChoice.LIGHT)
