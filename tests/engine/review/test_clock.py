"""The clock that a person sets: start, offset and time zone; kept in the review, and undone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.common.errors import ReviewError
from engine.review.clock import NO_CLOCK, Clock
from engine.review.document import Recording, Review, from_bytes, to_bytes
from engine.review.edits import Editor
from engine.review.files import read_review, write_review
from engine.review.history import redone, undone, with_step
from engine.video.wall_clock import BY_HAND, FROM_NAME, RecordingStart, recording_start

NAMED = Path("20240115_103000.mp4")


def test_nothing_set_is_what_the_recording_says() -> None:
    told = recording_start(NAMED, {}, UTC)
    assert NO_CLOCK.start_of(NAMED, told) == told
    assert NO_CLOCK.start_of(NAMED, None) is None


def test_a_name_tells_the_time_of_the_zone_that_is_set() -> None:
    told = recording_start(NAMED, {}, UTC)
    found = Clock(zone="Europe/Berlin").start_of(NAMED, told)
    assert found
    assert (found.utc, found.origin) == (datetime(2024, 1, 15, 9, 30, tzinfo=UTC), FROM_NAME)
    assert found.at(60).isoformat() == "2024-01-15T10:31:00+01:00"


def test_a_start_by_hand_comes_before_the_name_and_an_offset_corrects_it() -> None:
    clock = Clock(start="2024-06-01T08:00:00+00:00", offset_seconds=-90, zone="Asia/Tokyo")
    found = clock.start_of(NAMED, recording_start(NAMED, {}, UTC))
    assert found
    assert found.origin == BY_HAND
    assert found.at(0).isoformat() == "2024-06-01T16:58:30+09:00"


@pytest.mark.parametrize(
    ("day", "after", "jump", "words"),
    [
        (datetime(2024, 3, 31, 0, 0), "03:00:00", timedelta(hours=1), "clocks put forward 60 min"),
        (datetime(2024, 10, 27, 0, 0), "02:00:00", timedelta(hours=-1), "clocks put back 60 min"),
    ],
)
def test_clock_changes_are_found_where_they_are(day: datetime, after: str, jump: timedelta, words: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = RecordingStart(day.replace(tzinfo=zone).astimezone(UTC), FROM_NAME, zone)
    (change,) = start.clock_changes(24 * 3600)
    assert f"{start.at(change.seconds):%H:%M:%S}" == after
    assert change.jump == jump
    assert change.in_words.startswith(words)
    assert start.clock_changes(1800) == []


def test_the_clock_is_a_step_that_is_kept_and_undone() -> None:
    plain = Recording(name="a.mp4", path="/a.mp4", fingerprint="f", frame_count=10)
    clock = Clock(start="2024-06-01T08:00:00+00:00", zone="Europe/Berlin")
    done = with_step(plain, Editor(plain, ()).set_clock(clock))
    assert not done.is_untouched
    again = from_bytes(to_bytes(Review(recordings=(done,)))).recordings[0]
    assert again == done
    assert undone(again).clock == NO_CLOCK
    assert redone(undone(again)).clock == clock


def test_a_zone_that_nobody_knows_is_refused() -> None:
    plain = Recording(name="a.mp4", path="/a.mp4", fingerprint="f", frame_count=10)
    for clock in (Clock(zone="Middle/Earth"), Clock(start="2024-06-01T08:00:00"), Clock(start="noon")):
        with pytest.raises(ReviewError, match="no clock"):
            Editor(plain, ()).set_clock(clock)


def with_json(recording: Recording, before: bytes, after: bytes) -> bytes:
    text = to_bytes(Review(recordings=(recording,)))
    assert before in text
    return text.replace(before, after)


@pytest.mark.parametrize("zone", ["Middle/Earth", "Europe", "../Berlin"])
def test_a_review_with_a_zone_that_this_machine_does_not_know_is_sound(tmp_path: Path, zone: str) -> None:
    plain = Recording(name="a.mp4", path="/a.mp4", fingerprint="f", frame_count=10)
    set_ = with_step(plain, Editor(plain, ()).set_clock(Clock(start="2024-06-01T08:00:00+00:00", zone="Asia/Tokyo")))
    path = tmp_path / "a.mp4.review.json"
    write_review(path, Review(recordings=(plain,)))
    write_review(path, Review(recordings=(set_,)))
    path.write_bytes(with_json(set_, b"Asia/Tokyo", zone.encode()))
    opened = read_review(path)
    (found,) = opened.review.recordings
    assert found.clock.zone == zone
    assert f"does not know the time zone {zone}" in opened.notice
    start = found.clock.start_of(NAMED, None)
    assert start
    assert (start.utc, start.zone) == (datetime(2024, 6, 1, 8, tzinfo=UTC), None)
    write_review(path, opened.review)
    assert not list(tmp_path.glob("*.damaged-*"))


@pytest.mark.parametrize(
    "clock",
    [
        b'{"offset_seconds": 1e300}',
        b'{"offset_seconds": NaN}',
        b'{"start": "0001-01-01T00:00:00+14:00"}',
        b'{"start": "9999-12-31T23:59:59-12:00"}',
    ],
)
def test_a_clock_beyond_the_calendar_is_damage(clock: bytes) -> None:
    plain = Recording(name="a.mp4", path="/a.mp4", fingerprint="f", frame_count=10)
    with pytest.raises(ValueError, match=r"can't be wrong by|is not in the years"):
        from_bytes(with_json(plain, b'"playhead"', b'"clock": %b, "playhead"' % clock))


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    ("change", "sound", "bad"),
    [
        ("clock", {}, {"offset_seconds": 1e300}),
        ("zones", [], [{"kind": "ignored", "points": [[0, 0], [1, 1]]}]),
        ("redaction", {"regions": []}, {"regions": [{"method": "fill", "keyframes": []}]}),
    ],
)
def test_what_undoing_would_bring_back_is_checked(side: str, change: str, sound: object, bad: object) -> None:
    plain = Recording(name="a.mp4", path="/a.mp4", fingerprint="f", frame_count=10)

    def read(value: object) -> Review:
        step = {"name": "x", change: {"before": sound, "after": sound} | {side: value}}
        return from_bytes(with_json(plain, b'"history": []', b'"history": [%b]' % json.dumps(step).encode()))

    assert len(read(sound).recordings[0].history) == 1
    with pytest.raises(ValueError, match=r"can't be wrong|corners|keyframes"):
        read(bad)
