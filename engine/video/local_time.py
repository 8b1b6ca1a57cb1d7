"""Times of day as UTC, also in the hours in which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def utc_of(local: datetime, zone: tzinfo | None) -> datetime:
    """The moment of a time without a zone, which is one of `zone`; None is this machine's.

    Of an hour that comes twice `fold` says which. An hour that is skipped is read as by a clock that was not put
    forward: its 02:30 is 03:30 elsewhere.
    """
    moment = _read(local, zone)
    if not is_skipped(local, zone):
        return moment
    # Python reads a skipped hour with fold 0 as the later moment in a ZoneInfo, and as the earlier one without a zone.
    return max(moment, _read(local.replace(fold=1 - local.fold), zone))


def is_twice(local: datetime, zone: tzinfo | None) -> bool:
    """Whether clocks show this time twice, as they are put back."""
    first, second = (_read(local.replace(fold=fold), zone) for fold in (0, 1))
    return first != second and not is_skipped(local, zone)


def is_skipped(local: datetime, zone: tzinfo | None) -> bool:
    """Whether no clock shows this time, as they are put forward over it."""
    return _read(local, zone).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None)


def _read(local: datetime, zone: tzinfo | None) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
