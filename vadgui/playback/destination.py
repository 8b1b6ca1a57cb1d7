"""Where a person wants to go: a frame number, a running time or a time of day, as it was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.common.language import tr, tr_noop
from engine.video.local_time import utc_of
from vadgui.model.session import ReviewSession
from vadgui.ui.clock_text import clock_text

_FRAME = re.compile(r"(?P<sign>[+-]?)(?P<frame>\d{1,12})")
_CLOCK = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<first>\d{1,6}):)?(?P<second>\d{1,6}):(?P<third>\d{1,2}(?:[.,]\d{1,9})?)", re.ASCII
)
_AMOUNT = re.compile(r"(?P<sign>[+-]?)(?P<amount>\d{1,9}(?:[.,]\d{1,9})?)\s*(?P<unit>s|sec|min|m|h)", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?:at\s+|@\s*)?(?:(?P<date>\d{4}-\d{2}-\d{2})[T\s]+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})"
    r"(?P<fraction>[.,]\d{1,6})?)?",
    re.IGNORECASE,
)
_UNIT_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}
_UNKNOWN = tr_noop("Type a frame number, a running time such as 1:05, or a time of day such as 14:03:20.")


class NoDestinationError(Exception):
    """What was typed is no place of the recording; the message says why, for people."""


@dataclass(frozen=True)
class Destination:
    """A frame of the recording."""

    frame: int
    words: str
    """Its number, running time and time of day."""


def find_destination(text: str, session: ReviewSession) -> Destination:
    """The frame that a text means: "120", "+10", "1:05.2", "90 s", "14:03:20", "2024-05-01 14:03:20".

    A time that the recording is long enough for is a running time; "at 0:10" is a time of day in any case.

    Raises:
        NoDestinationError: The text means nothing, or nothing that is in the recording.
    """
    if not session.frame_count:
        raise NoDestinationError(tr("No recording is open."))
    typed = text.strip()
    if found := _FRAME.fullmatch(typed):
        return _of_frame(found["sign"], int(found["frame"]), session)
    seconds, sign = _running_time(typed)
    if seconds is not None:
        duration = float(session.ends[-1])
        if sign:
            here = float(session.times[session.playhead])
            seconds = min(max(here + (seconds if sign == "+" else -seconds), 0.0), duration)
        if seconds <= duration:
            return _at(seconds, session)
    if moment := _MOMENT.fullmatch(typed):
        with suppress(ValueError):  # no such day or hour
            return _at(_seconds_of_moment(moment, session), session)
    if seconds is not None:
        raise NoDestinationError(tr("The recording ends at {time}.").format(time=clock_text(float(session.ends[-1]))))
    raise NoDestinationError(tr(_UNKNOWN) if typed else "")


def describe_frame(frame: int, session: ReviewSession) -> str:
    """A frame's number, running time and, where it is known, time of day."""
    seconds = float(session.times[frame])
    words = [tr("Frame {frame}").format(frame=frame), clock_text(seconds)]
    if session.start:
        words.append(f"{session.start.at(seconds):%Y-%m-%d %H:%M:%S}")
    return "   ".join(words)


def _of_frame(sign: str, number: int, session: ReviewSession) -> Destination:
    last = session.frame_count - 1
    if sign:
        number = min(max(session.playhead + (number if sign == "+" else -number), 0), last)
    if number > last:
        raise NoDestinationError(tr("The last frame is {frame}.").format(frame=last))
    return Destination(number, describe_frame(number, session))


def _at(seconds: float, session: ReviewSession) -> Destination:
    frame = session.index_at(seconds)
    return Destination(frame, describe_frame(frame, session))


def _running_time(typed: str) -> tuple[float | None, str]:
    """Seconds and sign of a running time; None where the text is none."""
    if found := _AMOUNT.fullmatch(typed):
        return _number(found["amount"]) * _UNIT_SECONDS[found["unit"].lower()], found["sign"]
    if found := _CLOCK.fullmatch(typed):
        hours, minutes, seconds = int(found["first"] or 0), int(found["second"]), _number(found["third"])
        return 3600 * hours + 60 * minutes + seconds, found["sign"]
    return None, ""


def _seconds_of_moment(moment: re.Match[str], session: ReviewSession) -> float:
    start = session.start
    if start is None:
        raise NoDestinationError(
            tr("When this recording was made is not known: type a frame number or a running time.")
        )
    duration = float(session.ends[-1])
    begin, end = start.at(0.0), start.at(duration)
    hour, minute, second = (int(moment[part] or 0) for part in ("hour", "minute", "second"))
    for day in [date.fromisoformat(moment["date"])] if moment["date"] else _days(begin.date(), end.date()):
        # An hour that comes twice, when clocks are set back, is in the recording once at least.
        for fold in (0, 1):
            local = datetime(day.year, day.month, day.day, hour, minute, second, fold=fold)
            seconds = (utc_of(local, start.zone) - start.utc).total_seconds() + _number(moment["fraction"] or "0")
            # Without seconds the minute is meant, in which the recording may begin.
            reach = 1.0 if moment["second"] else 60.0
            if -reach < seconds <= duration:
                return max(seconds, 0.0)
    text = tr("The recording is of {begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S}.")
    raise NoDestinationError(text.format(begin=begin, end=end))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _number(text: str) -> float:
    return float(text.replace(",", "."))
