"""The speed of long work over the last while, and what follows from it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from engine.events import Progress

_WINDOW_SECONDS = 60.0
_SETTLING_SECONDS = 1.0


class Pace:
    """Turns counts of done work into Progress; held-up seconds (a checkpoint, an evaluation) count as they come."""

    def __init__(self, done: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks = deque([(clock(), done)])

    def progress(
        self,
        phase: str,
        done: int,
        total: int,
        *,
        epoch: int | None = None,
        step: int | None = None,
        loss: float | None = None,
    ) -> Progress:
        """The state of work of which `done` of `total` items are done now."""
        now = self._clock()
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - _WINDOW_SECONDS:
            self._marks.popleft()
        since, done_then = self._marks[0]
        per_second = (done - done_then) / (now - since) if now > since else 0.0
        # The first items wait for files and devices to warm up: they say nothing of those to come.
        judged = per_second > 0 and now - since >= _SETTLING_SECONDS
        seconds_left = max(total - done, 0) / per_second if judged else None
        return Progress(phase, done, total, per_second, seconds_left, epoch, step, loss)
