"""How much footage a calibration needs at the least, and why it does not suffice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import HeldOutSignals
from engine.calibrating.length import FootageLength, check_length, length_of, too_little_usable
from engine.common.errors import TrainingError
from engine.scoring.calibration import Calibration
from engine.scoring.light_calibration import TooLittleFootageError
from engine.scoring.signals import RawSignals, missing_signals
from tests.clips import numbered_picture, write_clip

TIMES = np.arange(300) / 5


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Of 16 s each."""
    folder = tmp_path_factory.mktemp("footage")
    return [write_clip(folder / f"{number}.mp4", [numbered_picture(0)] * 32, 2) for number in range(3)]


def is_enough(footage: NormalFootage, *, unreviewed: bool = False) -> bool:
    try:
        check_length(footage, unreviewed=unreviewed)
    except TrainingError:
        return False
    return True


def test_half_a_minute_in_all_is_enough(videos: list[Path]) -> None:
    assert not is_enough(NormalFootage(videos[:1], videos[1:]))
    assert is_enough(NormalFootage(videos[:2]))


def test_of_footage_that_nobody_reviewed_more_is_needed(videos: list[Path]) -> None:
    assert not is_enough(NormalFootage(videos[:2]), unreviewed=True)
    assert is_enough(NormalFootage(videos), unreviewed=True)


def test_what_is_not_held_out_or_not_normal_does_not_count(videos: list[Path]) -> None:
    assert not is_enough(NormalFootage(videos[:2], since={videos[0]: 4.0}))
    assert not is_enough(NormalFootage(videos[:2], left_out={videos[0]: [(4.0, 8.0)]}))


def frozen() -> RawSignals:
    """A minute of a picture in which nothing changes."""
    signals = missing_signals(len(TIMES))
    for name in ("median_change", "highest_change", "changed_share", "camera_motion_px", "speed_px", "speed_excess_px"):
        signals[name] = 0.0
    signals["layout"] = np.arange(64).reshape(8, 8) + 60
    signals["sharpness"], signals["contrast"] = 10.0, 40.0
    return signals


def test_left_out_seconds_are_not_usable(videos: list[Path]) -> None:
    path = videos[0]
    assert length_of(path, NormalFootage([path])) == FootageLength(15.5, 16.0)
    length = length_of(path, NormalFootage([path], left_out={path: [(2.0, 4.0)]}))
    assert length.usable_seconds == 13.0
    assert (length + length).without_rare().usable_seconds == pytest.approx(0.85 * 26)


def test_a_minute_promises_no_less_than_an_alarm_a_minute() -> None:
    assert FootageLength(60.0, 59.0).least_false_alarms == 60.0


@pytest.mark.filterwarnings("error")
def test_a_frozen_camera_makes_no_calibration_and_is_told() -> None:
    with pytest.raises(TooLittleFootageError):
        Calibration.of([(frozen(), TIMES)])
    path = Path("gate.mp4")
    error = too_little_usable(NormalFootage([path]), [HeldOutSignals(path, TIMES, frozen())])
    assert error.what == "Too little of the footage can be used to calibrate on: frozen picture for 60 s"
    assert "at least 30 s" in error.advice
