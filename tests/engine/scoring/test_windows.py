"""Cells and windows against sums written out, and the worst window against the worst patch."""

from __future__ import annotations

import numpy as np
import pytest

from engine.flow.teachers import DisTeacher
from engine.scoring.motion import (
    BASELINE_SECONDS,
    PLACES,
    MeasuredMotion,
    baseline_frames,
    camera_motion_px,
    frame_ratio,
    net_speed,
    window_changes,
    window_motion,
)
from engine.scoring.psnr import flow_error, prediction_psnr
from engine.scoring.windows import cell_means, window_means


def test_means_are_those_written_out() -> None:
    values = np.random.default_rng(1).random((256, 256), dtype=np.float32)
    cells = cell_means(values)
    assert cells[3, 30] == pytest.approx(values[24:32, 240:248].mean(), abs=1e-5)
    windows = window_means(cells)
    assert windows.shape == (PLACES, PLACES)
    assert windows[0, 0] == pytest.approx(values[:24, :24].mean(), abs=1e-5)
    assert windows[29, 7] == pytest.approx(values[232:256, 56:80].mean(), abs=1e-5)


def test_the_worst_window_finds_what_is_cut_by_patches() -> None:
    frame = np.full((256, 256, 3), 0.5, np.float32)
    frame[0, 0] = 1
    predicted = frame.copy()
    predicted[56:80, 120:144] += 0.2  # a quarter in each of four patches
    measured = prediction_psnr(frame, predicted)
    assert measured.window == pytest.approx(20 * np.log10(1 / 0.2), abs=0.01)
    assert measured.window < measured.patches.min() - 5


def test_the_worst_window_of_flow() -> None:
    teacher = np.zeros((2, 256, 256), np.float32)
    predicted = teacher.copy()
    predicted[0, 100:140, 100:140] = 3
    predicted[1, 100:140, 100:140] = 4
    assert flow_error(teacher, predicted).window == pytest.approx(5)
    assert flow_error(teacher, predicted).frame < 0.2


def test_motion_is_a_frames_share_of_what_passed_over_the_baseline() -> None:
    flow = np.zeros((2, 256, 256), np.float32)
    flow[0] = 6
    flow[1, :, ::2], flow[1, :, 1::2] = 8, -8  # to and fro within each window
    motion = window_motion(flow, frames=2)
    np.testing.assert_allclose(motion[2], 5, rtol=1e-5)
    np.testing.assert_allclose(net_speed(motion), 3, rtol=1e-5)
    assert camera_motion_px(motion) == pytest.approx(3)


def test_one_thing_that_moves_is_no_camera_that_does() -> None:
    flow = np.zeros((2, 256, 256), np.float32)
    flow[:, :100] = 5
    assert camera_motion_px(window_motion(flow)) == 0


def a_walker(column: int, noise: np.random.Generator) -> np.ndarray:
    """A dark thing on a plain, grey ground, as a noisy camera shows it."""
    picture = np.full((256, 256, 3), 128.0)
    picture[100:140, column : column + 16] = 60
    return np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def test_where_the_picture_stays_the_same_nothing_moves() -> None:
    noise = np.random.default_rng(3)
    earlier, later = a_walker(100, noise), a_walker(106, noise)
    flow = DisTeacher().flow(earlier, later)
    told, measured = window_motion(flow, 2), MeasuredMotion.of(flow, earlier, later, 2)
    moves = measured.windows[2] > 0
    assert moves[12:15, 11:13].all()  # the walker's windows
    np.testing.assert_array_equal(measured.windows[:, moves], told[:, moves])
    # Of noise alone the flow tells some motion.
    assert told[2, :8].max() > 0.01
    assert not moves[:8].any()


def test_the_change_of_a_window_is_the_mean_of_its_blocks() -> None:
    earlier = np.full((256, 256, 3), 100, np.uint8)
    later = earlier.copy()
    later[8:16, 8:16] += 9  # one cell of nine
    later[200, 200] += 9  # a sixteenth of a block, which rounds to 1
    changes = window_changes(earlier, later)
    assert changes[1, 1] == changes[0, 0] == pytest.approx(1)
    assert changes[0, 2] == changes[2, 0] == 0
    assert changes[23, 23] == pytest.approx(1 / 36)


def test_a_camera_that_moves_does_so_where_nothing_can_be_seen() -> None:
    """A plain wall shows no change; the picture moves all the same."""
    wall = np.full((256, 256, 3), 128, np.uint8)
    flow = np.zeros((2, 256, 256), np.float32)
    flow[0] = 3
    measured = MeasuredMotion.of(flow, wall, wall, 1)
    assert measured.camera_px == pytest.approx(3)
    assert not measured.windows.any()


@pytest.mark.parametrize(("rate", "frames"), [(1, 1), (5, 1), (10, 2), (25, 5), (60, 12)])
def test_the_baseline_lasts_equally_long_at_any_rate(rate: float, frames: int) -> None:
    assert baseline_frames(np.arange(100) / rate) == frames
    assert frames == max(1, round(BASELINE_SECONDS * rate))


@pytest.mark.parametrize("seconds", [0.0795, 0.08, 0.0805])
def test_rounded_times_do_not_decide_between_two_baselines(seconds: float) -> None:
    assert baseline_frames(np.arange(100) * seconds) == 2


@pytest.mark.parametrize("seconds", [[], [0.0], [0.0, 0.0, 0.0]])
def test_a_video_without_a_rate_has_a_baseline(seconds: list[float]) -> None:
    assert baseline_frames(np.array(seconds)) >= 1


@pytest.mark.parametrize(
    ("fps", "calibrated_fps", "ratio"),
    [(25, 25, 1), (25, 10, 0.4), (12.5, 25, 2), (30, 29.97, 1), (1000 / 33, 30, 1), (24, 25, 25 / 24), (25, None, 1)],
)
def test_a_frame_counts_as_many_of_the_calibrations(fps: float, calibrated_fps: float | None, ratio: float) -> None:
    found = frame_ratio(1 / fps, 1 / calibrated_fps if calibrated_fps else None)
    assert found == pytest.approx(ratio, rel=1e-9)
    assert (found == 1) == (ratio == 1), "the same rate leaves signals as they are, to the last digit"


def test_what_has_no_rate_counts_as_the_calibrations() -> None:
    assert frame_ratio(None, 0.04) == frame_ratio(0.04, 0.0) == 1
