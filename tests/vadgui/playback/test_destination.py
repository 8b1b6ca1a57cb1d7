from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.review.clock import Clock
from engine.video.wall_clock import FROM_NAME, RecordingStart
from tests.vadgui.synthetic import steady_times, video_info
from vadgui.model.session import ReviewSession
from vadgui.playback.destination import NoDestinationError, find_destination


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def session_from(start: datetime | None, seconds: int = 200) -> ReviewSession:
    times = steady_times(25 * seconds)
    video = video_info(times)
    session = ReviewSession()
    session.open_video(replace(video, start=RecordingStart(start, FROM_NAME) if start else None), times)
    session.seek(1000)
    return session


EVENING = datetime(2024, 5, 1, 21, 58, 30, tzinfo=UTC)  # 23:58:30 in Berlin


@pytest.mark.parametrize(
    ("typed", "frame"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("+10", 1010),
        ("-5000", 0),
        ("1:05", 1625),
        ("1:05.2", 1630),
        ("1:05,2", 1630),
        ("0:01:05", 1625),
        ("90 s", 2250),
        ("1.5 min", 2250),
        ("2m", 3000),
        ("+2 s", 1050),
        ("-0:10", 750),
        ("23:59:30", 1500),
        ("23:59:30.04", 1501),
        ("23:59", 750),
        ("23:58", 0),
        ("0:00:30", 750),  # a running time, as long as the recording has it
        ("at 0:00:30", 3000),  # past midnight
        ("@0:00", 2250),
        ("2024-05-02 00:00:30", 3000),
        ("2024-05-01T23:59:00", 750),
    ],
)
def test_goes_to(typed: str, frame: int) -> None:
    assert find_destination(typed, session_from(EVENING)).frame == frame


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("5000", "The last frame is 4999."),
        ("yesterday", "Type a frame number"),
        ("1:2:3:4", "Type a frame number"),
        ("99:99:99", "The recording ends at 3:20.000."),
        ("22:00:00", "The recording is of 2024-05-01 23:58:30 to 2024-05-02 00:01:50."),
        ("2024-05-03 00:00:30", "The recording is of 2024-05-01"),
        ("2024-13-40 00:00", "Type a frame number"),
        ("at 25:00", "Type a frame number"),
    ],
)
def test_says_why_not(typed: str, why: str) -> None:
    with pytest.raises(NoDestinationError, match=why):
        find_destination(typed, session_from(EVENING))


def test_without_a_known_start_there_is_no_time_of_day() -> None:
    with pytest.raises(NoDestinationError, match="not known"):
        find_destination("14:03:20", session_from(None))


def test_an_hour_that_comes_twice_is_found_where_the_recording_has_it() -> None:
    second = session_from(datetime(2024, 10, 27, 1, 30, tzinfo=UTC))  # 2:30 for the second time
    assert find_destination("at 02:31:00", second).frame == 1500


def test_says_all_that_is_known_of_the_frame() -> None:
    assert find_destination("750", session_from(EVENING)).words == "Frame 750   0:30.000   2024-05-01 23:59:00"


def test_goes_by_the_clock_that_was_set_and_its_zone() -> None:
    session = session_from(EVENING)
    clock = Clock("2024-05-01T21:58:30+00:00", 60.0, "Asia/Tokyo")  # 06:59:30 there
    assert session.review.edit(lambda editor: editor.set_clock(clock))
    assert find_destination("07:00:00", session).frame == 750
    assert find_destination("2024-05-02 07:00:00", session).frame == 750
    assert find_destination("750", session).words.endswith("2024-05-02 07:00:00")
    with pytest.raises(NoDestinationError, match="2024-05-02 06:59:30 to 2024-05-02 07:02:50"):
        find_destination("23:59:30", session)


def test_a_clock_that_was_set_where_the_recording_tells_none() -> None:
    session = session_from(None)
    assert session.review.edit(lambda editor: editor.set_clock(Clock(start="2024-05-01T21:58:30+00:00")))
    assert find_destination("23:59:30", session).frame == 1500
