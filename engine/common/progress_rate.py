"""Rate of long work over a recent window, and the time left that follows from it."""

from __future__ import annotations

from collections import deque

from engine.common.events import Progress

_SETTLING_SECONDS = 1.0


class ProgressRate:
    """Turns counts of done items into Progress; pauses (a checkpoint, an evaluation) count as working time."""

    def __init__(self, done: int, now: float, *, window_seconds: float = 60.0) -> None:
        """Work starts at `now` with `done` items; its rate is averaged over the last `window_seconds`."""
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
        """The progress when `done` of `total` items are done at `now`."""
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - self._window_seconds:
            self._marks.popleft()
        window_start, done_then = self._marks[0]
        per_second = (done - done_then) / (now - window_start) if now > window_start else 0.0
        # The first items include warming up files and devices, so their rate does not predict the later one.
        has_settled = per_second > 0 and now - window_start >= _SETTLING_SECONDS
        seconds_left = max(total - done, 0) / per_second if has_settled else None
        return Progress(phase, min(done, total), total, per_second, seconds_left, epoch, step, loss)
