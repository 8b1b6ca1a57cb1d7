"""The speed of long work over the last while, and what follows from it."""

from __future__ import annotations

from collections import deque

from engine.common.events import Progress

_SETTLING_SECONDS = 1.0


class ProgressRate:
    """Turns counts of done work into Progress; held-up seconds (a checkpoint, an evaluation) count as they come."""

    def __init__(self, done: int, now: float, *, window_seconds: float = 60.0) -> None:
        """Work that begins at `now` with so many items done; its speed is that of the last `window_seconds`."""
        self._window_seconds = window_seconds
        self._marks = deque([(now, done)])

    def progress(
        self,
        phase: str,
        done: int,
        total: int,
        now: float,
        *,
        epoch: int | None = None,
        step: int | None = None,
        loss: float | None = None,
    ) -> Progress:
        """The state of work of which `done` of `total` items are done now."""
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - self._window_seconds:
            self._marks.popleft()
        since, done_then = self._marks[0]
        per_second = (done - done_then) / (now - since) if now > since else 0.0
        # The first items wait for files and devices to warm up: they say nothing of those to come.
        judged = per_second > 0 and now - since >= _SETTLING_SECONDS
        seconds_left = max(total - done, 0) / per_second if judged else None
        return Progress(phase, min(done, total), total, per_second, seconds_left, epoch, step, loss)
