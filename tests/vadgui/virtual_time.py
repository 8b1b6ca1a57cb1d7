"""A clock and timers that a test moves on, so that what plays in time does not depend on how busy the machine is."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal


class VirtualTime:
    """Seconds that pass only when `run_until` moves on to the next timer that is due."""

    def __init__(self) -> None:
        self._now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> float:
        """Seconds since the start."""
        return self._now

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something when so many seconds have passed."""
        self._count += 1
        heapq.heappush(self._due, (self._now + seconds, self._count, call))

    def run_until(self, reached: Callable[[], bool]) -> float:
        """Let time pass until a condition holds; the seconds that it took."""
        began = self._now
        while not reached():
            assert self._due, "nothing more will happen"
            self._now, _, call = heapq.heappop(self._due)
            call()
        return self._now - began

    def run(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ends: list[float] = []
        self.after(seconds, lambda: ends.append(self._now))
        self.run_until(lambda: bool(ends))

    def timer(self, *_: object, **__: object) -> VirtualTimer:
        """A timer that rings once, to be put in the place of `QTimer`."""
        return VirtualTimer(self)


class VirtualTimer(QObject):
    """What `QTimer` does, in virtual time."""

    timeout = Signal()

    def __init__(self, clock: VirtualTime) -> None:
        super().__init__()
        self._clock = clock
        self._ring: Any = None

    def start(self, milliseconds: int) -> None:
        """Ring once after so many milliseconds."""
        ring = self._ring = object()
        self._clock.after(milliseconds / 1000, lambda: self._on_due(ring))

    def stop(self) -> None:
        """Don't ring."""
        self._ring = None

    def isActive(self) -> bool:  # noqa: N802 - Qt's name
        """Whether it is going to ring."""
        return self._ring is not None

    def _on_due(self, ring: object) -> None:
        if ring is self._ring:
            self._ring = None
            self.timeout.emit()
