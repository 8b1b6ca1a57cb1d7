"""Checks a whole detector when its file is opened: nothing odd in it may show up only in the middle of an analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.common.json_values import decode
from engine.scoring.calibration import Calibration
from engine.scoring.conditions import MAX_LIGHTS
from engine.scoring.light_calibration import Light, Scale
from engine.scoring.normal_model import NormalModel
from engine.scoring.prototype_bank import PrototypeBank
from engine.scoring.signals import LAYOUT_GRID

_TENSOR_TYPES = (torch.float16, torch.float32, torch.float64, torch.int32)
"""What `save_detector` writes; NumPy knows no bfloat16 and float8."""
_MAX_RADIUS_PX = 1024.0
"""Four times the width of the pictures that models see: nothing moves that far in a frame."""


def rounding_error_of_text(text: str) -> float:
    """By how much int8 would change a model's results.

    Raises:
        ValueError: it is no such number.
    """
    error = decode(text, float)
    if not 0 <= error < math.inf:
        raise ValueError(f"a rounding error of {error}")
    return error


def still_change_of_text(text: str) -> float:
    """The change, in grey levels, up to which pictures are still.

    Raises:
        ValueError: it is no number of grey levels.
    """
    change = decode(text, float)
    if not 0 <= change <= np.iinfo(np.uint8).max:
        raise ValueError(f"a change of {change} grey levels")
    return change


def check_tensors(tensors: Mapping[str, Tensor]) -> None:
    """Check types and values of a file's tensors.

    Raises:
        ValueError: one is of another type, or has values that are no numbers.
    """
    for name, tensor in tensors.items():
        if tensor.dtype not in _TENSOR_TYPES:
            raise ValueError(f"{name} is of type {tensor.dtype}")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{name} has values that are no numbers, or infinite")
        if name.endswith("running_var") and (tensor < 0).any():
            raise ValueError(f"{name} has variances below 0")


def check_settings(values: Mapping[str, Any]) -> None:
    """Check the text and numbers among a file's settings, whose types are right.

    Raises:
        ValueError: a text can't be written, or a number is out of its range.
    """
    for text in _texts(values):
        text.encode()  # a UnicodeEncodeError is a ValueError
    radius_px = values.get("flow_radius_px", 1.0)
    if not 0 < radius_px <= _MAX_RADIUS_PX:
        raise ValueError(f"a flow radius of {radius_px} px")


def check_calibration(calibration: Calibration) -> None:
    """Check that the parts of a calibration fit together.

    Raises:
        ValueError: they don't, or hold values that are no numbers.
    """
    if not all(map(math.isfinite, _numbers(asdict(calibration)))):
        raise ValueError("a calibration with values that are no numbers")
    if not calibration.evidence or len(set(calibration.evidence)) < len(calibration.evidence):
        raise ValueError("a calibration without evidence, or with the same twice")
    if min(calibration.frame_seconds, *calibration.smoothing_seconds) < 0:
        raise ValueError("a calibration of less than no footage")
    if len(calibration.lights) > MAX_LIGHTS or not all(each.reference for each in calibration.lights[1:]):
        raise ValueError("lights that can't be told apart")
    for light in calibration.lights:
        _check_light(light, len(calibration.evidence) * len(calibration.smoothing_seconds))


def check_normal_model(normal_model: NormalModel) -> None:
    """Check the shapes of what is known of normal life.

    Raises:
        ValueError: they do not fit together.
    """
    if normal_model.motion is not None and (
        normal_model.motion.counts.dtype.kind != "i" or (normal_model.motion.counts < 0).any()
    ):
        raise ValueError("counts of motion below 0")
    if normal_model.appearance is not None:
        _check_prototypes(normal_model.appearance)


def _check_light(light: Light, count: int) -> None:
    if min(light.seconds, light.videos) < 0:
        raise ValueError("a calibration of less than no footage")
    for scale in (light.live, light.offline):
        _check_scale(scale, count)
    if light.reference and len(light.reference.layout) != LAYOUT_GRID**2:
        raise ValueError("a reference of another layout")


def _check_scale(scale: Scale, count: int) -> None:
    standard, tail = scale.standard, scale.tail
    if not len(standard.medians) == len(standard.spreads) == count or min(standard.spreads) <= 0:
        raise ValueError("scales that do not fit their evidence")
    if not len(tail.quantiles) == len(tail.surprises) > 0:
        raise ValueError("quantiles without their surprises")
    if any(sorted(each) != list(each) for each in (tail.quantiles, tail.surprises)):
        raise ValueError("quantiles that do not ascend")
    if tail.excess < 0 or tail.exceedances < 1 or tail.blocks < 1:
        raise ValueError("a tail of nothing")


def _check_prototypes(bank: PrototypeBank) -> None:
    if (bank.mean.ndim, bank.basis.ndim, bank.prototypes.ndim) != (1, 2, 2) or not len(bank.prototypes):
        raise ValueError("prototypes of another shape")
    if (len(bank.mean), bank.basis.shape[1]) != (bank.basis.shape[0], bank.prototypes.shape[1]):
        raise ValueError("prototypes that do not fit their components")
    if not bank.slowest_px >= 0:
        raise ValueError("prototypes of what moves less than not")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(key)
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _numbers(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _numbers(each)
