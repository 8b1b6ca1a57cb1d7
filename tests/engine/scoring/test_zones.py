"""Zones: which windows count, and the raw signals of those alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engine.scoring.motion import PLACES
from engine.scoring.places import pack_places, signals_within
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.zones import (
    Zone,
    ZoneKind,
    check_zones,
    counted_windows,
    moved_points,
    rectangle_points,
    reshaped_points,
    zones_in_words,
)

NAMES = ("speed_excess_px", "appearance_distance")
IGNORED, WATCHED = ZoneKind.IGNORED, ZoneKind.WATCHED
LEFT = Zone.rectangle(IGNORED, (0, 0), (0.5, 1))


def measured(maps: dict[str, npt.NDArray[np.float32]]) -> tuple[RawSignals, list[bytes]]:
    """A row as the pipeline makes it of the values of all windows, and what is packed of it."""
    rows = missing_signals(1)
    rows["speed_excess_px"] = maps["speed_excess_px"].max()
    rows["appearance_distance"] = np.sort(maps["appearance_distance"], axis=None)[-4:].mean()
    return rows, [pack_places(maps, NAMES)]


def things(**values: float) -> dict[str, npt.NDArray[np.float32]]:
    """A fast and odd thing at the `left`, at the `right`, or both, among small random motion."""
    rng = np.random.default_rng(3)
    maps = {name: rng.uniform(0, 0.3, (PLACES, PLACES)).astype(np.float32) for name in NAMES}
    for side, value in values.items():
        columns = slice(3, 6) if side == "left" else slice(22, 25)
        for each in maps.values():
            each[10:13, columns] = value
    return maps


def test_nothing_ignored_has_a_part_in_a_score_and_what_is_beside_is_still_seen() -> None:
    counted = counted_windows((LEFT,))
    # Windows are three cells wide; the zone ends with cell 15.
    assert not counted[:, :16].any()
    assert counted[:, 16:].all()


def test_only_windows_whose_middle_is_watched_count_also_at_the_rim() -> None:
    counted = counted_windows((Zone.rectangle(WATCHED, (0.25, 0.25), (0.5, 0.5)),))
    assert {*zip(*np.nonzero(counted), strict=True)} == {
        (row, column) for row in range(7, 15) for column in range(7, 15)
    }
    rim = counted_windows((Zone.rectangle(WATCHED, (0, 0), (1 / 32, 1)),))
    assert rim[:, 0].all()
    assert not rim[:, 1:].any()


def test_ignored_zones_take_from_watched_ones_and_polygons_are_no_boxes() -> None:
    both = counted_windows((Zone.rectangle(WATCHED, (0, 0), (1, 0.5)), LEFT))
    assert both[:14, 16:].all()
    assert not both[:, :16].any()
    assert not both[16:].any()
    triangle = counted_windows((Zone(IGNORED, ((0, 0), (1, 0), (0, 1))),))
    assert triangle[-1, -1]
    assert not triangle[0, 0]
    assert 0.3 < triangle.mean() < 0.5


def test_what_lies_outside_ignored_zones_stays_exactly_as_it_was_measured() -> None:
    rows, packed = measured(things(right=2.345678))
    assert signals_within(rows, packed, NAMES, counted_windows((LEFT,))).tobytes() == rows.tobytes()
    everything = counted_windows(())
    rows, packed = measured(things(left=3.3, right=2.345678))
    assert signals_within(rows, packed, NAMES, everything).tobytes() == rows.tobytes()


def test_what_stands_out_in_an_ignored_zone_counts_no_more_but_the_rest_does() -> None:
    counted = counted_windows((LEFT,))
    rows, packed = measured(things(left=3.3, right=1.5))
    told = signals_within(rows, packed, NAMES, counted)
    assert [float(told[name][0]) for name in NAMES] == pytest.approx([1.5, 1.5], rel=0.016)
    alone = signals_within(*measured(things(left=3.3)), NAMES, counted)
    assert float(alone["speed_excess_px"][0]) < 0.31
    # What is no signal of windows, and what was never measured, stays.
    assert np.isnan(told["psnr_db"]).all()
    assert rows["speed_excess_px"][0] == np.float32(3.3)


def test_zones_never_raise_a_signal() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        maps = {name: rng.gamma(0.3, 2, (PLACES, PLACES)).astype(np.float32) for name in NAMES}
        rows, packed = measured(maps)
        x, y = rng.uniform(0, 0.6, 2)
        told = signals_within(rows, packed, NAMES, counted_windows((Zone.rectangle(IGNORED, (x, y), (x + 0.4, 1)),)))
        assert all(told[name][0] <= rows[name][0] for name in NAMES)


def test_rows_of_which_nothing_legible_was_packed_stay() -> None:
    rows, _ = measured(things(left=3.3))
    for packed in (b"", b"damaged", pack_places(things(left=3.3), NAMES[:1])):
        assert signals_within(rows, [packed], NAMES, counted_windows((LEFT,))).tobytes() == rows.tobytes()


def test_signals_that_were_not_measured_stay_unknown() -> None:
    rows = missing_signals(1)
    rows["speed_excess_px"] = 3.3
    packed = pack_places({"speed_excess_px": things(left=3.3)["speed_excess_px"]}, NAMES)
    told = signals_within(rows, [packed], NAMES, counted_windows((LEFT,)))
    assert float(told["speed_excess_px"][0]) < 0.31
    assert np.isnan(told["appearance_distance"][0])


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        ([Zone(IGNORED, ((0, 0), (1, 1)))], "2 corners"),
        ([Zone(IGNORED, ((0, 0), (1.5, 0), (0, 1)))], "beyond the picture"),
        ([Zone(IGNORED, ((0, 0), (float("nan"), 0), (0, 1)))], "beyond the picture"),
        ([Zone.rectangle(IGNORED, (0.5, 0.5), (0.502, 0.502))], "too small"),
        ([Zone.rectangle(IGNORED, (0, 0), (1, 1))], "leave nothing"),
        ([Zone.rectangle(WATCHED, (0.1, 0.1), (0.3, 0.3)), LEFT], "leave nothing"),
        ([LEFT] * 65, "65 zones"),
    ],
)
def test_zones_that_make_no_sense_are_told(zones: list[Zone], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_zones(zones)


def test_a_zone_is_moved_up_to_the_rim_and_keeps_its_shape() -> None:
    zone = Zone.rectangle(IGNORED, (0.3, 0.2), (0.1, 0.4), "clock")
    moved = moved_points(zone.points, 0.9, -0.9)
    np.testing.assert_allclose(moved, ((0.8, 0), (1, 0), (1, 0.2), (0.8, 0.2)), atol=1e-12)
    check_zones([Zone(zone.kind, moved)])


def test_a_corner_is_moved_and_a_rectangle_stays_one() -> None:
    square = rectangle_points((0.2, 0.2), (0.4, 0.4))
    assert reshaped_points(square, 2, (0.6, 0.7)) == rectangle_points((0.2, 0.2), (0.6, 0.7))
    assert reshaped_points(square, 3, (0.1, 0.7)) == ((0.1, 0.2), (0.4, 0.2), (0.4, 0.7), (0.1, 0.7))
    triangle = square[:3]
    assert reshaped_points(triangle, 0, (0.0, 0.0)) == ((0.0, 0.0), *triangle[1:])
    slanted = ((0.0, 0.1), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
    assert reshaped_points(slanted, 2, (0.6, 0.6)) == (*slanted[:2], (0.6, 0.6), slanted[3])


def test_zones_are_counted_in_words() -> None:
    assert zones_in_words([LEFT, LEFT, Zone.rectangle(WATCHED, (0.5, 0), (1, 1))]) == "2 ignored zones, 1 watched zone"
    assert zones_in_words([]) == ""
