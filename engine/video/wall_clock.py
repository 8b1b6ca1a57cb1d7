"""When a recording began by the clock on the wall: from its file name, or from what the file says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

FROM_NAME = "file name"
FROM_METADATA = "metadata"

_DATE = (
    r"(?P<year>(?:19|20)\d\d)(?P<date_separator>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=date_separator)"
    r"(?P<day>0[1-9]|[12]\d|3[01])"
)
_TIME = (
    r"(?P<hour>[01]\d|2[0-3])(?P<time_separator>[-_.:]?)(?P<minute>[0-5]\d)(?P=time_separator)(?P<second>[0-5]\d)"
    r"(?:[.,_-]?(?P<millisecond>\d{3}))?"
)
_MOMENT = re.compile(rf"(?<!\d){_DATE}(?:[T_ .-]| - )?{_TIME}(?!\d)(?P<utc>Z?)")
"""Axis, Blue Iris, Hikvision, Reolink, phones, and most others: "20240115_103000", "2024-01-15T10-30-00Z"."""
_DATE_FOLDER = re.compile(rf"(?:.*/)?(?<!\d){_DATE.replace('[-_.]?', '[-_./]?')}(?!\d)(?:/.*)?/[^/]*")
"""Dahua and motionEye keep a folder for each day, "2024-01-15" or "2024/01/15"."""
_TIME_FIRST = re.compile(rf"{_TIME}(?!\d)")
"""In such a folder: "10.30.00-10.45.00[M][0@0][0]", "10-30-00"."""
_FRIGATE = re.compile(rf"(?:.*/)?{_DATE}/(?P<hour>[01]\d|2[0-3])/[^/]+/(?P<minute>[0-5]\d)\.(?P<second>[0-5]\d)\.\w+")
"""Frigate's "2024-01-15/10/front/30.00.mp4", in UTC."""
_UNIX = re.compile(r"(?<!\d)(?P<seconds>1[2-9]\d{8})(?:[.,](?P<fraction>\d{1,6}))?(?!\d)")
"""Seconds since 1970, from 2008 to 2033."""
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_FOLDERS = 5
"""A date farther above a file is not its own."""


@dataclass(frozen=True)
class RecordingStart:
    """When the first frame of a recording was taken, and how that is known."""

    utc: datetime
    """In UTC, so that the seconds since then lead to the right time when clocks change between."""
    origin: str
    """FROM_NAME or FROM_METADATA."""

    def at(self, seconds: float, zone: tzinfo | None = None) -> datetime:
        """The time of day at so many seconds of the recording, in a time zone; by default in this machine's."""
        return (self.utc + timedelta(seconds=seconds)).astimezone(zone)


def recording_start(path: Path, metadata: Mapping[str, str], zone: tzinfo | None = None) -> RecordingStart | None:
    """When a file's first frame was taken; None where nothing says so.

    The name comes first: some cameras write into the metadata when they closed the file. A name's time is that of
    `zone`, by default of this machine; of an hour that comes twice, when clocks are set back, it is the first.
    """
    if moment := _of_name(path, zone):
        return RecordingStart(moment, FROM_NAME)
    for key in ("com.apple.quicktime.creationdate", "creation_time"):
        if moment := _of_iso(metadata.get(key, "")):
            return RecordingStart(moment, FROM_METADATA)
    return None


def _of_name(path: Path, zone: tzinfo | None) -> datetime | None:
    # A part without neighbours, such as a drive or "/", has no date.
    tail = "/".join(path.parts[-_FOLDERS:])
    if found := _MOMENT.search(path.name):
        return _moment(found.groupdict(), UTC if found["utc"] else zone)
    if found := _FRIGATE.fullmatch(tail):
        return _moment(found.groupdict(), UTC)
    day, time_of_day = _DATE_FOLDER.fullmatch(tail), _TIME_FIRST.match(path.name)
    if day and time_of_day:
        return _moment(day.groupdict() | time_of_day.groupdict(), zone)
    if found := _UNIX.search(path.name):
        return datetime.fromtimestamp(float(f"{found['seconds']}.{found['fraction'] or 0}"), UTC)
    return None


def _moment(parts: Mapping[str, str | None], zone: tzinfo | None) -> datetime | None:
    numbers = [int(parts[name] or 0) for name in _PARTS]
    microsecond = 1000 * int(parts.get("millisecond") or 0)
    try:
        local = datetime(*numbers, microsecond, tzinfo=zone)  # type: ignore[arg-type,misc]
    except ValueError:  # there is no 30th of February
        return None
    return local.astimezone(UTC)


def _of_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Cameras whose clock was never set write the beginning of their count, 1904 or 1970.
    if moment.year < 1990:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
