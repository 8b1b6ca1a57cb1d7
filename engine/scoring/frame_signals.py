"""Measures the raw signals of one transition."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.flow.colour import Flow
from engine.scoring.motion import MeasuredMotion, window_motion
from engine.scoring.normal_model import NormalModel
from engine.scoring.prototype_bank import Appearance
from engine.scoring.psnr import Picture, flow_error, prediction_psnr
from engine.scoring.signals import LAYOUT_GRID, missing_signals
from engine.video.frame import Pixels


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was expected of a transition."""

    frame: Picture
    flow: Flow
    appearance: Appearance | None = None
    """Features of the frame before; None where the normal model has no prototypes to compare them with."""


def measure(
    current: Pixels,
    teacher_flow: Flow,
    measured: MeasuredMotion | None,
    predicted: Predicted,
    normal_model: NormalModel,
) -> np.void:
    """One row of RAW_SIGNALS: the picture uint8 [256, 256, 3] and the motion that came, against what was expected.

    `measured` is None where the frames before are not at hand.
    """
    signals: np.void = missing_signals(1)[0]
    truth = current.astype(np.float32)
    truth *= np.float32(1 / 255)
    for name, errors in (
        ("psnr_db", prediction_psnr(truth, predicted.frame)),
        ("flow_error_px", flow_error(teacher_flow, predicted.flow)),
    ):
        signals[name], signals[f"patch_{name}"], signals[f"window_{name}"] = errors
    if measured is not None:
        motion = measured.windows
        signals["speed_px"] = motion[2].max()
        expected = window_motion(predicted.flow)
        signals["speed_excess_px"] = (motion[2] - expected[2]).max()
        signals["velocity_error_px"] = cv2.magnitude(motion[0] - expected[0], motion[1] - expected[1]).max()
        signals["camera_motion_px"] = measured.camera_px
        if normal_model.motion is not None:
            signals["speed_rarity"], signals["direction_rarity"] = normal_model.motion.rarity(motion)
        if normal_model.appearance is not None and predicted.appearance is not None:
            signals["appearance_distance"] = normal_model.appearance.distance(predicted.appearance, motion)
    luma = cv2.cvtColor(current, cv2.COLOR_RGB2GRAY)
    signals["sharpness"] = cv2.norm(cv2.Laplacian(luma, cv2.CV_16S), cv2.NORM_L1) / luma.size
    signals["layout"] = cv2.resize(luma, (LAYOUT_GRID, LAYOUT_GRID), interpolation=cv2.INTER_AREA)
    return signals
