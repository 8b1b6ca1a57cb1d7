"""Python's cyclic garbage is collected in the GUI thread alone."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_CHECK_INTERVAL_MS = 1000


class GarbageCollector(QObject):
    """Takes the place of Python's own collection, which comes in whichever thread happens to allocate.

    A widget in a reference cycle, and pyqtgraph's plots leave some, would then be destroyed in the engine's thread
    while the GUI thread changes the lists that Qt keeps of all widgets. That crashes, rarely and anywhere.
    """

    def __init__(self) -> None:
        """Make it in the GUI thread; `close` gives collection back to Python."""
        super().__init__()
        gc.disable()
        self._timer = QTimer(self, interval=_CHECK_INTERVAL_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def collect_due(self) -> None:
        """Collect as many generations as Python would have by now."""
        due = [count > limit > 0 for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if due[0]:
            gc.collect(2 if all(due) else 1 if due[1] else 0)

    def close(self) -> None:
        """Let Python collect by itself again; closing twice is fine."""
        self._timer.stop()
        # What has gathered is overdue: Python would collect it at its next allocation. PySide makes one while Qt
        # destroys an object and holds a lock, and the end of another object would wait for that lock for ever.
        gc.collect(1)
        gc.enable()
