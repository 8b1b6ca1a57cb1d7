"""Judging samples: the same signals as of every frame, an overview first, and the same end however it was reached."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engine.analysis.overview import OVERVIEW_SECONDS, overview_frames
from engine.analysis.pipeline import analyse, analyse_samples, judge
from engine.analysis.runner import OVERVIEW_PHASE, SEGMENTS_PHASE, analyse_to_store, analysis_key, stored_signals
from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.common.errors import DeviceError
from engine.common.events import ShouldStop, never_stop
from engine.scoring.places import unpack_places
from engine.scoring.sampling import EVERY_FRAME, SAMPLED, Sampling
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import RawSignals
from engine.video.frame import Frame, Pixels
from tests.engine.scoring.toy_score import ToyScorer
from tests.vadgui.fakes import MemoryVideo, StillPredictor

KEY = AnalysisKey("v", "d", "{}")
NEEDS_MODEL = ("speed_excess_px", "velocity_error_px")


class MovingVideo(MemoryVideo):
    """A texture that moves by other speeds at other times, with a keyframe every two seconds."""

    def __init__(self, count: int, fast: range = range(0)) -> None:
        super().__init__(Path("clip"), count)
        texture = np.random.default_rng(2).integers(0, 255, (96, 128 + 4 * count, 3), np.uint8)
        self._texture = cv2.GaussianBlur(texture, (0, 0), 2)
        speeds = (
            np.array([3 if each in fast else 1 for each in range(count)]) if fast else 1 + np.arange(count) // 40 % 3
        )
        self._shift = np.cumsum(speeds)

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        return np.arange(0, len(self), 50)

    def _pixels(self, index: int) -> npt.NDArray[np.uint8]:
        return np.ascontiguousarray(self._texture[:, self._shift[index] : self._shift[index] + 128])


@pytest.fixture
def predictor() -> Any:
    return StillPredictor()


def rows_of(store: ScoreStore) -> dict[int, bytes]:
    frames, rows = store.read()
    assert len(set(frames.tolist())) == len(frames)
    return {int(frame): row.tobytes() for frame, row in zip(frames, rows, strict=True)}


def test_samples_have_the_signals_of_every_frame_but_for_what_needs_more_networks(predictor: Any) -> None:
    video = MovingVideo(60)
    samples = SAMPLED.frames(video.times)
    every = {row.index: row.signals for row in analyse(video, predictor)}
    for row in analyse_samples(video, predictor, samples, np.ones(len(samples), np.bool_)):
        for name in ("speed_px", "speed_excess_px", "velocity_error_px", "camera_motion_px", "sharpness"):
            assert row.signals[name] == every[row.index][name], name
        assert np.isnan([row.signals["psnr_db"], row.signals["flow_error_px"]]).all()
        assert row.pts_seconds == video.times[row.index]


@pytest.mark.parametrize("sampling", [EVERY_FRAME, SAMPLED])
def test_the_worst_window_in_the_store_is_the_raw_signal(
    tmp_path: Path, predictor: Any, monkeypatch: pytest.MonkeyPatch, sampling: Sampling
) -> None:
    video = MovingVideo(60)
    names = ("speed_excess_px", "velocity_error_px", "speed_px")
    calibration = SimpleNamespace(frame_seconds=0.04, evidence=("window_psnr_db", *names))
    settings = SimpleNamespace(flow_radius_px=predictor.settings.flow_radius_px, calibration=calibration)
    monkeypatch.setattr(predictor, "settings", settings)
    with ScoreStore(tmp_path, KEY) as store:
        list(analyse_to_store(video, predictor, store, sampling=sampling))
        frames, rows = store.read()
        kept = store.places(frames)
    assert sorted(kept) == sorted(frames[frames > 0])
    for frame, row in zip(frames[frames > 0], rows[frames > 0], strict=True):
        maps = unpack_places(kept[frame])
        assert maps.shape == (3, 30, 30)
        for name, values in zip(names, maps, strict=True):
            assert values.max() == pytest.approx(max(row[name], 0), rel=0.016, abs=1e-3), name


def test_the_motion_model_looks_at_some_samples_only(predictor: Any) -> None:
    video = MovingVideo(60)
    seen = []
    predictor.predict_motion, known = (
        (lambda pictures: seen.extend(pictures) or known(pictures)),
        predictor.predict_motion,
    )
    sampling = Sampling(0.2, motion_every=3)
    rows = list(judge(video, predictor, sampling.frames(video.times), sampling))
    predicted = [not np.isnan(row.signals[NEEDS_MODEL[0]]) for row in rows]
    assert predicted == [number % 3 == 0 for number in range(len(rows))]
    assert len(seen) == sum(predicted)
    assert not np.isnan([row.signals["speed_px"] for row in rows]).any()


@pytest.mark.parametrize("on_cpu", [True, False])
def test_the_next_samples_are_predicted_while_earlier_ones_are_with_their_reader(predictor: Any, on_cpu: bool) -> None:
    video = MovingVideo(200)
    samples = SAMPLED.frames(video.times)
    wanted = [row.signals.tobytes() for row in judge(video, predictor, samples, SAMPLED)]
    predictor.is_on_cpu = on_cpu
    begun: list[str] = []
    predict = predictor.predict_motion

    def predict_motion(pictures: list[Pixels]) -> list[Any]:
        begun.append(threading.current_thread().name)
        return list(predict(pictures))

    predictor.predict_motion = predict_motion
    rows = judge(video, predictor, samples, SAMPLED)
    found = [next(rows)]
    assert len(begun) >= 2  # of two samples each
    assert threading.current_thread().name not in begun
    found += rows
    assert [row.signals.tobytes() for row in found] == wanted


@pytest.mark.parametrize("on_cpu", [True, False])
def test_whoever_stops_listening_leaves_no_thread_behind(predictor: Any, on_cpu: bool) -> None:
    predictor.is_on_cpu = on_cpu
    video = MovingVideo(200)
    rows = analyse_samples(video, predictor, SAMPLED.frames(video.times), np.ones(39, np.bool_))
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert not [each.name for each in threading.enumerate() if each.name.startswith(("predicting", "measuring"))]


def test_what_fails_in_predicting_is_raised(predictor: Any) -> None:
    def predict_motion(_: list[Pixels]) -> list[Any]:
        raise DeviceError("One frame does not fit into memory", subject="memory", advice="Close other programs.")

    predictor.predict_motion = predict_motion
    video = MovingVideo(60)
    with pytest.raises(DeviceError, match="does not fit"):
        list(judge(video, predictor, SAMPLED.frames(video.times), SAMPLED))


def test_an_overview_comes_first_and_the_rest_in_order(tmp_path: Path, predictor: Any) -> None:
    video = MovingVideo(500)
    phases = set()
    with ScoreStore(tmp_path, KEY) as store:
        for progress in analyse_to_store(video, predictor, store, sampling=SAMPLED, report_seconds=0):
            phases.add(progress.phase)
        frames, _ = store.read()
    overview = overview_frames(video, SAMPLED.frames(video.times))
    assert OVERVIEW_PHASE in phases
    assert frames[: len(overview)].tolist() == overview.tolist()
    assert (np.diff(frames[len(overview) :]) > 0).all()
    assert sorted(frames.tolist()) == SAMPLED.frames(video.times).tolist()
    assert (progress.done, progress.total) == (len(frames), len(frames))


class SpeedScorer(ToyScorer):
    """Scores how fast something is, of samples."""

    sampling = SAMPLED

    def raw_scores(self, signals: RawSignals, seconds: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        del seconds
        return signals["speed_px"].astype(np.float64)

    def rule(self, false_alarms_per_hour: float = 2.0) -> SegmentRule:
        del false_alarms_per_hour
        return SegmentRule(enter=4, leave=2.9)


def test_what_the_overview_flags_is_judged_before_the_rest(tmp_path: Path, predictor: Any) -> None:
    video = MovingVideo(1000, fast=range(600, 700))
    with ScoreStore(tmp_path, KEY) as store:
        work = analyse_to_store(
            video, predictor, store, sampling=SAMPLED, scorer=SpeedScorer(), segments_by_frame=False
        )
        list(work)
        frames, rows = store.read()
    overview = overview_frames(video, SAMPLED.frames(video.times))
    flagged = overview[rows["speed_px"][: len(overview)] >= 2.9]
    assert 0 < len(flagged) < len(overview)
    early = frames[len(overview) :][: np.argmax(np.diff(frames[len(overview) :]) < 0) + 1]
    assert set(range(600, 700, 5)) <= set(early.tolist()) | set(overview.tolist())
    assert (np.abs(video.times[early, None] - video.times[flagged]).min(axis=1) <= OVERVIEW_SECONDS).all()
    assert sorted(frames.tolist()) == SAMPLED.frames(video.times).tolist()


def test_the_overview_shows_all_of_a_recording_near_keyframes() -> None:
    video = MovingVideo(1000)
    frames = overview_frames(video, SAMPLED.frames(video.times))
    assert np.diff(video.times[frames], prepend=0, append=video.times[-1]).max() <= 1.5 * OVERVIEW_SECONDS
    after_keyframe = video.times[frames] - video.times[frames // 50 * 50]
    assert (after_keyframe <= 0.5).all()
    # Its motion is measured over frames that come after the keyframe.
    assert (after_keyframe >= 0.2).all()
    assert not len(overview_frames(MovingVideo(100), SAMPLED.frames(np.arange(100) / 25)))


def hastening() -> MovingVideo:
    return MovingVideo(500, fast=range(200, 300))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """Rows of the samples of `hastening`, analysed at one go."""
    with ScoreStore(tmp_path_factory.mktemp("whole"), KEY) as store:
        list(analyse_to_store(hastening(), StillPredictor(), store, sampling=SAMPLED))
        return rows_of(store)


@pytest.mark.parametrize("scorer", [None, SpeedScorer()])
@pytest.mark.parametrize("stopped_after", [1, 3, 20, 60])
def test_an_interrupted_analysis_ends_as_an_uninterrupted_one(
    tmp_path: Path,
    predictor: Any,
    stopped_after: int,
    scorer: SpeedScorer | None,
    uninterrupted: dict[int, bytes],
) -> None:
    video = hastening()
    with ScoreStore(tmp_path, KEY) as store:
        steps: Iterator[Any] = analyse_to_store(
            video, predictor, store, sampling=SAMPLED, scorer=scorer, segments_by_frame=False, report_seconds=0
        )
        for _ in range(stopped_after):
            next(steps)
        steps.close()  # type: ignore[attr-defined]
        assert 0 < len(store) < len(uninterrupted) or stopped_after == 1
    with ScoreStore(tmp_path, KEY) as store:
        list(analyse_to_store(video, predictor, store, sampling=SAMPLED, scorer=scorer, segments_by_frame=False))
        assert rows_of(store) == uninterrupted


@pytest.fixture(scope="module")
def walking() -> MovingVideo:
    """Twenty seconds, in two of which something is fast."""
    return MovingVideo(500, fast=range(203, 253))


def judged_twice(video: MovingVideo, predictor: Any, folder: Path) -> tuple[RawSignals, RawSignals]:
    """What is known of a recording by its samples, and in the end."""
    with ScoreStore(folder, KEY) as store:
        list(analyse_to_store(video, predictor, store, sampling=SAMPLED))
        by_samples = stored_signals(store, len(video))
        list(analyse_to_store(video, predictor, store, sampling=SAMPLED, scorer=SpeedScorer()))
        return by_samples, stored_signals(store, len(video))


@pytest.fixture(scope="module")
def walking_judged(walking: MovingVideo, tmp_path_factory: pytest.TempPathFactory) -> tuple[RawSignals, RawSignals]:
    return judged_twice(walking, StillPredictor(), tmp_path_factory.mktemp("walking"))


def test_frames_of_segments_are_judged_by_all_networks_last(
    predictor: Any, walking: MovingVideo, walking_judged: tuple[RawSignals, RawSignals]
) -> None:
    by_samples, after = walking_judged
    every = {row.index: row.signals for row in analyse(walking, predictor)}
    judged = np.flatnonzero(~np.isnan(after["psnr_db"]))
    assert {*range(195, 215), *range(245, 260)} <= set(judged.tolist()) <= set(range(180, 276))
    for frame in judged.tolist():
        for name in ("psnr_db", "flow_error_px", "speed_px", "velocity_error_px"):
            assert after[name][frame] == every[frame][name], (frame, name)
    samples = SAMPLED.frames(walking.times)
    for name in after.dtype.names or ():
        if "psnr" not in name and "flow_error" not in name:
            np.testing.assert_array_equal(after[name][samples], by_samples[name][samples], err_msg=name)
    others = np.setdiff1d(np.arange(500), [*judged, *samples])
    assert np.isnan(after["speed_px"][others]).all()


def test_progress_says_that_segments_are_judged_and_ends_with_them(
    tmp_path: Path, predictor: Any, walking: MovingVideo
) -> None:
    with ScoreStore(tmp_path, KEY) as store:
        work = analyse_to_store(walking, predictor, store, sampling=SAMPLED, scorer=SpeedScorer(), report_seconds=0)
        steps = list(work)
        assert all(step.done <= step.total for step in steps)
        last = [step for step in steps if step.phase == SEGMENTS_PHASE]
        assert {step.total for step in last} == {len(store)}
        assert steps[-1].done == steps[-1].total == len(store)
        predictor.predict = None  # nothing is left to do
        assert len(list(analyse_to_store(walking, predictor, store, sampling=SAMPLED, scorer=SpeedScorer()))) == 1


@pytest.mark.parametrize("rows", [3, 99, 101, 130, 140])
def test_segments_end_the_same_wherever_the_analysis_was_stopped(
    tmp_path: Path,
    predictor: Any,
    walking: MovingVideo,
    walking_judged: tuple[RawSignals, RawSignals],
    rows: int,
) -> None:
    _, whole = walking_judged
    for _ in range(2):
        with ScoreStore(tmp_path, KEY) as store:
            steps: Iterator[Any] = analyse_to_store(
                walking, predictor, store, sampling=SAMPLED, scorer=SpeedScorer(), report_seconds=0
            )
            while len(store) < rows:
                next(steps)
            steps.close()  # type: ignore[attr-defined]
    with ScoreStore(tmp_path, KEY) as store:
        list(analyse_to_store(walking, predictor, store, sampling=SAMPLED, scorer=SpeedScorer()))
        assert stored_signals(store, len(walking)).tobytes() == whole.tobytes()


def test_where_much_is_flagged_borders_are_judged_and_the_rest_is_not(tmp_path: Path, predictor: Any) -> None:
    video = MovingVideo(1500, fast=range(203, 1203))
    _, after = judged_twice(video, predictor, tmp_path)
    judged = np.flatnonzero(~np.isnan(after["psnr_db"]))
    assert {*range(196, 210), *range(1196, 1210)} <= set(judged.tolist())
    assert len(judged) <= len(SAMPLED.frames(video.times)) / 2


def test_a_damaged_recording_is_done_with_the_samples_it_has(tmp_path: Path, predictor: Any) -> None:
    class Short(MovingVideo):
        def pictures(
            self, wanted: Sequence[int] | npt.NDArray[np.integer], size: int, should_stop: ShouldStop = never_stop
        ) -> Iterator[Frame]:
            return super().pictures([each for each in wanted if each < 90], size, should_stop)

    video = Short(200)
    with ScoreStore(tmp_path, KEY) as store:
        *_, last = analyse_to_store(video, predictor, store, sampling=SAMPLED)
        assert last.done == last.total == len(store) == 17
        signals = stored_signals(store, len(video))
    assert np.flatnonzero(~np.isnan(signals["speed_px"])).tolist() == list(range(5, 90, 5))


def test_another_sampling_is_another_analysis(predictor: Any) -> None:
    video = MovingVideo(20)
    keys = {analysis_key(video, predictor, each) for each in (EVERY_FRAME, SAMPLED, Sampling(0.1), Sampling(0.2, 2))}
    assert len(keys) == 4
    assert analysis_key(video, predictor) in keys


def test_where_the_index_is_corrected_on_the_way_all_samples_are_judged_by_the_new_numbers(
    tmp_path: Path, predictor: Any
) -> None:
    """A damaged recording holds fewer frames than it announces; a pass finds out."""

    class Misled(MovingVideo):
        def pictures(
            self, wanted: Sequence[int] | npt.NDArray[np.integer], size: int, should_stop: ShouldStop = never_stop
        ) -> Iterator[Frame]:
            for frame in super().pictures(wanted, size, should_stop):
                if frame.index > 300 and len(self._times) == 500:
                    self._times = np.delete(self._times, [120, 121, 122])
                yield frame

    video = Misled(500)
    with ScoreStore(tmp_path, KEY) as store:
        list(analyse_to_store(video, predictor, store, sampling=SAMPLED))
        frames, _ = store.read()
    assert sorted(frames.tolist()) == SAMPLED.frames(np.delete(np.arange(500) / 25, [120, 121, 122])).tolist()


def test_every_frame_is_judged_beyond_what_was_announced(predictor: Any) -> None:
    class Longer(MovingVideo):
        def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Any:
            yield from super().frames(start, 20 if stop is None else stop, should_stop)
            self.is_read_to_its_end = True

        def __len__(self) -> int:
            return 12

    video = Longer(20)
    rows = list(judge(video, predictor, EVERY_FRAME.frames(video.times[:12]), EVERY_FRAME))
    assert [row.index for row in rows] == list(range(20))
    assert video.is_read_to_its_end


@pytest.mark.parametrize("gap_seconds", [3600.0, 24 * 365.25 * 86400.0])
def test_a_gap_does_not_change_the_overview(gap_seconds: float) -> None:
    video = MovingVideo(1000)
    expected = overview_frames(video, SAMPLED.frames(video.times))
    video._times = np.where(np.arange(1000) >= 500, video.times + gap_seconds, video.times)
    overview = overview_frames(video, SAMPLED.frames(video.times))
    assert len(overview) == len(expected)
    assert np.abs(overview - expected).max() <= 5  # samples begin anew at whole fifths of a second
