"""The clock of a recording as a person has set it: its start, the error of the recorder's clock, and the time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

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
        """The zone; None for the machine's."""
        return ZoneInfo(self.zone) if self.zone else None

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


def check_clock(clock: Clock) -> None:
    """Check that a clock makes sense.

    Raises:
        ValueError: its start is no moment, or nobody knows its zone.
    """
    if clock.start and datetime.fromisoformat(clock.start).tzinfo is None:
        raise ValueError(f"{clock.start} has no time zone")
    try:
        _ = clock.time_zone
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"there is no time zone {clock.zone}") from error
