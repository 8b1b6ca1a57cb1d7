"""What every test of the window stands on: its own settings file, and no warning of Qt's goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMessageLogContext, QSettings, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from vadgui import theme
from vadgui.settings import Settings

# What the platform of the tests says about itself, not about us.
_HARMLESS = ("This plugin does not support", "Populating font family aliases took", "QFont::fromString")


@pytest.fixture(autouse=True)
def _no_qt_warning(request: pytest.FixtureRequest) -> Iterator[None]:
    warnings: list[str] = []

    def handle(kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
        del context
        text = message or ""
        if kind is not QtMsgType.QtDebugMsg and kind is not QtMsgType.QtInfoMsg and not text.startswith(_HARMLESS):
            warnings.append(text)

    before = qInstallMessageHandler(handle)
    yield
    qInstallMessageHandler(before)
    if request.node.get_closest_marker("qt_warns") is None:
        assert not warnings, f"Qt warned: {warnings}"


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
