"""The clock of a recording as a person has set it: its start, the error of the recorder's clock, and the time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from engine.common.language import tr
from engine.video.source import VideoInfo
from engine.video.wall_clock import BY_HAND, FROM_NAME, RecordingStart, recording_start


class Clock(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person said of a recording's time of day; by default nothing."""

    start: str = ""
    """When the first frame was taken by the recorder's clock, ISO 8601, UTC; empty where the recording says it."""
    offset_seconds: float = 0.0
    """What has to be added to the recorder's clock."""
    zone: str = ""
    """Name of the time zone, such as "Europe/Berlin"; empty for that of the machine."""

    @property
    def time_zone(self) -> ZoneInfo | None:
        """The zone; None for the machine's, also where the machine does not know this one."""
        try:
            return ZoneInfo(self.zone) if self.zone else None
        except (ZoneInfoNotFoundError, OSError, ValueError):  # a folder's name, or none that a file may have
            return None

    @property
    def has_unknown_zone(self) -> bool:
        """Whether it has a time zone that this machine does not know."""
        return bool(self.zone) and self.time_zone is None

    def start_of(self, path: Path, told: RecordingStart | None) -> RecordingStart | None:
        """When a recording began, of which `told` is what file name or metadata say; None where nothing tells it."""
        zone = self.time_zone
        if self.start:
            told = RecordingStart(datetime.fromisoformat(self.start).astimezone(UTC), BY_HAND)
        elif told and told.origin == FROM_NAME and zone:
            told = recording_start(path, {}, zone)  # names tell the time that the wall showed there
        if told is None:
            return None
        return RecordingStart(told.utc + timedelta(seconds=self.offset_seconds), told.origin, zone or told.zone)


NO_CLOCK = Clock()


def by_clock(info: VideoInfo, clock: Clock) -> VideoInfo:
    """The recording with the time of day that a person has set."""
    return replace(info, start=clock.start_of(info.path, info.start))


MOST_OFFSET_SECONDS = 10 * 366 * 86400.0
_FIRST_YEAR, _LAST_YEAR = 1000, 9000
"""Far from where Python's calendar ends: offset and zone are added to a start."""


def check_clock(clock: Clock) -> None:
    """Check that a clock makes sense; another machine may know other time zones, so any name of one does.

    Raises:
        ValueError: its start is no moment, or its offset is none that a recorder's clock has.
    """
    if clock.start:
        start = datetime.fromisoformat(clock.start)
        if start.tzinfo is None:
            raise ValueError(tr("{start} has no time zone").format(start=clock.start))
        if not _FIRST_YEAR <= start.year <= _LAST_YEAR:
            raise ValueError(
                tr("{start} is not in the years {first} to {last}").format(
                    start=clock.start, first=_FIRST_YEAR, last=_LAST_YEAR
                )
            )
    if not abs(clock.offset_seconds) <= MOST_OFFSET_SECONDS:  # nor is NaN
        raise ValueError(tr("a clock can't be wrong by {seconds:g} s").format(seconds=clock.offset_seconds))


def check_zone(clock: Clock) -> None:
    """Check that this machine knows a clock's time zone.

    Raises:
        ValueError: it does not.
    """
    if clock.has_unknown_zone:
        raise ValueError(tr("there is no time zone {zone}").format(zone=clock.zone))
