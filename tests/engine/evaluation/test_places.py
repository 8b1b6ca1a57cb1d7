"""How often outlines are where the labels are, from hand-made outlines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.places import place_figures
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.signals import missing_signals
from engine.scoring.where import Outline

COUNT = 60


def square(left: float, top: float) -> Outline:
    corners = [(left, top), (left + 0.25, top), (left + 0.25, top + 0.25), (left, top + 0.25)]
    return Outline(np.array(corners, np.float32), 4.0, "unusually fast", "")


@pytest.fixture
def scorer() -> CalibratedScorer:
    signals = missing_signals(600)
    for name in EVIDENCE:
        signals[name] = np.random.default_rng(0).gamma(1, 0.2, 600)
    return CalibratedScorer(Calibration.of([(signals, np.arange(600) / 10)]))


@pytest.fixture
def video() -> MeasuredVideo:
    """Abnormal from frame 20 on, and far above normal; pixels are labelled at the lower right, from frame 30 on."""
    signals = missing_signals(COUNT)
    for name in EVIDENCE:
        signals[name] = np.where(np.arange(COUNT) < 15, 0.1, 20.0)
    masks = np.zeros((COUNT, 40, 60), np.bool_)
    masks[30:, 20:, 30:] = True
    outlines = [[square(0.6, 0.6), square(0.1, 0.1)]] * 40 + [[square(0.1, 0.1), square(0.6, 0.6)]] * 20
    seconds = np.arange(COUNT) / 10
    return MeasuredVideo("01", np.arange(COUNT) >= 20, ((20, COUNT),), seconds, 6.0, signals, lambda: masks, outlines)


def test_the_strongest_outline_counts_in_frames_rightly_flagged(video: MeasuredVideo, scorer: CalibratedScorer) -> None:
    found = place_figures([video], scorer)
    assert found is not None
    assert (found.frames, found.found) == (30, 10)
    assert found.share == pytest.approx(1 / 3)
    assert found.outlined == pytest.approx(1 / 16, abs=0.01)


def test_frames_below_the_threshold_do_not_count(video: MeasuredVideo, scorer: CalibratedScorer) -> None:
    for name in EVIDENCE:
        video.signals[name] = 0.1
    found = place_figures([video], scorer)
    assert found is not None
    assert found.frames == 0
    assert np.isnan(found.share)


def test_without_masks_or_outlines_there_is_no_figure(video: MeasuredVideo, scorer: CalibratedScorer) -> None:
    assert place_figures([replace(video, masks=None), replace(video, outlines=())], scorer) is None
