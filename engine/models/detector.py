"""A detector: motion model, frame model, settings and normal model, stored in one safetensors file."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from engine.common.atomic_write import atomic_write
from engine.common.errors import DetectorFileError
from engine.common.json_values import convert, decode
from engine.common.language import tr
from engine.models.detector_check import (
    check_calibration,
    check_normal_model,
    check_settings,
    check_tensors,
    rounding_error_of_text,
    still_change_of_text,
)
from engine.models.detector_header import TrainingRecord, read_metadata
from engine.models.frame import FrameModel
from engine.models.motion import MotionModel
from engine.models.quantisation import LayerRanges, check_ranges, ranges_as_text, ranges_of_text
from engine.scoring.calibration import Calibration
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.normal_model import NormalModel
from engine.scoring.prototype_bank import PrototypeBank

_FORMAT = "vadgui-detector"
_FORMAT_VERSION, _VERSION_OF_LIGHTS, _VERSION_OF_ONE_LIGHT = 6, 5, 4
"""A detector is written in the lowest version that can say all of its calibration."""
_KNOWN_VERSIONS = [str(version) for version in range(_FORMAT_VERSION + 1)]
_MOTION_COUNTS = "motion_normal.counts"
_APPEARANCE = "appearance_normal."
_LAYER_RANGES = "layer_ranges"
_ROUNDING_ERROR = "rounding_error"
_STILL_CHANGE = "still_change"
"""Metadata keys outside the checksum: what they hold makes a detector faster, not another one."""


@dataclass(frozen=True)
class Preset:
    """Channel widths and input scale of both models."""

    motion_widths: tuple[int, ...]
    """Channels of F_m's levels, finest first."""
    frame_widths: tuple[int, ...]
    shrink: int
    """Factor by which the U-Nets reduce width and height of their input (PixelUnshuffle)."""


PRESETS = {
    "paper": Preset((32, 64, 128, 256, 512, 512), (64, 128, 256), shrink=1),
    "fast": Preset((32, 64, 128, 256), (32, 64, 128), shrink=2),
}


@dataclass(frozen=True)
class DetectorSettings:
    """A detector's settings: everything but its weights and its normal model."""

    name: str
    """Name for people, such as the camera or dataset it was trained on."""
    preset: str
    """A key of PRESETS."""
    teacher: str
    """Name of the teacher, the optical-flow estimator, for `teacher_by_name`."""
    flow_radius_px: float
    """Speed at full saturation of the flow colours, in px of the 256x256 picture per frame."""
    flow_guidance: bool = True
    """Whether the predicted flow is an input of F_f; without it, F_f predicts from the frame alone (ablation)."""
    created: str = ""
    """Date and time, ISO 8601 in UTC."""
    training: dict[str, Any] = field(default_factory=dict)
    """Training record: footage, epochs, learning rates, versions."""
    calibration: Calibration | None = None
    """Calibration of the scores on held-out normal footage; None if not calibrated."""


class Detector(nn.Module):
    """Predicts flow and next frame of a frame I: F(I) = F_f(F_m(I), I), Eq. 8."""

    def __init__(self, settings: DetectorSettings, normal_model: NormalModel | None = None) -> None:
        super().__init__()
        preset = PRESETS[settings.preset]
        self._settings = settings
        self._normal_model = normal_model or NormalModel()
        self._layer_ranges: LayerRanges | None = None
        self._rounding_error: float | None = None
        self._still_change: float | None = None
        self.motion = MotionModel(widths=preset.motion_widths, shrink=preset.shrink)
        self.frame = FrameModel(widths=preset.frame_widths, shrink=preset.shrink, flow_guidance=settings.flow_guidance)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Predict flow RGB and the next frame I_t from I_{t-1}: RGB [N, 3, 256, 256] in [0, 1], outputs in float32."""
        flow_rgb = self.motion(frame)
        return flow_rgb, self.frame(flow_rgb, frame)

    @property
    def settings(self) -> DetectorSettings:
        """The detector's settings."""
        return self._settings

    @property
    def normal_model(self) -> NormalModel:
        """Statistics of normal motion and appearance at the detector's camera."""
        return self._normal_model

    @property
    def layer_ranges(self) -> LayerRanges | None:
        """Ranges of the motion model's layers on normal pictures, for int8; None if it is not to be used."""
        return self._layer_ranges

    @property
    def rounding_error(self) -> float | None:
        """By how much int8 would change results on normal pictures, where that is why there are no ranges."""
        return self._rounding_error

    @property
    def still_change(self) -> float | None:
        """Highest change between pictures, in grey levels, up to which the motion model predicts the same of both.

        None where that is not known.
        """
        return self._still_change

    def with_settings(self, settings: DetectorSettings) -> Detector:
        """A copy with other settings that shares networks and normal model."""
        other = copy.copy(self)
        other._settings = settings
        return other

    def with_normal_model(self, normal_model: NormalModel) -> Detector:
        """A copy with another normal model that shares networks and settings."""
        other = copy.copy(self)
        other._normal_model = normal_model
        return other

    def with_layer_ranges(self, ranges: LayerRanges | None, rounding_error: float | None = None) -> Detector:
        """A copy with other ranges of the motion model's layers that shares everything else.

        Without any, `rounding_error` says by how much int8 would change results, if that is why.
        """
        other = copy.copy(self)
        other._layer_ranges, other._rounding_error = ranges, rounding_error
        return other

    def with_still_change(self, change: float | None) -> Detector:
        """A copy for which pictures are still up to another change, that shares everything else."""
        other = copy.copy(self)
        other._still_change = change
        return other


def save_detector(detector: Detector, path: Path) -> None:
    """Write the detector's file atomically, with weights in float16.

    Raises:
        OSError: the folder can't be written, or the disk is full.
    """
    tensors = {
        # Running statistics exceed the range of float16, and they are few.
        name: (tensor if "running_" in name or not tensor.is_floating_point() else tensor.half()).cpu().contiguous()
        for name, tensor in detector.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    tensors |= _tensors_of(detector.normal_model)
    values = asdict(detector.settings)
    version = _without_defaults(values["calibration"] or {})
    settings = json.dumps(values, sort_keys=True, ensure_ascii=False)
    header = {
        "format": _FORMAT,
        "format_version": str(version),
        "settings": settings,
        "sha256": _digest(settings, tensors),
    }
    if detector.layer_ranges is not None:
        header[_LAYER_RANGES] = ranges_as_text(detector.layer_ranges)
    if detector.rounding_error is not None:
        header[_ROUNDING_ERROR] = json.dumps(detector.rounding_error)
    if detector.still_change is not None:
        header[_STILL_CHANGE] = json.dumps(detector.still_change)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(save(tensors, header))


def _without_defaults(calibration: dict[str, Any]) -> int:
    """Take out what earlier programs do not know, as far as it says nothing; the format version of the rest."""
    version = _VERSION_OF_ONE_LIGHT
    for name, its_version in (("other_lights", _VERSION_OF_LIGHTS), ("unreviewed", _FORMAT_VERSION)):
        if not calibration.get(name):
            calibration.pop(name, None)
        else:
            version = its_version
    return version


def load_detector(path: Path) -> tuple[Detector, str]:
    """Load a detector, on the CPU in float32 and evaluation mode; returns it with its fingerprint (SHA-256).

    Raises:
        DetectorFileError: the file is missing, not a detector, damaged, or of a newer version.
    """
    if not path.is_file():
        raise DetectorFileError(
            tr("There is no detector file"), subject=path, advice=tr("Check the path, or choose a bundled detector.")
        )
    header = read_metadata(path)
    if header.get("format") != _FORMAT:
        raise DetectorFileError(
            tr("This safetensors file is not a vadgui detector"),
            subject=path,
            advice=tr("Choose a file that a training made."),
        )
    if header.get("format_version") not in _KNOWN_VERSIONS:
        raise DetectorFileError(
            tr("This detector was made by a newer version of vadgui"),
            subject=path,
            advice=tr("Update vadgui to use it."),
        )
    tensors = _read_tensors(path)
    try:
        check_tensors(tensors)
    except ValueError as error:
        raise DetectorFileError(
            tr("The detector's weights are unusable"),
            subject=path,
            advice=tr("Copy it again from where it came from, or train it again ({error}).").format(error=error),
        ) from error
    if _digest(header.get("settings", ""), tensors) != header.get("sha256"):
        raise _damaged_error(path)
    try:
        values = decode(header["settings"], dict[str, Any])
        if values.get("calibration") is not None:
            values["calibration"] = Calibration.from_json(values["calibration"])
            check_calibration(values["calibration"])
        convert(values.get("training", {}), TrainingRecord)
        settings = convert(values, DetectorSettings)
        check_settings(values)
        normal_model = _pop_normal_model(tensors)
        check_normal_model(normal_model)
        detector = Detector(settings, normal_model)
        if _LAYER_RANGES in header:
            ranges = ranges_of_text(header[_LAYER_RANGES])
            check_ranges(detector.motion, ranges)
            detector = detector.with_layer_ranges(ranges)
        elif _ROUNDING_ERROR in header:
            detector = detector.with_layer_ranges(None, rounding_error_of_text(header[_ROUNDING_ERROR]))
        if _STILL_CHANGE in header:
            detector = detector.with_still_change(still_change_of_text(header[_STILL_CHANGE]))
        detector.load_state_dict(_with_step_counters(detector, tensors))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DetectorFileError(
            tr("The detector's settings and weights do not fit together"),
            subject=path,
            advice=tr("Train it again, or update vadgui ({error}).").format(error=error),
        ) from error
    return detector.eval(), header["sha256"]


def _tensors_of(normal_model: NormalModel) -> dict[str, Tensor]:
    tensors = {}
    if normal_model.motion is not None:
        tensors[_MOTION_COUNTS] = torch.tensor(normal_model.motion.counts)
    if normal_model.appearance is not None:
        arrays = {
            each.name: np.ascontiguousarray(getattr(normal_model.appearance, each.name))
            for each in fields(PrototypeBank)
        }
        tensors |= {_APPEARANCE + name: torch.from_numpy(array) for name, array in arrays.items()}
    return tensors


def _pop_normal_model(tensors: dict[str, Tensor]) -> NormalModel:
    """Remove and decode the tensors of `_tensors_of`; files of earlier versions lack some or all of them."""
    counts = tensors.pop(_MOTION_COUNTS, None)
    arrays = {
        name.removeprefix(_APPEARANCE): tensors.pop(name).numpy()
        for name in list(tensors)
        if name.startswith(_APPEARANCE)
    }
    return NormalModel(
        None if counts is None else MotionHistogram(counts.numpy()),
        PrototypeBank(slowest_px=arrays.pop("slowest_px").item(), **arrays) if arrays else None,
    )


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise DetectorFileError(
            tr("The detector file can't be read"),
            subject=path,
            advice=tr("Check the file and its permissions ({error}).").format(error=error),
        ) from error
    except SafetensorError as error:
        raise DetectorFileError(
            tr("This is not a detector, or its file is damaged"),
            subject=path,
            advice=tr("Detectors are .safetensors files that a training makes; copy it again from where it came from."),
        ) from error


def _damaged_error(path: Path) -> DetectorFileError:
    return DetectorFileError(
        tr("The detector file is damaged: its contents do not match its checksum"),
        subject=path,
        advice=tr("Copy it again from where it came from."),
    )


def _digest(settings: str, tensors: dict[str, Tensor]) -> str:
    """SHA-256 of settings and tensors; safetensors has no checksum of its own."""
    digest = hashlib.sha256(settings.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _with_step_counters(detector: Detector, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    counters = {name: value for name, value in detector.state_dict().items() if name.endswith("num_batches_tracked")}
    return {**counters, **tensors}
