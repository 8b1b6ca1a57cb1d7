"""Waits for the window that only what hangs outlasts."""

from __future__ import annotations

from typing import Any

from pytestqt.qtbot import QtBot

PATIENCE_MS = 180_000
"""A wait ends with what it waits for, which takes many times as long on a busy machine as on an idle one.

Three recordings to be analysed, 5 s of processor time, were under way yet after 60 s beside a load of 20 on two cores.
"""


class PatientQtBot(QtBot):
    """pytest-qt's robot, with waits that no busy machine outlasts."""

    def waitUntil(self, callback: Any, *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802 - pytest-qt's name
        """Wait until a condition holds."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:  # noqa: N802
        """Wait until a signal was emitted."""
        return super().waitSignal(signal, timeout=timeout, **more)

    def waitSignals(self, signals: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:  # noqa: N802
        """Wait until all of these signals were emitted."""
        return super().waitSignals(signals, timeout=timeout, **more)

    def waitExposed(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:  # noqa: N802
        """Wait until a window is on screen."""
        return super().waitExposed(widget, timeout=timeout)
