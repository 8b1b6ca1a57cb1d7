from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.redaction.regions import (
    Keyframe,
    RedactedRegion,
    Redaction,
    RedactionMethod,
    check_redaction,
    redaction_in_words,
)

BOX = ((0.1, 0.2), (0.3, 0.2), (0.3, 0.4), (0.1, 0.4))
FAR = ((0.5, 0.6), (0.7, 0.6), (0.7, 1.0), (0.5, 1.0))
MOVING = RedactedRegion(RedactionMethod.FILL, (Keyframe(10, BOX), Keyframe(20, FAR)))


@pytest.mark.parametrize(
    ("frame", "first_corner"),
    [(0, (0.1, 0.2)), (10, (0.1, 0.2)), (15, (0.3, 0.4)), (18, (0.42, 0.52)), (20, (0.5, 0.6)), (99, (0.5, 0.6))],
)
def test_corners_move_in_straight_lines_between_keyframes_and_stay_outside(
    frame: int, first_corner: tuple[float, float]
) -> None:
    assert MOVING.points_at(frame)[0] == pytest.approx(first_corner)
    assert MOVING.points_at(frame)[3][1] == pytest.approx(0.4 + 0.06 * min(max(frame - 10, 0), 10))


def test_a_keyframe_is_set_replaced_and_taken_back() -> None:
    fixed = RedactedRegion(RedactionMethod.FILL, (Keyframe(10, BOX),))
    assert fixed.is_fixed
    moving = fixed.with_keyframe(20, FAR)
    assert moving == MOVING
    assert [each.frame for each in moving.with_keyframe(5, FAR).keyframes] == [5, 10, 20]
    assert moving.with_keyframe(10, FAR).points_at(0) == FAR
    assert moving.without_keyframe(20) == fixed
    assert fixed.without_keyframe(10) == fixed  # it would be nowhere


def test_it_is_there_from_its_first_frame_to_its_last() -> None:
    region = replace(MOVING, start=5, stop=12)
    assert [frame for frame in range(20) if region.covers(frame)] == list(range(5, 12))
    assert all(MOVING.covers(frame) for frame in (0, 10**6))


def test_what_is_redacted_in_words() -> None:
    blurred = replace(MOVING, method=RedactionMethod.BLUR)
    assert redaction_in_words(Redaction()) == ""
    assert redaction_in_words(Redaction((MOVING, blurred, MOVING))) == "2 regions (fill), 1 region (blur)"
    assert redaction_in_words(Redaction((), blurs_picture=True)) == "whole picture blurred"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keyframes": ()}, "0 keyframes"),
        ({"keyframes": (Keyframe(3, BOX), Keyframe(3, FAR))}, "do not ascend"),
        ({"keyframes": (Keyframe(-1, BOX),)}, "do not ascend"),
        ({"keyframes": (Keyframe(3, BOX), Keyframe(4, FAR[:3]))}, "the same"),
        ({"keyframes": (Keyframe(3, BOX[:2]),)}, "3 to"),
        ({"keyframes": (Keyframe(3, ((float("nan"), 0.0), *BOX)),)}, "beyond"),
        ({"keyframes": (Keyframe(3, ((1.1, 0.0), *BOX)),)}, "beyond"),
        ({"start": 5, "stop": 5}, "no frame"),
        ({"start": -1}, "no frame"),
    ],
)
def test_regions_that_make_no_sense_are_told(changes: dict[str, Any], said: str) -> None:
    check_redaction(Redaction((MOVING,)))
    with pytest.raises(ValueError, match=said):
        check_redaction(Redaction((MOVING, replace(MOVING, **changes))))
    with pytest.raises(ValueError, match="at most"):
        check_redaction(Redaction((MOVING,) * 65))
