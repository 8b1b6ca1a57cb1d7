"""Metrics of each score, from hand-made signals."""

from __future__ import annotations

import numpy as np
import pytest

from engine.common.errors import DatasetError
from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.score_figures import figures_of, signal_aucs
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.paper_scorer import PaperPatchScorer, PaperScorer
from engine.scoring.signals import missing_signals


def video(name: str, truth: str, psnr_db: list[float], worst_db: list[float]) -> MeasuredVideo:
    abnormal = np.array([letter == "x" for letter in truth])
    signals = missing_signals(len(truth))
    signals["psnr_db"] = psnr_db
    signals["patch_psnr_db"] = 99
    signals["patch_psnr_db"][:, 2, 1] = worst_db
    edges = np.flatnonzero(np.diff(abnormal, prepend=False, append=False)).tolist()
    events = tuple(zip(edges[::2], edges[1::2], strict=True))
    return MeasuredVideo(name, abnormal, events, np.arange(len(truth)) / 10, len(truth) / 10, signals)


NAN = float("nan")
# In the first video the frame PSNR ranks wrongly and the worst patch correctly; in the second, vice versa.
VIDEOS = [
    video("01", "...xx", [NAN, 30, 30, 40, 40], [NAN, 40, 40, 20, 20]),
    video("02", "...xx", [NAN, 40, 40, 30, 30], [NAN, 20, 20, 40, 40]),
]


def test_each_score_is_evaluated_by_its_own_signal() -> None:
    by_frame, by_patch = (figures_of(VIDEOS, scorer) for scorer in (PaperScorer(), PaperPatchScorer()))
    assert by_frame.video_aucs == (0, 1)
    assert by_patch.video_aucs == (1, 0)
    assert by_frame.micro_auc == by_patch.micro_auc == 0.5
    assert [scores.tolist() for scores in by_patch.shown] == [[0, 0, 0, 1, 1], [1, 1, 1, 0, 0]]


def test_the_curve_is_of_rescaled_scores_unless_scores_are_comparable() -> None:
    signals = missing_signals(600)
    for name in EVIDENCE:
        signals[name] = np.random.default_rng(0).gamma(1, 0.2, 600)
    calibration = Calibration.of([(signals, np.arange(600) / 10)])
    psnr_db = np.random.default_rng(1).normal(30, 1, 60).tolist()
    videos = [video(name, "." * 30 + "x" * 30, psnr_db, psnr_db) for name in ("01", "02")]
    for each, level in zip(videos, (0.1, 1.0), strict=True):
        for name in EVIDENCE:
            # All scores of the second video are higher, which rescaling hides.
            each.signals[name] = level + 0.2 * each.abnormal
    paper, calibrated = (figures_of(videos, scorer) for scorer in (PaperScorer(), CalibratedScorer(calibration)))
    for figures, name in ((paper, "micro"), (calibrated, "global")):
        assert figures.curve is not None
        assert figures.curve_of == name
        assert figures.curve.area == figures.curve_auc == figures.aucs[f"{name}_auc"]
    assert calibrated.global_auc < calibrated.micro_auc


def test_events_are_found_in_the_rescaled_scores() -> None:
    events = figures_of(VIDEOS, PaperScorer()).events
    assert (events.events, events.detected, events.false_alarms) == (2, 1, 1)
    assert events.normal_seconds == pytest.approx(0.6)


def test_the_error_names_a_frame_without_score() -> None:
    gap = video("07", "..xx", [NAN, 30, NAN, 20], [NAN, 30, NAN, 20])
    with pytest.raises(DatasetError, match="Frame 2") as raised:
        figures_of([gap], PaperScorer())
    assert raised.value.subject == "07"


def test_each_raw_signal_is_evaluated_separately() -> None:
    moving = [video(each.name, "...xx", each.signals["psnr_db"].tolist(), [NAN, 30, 30, 30, 30]) for each in VIDEOS]
    for each in moving:
        each.signals["flow_error_px"] = [NAN, 1, 2, 3, 4]
        each.signals["patch_flow_error_px"] = 0
        each.signals["patch_flow_error_px"][:, 1, 3] = [0, 9, 9, 8, 8]
    found = signal_aucs(moving)
    assert found["psnr_db"]["macro_auc"] == pytest.approx(figures_of(VIDEOS, PaperScorer()).macro_auc)
    assert found["flow_error_px"]["micro_auc"] == found["flow_error_px"]["global_auc"] == 1
    assert found["patch_flow_error_px"]["micro_auc"] == 0
    assert found["patch_psnr_db"]["micro_auc"] == 0.5


def test_signals_that_the_detector_lacks_are_left_out() -> None:
    assert set(signal_aucs(VIDEOS)) == {"psnr_db", "patch_psnr_db"}
