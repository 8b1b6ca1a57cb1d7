"""Where in the picture the segments happened: a search by place, and the heat map of the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from engine.scoring.heat_map import Seconds
from engine.scoring.motion import PLACES
from engine.scoring.segments import Segment
from engine.scoring.zones import Point, Zone, ZoneKind, counted_windows
from vadgui.model.score_model import ScoreModel


@dataclass(frozen=True)
class _Stretch:
    """What the answer hangs on."""

    start: int
    stop: int
    threshold: float


class SegmentPlaces(QObject):
    """Asks for the places of segments while somebody wants them, and keeps the answers."""

    changed = Signal()
    """Another rectangle is searched, or more is known."""
    wanted = Signal(int, int, float)
    """First frame, frame after the last, and the score from which on something stands out."""

    def __init__(self, scoring: ScoreModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scoring = scoring
        self._rectangle: tuple[Point, Point] | None = None
        self._windows: npt.NDArray[np.bool_] | None = None
        self._heat_is_shown = False
        self._known: dict[_Stretch, Seconds] = {}
        self._asked: set[_Stretch] = set()
        scoring.segments_changed.connect(self._ask)
        scoring.rule_changed.connect(self._ask)

    @property
    def rectangle(self) -> tuple[Point, Point] | None:
        """Two opposite corners of the part of the picture that is searched; None without a search."""
        return self._rectangle

    @property
    def is_looking(self) -> bool:
        """Whether the search does not know of all segments yet."""
        return self._rectangle is not None and len(self._missing()) > 0

    def search(self, rectangle: tuple[Point, Point] | None) -> None:
        """Let only segments through in which something stood out inside a rectangle; all of them with None."""
        if rectangle != self._rectangle:
            self._rectangle = rectangle
            self._windows = _windows_in(*rectangle) if rectangle else None
            self._ask()
            self.changed.emit()

    def show_heat(self, shown: bool) -> None:
        """Whether the heat map is on screen."""
        self._heat_is_shown = shown
        self._ask()

    def lets_through(self, segment: Segment) -> bool:
        """Whether a segment is found by the search; without one, every segment is."""
        if self._windows is None:
            return True
        seconds = self._known.get(self._stretch(segment))
        return seconds is not None and bool(seconds[self._windows].any())

    def heat(self) -> Seconds | None:
        """For how long something stood out at each place, in all segments but the dismissed; None if nothing did."""
        heat = np.zeros((PLACES, PLACES))
        for segment in self._scoring.segments:
            if not (isinstance(segment, ReviewedSegment) and segment.verdict is Verdict.DISMISSED):
                heat += self._known.get(self._stretch(segment), 0.0)
        return heat if heat.any() else None

    def add(self, start: int, stop: int, threshold: float, seconds: Seconds) -> None:
        """Take over the answer to what was `wanted`."""
        self._known[_Stretch(start, stop, threshold)] = seconds
        self.changed.emit()

    def forget(self) -> None:
        """Other zones or another detector: all is to be asked anew, as far as it is still wanted."""
        self.clear()
        self._ask()
        self.changed.emit()

    def clear(self) -> None:
        """What is known is of no use any more; nothing is told or asked yet."""
        self._known.clear()
        self._asked.clear()

    def start_over(self) -> None:
        """Another recording: nothing is searched in it. Nothing is told yet."""
        self._rectangle = self._windows = None
        self.clear()

    def _ask(self) -> None:
        if self._rectangle is None and not self._heat_is_shown:
            return
        for stretch in self._missing():
            if stretch not in self._asked:
                self._asked.add(stretch)
                self.wanted.emit(stretch.start, stretch.stop, stretch.threshold)

    def _missing(self) -> list[_Stretch]:
        stretches = map(self._stretch, self._scoring.segments)
        return [each for each in stretches if each not in self._known]

    def _stretch(self, segment: Segment) -> _Stretch:
        # As far down as segments reach: what belongs to one need not be at its strongest.
        return _Stretch(segment.start, segment.stop, self._scoring.rule.leave)


def _windows_in(one: Point, other: Point) -> npt.NDArray[np.bool_]:
    """The windows whose middle lies in a rectangle; of one smaller than a window, that which is nearest."""
    windows = counted_windows((Zone.rectangle(ZoneKind.WATCHED, one, other),))
    if windows.any():
        return windows
    nearest = np.zeros_like(windows)
    column, row = (min(int((a + b) / 2 * PLACES), PLACES - 1) for a, b in zip(one, other, strict=True))
    nearest[row, column] = True
    return nearest
