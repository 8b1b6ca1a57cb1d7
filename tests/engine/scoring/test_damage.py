"""Damaged pictures are no evidence."""

from __future__ import annotations

import numpy as np

from engine.scoring.damage import beside_damage, without_damage
from engine.scoring.incremental import IncrementalScores
from engine.scoring.scorers import default_scorer
from engine.video.frame import ConcealedFrames
from tests.vadgui.synthetic import signals_with_bumps

SECONDS = np.arange(200) / 25
DAMAGED = (ConcealedFrames(50, 60), ConcealedFrames(190, 400))


def test_frames_whose_motion_is_measured_from_a_damaged_one_are_none_either() -> None:
    flags = beside_damage(DAMAGED, SECONDS)
    assert np.flatnonzero(flags).tolist() == [*range(50, 72), *range(190, 200)]
    assert not beside_damage((), SECONDS).any()


def test_slow_recordings_lose_at_least_the_next_frame() -> None:
    assert np.flatnonzero(beside_damage(DAMAGED[:1], np.arange(200) * 10.0)).tolist() == list(range(50, 61))


def test_what_is_measured_there_is_forgotten_and_nothing_else() -> None:
    signals = signals_with_bumps(200, [(52, 58), (100, 110)])
    told = without_damage(signals, DAMAGED, SECONDS)
    flags = beside_damage(DAMAGED, SECONDS)
    assert np.isnan(told["psnr_db"][flags]).all()
    assert told[~flags].tobytes() == signals[~flags].tobytes()
    assert without_damage(signals, (), SECONDS) is signals


def test_scores_that_come_in_pieces_are_those_of_the_whole() -> None:
    scorer = default_scorer(None)
    signals = signals_with_bumps(200, [(52, 58), (100, 110)])
    flags = beside_damage(DAMAGED, SECONDS)
    scores = IncrementalScores(scorer, SECONDS, (), flags)
    for first in range(0, 200, 40):
        scores.add(np.arange(first, first + 40), signals[first : first + 40])
    scores.derive(10_000)
    whole = scorer.scores(without_damage(signals, DAMAGED, SECONDS), SECONDS)
    np.testing.assert_array_equal(scores.scores(), whole)
    assert np.isnan(whole[flags]).all()
    assert np.nanargmax(whole) in range(100, 110)
