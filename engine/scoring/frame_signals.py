"""Measures the raw signals of one transition."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.flow.colour import Flow
from engine.scoring.motion import MeasuredMotion, window_motion
from engine.scoring.normal_model import NormalModel
from engine.scoring.places import WindowValues
from engine.scoring.prototype_bank import Appearance, distance_of
from engine.scoring.psnr import Measured, Picture, flow_error, prediction_psnr
from engine.scoring.signals import LAYOUT_GRID, missing_signals
from engine.video.frame import Pixels


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was expected of a transition."""

    frame: Picture | None
    """None where the frame model did not predict."""
    flow: Flow
    appearance: Appearance | None = None
    """How the frame before looks, where the detector knows what is usual."""


def measure(
    current: Pixels,
    teacher_flow: Flow | None,
    measured: MeasuredMotion | None,
    predicted: Predicted | None,
    normal_model: NormalModel,
) -> tuple[np.void, WindowValues]:
    """One row of RAW_SIGNALS: the picture uint8 [256, 256, 3] and the motion that came, against what was expected.

    With it goes what the signals of motion and looks are the worst of: the values of every window.

    Signals of what is None stay NaN: `measured` where the frames before are not at hand, `predicted` and
    `teacher_flow` where no network looked at the frame.
    """
    signals: np.void = missing_signals(1)[0]
    if predicted is not None and predicted.frame is not None:
        truth = current.astype(np.float32)
        truth *= np.float32(1 / 255)
        _take(signals, "psnr_db", prediction_psnr(truth, predicted.frame))
    if predicted is not None and teacher_flow is not None:
        _take(signals, "flow_error_px", flow_error(teacher_flow, predicted.flow))
    windows = {} if measured is None else _measure_motion(signals, measured, predicted, normal_model)
    _measure_picture(signals, current)
    return signals, windows


def picture_signals(picture: Pixels) -> np.void:
    """One row of RAW_SIGNALS with what a picture, uint8 [256, 256, 3], tells by itself; the rest is NaN."""
    signals: np.void = missing_signals(1)[0]
    _measure_picture(signals, picture)
    return signals


def _measure_picture(signals: np.void, picture: Pixels) -> None:
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    signals["sharpness"] = cv2.norm(cv2.Laplacian(luma, cv2.CV_16S), cv2.NORM_L1) / luma.size
    signals["contrast"] = cv2.meanStdDev(luma)[1][0, 0]
    signals["layout"] = cv2.resize(luma, (LAYOUT_GRID, LAYOUT_GRID), interpolation=cv2.INTER_AREA)


def _take(signals: np.void, name: str, errors: Measured) -> None:
    signals[name], signals[f"patch_{name}"], signals[f"window_{name}"] = errors


def _measure_motion(
    signals: np.void, measured: MeasuredMotion, predicted: Predicted | None, normal_model: NormalModel
) -> WindowValues:
    motion = measured.windows
    signals["camera_motion_px"] = measured.camera_px
    windows = {"speed_px": motion[2]}
    signals["median_change"], signals["highest_change"], signals["changed_share"] = measured.change
    if normal_model.motion is not None:
        windows["speed_rarity"], windows["direction_rarity"] = normal_model.motion.rarities(motion)
    if predicted is not None:
        expected = window_motion(predicted.flow)
        windows["speed_excess_px"] = motion[2] - expected[2]
        # Not OpenCV's magnitude: its last bit hangs on where in memory the arrays lie.
        errors = motion[:2] - expected[:2]
        windows["velocity_error_px"] = np.sqrt((errors * errors).sum(axis=0))
    for name, values in windows.items():
        signals[name] = values.max()
    if predicted is not None and normal_model.appearance is not None and predicted.appearance is not None:
        windows["appearance_distance"] = normal_model.appearance.distances(predicted.appearance, motion)
        signals["appearance_distance"] = distance_of(windows["appearance_distance"])
    return windows
