"""Selection of representative frames and regions, on hand-made timelines and pictures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.figures.choosing import (
    ChosenFrame,
    Region,
    darkest_patch,
    fastest_region,
    labelled_regions,
    representative_frames,
    square_around,
)
from engine.flow.colour import flow_to_rgb
from tests.engine.evaluation.test_score_figures import NAN, video


def measured(name: str, truth: str, worst_db: list[float]) -> object:
    return video(name, truth, [NAN] + [50.0] * (len(truth) - 1), worst_db)


# Ten frames a second: frames chosen from one video have to be ten apart.
CALM = [30.0] * 40


def changed(**at: float) -> list[float]:
    values = [NAN, *CALM[1:]]
    for key, value in at.items():
        values[int(key[1:])] = value
    return values


def test_with_labels_each_event_gives_its_worst_frame() -> None:
    videos = [
        measured("01", "." * 20 + "x" * 20, changed(f25=20, f5=10)),
        measured("02", "." * 20 + "x" * 20, changed(f30=15)),
    ]
    found = representative_frames(videos, 2, labelled=True)
    assert [each for each in found if each.abnormal] == [ChosenFrame(1, 30, True), ChosenFrame(0, 25, True)]
    assert [each.abnormal for each in found] == [True, False, True, False]


def test_every_video_gets_a_frame_before_any_gets_a_second() -> None:
    twice = measured("01", "." * 5 + "xxxxx" + "." * 10 + "xxxxx" + "." * 15, changed(f7=5, f22=6))
    once = measured("02", "." * 30 + "x" * 10, changed(f35=20))
    found = [each for each in representative_frames([twice, once], 3, labelled=True) if each.abnormal]
    assert found == [ChosenFrame(0, 7, True), ChosenFrame(1, 35, True), ChosenFrame(0, 22, True)]


def test_normal_frames_are_typical_and_away_from_events() -> None:
    # Frames 1 to 5 and 19 are at least half a second from the event; their median is 30.
    worst = [NAN, 20, 25, 30, 35, 40, *([30.0] * 8), 10, *([30.0] * 4), 30]
    (abnormal, normal) = representative_frames([measured("01", "." * 10 + "x" * 5 + "." * 5, worst)], 1, labelled=True)
    assert abnormal == ChosenFrame(0, 14, True)
    assert normal == ChosenFrame(0, 3, False)


def test_without_normal_frames_only_abnormal_ones_are_chosen() -> None:
    found = representative_frames([measured("01", "x" * 40, changed(f7=5))], 2, labelled=True)
    assert found == [ChosenFrame(0, 7, True)]


def test_without_labels_the_worst_and_the_most_typical_frames_are_chosen_a_second_apart() -> None:
    found = representative_frames(
        [measured("clip", "." * 40, changed(f20=5, f21=6, f33=7, f1=29, f2=31))], 2, labelled=False
    )
    assert all(each.abnormal is None for each in found)
    frames = [each.frame for each in found]
    assert frames[::2] == [20, 33]
    assert all(abs(a - b) >= 10 for place, a in enumerate(frames) for b in frames[:place])


def test_frame_0_is_never_chosen() -> None:
    found = representative_frames([measured("01", "xx" + "." * 38, [NAN, 5, *CALM[2:]])], 1, labelled=True)
    assert found[0] == ChosenFrame(0, 1, True)


def test_regions_are_bounding_boxes_of_labelled_components() -> None:
    mask = np.zeros((100, 200), bool)
    mask[10:30, 20:40] = True
    mask[50:90, 100:180] = True
    mask[0, 0] = True  # annotation noise
    assert labelled_regions(mask) == [Region(0.5, 0.5, 0.9, 0.9), Region(0.1, 0.1, 0.2, 0.3)]
    assert labelled_regions(np.zeros((4, 4), bool)) == []


def test_the_darkest_patch() -> None:
    patches = np.full((4, 4), 30.0)
    patches[2, 1] = 20
    assert darkest_patch(patches) == Region(0.25, 0.5, 0.5, 0.75)


def test_the_fastest_region_has_the_most_motion() -> None:
    flow = np.zeros((2, 256, 256), np.float32)
    flow[0, 100:140, 60:90] = 3
    flow[1, 200:210, 200:210] = 3
    region = fastest_region(flow_to_rgb(flow, 4.0), aspect=1.5)
    assert region is not None
    assert region.left * 256 <= 60
    assert region.right * 256 >= 90
    assert region.top * 256 <= 100
    assert region.bottom * 256 >= 140
    assert fastest_region(flow_to_rgb(np.zeros_like(flow), 4.0), aspect=1.5) is None


@pytest.mark.parametrize("aspect", [0.5, 1.0, 16 / 9, 4.0])
@pytest.mark.parametrize(
    "region", [Region(0, 0, 0.01, 0.01), Region(0.4, 0.3, 0.6, 0.9), Region(0.9, 0.9, 1, 1), Region(0, 0, 1, 1)]
)
def test_squared_regions_are_square_inside_the_frame_and_contain_the_region(region: Region, aspect: float) -> None:
    grown = square_around(region, aspect)
    assert (grown.right - grown.left) * aspect == pytest.approx(grown.bottom - grown.top)
    for low, high in ((grown.left, grown.right), (grown.top, grown.bottom)):
        assert -1e-9 <= low < high <= 1 + 1e-9
    if region != Region(0, 0, 1, 1):
        assert grown.left <= region.left + 1e-9
        assert grown.right >= region.right - 1e-9
