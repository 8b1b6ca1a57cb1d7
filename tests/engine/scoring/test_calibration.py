"""From raw signals of normal videos to scores that keep their promise, live and looking ahead."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from engine.scoring.calibration import Calibration
from engine.scoring.evidence import (
    EARLIER_SMOOTHING_SECONDS,
    EVIDENCE,
    SMOOTHING_SECONDS,
    WEIGHTS,
    evidence_of,
    in_words,
)
from engine.scoring.light_calibration import TooLittleFootageError
from engine.scoring.scorers import scorer_named
from engine.scoring.segments import find_segments
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.tail import threshold_for

RATE = 10


def video(seed: int, seconds: float = 60) -> tuple[RawSignals, np.ndarray]:
    random = np.random.default_rng(seed)
    signals = missing_signals(int(seconds * RATE))
    for name in EVIDENCE:
        signals[name] = random.gamma(2, 1, len(signals))
    signals["psnr_db"] = random.normal(30, 1, len(signals))
    signals["patch_psnr_db"] = 25
    signals[0] = missing_signals(1)[0]
    return signals, np.arange(len(signals)) / RATE


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return Calibration.of([video(seed) for seed in range(5)])


@pytest.mark.parametrize("time", range(len(SMOOTHING_SECONDS)))
def test_smoothing_takes_in_some_time_before_and_live_nothing_after(time: int) -> None:
    signals, seconds = video(1, 10)
    signals["direction_rarity"] = 0
    signals["direction_rarity"][50] = 1
    row = time * len(EVIDENCE) + EVIDENCE.index("direction_rarity")
    ahead, live = (evidence_of(signals, seconds, live=live)[row] for live in (False, True))
    reach = int(SMOOTHING_SECONDS[time] * RATE)
    assert np.flatnonzero(ahead).tolist() == list(range(50 - reach, 51 + reach))
    assert np.flatnonzero(live).tolist() == list(range(50, 51 + reach))
    assert ahead.max() == pytest.approx(1 / (2 * reach + 1))


def test_the_score_is_the_highest_of_those_by_each_signal(calibration: Calibration) -> None:
    signals, seconds = video(21)
    signals["speed_excess_px"][200:240] += 9
    by_signal = calibration.scores_by_signal(signals, seconds)
    assert by_signal.shape == (len(calibration.evidence), len(seconds))
    np.testing.assert_allclose(by_signal.max(axis=0), calibration.scores(signals, seconds))
    assert by_signal[:, 220].argmax() == calibration.evidence.index("speed_excess_px")


def test_a_live_score_does_not_know_what_comes(calibration: Calibration) -> None:
    signals, seconds = video(20)
    whole = calibration.scores(signals, seconds, live=True)
    np.testing.assert_allclose(calibration.scores(signals[:300], seconds[:300], live=True), whole[:300])
    ahead = calibration.scores(signals, seconds)
    assert not np.allclose(calibration.scores(signals[:300], seconds[:300])[295:], ahead[295:300])


@pytest.mark.parametrize("name", EVIDENCE)
@pytest.mark.parametrize("live", [False, True])
def test_each_evidence_alone_can_raise_an_alarm(calibration: Calibration, name: str, live: bool) -> None:
    signals, seconds = video(21)
    calm = calibration.scores(signals, seconds, live=live)
    signals[name][300:330] += 200 if name == "velocity_error_px" else 12 / WEIGHTS[name]
    scores = calibration.scores(signals, seconds, live=live)
    assert calm.max() < threshold_for(2) < scores[310:330].min()
    np.testing.assert_allclose(scores[:289], calm[:289])


@pytest.mark.parametrize("live", [False, True])
def test_a_segment_s_reason_is_what_speaks_most_for_it(calibration: Calibration, live: bool) -> None:
    """Here one thing in each of the first seconds; judged by as much of the video as its score hangs on."""
    signals, seconds = video(22)
    for number, name in enumerate(EVIDENCE):
        at = slice(5 + 50 * number, 25 + 50 * number)
        signals[name][at] += 400 if name == "velocity_error_px" else 24 / WEIGHTS[name]
    scorer = scorer_named("calibrated-live" if live else "calibrated", calibration)
    segments = find_segments(scorer.scores(signals, seconds), seconds, replace(scorer.rule(), merge_gap_seconds=0))
    assert [scorer.reason(each, signals, seconds) for each in segments] == [
        "rare motion there",
        "unusually fast",
        "unexpected motion",
        "unusual looks",
    ]
    assert scorer_named("paper", calibration).reason(segments[0], signals, seconds) == ""
    scale = calibration.live if live else calibration.offline
    strongest = scale.standard.strongest(evidence_of(signals, seconds, live=live)) % len(EVIDENCE)
    for frame in range(0, len(seconds), 7):
        assert calibration.reason(signals, seconds, frame, live=live) == in_words(EVIDENCE[strongest[frame]])


def test_a_score_does_not_depend_on_what_else_is_in_the_video(calibration: Calibration) -> None:
    """Unlike the paper's, which an anomaly elsewhere makes smaller."""
    signals, seconds = video(22)
    before = calibration.scores(signals, seconds)
    signals["direction_rarity"][500:520] += 30
    np.testing.assert_allclose(calibration.scores(signals, seconds)[:489], before[:489])


def test_normal_footage_to_come_raises_about_as_many_alarms_as_asked_for(calibration: Calibration) -> None:
    alarms = 0
    for seed in range(100, 120):
        scores = calibration.scores(*video(seed, 900))
        seconds = scores[: len(scores) // RATE * RATE].reshape(-1, RATE).max(axis=1)
        alarms += int((seconds >= threshold_for(30)).sum())
    low, high = calibration.expected_alarms(30, 20 * 900 / 3600)
    assert low <= alarms <= high


def test_frames_that_were_not_analysed_have_no_score(calibration: Calibration) -> None:
    signals, seconds = video(23)
    signals[200:] = missing_signals(400)
    scores = calibration.scores(signals, seconds)
    assert not np.isnan(scores[:200]).any()
    assert np.isnan(scores[200:]).all()


def test_frame_0_takes_frame_1s_score(calibration: Calibration) -> None:
    for count in (0, 1, 2, 30):
        signals, seconds = (each[:count] for each in video(24))
        scores = calibration.scores(signals, seconds)
        assert len(scores) == count
        assert np.isnan(scores[0]) if count == 1 else not np.isnan(scores).any()


def test_survives_json(calibration: Calibration) -> None:
    text = json.dumps(asdict(calibration))
    assert len(text) < 40_000
    assert Calibration.from_json(json.loads(text)) == calibration


def test_what_an_earlier_version_wrote_knows_no_reference(calibration: Calibration) -> None:
    values = asdict(calibration)
    del values["reference"]
    old = Calibration.from_json(values)
    assert old.reference is None
    assert old.drifts(*video(1)) == []


def test_what_an_earlier_version_wrote_keeps_its_smoothing(calibration: Calibration) -> None:
    values = asdict(calibration)
    del values["smoothing_seconds"]
    for way in ("live", "offline"):
        values[way]["standard"] = {"medians": (0.0,) * len(EVIDENCE), "spreads": (1.0,) * len(EVIDENCE)}
    old = Calibration.from_json(values)
    assert old.smoothing_seconds == EARLIER_SMOOTHING_SECONDS
    signals, seconds = video(1)
    smoothed = evidence_of(signals, seconds, live=False, smoothing_seconds=(0.5,)).max(axis=0)
    np.testing.assert_allclose(old.scores(signals, seconds), old.offline.tail.neg_log10_p(smoothed))
    with pytest.raises(TypeError, match="another version"):
        Calibration.from_json(asdict(calibration) | {"smoothing_seconds": [0.3, 9.0]})


def test_what_is_quick_and_what_lasts_both_stand_out(calibration: Calibration) -> None:
    signals, seconds = video(25)
    calm = calibration.scores(signals, seconds)
    signals["direction_rarity"][100:104] += 14
    signals["direction_rarity"][300:340] += 4
    scores = calibration.scores(signals, seconds)
    assert scores[102] > threshold_for(2) > calm.max()
    assert scores[310:330].min() > threshold_for(2)


def test_keeps_how_the_footage_looked() -> None:
    videos = [video(seed) for seed in range(2)]
    for signals, _ in videos:
        signals["sharpness"][1:] = 5
        signals["layout"][1:] = np.arange(64).reshape(8, 8) + 60
    made = Calibration.of(videos)
    assert made.reference is not None
    assert Calibration.from_json(json.loads(json.dumps(asdict(made)))) == made
    signals, seconds = video(3)
    signals["sharpness"][1:] = 5
    signals["layout"][1:] = (np.arange(64).reshape(8, 8) + 60).T
    assert [drift.kind for drift in made.drifts(signals, seconds)] == ["moved"]


@pytest.mark.parametrize(
    ("fps", "words"),
    [
        (25, "25 frames a second, the detector's calibration footage had 10"),
        (4, "4 frames a second, the detector's calibration footage had 10"),
        (10, ""),
        (20, ""),
        (5, ""),
    ],
)
def test_tells_a_frame_rate_that_is_far_from_its_own(calibration: Calibration, fps: float, words: str) -> None:
    assert calibration.other_rate(1 / fps) == words
    assert calibration.other_rate(None) == ""


def test_the_frames_that_motion_is_told_in_may_be_given() -> None:
    assert Calibration.of([video(1)]).frame_seconds == pytest.approx(1 / RATE)
    assert Calibration.of([video(1)], 0.04).frame_seconds == 0.04
    unknown = Calibration.of([video(1)], 0.0)
    assert unknown.frame_seconds == 0
    assert unknown.other_rate(1.0) == ""


def test_other_videos_tell_what_needs_no_network_and_no_more() -> None:
    videos = [video(seed) for seed in range(5)]
    others = []
    for signals, times in videos[:3]:
        moved = missing_signals(len(signals))
        moved["direction_rarity"] = 2 * signals["direction_rarity"] + 5
        others.append((moved, times))
    alone, together = Calibration.of(videos), Calibration.of(videos, others=others)
    for way in ("live", "offline"):
        before, after = (getattr(each, way) for each in (alone, together))
        assert after.tail.blocks == before.tail.blocks
        for row, name in enumerate(EVIDENCE * len(SMOOTHING_SECONDS)):
            same = after.standard.medians[row] == before.standard.medians[row]
            assert same == (name != "direction_rarity")
    assert (together.videos, together.seconds) == (alone.videos, alone.seconds)


def test_evidence_of_another_version_is_refused(calibration: Calibration) -> None:
    with pytest.raises(TypeError, match="another version"):
        Calibration.from_json(asdict(calibration) | {"evidence": ["warmth"]})


@pytest.mark.parametrize(
    "changes",
    [
        {"of_a_newer_version": 1},
        {"evidence": "warmth"},
        {"seconds": "60"},
        {"videos": None},
        {"live": {"standard": {}, "tail": {}}},
        {"reference": {"layout": 5}},
        {"smoothing_seconds": [None]},
    ],
)
def test_anything_else_is_no_calibration(calibration: Calibration, changes: dict) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - msgspec words it
        Calibration.from_json(asdict(calibration) | changes)


def test_a_tail_of_a_newer_version_is_refused(calibration: Calibration) -> None:
    values = asdict(calibration)
    values["live"]["tail"]["shape"] = 0.1
    with pytest.raises(ValueError, match="another version"):
        Calibration.from_json(values)


@pytest.mark.parametrize("videos", [[], [video(1, 10)], [video(1, 10), video(2, 10)]])
def test_too_little_footage_is_refused(videos: list) -> None:
    with pytest.raises(TooLittleFootageError):
        Calibration.of(videos)


def lit_video(seed: int) -> tuple[RawSignals, np.ndarray]:
    """A video of a scene in usual light."""
    signals, times = video(seed)
    signals["layout"] = np.linspace(60, 190, 64).reshape(8, 8)
    signals["sharpness"], signals["contrast"], signals["camera_motion_px"] = 8, 45, 0
    signals["median_change"], signals["highest_change"], signals["changed_share"] = 0.5, 40, 0.1
    return signals, times


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("light", [0.7, 1.35])
def test_in_other_light_motion_is_judged_and_looks_are_not(live: bool, light: float) -> None:
    learnt = Calibration.of([lit_video(seed) for seed in range(4)])
    usual, times = lit_video(9)
    lit = usual.copy()
    lit["layout"] = np.minimum(lit["layout"] * light, 255)
    lit["appearance_distance"] += 30
    first = max(learnt.smoothing_seconds)
    settled = times >= first
    scores = learnt.scores(lit, times, live=live)
    assert not np.isnan(scores).any()
    assert scores[settled].max() < threshold_for(2), "everything looks unusual there"
    middle = len(times) // 2
    lit["speed_excess_px"][middle : middle + 10] += 30
    scores = learnt.scores(lit, times, live=live)
    assert scores[middle + 5] > threshold_for(2)
    assert learnt.reason(lit, times, middle + 5, live=live) == in_words("speed_excess_px")
    usual["appearance_distance"] += 30
    assert learnt.scores(usual, times, live=live).min() > threshold_for(2)


def test_moments_in_other_light_do_not_widen_what_is_usual() -> None:
    videos = [lit_video(seed) for seed in range(4)]
    learnt = Calibration.of(videos)
    flashed = [(signals.copy(), times) for signals, times in videos]
    # Fewer than the hundredth that the range of usual light leaves out.
    flashed[0][0]["layout"][100:104] = flashed[0][0]["layout"][100:104] * 0.7
    flashed[0][0]["appearance_distance"][100:104] = 100
    assert Calibration.of(flashed).offline.tail.neg_log10_p(np.array([20.0])) == pytest.approx(
        learnt.offline.tail.neg_log10_p(np.array([20.0])), rel=0.1
    )


def test_more_footage_in_other_light_changes_nothing_but_usual_light_does() -> None:
    learnt = Calibration.of([lit_video(seed) for seed in range(4)])
    night = lit_video(7)
    night[0]["layout"] = night[0]["layout"] * 0.7
    night[0]["appearance_distance"] += 30
    event, times = lit_video(9)
    event["speed_excess_px"][300:310] += 30
    nothing = np.zeros(len(times), np.bool_)
    before = learnt.scores(event, times)[305]
    assert learnt.with_more([night], [nothing]).scores(event, times)[305] == pytest.approx(before, rel=0.1)
    assert learnt.with_more([night], [~nothing]).scores(event, times)[305] == pytest.approx(before, rel=0.1)
    # Dismissed in usual light, its like no longer stands out; what stands out otherwise does.
    dismissed = (times >= 30) & (times < 31)
    after = learnt.with_more([(event, times)], [dismissed])
    assert after.scores(event, times)[305] < threshold_for(2) < before
    other, _ = lit_video(11)
    other["appearance_distance"][300:310] += 60
    assert after.scores(other, times)[305] > threshold_for(2)


def test_in_other_light_no_signal_alone_says_more_than_the_score() -> None:
    learnt = Calibration.of([lit_video(seed) for seed in range(4)])
    night, times = lit_video(7)
    night["layout"] = night["layout"] * 0.7
    night["appearance_distance"] += 30
    np.testing.assert_allclose(learnt.scores_by_signal(night, times).max(axis=0), learnt.scores(night, times))
