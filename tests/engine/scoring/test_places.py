"""Values of windows come back from a byte each."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.scoring.places import pack_places, placed_signals, unpack_places


def test_values_come_back_to_a_few_per_cent_and_unmeasured_ones_as_nan() -> None:
    speed = np.geomspace(1e-3, 100, 900).reshape(30, 30)
    signed = np.linspace(-2, 2, 900).reshape(30, 30)
    back = unpack_places(pack_places({"a": speed, "b": signed}, ["b", "missing", "a"]))
    np.testing.assert_allclose(back[2], speed, rtol=0.016, atol=8e-4)
    np.testing.assert_allclose(back[0], np.maximum(signed, 0), rtol=0.016, atol=8e-4)
    assert np.isnan(back[1]).all()


def test_more_than_the_scale_holds_is_its_end() -> None:
    back = unpack_places(pack_places({"a": np.full((30, 30), 1e6)}, ["a"]))
    assert back.min() == back.max() == pytest.approx(102, rel=0.01)


def test_a_still_picture_takes_next_to_nothing() -> None:
    assert len(pack_places({name: np.zeros((30, 30)) for name in "abcd"}, "abcd")) < 40


def test_a_picture_that_moves_all_over_is_kept_less_exactly_and_never_higher() -> None:
    values = np.random.default_rng(0).gamma(2.0, 1.0, (4, 30, 30))
    names = "abcd"
    packed = pack_places(dict(zip(names, values, strict=True)), [*names, "missing"])
    assert len(packed) <= 1300
    back = unpack_places(packed)
    assert np.isnan(back[4]).all()
    assert (back[:4] <= 1.02 * values + 1e-3).all()
    # The greatest stay the greatest: that is where the evidence lies.
    assert np.corrcoef(back[:4].ravel(), values.ravel())[0, 1] > 0.9


def test_damaged_bytes_are_told() -> None:
    with pytest.raises(ValueError, match="windows"):
        unpack_places(b"not packed")


def test_signals_without_windows_of_their_own_have_no_places() -> None:
    calibration: Any = SimpleNamespace(evidence=("window_psnr_db", "direction_rarity"))
    assert placed_signals(calibration) == ("direction_rarity",)
    assert placed_signals(None) == ()
