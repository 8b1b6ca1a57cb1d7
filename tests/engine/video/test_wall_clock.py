"""When recordings began: names of common recorders, metadata, and clocks that are set forward and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.video import open_video
from engine.video.wall_clock import FROM_METADATA, FROM_NAME, recording_start
from tests.clips import make_clip

BERLIN = ZoneInfo("Europe/Berlin")
MOMENT = datetime(2024, 1, 15, 10, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "name",
    [
        "20240115_103000_1A2B_ACCC8E000000.mkv",  # Axis
        "Front.20240115_103000.mp4",  # Blue Iris
        "192.168.1.64_01_20240115103000_TIMING.mp4",  # Hikvision
        "ch0001_20240115103000000.mp4",
        "NVR_ch1_main_20240115103000_20240115110000.avi",  # Dahua, exported
        "Front_00_20240115103000.mp4",  # Reolink
        "VID_20240115_103000.mp4",  # Android
        "2024-01-15 10-30-00.mkv",  # OBS
        "2024-01-15T10:30:00.ts",
        "2024.01.15-10.30.00.avi",
        "cam 2024-01-15 - 10.30.00.mp4",
        "2024-01-15T09-30-00Z.mp4",
        "2024-01-15/10-30-00.mp4",  # motionEye
        "2024-01-15/001/dav/10/10.30.00-10.45.00[M][0@0][0].dav",  # Dahua
        "2024/01/15/103000.mp4",
        "2024-01-15/09/front/30.00.mp4",  # Frigate, in UTC
        "front-1705311000.0-x7.mp4",
        "1705311000.mp4",
    ],
)
def test_names_of_common_recorders_are_understood(name: str) -> None:
    start = recording_start(Path("/videos") / name, {}, BERLIN)
    assert start is not None
    assert (start.at(0, BERLIN), start.origin) == (MOMENT, FROM_NAME)


@pytest.mark.parametrize(
    "name",
    [
        "01.mp4",
        "holiday.mp4",
        "20240230_103000.mp4",  # no such day
        "20240115_256000.mp4",
        "20240115.mp4",  # a day is no moment
        "120240115103000.mp4",  # part of a longer number
        "10-30-00.mp4",
        "0800123456.mp4",
        "2024-01-15/frame 7.png",
        "S01E02.1080p.mkv",
    ],
)
def test_other_names_say_nothing(name: str) -> None:
    assert recording_start(Path("/videos") / name, {}, BERLIN) is None


def test_milliseconds_count() -> None:
    start = recording_start(Path("ch01_20240115103000250.mp4"), {}, BERLIN)
    assert start is not None
    assert start.at(0.5, BERLIN) == MOMENT.replace(microsecond=750_000)


def test_metadata_is_asked_where_the_name_says_nothing() -> None:
    metadata = {"creation_time": "2024-01-15T09:30:00.000000Z"}
    start = recording_start(Path("clip.mp4"), metadata)
    assert start is not None
    assert (start.utc, start.origin) == (MOMENT.astimezone(UTC), FROM_METADATA)
    named = recording_start(Path("20230101_000000.mp4"), metadata, BERLIN)
    assert named is not None
    assert named.origin == FROM_NAME
    apple = metadata | {"com.apple.quicktime.creationdate": "2024-01-15T11:30:00+0100"}
    start = recording_start(Path("IMG_0001.MOV"), apple)
    assert start is not None
    assert start.utc == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("told", ["1904-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z", "yesterday", ""])
def test_a_clock_that_was_never_set_says_nothing(told: str) -> None:
    assert recording_start(Path("clip.mp4"), {"creation_time": told}) is None


def test_the_clock_goes_on_where_it_is_set_forward_or_back() -> None:
    forward = recording_start(Path("20240331_015950.mp4"), {}, BERLIN)
    back = recording_start(Path("20241027_025950.mp4"), {}, BERLIN)
    assert forward is not None
    assert back is not None
    assert f"{forward.at(20, BERLIN):%H:%M:%S %Z}" == "03:00:10 CEST"
    assert f"{back.at(0, BERLIN):%H:%M:%S %Z}" == "02:59:50 CEST"
    assert f"{back.at(20, BERLIN):%H:%M:%S %Z}" == "02:00:10 CET"


def test_opened_recordings_know_when_they_began(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "20240115_103000.mp4", 3)) as source:
        assert source.info.start is not None
        assert f"{source.info.start.at(0):%Y-%m-%d %H:%M:%S}" == "2024-01-15 10:30:00"
