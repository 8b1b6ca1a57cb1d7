"""When a recording began by the clock on the wall: from its file name, or from what the file says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from engine.video.local_time import utc_of
from engine.video.name_patterns import moment_by, own_patterns

FROM_NAME = tr_noop("file name")
FROM_METADATA = tr_noop("metadata")
BY_HAND = tr_noop("reviewer")

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
_DAY_SECONDS = 86400.0
_CHANGE_SECONDS = 1.0
_FOLDERS = 5
"""A date farther above a file is not its own."""


@dataclass(frozen=True)
class RecordingStart:
    """When the first frame of a recording was taken, and how that is known."""

    utc: datetime
    """In UTC, so that the seconds since then lead to the right time when clocks change between."""
    origin: str
    """FROM_NAME, FROM_METADATA or BY_HAND."""
    zone: tzinfo | None = None
    """The time zone in which times of day are told; None is this machine's."""

    def at(self, seconds: float, zone: tzinfo | None = None) -> datetime:
        """The time of day at so many seconds of the recording, in a time zone; by default in its own."""
        return (self.utc + timedelta(seconds=seconds)).astimezone(zone or self.zone)

    def clock_changes(self, end_seconds: float) -> list[ClockChange]:
        """When clocks are put forward or back before so many seconds of the recording."""
        changes = []
        begin, until = 0.0, 0.0
        while until < end_seconds:
            begin, until = until, min(until + _DAY_SECONDS, end_seconds)
            before, after = self._offset_at(begin), self._offset_at(until)
            if before != after:
                earlier, later = begin, until
                while later - earlier > _CHANGE_SECONDS:
                    middle = (earlier + later) / 2
                    earlier, later = (middle, later) if self._offset_at(middle) == before else (earlier, middle)
                # Clocks change at whole minutes.
                moment = self.utc + timedelta(seconds=later, minutes=-0.5)
                seconds = ((moment.replace(second=0, microsecond=0) + timedelta(minutes=1)) - self.utc).total_seconds()
                changes.append(ClockChange(seconds, after - before))
        return changes

    def _offset_at(self, seconds: float) -> timedelta:
        return self.at(seconds).utcoffset() or timedelta()


@dataclass(frozen=True)
class ClockChange:
    """A moment of a recording at which the clock on the wall jumps."""

    seconds: float
    """Of the recording."""
    jump: timedelta
    """How far it is put forward; less than 0 where it is put back."""

    @property
    def in_words(self) -> str:
        """What happens to the clock."""
        text = tr("clocks put forward {duration}") if self.jump > timedelta() else tr("clocks put back {duration}")
        return text.format(duration=duration_in_words(abs(self.jump.total_seconds())))


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
    for pattern in own_patterns():
        if moment := moment_by(pattern, path.name, zone):
            return moment
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
        local = datetime(*numbers, microsecond)  # type: ignore[arg-type,call-arg]
    except ValueError:  # there is no 30th of February
        return None
    return utc_of(local, zone)


def _of_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Cameras whose clock was never set write the beginning of their count, 1904 or 1970.
    if moment.year < 1990:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
