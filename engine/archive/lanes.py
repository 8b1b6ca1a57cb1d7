"""A day of an archive: a lane for each camera, with its footage and its segments in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.archive.schema import AnalysisState
from engine.archive.searching import Hit, HitKey

Seconds = npt.NDArray[np.float64]
_LONGEST_SEGMENT_SECONDS = 3600.0
"""One that began longer before what is on screen is not looked for."""


@dataclass(frozen=True)
class Footage:
    """A recording whose time is known, on a camera's lane."""

    path: Path
    camera: str
    start: datetime
    stop: datetime
    analysis: AnalysisState
    fingerprint: str
    detector_fingerprint: str
    is_missing: bool


class Lane:
    """What one camera has recorded on a day, and what was found in it."""

    def __init__(self, camera: str, footage: Sequence[Footage], hits: Sequence[Hit]) -> None:
        """`hits` are in order of time, which all of them have."""
        self.camera = camera
        self.footage = footage
        self.hits = hits
        self._numbers: dict[HitKey, int] = {hit.key: number for number, hit in enumerate(hits)}
        self.starts: Seconds = np.array([hit.start_time.timestamp() for hit in hits if hit.start_time])
        """When segments begin, in seconds since 1970."""
        self.stops: Seconds = self.starts + [hit.stop_seconds - hit.start_seconds for hit in hits]
        self.scores: npt.NDArray[np.float64] = np.array([hit.peak_score or 0.0 for hit in hits])
        """Peak scores; 0 of what people drew."""
        self.verdicts = [hit.verdict for hit in hits]
        self._falling = np.argsort(-self.scores, kind="stable")
        """Numbers of all segments, the highest first."""
        self._ranks = np.argsort(self._falling)
        """The place of each segment among those."""

    def number_of(self, key: HitKey | None) -> int | None:
        """The place of a segment among `hits`; None where it is not on this lane."""
        return self._numbers.get(key) if key else None

    def footage_at(self, moment: datetime) -> Footage | None:
        """The recording of a moment."""
        return next((each for each in self.footage if each.start <= moment < each.stop), None)

    def hit_at(self, moment: datetime, within_seconds: float) -> Hit | None:
        """The segment at a moment, or so near to it; of several the highest."""
        at = moment.timestamp()
        numbers = np.arange(*self._range(at - within_seconds, at + within_seconds))
        numbers = numbers[self.stops[numbers] >= at - within_seconds]
        return self.hits[numbers[np.argmax(self.scores[numbers])]] if len(numbers) else None

    def nearest(self, moment: datetime) -> Hit | None:
        """The segment that begins nearest to a moment."""
        return self.hits[int(np.argmin(np.abs(self.starts - moment.timestamp())))] if self.hits else None

    def prominent(self, start: datetime, stop: datetime, apart_seconds: float) -> npt.NDArray[np.intp]:
        """Numbers of the segments between two moments, the highest last; of those closer together the highest alone."""
        first, end = self._range(start.timestamp(), stop.timestamp())
        if first == end:
            return np.empty(0, np.intp)
        cells = self.starts[first:end] // apart_seconds
        begun = np.flatnonzero(np.concatenate([[True], cells[1:] != cells[:-1]]))
        highest: npt.NDArray[np.intp] = np.minimum.reduceat(self._ranks[first:end], begun)
        return self._falling[np.sort(highest)[::-1]]

    def _range(self, start: float, stop: float) -> tuple[int, int]:
        """The first number of the segments between two moments, and the one after the last."""
        first, end = np.searchsorted(self.starts, [start - _LONGEST_SEGMENT_SECONDS, stop], side="right")
        return int(first), int(end)


@dataclass(frozen=True)
class DayFootage:
    """All cameras of an archive on a day, which begins and ends by this machine's time zone."""

    day: date
    start: datetime
    stop: datetime
    lanes: Sequence[Lane]
    """By the camera's name; of all cameras that the archive knows."""
    before: date | None
    """The nearest earlier day with footage."""
    after: date | None

    @property
    def has_footage(self) -> bool:
        """Whether anything was recorded."""
        return any(lane.footage for lane in self.lanes)

    @property
    def has_hits(self) -> bool:
        """Whether anything was found."""
        return any(lane.hits for lane in self.lanes)

    @cached_property
    def top_score(self) -> float:
        """The highest score of the day; 1 where there is none."""
        return max((float(lane.scores.max()) for lane in self.lanes if lane.hits), default=0.0) or 1.0
