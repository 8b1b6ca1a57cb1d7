"""How much footage a calibration needs at the least."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.calibrating.footage import NormalFootage
from engine.calibrating.length import check_length
from engine.common.errors import TrainingError
from tests.clips import numbered_picture, write_clip


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
