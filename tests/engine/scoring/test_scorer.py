"""What every kind of score keeps to, what each says of its own, and that a new one is a class and a line."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.report import Evaluation, as_json, in_words
from engine.evaluation.score_figures import figures_of
from engine.scoring import scorers
from engine.scoring.calibrated_scorer import CalibratedLiveScorer, CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.paper_scorer import PaperPatchScorer, PaperScorer, PatchErrorScorer
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import comparable_scorer, default_scorer, scorer_named, scorer_names, scorers_of
from engine.scoring.segments import SegmentRule, find_segments
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.tail import threshold_for
from tests.engine.commands.conftest import MakeVideo, detector_file, make_video  # noqa: F401
from tests.engine.scoring.toy_score import ToyScorer
from tests.vadgui.synthetic import add_rows, steady_times, video_info
from vadgui.model.score_model import ScoreModel

ROOT = Path(__file__).parents[3]
COUNT, RATE = 600, 10


def video(seed: int) -> tuple[RawSignals, np.ndarray]:
    random = np.random.default_rng(seed)
    signals = missing_signals(COUNT)
    for name in {*EVIDENCE, "speed_px"}:
        signals[name] = random.gamma(2, 1, COUNT)
        signals[name][300:320] += 20
    signals["psnr_db"] = random.normal(30, 1, COUNT)
    signals["patch_psnr_db"] = random.normal(25, 1, (COUNT, 4, 4))
    signals[0] = missing_signals(1)[0]
    return signals, np.arange(COUNT) / RATE


@cache
def calibration() -> Calibration:
    videos = [video(seed) for seed in range(5)]
    for signals, _ in videos:
        signals[300:320] = signals[100:120]
    return Calibration.of(videos)


ALL = [*scorers_of(calibration()), PatchErrorScorer(), ToyScorer()]
every_scorer = pytest.mark.parametrize("scorer", ALL, ids=lambda scorer: scorer.name)


@every_scorer
def test_every_frame_that_was_analysed_has_a_score_and_no_other(scorer: Scorer) -> None:
    signals, seconds = video(10)
    signals[500:] = missing_signals(100)
    raw = scorer.raw_scores(signals, seconds)
    assert raw.dtype == np.float64
    np.testing.assert_array_equal(scorer.scores(signals, seconds), scorer.display_scores(raw))
    for scores in (raw, scorer.scores(signals, seconds)):
        assert scores.shape == (COUNT,)
        assert not np.isnan(scores[:500]).any()
        assert np.isnan(scores[500:]).all()


@every_scorer
def test_display_keeps_the_order(scorer: Scorer) -> None:
    raw = np.sort(scorer.raw_scores(*video(11)))
    assert (np.diff(scorer.display_scores(raw)) >= 0).all()


@every_scorer
def test_raw_scores_depend_on_frames_within_reach_alone(scorer: Scorer) -> None:
    signals, seconds = video(12)
    before = scorer.raw_scores(signals, seconds)
    signals[400:420] = signals[300:320]
    signals["psnr_db"][400:420] = 5
    reach = int(np.ceil(scorer.reach_seconds * RATE))
    changed = scorer.raw_scores(signals, seconds)
    np.testing.assert_allclose(changed[: 400 - reach], before[: 400 - reach])
    np.testing.assert_allclose(changed[420 + reach :], before[420 + reach :])


@every_scorer
def test_comparable_scores_do_not_depend_on_the_rest_of_the_recording(scorer: Scorer) -> None:
    signals, seconds = video(13)
    before = scorer.scores(signals, seconds)
    signals["psnr_db"][400] = 3
    signals["patch_psnr_db"][400] = 3
    is_same = np.allclose(scorer.scores(signals, seconds)[:300], before[:300])
    assert is_same == scorer.is_comparable


@every_scorer
def test_thresholds_and_false_alarms_say_the_same(scorer: Scorer) -> None:
    assert scorer.knows_false_alarms == (scorer.false_alarms_at(1.0) is not None)
    assert scorer.knows_false_alarms == (scorer.expected_alarms(1.0, 2.0) is not None)
    for per_hour in (0.1, 2.0, 30.0):
        threshold = scorer.threshold_for(per_hour)
        if threshold is None:
            assert scorer.rule(per_hour) == SegmentRule()
            continue
        assert scorer.false_alarms_at(threshold) == pytest.approx(per_hour)
        assert scorer.rule(per_hour) == scorer.rule_at(threshold)
        assert scorer.rule(per_hour).enter == threshold


@every_scorer
@pytest.mark.parametrize("moved_from", [None, SegmentRule(), SegmentRule(0.3, 0.3), SegmentRule(0, 0)])
def test_a_segment_never_ends_above_where_it_begins(scorer: Scorer, moved_from: SegmentRule | None) -> None:
    for enter in (0.0, 0.2, 0.1 + 0.2, 1.0, 3.5, 40.0):
        assert 0 <= scorer.leave_for(enter, moved_from) <= enter


@every_scorer
def test_axes_hold_the_threshold_and_their_ticks(scorer: Scorer) -> None:
    threshold = scorer.rule().enter
    top = scorer.axis_top(0.5, threshold)
    assert top >= threshold
    ticks = scorer.axis_ticks(top)
    assert list(ticks) == sorted(ticks)
    assert all(0 <= tick <= top for tick in ticks)
    assert scorer.describe(0.5)
    assert scorer.title
    assert scorer.description


def test_no_label_of_the_calibrated_score_lies_above_its_axis() -> None:
    scorer = CalibratedScorer(calibration())
    for threshold in range(1, 40):
        top = scorer.axis_top(0.5, threshold)
        assert 0 <= top - scorer.axis_ticks(top)[-1] < 5


@every_scorer
def test_segments_have_reasons_where_the_scorer_says_so(scorer: Scorer) -> None:
    signals, seconds = video(14)
    for segment in find_segments(scorer.scores(signals, seconds), seconds, scorer.rule()):
        assert bool(scorer.reason(segment, signals, seconds)) == scorer.has_reasons


def test_without_calibration_there_are_the_papers_scores() -> None:
    assert scorer_names() == ["paper", "paper-patch", "calibrated", "calibrated-live"]
    assert scorers_of(None) == [PaperScorer(), PaperPatchScorer()]
    assert [scorer.name for scorer in scorers_of(calibration())] == scorer_names()
    assert (default_scorer(None), default_scorer(calibration())) == (PaperScorer(), CalibratedScorer(calibration()))
    assert comparable_scorer(calibration()) == CalibratedScorer(calibration())
    assert comparable_scorer(None) == PatchErrorScorer()
    assert scorer_named("calibrated-live", calibration()) == CalibratedLiveScorer(calibration())
    with pytest.raises(ValueError, match="not calibrated"):
        scorer_named("calibrated", None)
    with pytest.raises(KeyError):
        scorer_named("min-max", None)


def test_what_is_shown_starts_at_zero_and_keeps_its_scale() -> None:
    signals, seconds = video(25)
    shown = PaperScorer().scores(signals, seconds)
    assert (shown.min(), shown.max()) == (0, 1)
    calibrated = CalibratedScorer(calibration())
    raw = calibrated.raw_scores(signals, seconds)
    np.testing.assert_array_equal(calibrated.scores(signals, seconds), np.maximum(raw, 0))


def test_fewer_false_alarms_need_a_higher_score() -> None:
    assert threshold_for(1) > threshold_for(10)
    assert threshold_for(3600) == 0
    calibrated = CalibratedScorer(calibration())
    rule = calibrated.rule(2)
    assert rule.enter == pytest.approx(threshold_for(2))
    assert rule.leave == pytest.approx(rule.enter - 1)
    assert calibrated.rule(3000).leave <= calibrated.rule(3000).enter
    assert PaperPatchScorer().rule() == SegmentRule()
    assert [calibrated.leave_for(enter) for enter in (0.0, 0.2, 1.0, 3.5)] == [0.0, 0.2, 0.3, 2.5]


# A new kind of score


def test_a_new_score_is_evaluated_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorers, "SCORERS", [*scorers.SCORERS, ToyScorer])
    signals, seconds = video(30)
    abnormal = np.zeros(COUNT, bool)
    abnormal[300:320] = True
    measured = [MeasuredVideo("a", abnormal, ((300, 320),), seconds, COUNT / RATE, signals)]
    found = {scorer.name: figures_of(measured, scorer) for scorer in scorers_of(None)}
    assert list(found) == ["paper", "paper-patch", "toy"]
    assert found["toy"].global_auc == pytest.approx(1)
    evaluation = Evaluation("Tiny", True, {"name": "still"}, "memory", measured, found)
    report = as_json(evaluation, "toy", command="", max_i=None)
    assert (report["score"], report["global_auc"]) == ("toy", found["toy"].global_auc)
    assert "toy AUC %" in in_words(evaluation)
    assert (found["toy"].events.detected, found["toy"].rule, found["toy"].curve_of) == (1, SegmentRule(10, 5), "global")


@pytest.mark.usefixtures("qapp")
def test_the_window_shows_a_new_score() -> None:
    signals, _ = video(31)
    model = ScoreModel(choose_scorer=lambda _: ToyScorer())
    model.start_over(video_info(steady_times(COUNT)), steady_times(COUNT), None)
    add_rows(model, 0, signals)
    assert model.catch_up()
    np.testing.assert_array_equal(model.scores[1:], signals["speed_px"][1:])
    (segment,) = model.segments
    assert (segment.start <= 300, segment.stop >= 320) == (True, True)
    assert model.reason(segment).endswith("px at 12 s")
    assert (model.rule, model.top) == (SegmentRule(10, 5), pytest.approx(signals["speed_px"][1:].max()))
    assert model.expected_alarms() == (0, round(2 * COUNT / 25 / 3600))
    model.set_threshold(30)
    assert (model.rule, model.segments) == (SegmentRule(30, 15), [])


@pytest.mark.slow
def test_a_new_score_can_be_asked_for(make_video: MakeVideo, detector_file: Path, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "out"
    command = ["analyse", make_video("clip"), "--detector", detector_file, "--out", out, "--score", "toy"]
    finished = subprocess.run(
        [sys.executable, "-m", "tests.engine.scoring.toy_score", *map(str, command), "--enter", "0"],
        cwd=ROOT,
        env=os.environ | {"VADGUI_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "false alarms expected at 2e+04 an hour" in finished.stdout
    content = json.loads((out / "clip.segments.json").read_text(encoding="utf-8"))
    assert (content["score"], content["rule"]["enter"], content["rule"]["leave"]) == ("toy", 0, 0)
    assert all(" px at " in each["reason"] for each in content["segments"])
    with (out / "clip.scores.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 12
