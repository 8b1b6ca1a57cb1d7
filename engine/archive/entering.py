"""Moments and places of a query as people enter them."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.archive.listing import Box

_DATE_CHARACTERS = len("2026-03-28")


def moment_of(text: str, *, ends_day: bool = False) -> datetime:
    """A date, or date and time, in this machine's time zone unless it names another; `ends_day` of a date alone.

    Raises:
        ValueError: it is none.
    """
    text = text.strip()
    is_date = len(text) <= _DATE_CHARACTERS and ":" not in text
    try:
        return (datetime.fromisoformat(text) + timedelta(days=ends_day and is_date)).astimezone()
    except OverflowError as error:  # at the ends of the calendar
        raise ValueError(text) from error


def region_of(text: str) -> Box:
    """LEFT,TOP,RIGHT,BOTTOM as shares of the picture's width and height.

    Raises:
        ValueError: it is no part of the picture.
    """
    left, top, right, bottom = (float(part) for part in text.split(","))
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(text)
    return left, top, right, bottom
