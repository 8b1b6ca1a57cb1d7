"""Where a moment of a day is on screen: the part of the day that is shown, zoomed and moved."""

from __future__ import annotations

from datetime import datetime, timedelta

_SHORTEST = timedelta(minutes=1)
_TICKS_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360)


class LaneScale:
    """A time span within a day over some pixels."""

    def __init__(self, start: datetime, stop: datetime, width_px: float) -> None:
        self.start, self.stop = start, stop
        """The day."""
        self.shown_start, self.shown_stop = start, stop
        self.width_px = max(width_px, 1.0)

    @property
    def is_whole(self) -> bool:
        """Whether the whole day is shown."""
        return (self.shown_start, self.shown_stop) == (self.start, self.stop)

    @property
    def px_a_second(self) -> float:
        """Pixels for a second."""
        return self.width_px / (self.shown_stop - self.shown_start).total_seconds()

    def x(self, moment: datetime) -> float:
        """Pixels from the left."""
        return (moment - self.shown_start) / (self.shown_stop - self.shown_start) * self.width_px

    def at(self, x: float) -> datetime:
        """The moment at pixels from the left."""
        return self.shown_start + (self.shown_stop - self.shown_start) * (x / self.width_px)

    def zoom(self, factor: float, around: datetime) -> None:
        """Show a time span `factor` times as long; `around` stays where it is."""
        span = self.shown_stop - self.shown_start
        wanted = min(max(span * factor, _SHORTEST), self.stop - self.start)
        begins = around - (around - self.shown_start) * (wanted / span)
        self._show(begins, wanted)

    def move(self, by: timedelta) -> None:
        """Show later times, or earlier ones."""
        self._show(self.shown_start + by, self.shown_stop - self.shown_start)

    def show_all(self) -> None:
        """Show the whole day."""
        self.shown_start, self.shown_stop = self.start, self.stop

    def reveal(self, moment: datetime) -> None:
        """Move so far that a moment is shown."""
        if not self.shown_start <= moment < self.shown_stop:
            self._show(moment - (self.shown_stop - self.shown_start) / 2, self.shown_stop - self.shown_start)

    def ticks(self, least_px: float) -> list[datetime]:
        """Full hours, or minutes where there is room for them: at least so many pixels apart."""
        minutes = (self.shown_stop - self.shown_start) / timedelta(minutes=1)
        wanted = minutes * least_px / self.width_px
        step = timedelta(minutes=next((each for each in _TICKS_MINUTES if each >= wanted), _TICKS_MINUTES[-1]))
        first = -((self.start - self.shown_start) // step)
        count = (self.shown_stop - self.start) // step
        return [self.start + number * step for number in range(first, count + 1)]

    def _show(self, begins: datetime, span: timedelta) -> None:
        self.shown_start = min(max(begins, self.start), self.stop - span)
        self.shown_stop = self.shown_start + span
