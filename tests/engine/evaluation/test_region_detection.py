"""RBDC and TBDC, by hand-made regions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.evaluation.region_detection import Boxes, RegionVideo, detection_criteria, labelled_regions, overlaps

LEFT, RIGHT = [0.0, 0.0, 0.2, 0.2], [0.5, 0.5, 0.7, 0.7]


def boxes(*each: list[float]) -> Boxes:
    return np.array(each, np.float64).reshape(-1, 4)


def video(*frames: tuple[Boxes, Boxes, list[float]]) -> RegionVideo:
    """Frames of labelled regions, all of one track, detected ones, and the scores of these."""
    return RegionVideo(
        [frame[0] for frame in frames],
        [np.zeros(len(frame[0]), np.intp) for frame in frames],
        [frame[1] for frame in frames],
        [np.array(frame[2], np.float64) for frame in frames],
    )


def test_overlap_is_intersection_over_union() -> None:
    found = overlaps(boxes([0, 0, 2, 2], [10, 10, 11, 11]), boxes([1, 0, 3, 2]))
    np.testing.assert_allclose(found, [[1 / 3], [0]])


def test_all_found_without_a_false_region_is_one() -> None:
    found = video((boxes(LEFT), boxes(LEFT), [3.0]), (boxes(), boxes(), []))
    assert detection_criteria([found]) == (1, 1)


def test_nothing_found_is_zero_and_nothing_labelled_is_undefined() -> None:
    assert detection_criteria([video((boxes(LEFT), boxes(RIGHT), [3.0]))]) == (0, 0)
    assert all(math.isnan(each) for each in detection_criteria([video((boxes(), boxes(RIGHT), [3.0]))]))


def test_a_region_counts_from_the_false_regions_on_that_its_score_lets_through() -> None:
    # Four frames, one false region above the true one: a quarter of a false region a frame.
    nothing = (boxes(), boxes(), [0.0][:0])
    found = video((boxes(LEFT), boxes(LEFT, RIGHT), [2.0, 5.0]), nothing, nothing, nothing)
    assert detection_criteria([found]) == pytest.approx((0.75, 0.75))


def test_a_track_is_detected_by_a_tenth_of_its_regions() -> None:
    hit, miss = (boxes(LEFT), boxes(LEFT), [3.0]), (boxes(LEFT), boxes(), [0.0][:0])
    assert detection_criteria([video(hit, *[miss] * 9)]) == pytest.approx((0.1, 1.0))
    assert detection_criteria([video(hit, *[miss] * 10)]) == pytest.approx((1 / 11, 0.0))


def test_masks_become_boxes_and_what_overlaps_from_frame_to_frame_one_track() -> None:
    masks = np.zeros((4, 100, 200), np.bool_)
    for number in range(3):
        masks[number, 20:40, 10 + 5 * number : 30 + 5 * number] = True
    masks[1:, 60:90, 150:180] = True
    masks[3, 5, 5] = True  # a speck
    found, tracks = labelled_regions(masks)
    np.testing.assert_allclose(found[0], [[0.05, 0.2, 0.15, 0.4]])
    assert [len(each) for each in found] == [1, 2, 2, 1]
    assert [sorted(each.tolist()) for each in tracks] == [[0], [0, 1], [0, 1], [1]]
