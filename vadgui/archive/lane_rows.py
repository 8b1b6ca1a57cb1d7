"""What the lanes of a day hold, camera by camera, and how one goes through their segments."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from engine.archive.overview import DayFootage, Footage
from engine.archive.searching import Hit

_LONGEST_SEGMENT = timedelta(hours=1)
"""One that began longer before what is on screen is not looked for."""


@dataclass
class Lane:
    """A camera's footage and segments of a day, in order of time."""

    camera: str
    footage: list[Footage] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)

    @cached_property
    def begins(self) -> list[datetime]:
        """When its segments begin."""
        return [begun(hit) for hit in self.hits]

    def footage_at(self, moment: datetime) -> Footage | None:
        """The recording of a moment."""
        return next((each for each in self.footage if each.start <= moment < each.stop), None)

    def hits_between(self, start: datetime, stop: datetime) -> Sequence[Hit]:
        """Segments of which a part is between two moments, and some that are not."""
        begins = self.begins
        return self.hits[bisect_left(begins, start - _LONGEST_SEGMENT) : bisect_right(begins, stop)]

    def nearest(self, moment: datetime) -> int | None:
        """The number of the segment that begins nearest to a moment."""
        if not self.hits:
            return None
        return min(range(len(self.hits)), key=lambda number: abs(begun(self.hits[number]) - moment))


def begun(hit: Hit) -> datetime:
    """When a segment of a lane begins: those without a time are on none."""
    assert hit.start_time is not None
    return hit.start_time


def ended(hit: Hit) -> datetime:
    """When a segment of a lane ends."""
    assert hit.stop_time is not None
    return hit.stop_time


def lanes_of(day: DayFootage, cameras: Sequence[str]) -> list[Lane]:
    """A lane for each camera that has footage on the day or is among `cameras`, by name."""
    names = {each.camera for each in day.footage} | {hit.camera for hit in day.segments}
    lanes = {name: Lane(name) for name in sorted(names | set(cameras))}
    for each in day.footage:
        lanes[each.camera].footage.append(each)
    for hit in day.segments:
        lanes[hit.camera].hits.append(hit)
    return list(lanes.values())
