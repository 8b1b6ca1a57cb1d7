import numpy as np
import pytest

from engine.datasets.labels import (
    labels_from_ranges,
    labels_of_vector,
    mask_volume,
    parse_ucsd_list,
    ranges_of_cells,
    ranges_of_pairs,
    unpacked_masks,
    video_number,
)


def cells(*contents: object) -> np.ndarray:
    array = np.empty((1, len(contents)), np.object_)
    array[0, :] = [np.asarray(content) for content in contents]
    return array


def test_ranges_count_from_one_and_include_their_last_frame() -> None:
    labels = labels_from_ranges([(1, 2), (5, 5)], 6)
    assert labels.dtype == np.bool_
    assert labels.tolist() == [frame + 1 in (1, 2, 5) for frame in range(6)]
    assert not labels_from_ranges([], 3).any()


@pytest.mark.parametrize("odd", [(0, 2), (3, 2), (2, 7)])
def test_ranges_that_leave_the_video_or_run_backwards_are_refused(odd: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"{odd[0]} to {odd[1]}"):
        labels_from_ranges([odd], 6)


def test_ucsd_lists_hold_one_or_several_ranges_a_video() -> None:
    text = """TestVideoFile = {};
TestVideoFile{end+1}.gt_frame = [60:152];
TestVideoFile{end+1}.gt_frame = [5:90, 140:200];
TestVideoFile{end+1}.gt_frame = [ 1 : 15 45:113,120 ] ;
TestVideoFile{end+1}.gt_frame = 3:4;
% TestVideoFile{end+1}.gt_frame = [7:8];
TestVideoFile{end+1}.gt_frame = [];
TestVideoFile{end+1}.gt_frame = [1:2, ... first half
    9:10]; % odd
"""
    expected = [[(60, 152)], [(5, 90), (140, 200)], [(1, 15), (45, 113), (120, 120)], [(3, 4)], [], [(1, 2), (9, 10)]]
    assert parse_ucsd_list(text) == expected
    assert parse_ucsd_list(text.replace("\n", "\r\n")) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no line like"),
        ("TestVideoFile{end+1}.gt_frame = [1:5];\nTestVideoFile{end+1}.gt_frame = [6:", "1 of its gt_frame lines"),
        ("TestVideoFile{end+1}.gt_frame = [1:2:9];", "'1:2:9'"),
        ("TestVideoFile{end+1}.gt_frame = [1:end];", "'1:end'"),
        ("TestVideoFile{end+1}.gt_frame = find(x);", "1 of its gt_frame lines"),
    ],
)
def test_malformed_ucsd_lists_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_ucsd_list(text)


def test_gt_cells_hold_first_frames_above_last_ones() -> None:
    assert ranges_of_cells(cells([[61], [180]], [[5, 140], [90, 200]], [[1, 4, 8], [2, 6, 9]], np.empty((0, 0)))) == [
        [(61, 180)],
        [(5, 90), (140, 200)],
        [(1, 2), (4, 6), (8, 9)],
        [],
    ]


def test_gt_cells_may_be_squeezed_transposed_or_of_small_integers() -> None:
    squeezed = cells(np.array([61, 180], np.uint8), [[5, 140], [90, 200]])[0]
    assert ranges_of_cells(squeezed) == [[(61, 180)], [(5, 90), (140, 200)]]
    assert ranges_of_cells(cells([[1, 2], [4, 6], [8, 9]], [[3, 7]])) == [[(1, 2), (4, 6), (8, 9)], [(3, 7)]]
    assert ranges_of_cells(np.array([[5, 140], [90, 200]])) == [[(5, 90), (140, 200)]]


@pytest.mark.parametrize("odd", [["a", "b"], [[1.5], [3.0]], [1, 2, 3], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]])
def test_malformed_gt_cells_are_refused(odd: object) -> None:
    with pytest.raises(ValueError, match=r"cell 2|frame number"):
        ranges_of_cells(cells([[1], [2]], odd))


def test_json_pairs_must_be_pairs_of_whole_numbers() -> None:
    assert ranges_of_pairs([[61, 180], [190, 195]]) == [(61, 180), (190, 195)]
    for odd in (3, [3], [[1, 2, 3]], [[1.5, 2]], [["1", "2"]], [[1, float("inf")]], [[float("nan"), 2]], [[None, 2]]):
        with pytest.raises(ValueError):  # noqa: PT011 - each case has another message
            ranges_of_pairs(odd)


def test_vectors_of_labels_are_zeros_and_ones_of_any_type() -> None:
    for values in (np.array([0, 1, 1], np.uint8), np.array([[0.0, 1.0, 1.0]]), np.array([[False], [True], [True]])):
        assert labels_of_vector(values).tolist() == [False, True, True]
    for odd in (np.array([0, 2]), np.array([0.5]), np.zeros((2, 2)), np.array(["0"]), np.array([np.nan])):
        with pytest.raises(ValueError, match="labels must be"):
            labels_of_vector(odd)


def test_mask_volumes_are_stacked() -> None:
    first, second = np.zeros((2, 3), np.uint8), np.full((2, 3), 255, np.uint8)
    volume = mask_volume(cells(first, second))
    assert volume.shape == (2, 2, 3)
    assert volume.any(axis=(1, 2)).tolist() == [False, True]
    for odd in (cells(first, second.T), cells([1], [2]), np.zeros((1, 2)), np.empty((0, 0), np.object_)):
        with pytest.raises(ValueError, match=r"masks must|one mask a frame"):
            mask_volume(odd)


def test_packed_masks_are_unpacked_to_their_width() -> None:
    masks = np.random.default_rng(1).random((3, 4, 13)) < 0.5
    packed = np.packbits(masks, axis=-1)
    assert np.array_equal(unpacked_masks(packed, 13), masks)
    for odd, width in ((packed, 17), (packed.astype(np.int64), 13), (packed[0], 13)):
        with pytest.raises(ValueError, match="masks"):
            unpacked_masks(odd, width)


def test_the_number_of_a_video_is_the_only_one_in_its_name() -> None:
    assert [video_number(name) for name in ("04", "Test004", "4")] == [4, 4, 4]
    for name in ("entrance", "01_0014"):
        with pytest.raises(ValueError, match=name):
            video_number(name)
