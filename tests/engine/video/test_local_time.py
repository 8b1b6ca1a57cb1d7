"""Times of day in the hours in which clocks change, by a named zone and by that of the machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.video.local_time import is_skipped, is_twice, utc_of
from engine.video.wall_clock import recording_start

BERLIN = ZoneInfo("Europe/Berlin")
SKIPPED, TWICE, USUAL = datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 3, 30)


@pytest.fixture(params=["named", "machine"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tzinfo | None]:
    if request.param == "named":
        yield BERLIN
        return
    if not hasattr(time, "tzset"):
        pytest.skip("this system's zone can't be set")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield None
    monkeypatch.undo()
    time.tzset()


def test_a_skipped_hour_is_read_by_a_clock_that_was_not_put_forward(zone: tzinfo | None) -> None:
    for fold in (0, 1):
        moment = utc_of(SKIPPED.replace(fold=fold), zone)
        assert moment == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
        assert f"{moment.astimezone(BERLIN):%H:%M}" == "03:30"
    assert is_skipped(SKIPPED, zone)
    assert not is_twice(SKIPPED, zone)


def test_of_an_hour_that_comes_twice_fold_says_which(zone: tzinfo | None) -> None:
    assert utc_of(TWICE, zone) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert utc_of(TWICE.replace(fold=1), zone) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert is_twice(TWICE, zone)
    assert not is_skipped(TWICE, zone)


def test_other_hours_are_what_they_are(zone: tzinfo | None) -> None:
    assert utc_of(USUAL, zone) == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    assert not is_twice(USUAL, zone)
    assert not is_skipped(USUAL, zone)


def test_file_names_are_read_so(zone: tzinfo | None) -> None:
    start = recording_start(Path("gate_20260329_023000.mp4"), {}, zone)
    assert start is not None
    assert start.utc == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
