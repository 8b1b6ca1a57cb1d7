"""Runs Python's cyclic garbage collection in the GUI thread only."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_CHECK_INTERVAL_MS = 1000


class GarbageCollector(QObject):
    """Replaces Python's automatic garbage collection, which runs in whichever thread happens to allocate.

    pyqtgraph's plots leave widgets in reference cycles. Automatic collection could destroy them in the engine's thread
    while the GUI thread changes Qt's lists of all widgets: a rare crash in an arbitrary place.
    """

    def __init__(self) -> None:
        """Must be called in the GUI thread; `close` enables Python's automatic collection again."""
        super().__init__()
        gc.disable()
        self._timer = QTimer(self, interval=_CHECK_INTERVAL_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def collect_due(self) -> None:
        """Collect the generations that exceed Python's thresholds."""
        due = [count > limit > 0 for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if due[0]:
            gc.collect(2 if all(due) else 1 if due[1] else 0)

    def close(self) -> None:
        """Enable Python's automatic collection again; closing twice is fine."""
        self._timer.stop()
        # Collect now what exceeds the thresholds: Python would collect it at its next allocation. PySide may allocate
        # while Qt destroys an object and holds a lock; destroying another object then would deadlock on that lock.
        gc.collect(1)
        gc.enable()
