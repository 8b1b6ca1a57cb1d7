"""Keeps the stored analyses within what the settings allow, in a thread of its own."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from engine.analysis.analysis_files import prune
from vadgui.jobs.background import Background
from vadgui.settings import Settings

_FIRST_MS, _EACH_MS = 30_000, 3_600_000  # not while the window opens, nor while a limit is typed
_GIB = 2**30


class AnalysisPruning(QObject):
    """Removes what is too much soon after the start, and every hour; `close` ends it."""

    def __init__(self, settings: Settings, analyses: Path) -> None:
        super().__init__()
        self._settings = settings
        self._analyses = analyses
        self._background = Background("vadgui-pruning")
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.prune)
        self._timer.start(_FIRST_MS)

    def prune(self) -> None:
        """Remove what is too much now; analyses that are open stay."""
        self._timer.setInterval(_EACH_MS)
        max_bytes = int(self._settings.analyses_gib * _GIB)
        max_days = self._settings.analyses_days or math.inf
        # A disk that does not answer is none of the person's matter here.
        self._background.begin(
            "prune", lambda _: iter([prune(self._analyses, max_bytes, max_days)]), lambda _: None, lambda _: None
        )

    def close(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._background.close()
