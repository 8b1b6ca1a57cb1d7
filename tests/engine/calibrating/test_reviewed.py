"""Learning from verdicts, with real videos: what was dismissed becomes usual, what was confirmed does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.analysis import pipeline
from engine.calibrating.reviewed import Recalibrated, ReviewedFootage, recalibrate
from engine.commands.progress import finished
from engine.common.errors import TrainingError
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.models.predictor import Predictor
from engine.review.attaching import ReviewedSegment
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from engine.review.edits import NORMAL_REASONS
from engine.scoring.signals import RAW_SIGNALS, RawSignals
from engine.video import open_video
from engine.video.source import ends_of
from tests.drift import COUNT, DOWN, LEFT, PLAN, RATE, SEGMENT, film
from tests.engine.commands.reviews import write_review


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reviewed")
    return {"left": film(folder / "left.avi", 5, LEFT), "down": film(folder / "down.avi", 9, DOWN)}


@pytest.fixture(scope="module")
def detector(drift_file: Path) -> Detector:
    return load_detector(drift_file)[0]


@pytest.fixture(scope="module")
def footage(videos: dict[str, Path], detector: Detector) -> Callable[..., ReviewedFootage]:
    """A reviewed recording of which one segment is judged."""
    predictor = Predictor(detector, "", PLAN)
    calibration = detector.settings.calibration
    assert calibration is not None

    @cache
    def signals_of(name: str) -> RawSignals:
        with open_video(videos[name]) as source:
            frames = np.arange(len(source))
            results = pipeline.judge(
                source, predictor, frames, calibration.sampling, frame_seconds=calibration.frame_seconds
            )
            signals = np.array([each.signals for each in results], RAW_SIGNALS)
        signals.setflags(write=False)
        return signals

    def of(name: str, verdict: Verdict, reason: str = "") -> ReviewedFootage:
        signals = signals_of(name)
        with open_video(videos[name]) as source:
            judged = JudgedSegment(start=SEGMENT.start, stop=SEGMENT.stop, verdict=verdict, reason=reason)
            segment = ReviewedSegment(SEGMENT.start, SEGMENT.stop, SEGMENT.start, 4.0, judged)
            ends = ends_of(source.info, source.times)
            return ReviewedFootage(source.info.path, source.times, ends, signals, [segment], 2.0)

    return of


@pytest.fixture(scope="module")
def learnt(detector: Detector, footage: Callable[..., ReviewedFootage]) -> Recalibrated:
    reviewed = [footage("left", Verdict.DISMISSED, "normal"), footage("down", Verdict.CONFIRMED)]
    return finished(recalibrate(detector, PLAN, reviewed))


@pytest.mark.slow
def test_what_was_dismissed_scores_less_and_what_was_confirmed_is_compared(learnt: Recalibrated) -> None:
    dismissed, confirmed = learnt.effects
    assert (dismissed.segment.verdict, confirmed.segment.verdict) == (Verdict.DISMISSED, Verdict.CONFIRMED)
    assert dismissed.before >= dismissed.enter > dismissed.after
    assert not dismissed.is_flagged
    assert not dismissed.is_lost, "nobody misses it"
    assert confirmed.before >= confirmed.enter
    assert confirmed.is_lost is (confirmed.after < confirmed.enter)
    assert confirmed.before - confirmed.after < dismissed.before - dismissed.after


@pytest.mark.slow
def test_only_what_is_normal_is_counted(learnt: Recalibrated, detector: Detector) -> None:
    earlier, later = detector.normal_model.motion, learnt.detector.normal_model.motion
    assert earlier is not None
    assert later is not None
    # What was confirmed is left out, and so is the transition in which it is still seen.
    assert later.transitions - earlier.transitions == 2 * (COUNT - 1) - (SEGMENT.stop - SEGMENT.start) - 1
    bank, more = detector.normal_model.appearance, learnt.detector.normal_model.appearance
    assert bank is not None
    assert more is not None
    np.testing.assert_array_equal(more.prototypes[: len(bank.prototypes)], bank.prototypes)
    before, after = detector.settings.calibration, learnt.detector.settings.calibration
    assert before is not None
    assert after is not None
    assert after.videos == before.videos + 2
    seconds = 2 * COUNT // RATE - (SEGMENT.stop - SEGMENT.start) // RATE
    assert after.offline.tail.blocks - before.offline.tail.blocks == pytest.approx(seconds, abs=1)


@pytest.mark.slow
def test_what_nobody_decided_lowers_no_threshold(detector: Detector, footage: Callable[..., ReviewedFootage]) -> None:
    undecided = finished(recalibrate(detector, PLAN, [footage("left", Verdict.UNREVIEWED)]))
    confirmed = finished(recalibrate(detector, PLAN, [footage("left", Verdict.CONFIRMED)]))
    assert not undecided.effects
    tails = []
    for each in (undecided, confirmed):
        assert each.detector.settings.calibration is not None
        tails.append(each.detector.settings.calibration.offline.tail)
    assert tails[0].blocks == tails[1].blocks + (SEGMENT.stop - SEGMENT.start) // RATE
    assert tails[0].value_at(3) > tails[1].value_at(3)


def test_other_reasons_are_no_normal_life(footage: Callable[..., ReviewedFootage]) -> None:
    rain = footage("left", Verdict.DISMISSED, "weather")
    (segment,) = rain.segments
    assert not rain.is_normal(segment, NORMAL_REASONS)
    assert rain.is_normal(segment, {"weather"})
    assert rain.left_out(NORMAL_REASONS) == [(20.0, 26.0)]
    assert rain.undecided_seconds(NORMAL_REASONS) == pytest.approx(6)
    assert not rain.left_out({"weather"})


def test_without_a_calibration_nothing_can_be_added(tiny_preset: str) -> None:
    with pytest.raises(TrainingError, match="no calibration"):
        finished(recalibrate(Detector(DetectorSettings("Drift", tiny_preset, "dis-ultrafast", 8.0)), PLAN, []))


@pytest.mark.slow
def test_the_command_says_what_changes_and_leaves_the_detector_alone(
    videos: dict[str, Path], detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "cache"))
    file, out = tmp_path / "drift.safetensors", tmp_path / "learnt.safetensors"
    save_detector(detector.with_still_change(1.25), file)
    before = file.read_bytes()
    used = DetectorUsed("Drift", load_detector(file)[1])
    judged = JudgedSegment(
        start=SEGMENT.start, stop=SEGMENT.stop, verdict=Verdict.DISMISSED, reason="normal", covers=SEGMENT
    )
    review = write_review(videos["left"], judged, detector=used, score="calibrated")
    options = ["--detector", str(file), "--out", str(out), "--device", "cpu", "--quiet"]
    ran = CliRunner().invoke(cli, ["recalibrate", str(review), *options], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert "Dismissed as normal: 1 of 1 were flagged, 0 would be now" in ran.stdout
    assert load_detector(out)[0].normal_model.motion is not None
    assert load_detector(out)[0].still_change == 1.25, "verdicts say nothing of the camera's noise"
    assert file.read_bytes() == before
    ran = CliRunner().invoke(cli, ["recalibrate", str(review), *options, "--reason", "animal"])
    assert ran.exit_code == 1
    assert "Nothing was dismissed as animal" in ran.output
    ran = CliRunner().invoke(cli, ["recalibrate", str(review), *options[:3], str(file), *options[4:]])
    assert ran.exit_code == 1
    assert "another name" in ran.output
    copy = tmp_path / "colleague.review.json"
    copy.write_bytes(review.read_bytes())
    ran = CliRunner().invoke(cli, ["recalibrate", str(review), str(copy), *options])
    assert ran.exit_code == 1
    assert "same recording" in ran.output
    assert file.read_bytes() == before
