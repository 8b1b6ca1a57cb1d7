"""Where the evidence lies: outlines round what stands out, with a reason and values that people can check."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.scoring.calibration import Calibration
from engine.scoring.evidence import WEIGHTS, RobustScaler
from engine.scoring.light_calibration import Scale
from engine.scoring.motion import PLACES
from engine.scoring.places import PlaceMaps
from engine.scoring.tail import Tail
from engine.scoring.where import WindowEvidence

NAMES = tuple(WEIGHTS)
THRESHOLD = 3.0


def calibration(names: tuple[str, ...] = NAMES) -> Calibration:
    """Normal footage reaches 0.6 of every signal one time in twenty, and half of it 0.2."""
    upper = {name: np.log(0.6 + 1e-3) if name == "velocity_error_px" else 0.6 for name in names}
    median = {name: np.log(0.2 + 1e-3) if name == "velocity_error_px" else 0.2 for name in names}
    scaler = RobustScaler(
        tuple(median[name] for name in names) * 2,
        tuple((upper[name] - median[name]) / WEIGHTS.get(name, 1) for name in names) * 2,
    )
    scale = Scale(scaler, Tail.of(np.random.default_rng(0).normal(0.5, 0.3, 100)))
    return Calibration(names, scale, scale, 100.0, 2, 0.1)


def still() -> PlaceMaps:
    return np.zeros((len(NAMES), PLACES, PLACES), np.float32)


def moving(row: int, column: int, value: float, name: str = "speed_excess_px", size: int = 3) -> PlaceMaps:
    maps = still()
    maps[NAMES.index(name), row : row + size, column : column + size] = value
    return maps


def evidence(maps: PlaceMaps, **around: PlaceMaps) -> WindowEvidence:
    return WindowEvidence.of(calibration(), {0.0: maps, **{float(at): each for at, each in around.items()}})


def test_a_thing_is_outlined_where_it_is_with_its_reason_and_values() -> None:
    (outline,) = evidence(moving(10, 20, 1.9)).outlines(THRESHOLD)
    left, top, right, bottom = outline.box
    # Window 20 begins at cell 20, and its middle cell is the next one, of 32.
    assert (left, right) == pytest.approx((21 / 32, 24 / 32), abs=0.02)
    assert (top, bottom) == pytest.approx((11 / 32, 14 / 32), abs=0.02)
    assert outline.score > THRESHOLD
    assert outline.in_words == "unusually fast: 1.9 px a frame more than predicted, here usually 0.6 at most"


def test_logarithmic_signals_tell_their_values_in_their_own_unit() -> None:
    (outline,) = evidence(moving(10, 20, 40.0, "velocity_error_px")).outlines(THRESHOLD)
    assert outline.in_words == "unexpected motion: 40.0 px a frame off the predicted, here usually 0.6 at most"


def test_rare_motion_tells_how_rare_it_is_and_what_is_usual() -> None:
    (outline,) = evidence(moving(10, 20, 8.0, "direction_rarity")).outlines(THRESHOLD)
    seen = round(math.exp(8) / 100) * 100
    assert outline.in_words.startswith(f"rare motion there: once in {seen:,} normal moments, here usually once in ")
    (unseen,) = evidence(moving(10, 20, 20.0, "direction_rarity")).outlines(THRESHOLD)
    assert unseen.values.startswith("less than once in a million normal moments")


def test_what_has_no_unit_has_its_reason_alone() -> None:
    (outline,) = evidence(moving(10, 20, 9.0, "appearance_distance")).outlines(THRESHOLD)
    assert outline.in_words == "unusual looks"


def test_several_things_have_an_outline_each_the_strongest_first() -> None:
    maps = np.maximum(moving(2, 2, 2.0), moving(20, 20, 3.0, "direction_rarity"))
    first, second = evidence(maps).outlines(THRESHOLD)
    assert first.reason == "rare motion there"
    assert first.box[0] > 0.5 > second.box[2]
    assert first.score >= second.score > THRESHOLD


def test_calm_windows_have_none_unless_one_is_asked_for() -> None:
    calm = evidence(moving(10, 20, 0.7))
    assert calm.outlines(THRESHOLD) == []
    (outline,) = calm.outlines(THRESHOLD, at_least=1)
    assert outline.score < THRESHOLD
    assert evidence(still()).outlines(THRESHOLD, at_least=1) == []


def test_what_is_asked_for_and_is_usual_is_not_called_unusual() -> None:
    (outline,) = evidence(moving(10, 20, 0.5)).outlines(THRESHOLD, at_least=1)
    assert outline.in_words == (
        "stands out most, but is usual: 0.5 px a frame more than predicted, here usually 0.6 at most"
    )
    (outline,) = evidence(moving(10, 20, 0.7)).outlines(THRESHOLD, at_least=1)
    assert outline.reason == "unusually fast"


def test_a_flicker_counts_less_than_what_goes_on() -> None:
    alone = WindowEvidence.of(calibration(), {-0.2: still(), 0.0: moving(10, 20, 1.9), 0.2: still()})
    goes_on = WindowEvidence.of(
        calibration(), {-0.2: moving(10, 19, 1.9), 0.0: moving(10, 20, 1.9), 0.2: moving(10, 21, 1.9)}
    )
    assert alone.scores[11, 21] < goes_on.scores[11, 21]
    # It is outlined where it is now, not where it was or will be.
    (outline,) = goes_on.outlines(THRESHOLD)
    assert outline.box[0] == pytest.approx(21 / 32, abs=0.02)


def test_unmeasured_signals_say_nothing() -> None:
    maps = moving(10, 20, 9.0, "direction_rarity")
    for name in NAMES[1:]:
        maps[NAMES.index(name)] = np.nan
    found = evidence(maps)
    assert np.isfinite(found.strengths).all()
    assert [each.reason for each in found.outlines(THRESHOLD)] == ["rare motion there"]
