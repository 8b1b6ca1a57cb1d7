"""Own recorders' file names: a pattern from one example, and what other names say by it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.common.errors import VideoError
from engine.common.paths import name_patterns_file
from engine.video.name_patterns import moment_by, own_patterns, pattern_of, remember_pattern
from engine.video.wall_clock import FROM_NAME, recording_start

MOMENT = datetime(2024, 1, 15, 10, 30, 5)


@pytest.mark.parametrize(
    ("example", "pattern"),
    [
        ("CAM3_15.01.24_103005.mp4", "CAM%n_%d.%m.%y_%H%M%S.mp4"),
        ("10-30-05 15-01-2024 gate.avi", "%H-%M-%S %d-%m-%Y gate.avi"),
        ("gate 01-15-2024 10h30.avi", "gate %m-%d-%Y %Hh%M.avi"),
        ("20240115103005.avi", "%Y%m%d%H%M%S.avi"),
        ("100%_150124-1030.avi", "%n%%_%d%m%y-%H%M.avi"),
    ],
)
def test_a_pattern_is_learnt_from_one_name_and_reads_others(example: str, pattern: str) -> None:
    assert pattern_of(example, MOMENT) == pattern
    expected = MOMENT if "S" in pattern else MOMENT.replace(second=0)
    assert moment_by(pattern, example, UTC) == expected.replace(tzinfo=UTC)


def test_another_name_is_read_in_the_zone_of_the_recorder() -> None:
    pattern = pattern_of("CAM3_15.01.24_103005.mp4", MOMENT)
    found = moment_by(pattern, "CAM12_02.07.25_235900.mp4", ZoneInfo("Europe/Berlin"))
    assert found == datetime(2025, 7, 2, 21, 59, tzinfo=UTC)
    assert moment_by(pattern, "CAM12_31.02.25_235900.mp4", UTC) is None
    assert moment_by(pattern, "GATE_02.07.25_235900.mp4", UTC) is None


def test_a_name_without_that_moment_is_refused() -> None:
    with pytest.raises(VideoError, match="does not say that date and time"):
        pattern_of("holiday.mp4", MOMENT)


def test_a_day_that_could_be_the_month_is_refused() -> None:
    with pytest.raises(VideoError, match="can't be told apart"):
        pattern_of("CAM_05.05.2024_103005.mp4", datetime(2024, 5, 5, 10, 30, 5))


def test_a_remembered_pattern_comes_before_those_of_common_recorders() -> None:
    # By common patterns these digits are the 2nd of January 2015.
    name = Path("2015-01-02_103005.avi")
    remember_pattern("%Y-%d-%m_%H%M%S.avi")
    found = recording_start(name, {}, UTC)
    assert found
    assert (found.utc, found.origin) == (datetime(2015, 2, 1, 10, 30, 5, tzinfo=UTC), FROM_NAME)


def test_a_damaged_file_of_patterns_holds_none() -> None:
    remember_pattern("%Y-%d-%m_%H%M%S.avi")
    name_patterns_file().write_text('["%Y%Y", "%d", 3]')
    assert own_patterns() == []
    name_patterns_file().write_text('["%Y%Y%m%d%H%M", "%d"]')
    assert own_patterns() == []


def test_patterns_that_are_learnt_at_the_same_moment_are_all_kept() -> None:
    def learn(number: int) -> None:
        for turn in range(5):
            remember_pattern(f"{number}-{turn}_%Y-%m-%d_%H%M.avi")

    threads = [threading.Thread(target=learn, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(own_patterns()) == 40


def test_a_damaged_file_of_patterns_is_put_aside() -> None:
    remember_pattern("%Y-%d-%m_%H%M%S.avi")
    name_patterns_file().write_text('["%Y')
    remember_pattern("%Y-%m-%d_%H%M.avi")
    assert own_patterns() == ["%Y-%m-%d_%H%M.avi"]
    assert name_patterns_file().with_suffix(".damaged").read_text() == '["%Y'


def test_a_pattern_of_a_name_that_is_no_unicode_can_be_kept() -> None:
    pattern = "T\udcfcr_%Y-%m-%d_%H%M.avi"
    remember_pattern(pattern)
    assert own_patterns()[0] == pattern
