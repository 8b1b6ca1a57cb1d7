"""A detector at work: on its device, in its fastest precision, as many frames at a time as fit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.common.device import ComputeConfig, choose_compute
from engine.common.errors import DeviceError
from engine.common.language import tr
from engine.common.memory import is_out_of_memory
from engine.common.paths import cache_folder
from engine.flow.teachers import teacher_by_name
from engine.models.detector import Detector, DetectorSettings, load_detector
from engine.models.folding import fold_batch_norms
from engine.models.motion import MotionModel
from engine.models.motion_engine import (
    Form,
    MotionEngine,
    MotionOutput,
    TorchMotionEngine,
    choose_motion_engine,
    float32_form,
    in_torch,
    int8_form,
    mean_difference,
    too_coarse,
)
from engine.models.quantisation import LayerRanges, RangeMeter, rounded
from engine.scoring.normal_model import NormalModel
from engine.scoring.prototype_bank import Appearance
from engine.scoring.signals import SIGNALS_VERSION
from engine.video.frame import Pixels

_BATCH_ON_CPU = 2  # enough for large models; a larger one makes stopping wait
_BATCH_ON_CPU_OF_FAST = 8  # 20 % faster than 2: every layer wakes sleeping threads, once a batch
_MAX_BATCH = 64

_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class MotionPrediction:
    """What the motion model alone makes of one frame."""

    flow_rgb: npt.NDArray[np.float32]
    """Predicted flow as colour-wheel RGB in [0, 1], float32 [256, 256, 3]."""
    appearance: Appearance | None = None
    """How the windows of the given frame look; None where nobody knows what is usual."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the detector makes of one frame."""

    flow_rgb: npt.NDArray[np.float32]
    """Predicted flow as colour-wheel RGB in [0, 1], float32 [256, 256, 3]."""
    frame: npt.NDArray[np.float32]
    """Predicted next frame, RGB in [0, 1], float32 [256, 256, 3]."""
    appearance: Appearance | None = None
    """How the windows of the given frame look; None where the normal model has no prototypes to compare them with."""


@dataclass
class _MotionAlone:
    """What runs the motion model alone, once that is chosen; one for all predictors on the same networks."""

    engine: MotionEngine | None = None


class Predictor:
    """Predicts flow and next frame; owns the detector's copy on the device.

    One thread at a time, but that one more may call `predict_motion` meanwhile.
    """

    def __init__(
        self, detector: Detector, fingerprint: str, plan: ComputeConfig, *, teacher_weights: Path | None = None
    ) -> None:
        self.settings: DetectorSettings = detector.settings
        self.fingerprint = fingerprint
        """SHA-256 of the detector's weights and settings."""
        self.teacher = teacher_by_name(detector.settings.teacher, weights=teacher_weights, device=str(plan.device))
        self._normal_model = detector.normal_model
        self._plan = plan
        self._whole_motion = detector.motion
        self._layer_ranges, self._rounding_error = detector.layer_ranges, detector.rounding_error
        self.still_change = detector.still_change
        """As the detector's."""
        self._detector = copy.deepcopy(detector).eval()
        fold_batch_norms(self._detector)
        self._detector.to(plan.device, plan.dtype)
        self._detector.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for model in (self._detector.motion, self._detector.frame):
            model.net.head.float()
        self.batch_size = _default_batch_size(plan.device, detector.settings.preset)
        """Frames `predict` takes at once without cutting them up; halved when memory runs out."""
        self._alone = _MotionAlone()

    @classmethod
    def open(cls, path: Path, device: str = "auto") -> Predictor:
        """The detector of a file on a device out of DEVICE_NAMES.

        Raises:
            DetectorFileError: the file is no usable detector.
            DeviceError: this machine has no such device.
            TeacherError: the weights that its teacher needs are missing or wrong.
        """
        plan = choose_compute(device)
        detector, fingerprint = load_detector(Path(path))
        return cls(detector, fingerprint, plan)

    @property
    def normal_model(self) -> NormalModel:
        """What is known of normal life at the detector's camera."""
        return self._normal_model

    def with_normal_model(self, normal_model: NormalModel) -> Predictor:
        """A predictor on the same networks that goes by another normal model."""
        other = copy.copy(self)
        other._normal_model = normal_model
        return other

    def with_layer_ranges(self, ranges: LayerRanges | None) -> Predictor:
        """A predictor on the same networks whose motion model may be rounded by other ranges."""
        other = copy.copy(self)
        other._layer_ranges, other._rounding_error = ranges, None
        other._alone = _MotionAlone()
        return other

    def with_still_change(self, change: float | None) -> Predictor:
        """A predictor on the same networks for which pictures are still up to another change."""
        other = copy.copy(self)
        other.still_change = change
        return other

    @property
    def device_label(self) -> str:
        """Device and precision in words, and what else than torch runs the motion model alone."""
        engine = self._alone.engine
        return self._plan.label if engine is None or engine.name == "torch" else f"{self._plan.label}, {engine.name}"

    @property
    def motion_remark(self) -> str:
        """Why the motion model alone computes in full precision, in words; empty where that is not to be told."""
        remark = self._alone.engine.remark if self._alone.engine else ""
        return tr("The motion model computes in full precision: {reason}.").format(reason=remark) if remark else ""

    @property
    def is_on_cpu(self) -> bool:
        """Whether the models compete with everything else for the processor."""
        return self._plan.device.type == "cpu"

    @property
    def analysis_settings(self) -> dict[str, str | int]:
        """What besides video and weights decides the raw signals: for an analysis's key."""
        return {
            "device": self._plan.device.type,
            "dtype": str(self._plan.dtype).removeprefix("torch."),
            "signals_version": SIGNALS_VERSION,
            "teacher": self.teacher.fingerprint,
        }

    @property
    def motion_settings(self) -> dict[str, str | float]:
        """What `analysis_settings` lacks where the motion model runs alone."""
        still = {} if self.still_change is None else {"still_change": self.still_change}
        return {**self.prepare_motion().settings, **still}

    def predict(self, pictures: list[Pixels]) -> list[Prediction]:
        """Predictions of what follows each picture, uint8 [256, 256, 3].

        Raises:
            DeviceError: a single frame does not fit into the device's memory.
        """
        return self._in_batches(pictures, self._predict_batch)

    def predict_motion(self, pictures: list[Pixels]) -> list[MotionPrediction]:
        """The motion model's part of `predict`, without the frame model's cost: pictures uint8 [256, 256, 3].

        Raises:
            DeviceError: a single frame does not fit into the device's memory.
        """
        knows = self._normal_model.appearance is not None
        found = self.prepare_motion().run(pictures)
        return [MotionPrediction(flow_rgb, looks if knows else None) for flow_rgb, looks in found]

    def prepare_motion(self) -> MotionEngine:
        """Choose what runs the motion model alone, which `device_label` then names; `predict_motion` does it too.

        The first time with a detector on a machine takes seconds.
        """
        if self._alone.engine is None:
            engine: MotionEngine
            engine = own = TorchMotionEngine(self.predict_motion_in_torch)
            if self.is_on_cpu:
                engine = choose_motion_engine(
                    own, self._forms(), cache_folder() / "motion-engines", self._without_ranges()
                )
            self._alone.engine = engine
        return self._alone.engine

    def range_meter(self) -> RangeMeter:
        """Measures the ranges of the motion model's layers, while `predict_motion_in_torch` runs."""
        return RangeMeter(self._detector.motion)

    def predict_motion_in_torch(self, pictures: list[Pixels]) -> list[MotionOutput]:
        """As `predict_motion`, whatever runs that."""
        return self._in_batches(pictures, self._motion_batch)

    def rounding_error(self, ranges: LayerRanges, pictures: list[Pixels]) -> float:
        """By how much its motion model makes something else of normal pictures when it is rounded by these ranges."""
        model = self._motion_in_float32()
        found, wanted = (in_torch(each, pictures) for each in (rounded(model, ranges), model))
        return mean_difference(found, wanted)

    def appearances(self, pictures: list[Pixels]) -> list[Appearance]:
        """How the windows of each picture look, uint8 [256, 256, 3]: a small part of a prediction.

        Raises:
            DeviceError: a single frame does not fit into the device's memory.
        """
        return self._in_batches(pictures, self._appearance_batch)

    def _motion_in_float32(self) -> MotionModel:
        model = copy.deepcopy(self._whole_motion).cpu().float().eval()
        fold_batch_norms(model)
        return model

    def _without_ranges(self) -> str:
        """Why there is no form in 8-bit integers, in words; empty where there is one."""
        if self._layer_ranges is not None:
            return ""
        if self._rounding_error is not None:
            return too_coarse(self._rounding_error)
        return tr("for 8-bit integers the detector has to be calibrated again")

    def _forms(self) -> Iterator[Form]:
        """Forms of the motion model that OpenVINO may run, the fastest first."""
        model = self._motion_in_float32()
        if self._layer_ranges is not None:
            yield int8_form(model, self._layer_ranges)
        # Two roundings to half precision differ too much to be checked against each other.
        if self._plan.dtype == torch.float32:
            yield float32_form(model)

    def _in_batches(self, pictures: list[Pixels], run: Callable[[Tensor], list[_Result]]) -> list[_Result]:
        results: list[_Result] = []
        while len(results) < len(pictures):
            batch = pictures[len(results) : len(results) + self.batch_size]
            try:
                results += run(self._on_device(np.stack(batch)))
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise DeviceError(
                        tr("One frame does not fit into memory"),
                        subject=self.device_label,
                        advice=tr("Close other programs that use the device, or choose --device cpu."),
                    ) from error
                self.batch_size = len(batch) // 2
                if self._plan.device.type == "cuda":
                    torch.cuda.empty_cache()
        return results

    def _on_device(self, pictures: Pixels) -> Tensor:
        # Channels already come last in pictures: the permuted view is what the convolutions like best.
        batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).to(self._plan.device)
        return batch.to(self._plan.dtype) / 255

    @torch.inference_mode()
    def _predict_batch(self, pictures: Tensor) -> list[Prediction]:
        motion, appearances = self._detector.motion, None
        if self.normal_model.appearance is None:
            flow_rgb = motion(pictures)
        else:
            flow_rgb, appearances = motion.with_appearance(pictures)
        frames = _channels_last(self._detector.frame(flow_rgb, pictures))
        looks = [None] * len(frames) if appearances is None else _channels_last(appearances)
        return [Prediction(*each) for each in zip(_channels_last(flow_rgb), frames, looks, strict=True)]

    @torch.inference_mode()
    def _motion_batch(self, pictures: Tensor) -> list[MotionOutput]:
        flow_rgb, appearances = self._detector.motion.with_appearance(pictures)
        return list(zip(_channels_last(flow_rgb), _channels_last(appearances), strict=True))

    @torch.inference_mode()
    def _appearance_batch(self, pictures: Tensor) -> list[Appearance]:
        return list(_channels_last(self._detector.motion.appearance(pictures)))


def _channels_last(batch: Tensor) -> npt.NDArray[np.float32]:
    return batch.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _default_batch_size(device: torch.device, preset: str) -> int:
    if device.type != "cpu":
        return _MAX_BATCH
    return _BATCH_ON_CPU_OF_FAST if preset == "fast" else _BATCH_ON_CPU
