"""Where the evidence lies, read from a stored analysis: of a thing that moves through a still yard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engine.analysis.runner import analyse_to_store
from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.analysis.where import evidence_at, kinds_of_frames, scores_of_window
from engine.scoring.drift import Reference
from engine.scoring.heat_map import seconds_by_place
from engine.scoring.motion import PLACES
from engine.scoring.places import pack_places, placed_signals
from engine.scoring.sampling import EVERY_FRAME, SAMPLED, Sampling
from engine.scoring.signals import missing_signals
from engine.scoring.where import WindowEvidence
from tests.engine.scoring.test_where import calibration
from tests.vadgui.fakes import MemoryVideo, StillPredictor

KEY = AnalysisKey("v", "d", "{}")
NOTHING_WRONG = np.zeros(100, np.uint16)
MOTION = ("speed_excess_px", "velocity_error_px")


class Yard(MemoryVideo):
    """From frame 20 to frame 80, a patch goes 3 px a frame to the right over still ground, at three quarters down."""

    def __init__(self, path: Path = Path("yard"), count: int = 100) -> None:
        super().__init__(path, count)
        rng = np.random.default_rng(4)
        ground = cv2.GaussianBlur(rng.integers(60, 130, (256, 256, 3), np.uint8), (0, 0), 3)
        # Without light and shade it would be a lens that is covered.
        self._ground = ground + np.linspace(0, 60, 256, dtype=np.uint8)[:, None]
        self._thing = rng.integers(0, 255, (32, 24, 3), np.uint8)
        self._thing = cv2.GaussianBlur(self._thing, (0, 0), 1.5)

    def _pixels(self, index: int) -> npt.NDArray[np.uint8]:
        picture = self._ground.copy()
        if 20 <= index < 80:
            picture[176:208, 3 * index - 40 : 3 * index - 16] = self._thing
        return picture


@pytest.fixture
def predictor() -> Any:
    made: Any = StillPredictor()
    made.settings = SimpleNamespace(flow_radius_px=4.0, calibration=calibration(MOTION))
    return made


@pytest.mark.parametrize("sampling", [EVERY_FRAME, SAMPLED])
def test_a_moving_thing_is_outlined_where_it_is(tmp_path: Path, predictor: Any, sampling: Sampling) -> None:
    video = Yard()
    known = calibration(MOTION)
    with ScoreStore(tmp_path, KEY) as store:
        list(analyse_to_store(video, predictor, store, sampling=sampling))
        for frame in (40, 42, 60):  # samples, and one between them
            found = evidence_at(store, known, video.times, frame, NOTHING_WRONG)
            assert found is not None
            outline, *_ = found.outlines(3.0)
            left, top, right, bottom = outline.box
            assert left < (3 * frame - 28) / 256 < right
            assert top < 0.75 < bottom
            assert (right - left) * (bottom - top) < 0.12
        calm = evidence_at(store, known, video.times, 95, NOTHING_WRONG)
        assert calm is not None
        assert calm.outlines(3.0) == []


def test_what_is_not_analysed_or_not_calibrated_has_no_places(tmp_path: Path, predictor: Any) -> None:
    video = Yard()
    with ScoreStore(tmp_path, KEY) as store:
        assert evidence_at(store, calibration(MOTION), video.times, 40, NOTHING_WRONG) is None
        list(analyse_to_store(video, predictor, store, sampling=SAMPLED))
        assert evidence_at(store, None, video.times, 40, NOTHING_WRONG) is None
        assert evidence_at(store, calibration(MOTION), video.times, 400, NOTHING_WRONG) is None


@pytest.mark.parametrize("sampling", [EVERY_FRAME, SAMPLED])
@pytest.mark.parametrize("window", [(22, 12), (0, 0), (29, 29)])
def test_a_window_over_time_says_what_it_says_in_each_frame(
    tmp_path: Path, predictor: Any, sampling: Sampling, window: tuple[int, int]
) -> None:
    video, known = Yard(), calibration(MOTION)
    with ScoreStore(tmp_path, KEY) as store:
        list(analyse_to_store(video, predictor, store, sampling=sampling))
        parts = list(scores_of_window(store, known, video.times, window, NOTHING_WRONG, at_a_time=3))
        frames, scores = (np.concatenate([part[which] for part in parts]) for which in (0, 1))
        assert frames.tolist() == np.flatnonzero(SAMPLED.due(video.times)).tolist()
        for frame, score in zip(frames.tolist(), scores.tolist(), strict=True):
            found = evidence_at(store, known, video.times, frame, NOTHING_WRONG)
            assert found is not None
            assert score == pytest.approx(found.scores[window], abs=1e-6), frame


def test_of_nothing_analysed_a_window_says_nothing(tmp_path: Path) -> None:
    with ScoreStore(tmp_path, KEY) as store:
        assert list(scores_of_window(store, calibration(MOTION), Yard().times, (3, 3), NOTHING_WRONG)) == []


def test_how_long_something_stood_out_at_each_place(tmp_path: Path, predictor: Any) -> None:
    video = Yard()
    known = calibration(MOTION)
    with ScoreStore(tmp_path, KEY) as store:
        list(analyse_to_store(video, predictor, store, sampling=SAMPLED))

        def evidence(frame: int) -> WindowEvidence | None:
            return evidence_at(store, known, video.times, frame, NOTHING_WRONG)

        found = seconds_by_place(evidence, video.times, 20, 80, 3.0)
        assert found[20:].any()
        assert not found[:15].any()
        # It goes on at 75 px a second: of 2.4 s it is nowhere for more than half.
        assert 0.1 < found.max() <= 1.2
        left, right = (seconds_by_place(evidence, video.times, *part, 3.0) for part in ((24, 40), (60, 76)))
        assert left[:, :15].sum() > 0 == left[:, 20:].sum()
        assert right[:, 15:].sum() > 0 == right[:, :10].sum()
        faint = seconds_by_place(evidence, video.times, 20, 80, 1000.0)
        assert 0 < np.count_nonzero(faint) < np.count_nonzero(found)
        assert not seconds_by_place(evidence, video.times, 88, 100, 3.0).any()
        assert not seconds_by_place(lambda _: None, video.times, 20, 80, 3.0).any()


def test_in_other_light_things_stand_out_by_motion_alone(tmp_path: Path) -> None:
    known = calibration((*MOTION, "appearance_distance"))
    times = np.arange(50) / 25
    odd = np.zeros((PLACES, PLACES), np.float32)
    odd[4:7, 4:7] = 9
    usual, dark = np.zeros((2, 50), np.uint16)
    rows = missing_signals(1)
    rows["median_change"] = 1  # it was judged
    looks = Reference((100.0,) * 32 + (160.0,) * 32, 1.0, (125.0, 135.0), (0.001, 10.0), 100.0)
    rows["layout"] = (np.array(looks.layout) * 0.7).reshape(8, 8)
    rows["contrast"] = 20
    rows["sharpness"] = 1
    rows["highest_change"], rows["changed_share"], rows["camera_motion_px"] = 50, 0, 0
    dark[25] = kinds_of_frames(rows, times[[25]], replace(known, reference=looks))[0]
    with ScoreStore(tmp_path, KEY) as store:
        packed = pack_places(dict.fromkeys(MOTION, 0 * odd) | {"appearance_distance": odd}, placed_signals(known))
        store.append(np.array([25]), rows, {25: packed})
        whole, motion = (evidence_at(store, known, times, 25, kinds) for kinds in (usual, dark))
        ((_, by_all),) = scores_of_window(store, known, times, (5, 5), usual)
        ((_, by_motion),) = scores_of_window(store, known, times, (5, 5), dark)
    assert whole is not None
    assert motion is not None
    assert whole.outlines(3.0)
    assert not motion.outlines(3.0)
    assert by_all[0] == pytest.approx(whole.scores[5, 5])
    assert by_motion[0] == pytest.approx(motion.scores[5, 5])
    assert by_all[0] >= 3 > by_motion[0]
