"""Measurements of every transition of a clip, by window: all candidate signals are computed from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.atomic_write import atomic_write
from engine.flow.colour import rgb_to_flow
from engine.flow.teachers import DisTeacher
from engine.models.predictor import Prediction, Predictor
from engine.scoring.motion import PLACES, MeasuredMotion, window_motion
from engine.scoring.prototype_bank import MovingFeatures, PrototypeBank
from engine.scoring.windows import cell_means, window_means
from engine.video.frame import Pixels
from tests.research.choices.clips import Pictures

BASELINES_SECONDS = (0.1, 0.2, 0.4)
"""Time spans over which motion is measured."""
ENGINE_BASELINE = BASELINES_SECONDS.index(0.2)
"""The row of `ClipMeasurements.motion` with the engine's own baseline."""
LUMA_CELLS = 64
PREDICTION_FIELDS = ("predicted", "psnr_db", "flow_error_px", "frame_psnr_db")
"""The fields of `ClipMeasurements` that need a detector's predictions."""
APPEARANCE_FIELDS = ("appearance",)
"""The field that needs the detector's encoder, and prototypes of other clips."""
_BATCH = 8

_Result = TypeVar("_Result")

Labels = npt.NDArray[np.bool_]
Windows = npt.NDArray[np.float32]
"""float32 [N, PLACES, PLACES]: one value a window and frame; NaN in frame 0."""


@dataclass(eq=False)
class ClipMeasurements:
    """Measurements of a clip's transitions; row t is of the transition from frame t-1 to t."""

    seconds: npt.NDArray[np.float64]
    motion: npt.NDArray[np.float32]
    """[baselines, N, 3, PLACES, PLACES]: mean dx, dy and speed of every window, px a frame."""
    predicted: npt.NDArray[np.float32]
    """[N, 3, PLACES, PLACES]: mean dx, dy and speed of the predicted flow."""
    psnr_db: Windows
    """PSNR of the predicted frame in each window."""
    flow_error_px: Windows
    frame_psnr_db: npt.NDArray[np.float32]
    """[N]"""
    luma: npt.NDArray[np.uint8]
    """[N, LUMA_CELLS, LUMA_CELLS]: the frame, grey and scaled down."""
    appearance: Windows
    """Appearance distance of the frame before, as PrototypeBank.distances."""

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def has_predictions(self) -> bool:
        return self.has(PREDICTION_FIELDS)

    @property
    def has_appearance(self) -> bool:
        return self.has(APPEARANCE_FIELDS)

    def has(self, names: Iterable[str]) -> bool:
        """Whether these fields are known for all transitions."""
        return all(bool(np.isfinite(getattr(self, name)[1:]).all()) for name in names)

    def take(self, names: Iterable[str], other: ClipMeasurements) -> None:
        """Copy these fields from an unchanged clip."""
        for name in names:
            getattr(self, name)[:] = getattr(other, name)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            arrays = {each.name: getattr(self, each.name) for each in fields(self)}
            np.savez(file, **{k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in arrays.items()})

    @classmethod
    def load(cls, path: Path) -> ClipMeasurements:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        # Older caches hold no appearance.
        arrays.setdefault("appearance", np.full_like(arrays["psnr_db"], np.nan))
        return cls(**{k: v.astype(np.float32) if v.dtype == np.float16 else v for k, v in arrays.items()})


def measure_motion(pictures: Pictures, seconds: npt.NDArray[np.float64]) -> ClipMeasurements:
    """Measure motion and luma of a clip; the fields that need a detector are NaN."""
    return _measure_motion(_empty(seconds), pictures, range(1, len(pictures)))


def measure_predictions(
    found: ClipMeasurements, pictures: Pictures, predictor: Predictor, every: int, changed: Labels | None = None
) -> None:
    """Measure prediction errors of all transitions, or of those that the changed frames [N] affect.

    Every n-th transition is predicted; those between repeat the one before.
    """
    affected = list(range(1, len(pictures))) if changed is None else _affected(changed, 1)
    for t, prediction in _batched(affected, every, pictures, predictor.predict):
        _measure_prediction(found, t, pictures, prediction, predictor)
    _fill_between(found, PREDICTION_FIELDS, affected, every)


def measure_appearance(
    found: ClipMeasurements,
    pictures: Pictures,
    predictor: Predictor,
    prototypes: PrototypeBank,
    every: int,
    changed: Labels | None = None,
) -> None:
    """Measure appearance distances from prototypes; for `every` and `changed` see `measure_predictions`."""
    reach = _appearance_reach(found.seconds)
    affected = list(range(1, len(pictures))) if changed is None else _affected(changed, reach)
    for t, appearance in _batched(affected, every, pictures, predictor.appearances):
        found.appearance[t] = prototypes.distances(appearance, found.motion[ENGINE_BASELINE, t])
    _fill_between(found, APPEARANCE_FIELDS, affected, every)


def seen_in(
    found: ClipMeasurements, pictures: Pictures, predictor: Predictor, every: int, rng: np.random.Generator
) -> list[MovingFeatures]:
    """Features of what moves in every n-th frame of a normal clip, to learn prototypes from."""
    appearances = _batched(range(1, len(pictures)), every, pictures, predictor.appearances)
    return [MovingFeatures.of(appearance, found.motion[ENGINE_BASELINE, t], rng) for t, appearance in appearances]


def remeasure_motion(base: ClipMeasurements, pictures: Pictures, changed: Labels) -> ClipMeasurements:
    """Measure the motion of those transitions that the changed frames [N] affect; the others are copied.

    Fields that need a detector become NaN at the affected transitions.
    """
    reach = max(_frames_over(base.seconds, each) for each in BASELINES_SECONDS)
    found = _measure_motion(_copy(base), pictures, _affected(changed, reach))
    for name in PREDICTION_FIELDS:
        getattr(found, name)[_affected(changed, 1)] = np.nan
    found.appearance[_affected(changed, _appearance_reach(base.seconds))] = np.nan
    return found


def small_lumas(pictures: Pictures) -> npt.NDArray[np.uint8]:
    """`ClipMeasurements.luma` of a clip."""
    return np.stack([_luma(picture) for picture in pictures])


def _batched(
    transitions: Sequence[int], every: int, pictures: Pictures, run: Callable[[list[Pixels]], list[_Result]]
) -> Iterator[tuple[int, _Result]]:
    """Every n-th transition with the result of `run` for the frame before it, computed in batches."""
    chosen = [t for t in transitions if t % every == 1 % every]
    for at in range(0, len(chosen), _BATCH):
        batch = chosen[at : at + _BATCH]
        yield from zip(batch, run([pictures[t - 1] for t in batch]), strict=True)


def _fill_between(found: ClipMeasurements, names: Iterable[str], transitions: Sequence[int], every: int) -> None:
    for t in transitions:
        if t % every != 1 % every:
            for name in names:
                getattr(found, name)[t] = getattr(found, name)[t - 1]


def _appearance_reach(seconds: npt.NDArray[np.float64]) -> int:
    """How many frames after a changed one have another appearance distance: it is that of windows that move."""
    return _frames_over(seconds, BASELINES_SECONDS[ENGINE_BASELINE])


def _affected(changed: Labels, reach: int) -> list[int]:
    affected = changed.copy()
    for shift in range(1, reach + 1):
        affected[shift:] |= changed[:-shift]
    affected[:reach] |= changed[: reach + 1].any()  # the first frames take the motion over the first whole baseline
    return [int(t) for t in np.flatnonzero(affected) if t > 0]


def _measure_motion(found: ClipMeasurements, pictures: Pictures, transitions: Iterable[int]) -> ClipMeasurements:
    flows = DisTeacher()
    found.luma[0] = _luma(pictures[0])
    reaches = [_frames_over(found.seconds, each) for each in BASELINES_SECONDS]
    for t in transitions:
        found.luma[t] = _luma(pictures[t])
        for row, reach in enumerate(reaches):
            # As in the pipeline, frames with less before them take the motion over the first whole baseline.
            last = min(max(t, reach), len(pictures) - 1)
            earlier = max(last - reach, 0)
            pair = pictures[earlier], pictures[last]
            found.motion[row, t] = MeasuredMotion.of(flows.flow(*pair), *pair, last - earlier).windows
    return found


def _measure_prediction(
    found: ClipMeasurements, t: int, pictures: Pictures, prediction: Prediction, predictor: Predictor
) -> None:
    flow = rgb_to_flow(prediction.flow_rgb, predictor.settings.flow_radius_px)
    found.predicted[t] = window_motion(flow)
    truth = pictures[t].astype(np.float32) / 255
    error = truth - prediction.frame
    mse = np.einsum("ijc,ijc->ij", error, error) / 3
    peak = max(float(truth.max()), 1 / 255)
    found.psnr_db[t] = 10 * np.log10(peak**2 / np.maximum(window_means(cell_means(mse)), 1e-10))
    found.frame_psnr_db[t] = 10 * np.log10(peak**2 / max(float(mse.mean()), 1e-10))
    teacher = predictor.teacher.flow(pictures[t - 1], pictures[t])
    found.flow_error_px[t] = window_means(cell_means(np.hypot(teacher[0] - flow[0], teacher[1] - flow[1])))


def _frames_over(seconds: npt.NDArray[np.float64], baseline: float) -> int:
    """Frames of a baseline, as engine.scoring.motion.baseline_frames, which knows one baseline only."""
    return max(1, round(baseline / max(float(np.median(np.diff(seconds))), 1e-3)))


def _luma(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (LUMA_CELLS, LUMA_CELLS), interpolation=cv2.INTER_AREA), np.uint8)


def _empty(seconds: npt.NDArray[np.float64]) -> ClipMeasurements:
    count = len(seconds)

    def unknown(*shape: int) -> npt.NDArray[np.float32]:
        return np.full(shape, np.nan, np.float32)

    places = (PLACES, PLACES)
    return ClipMeasurements(
        seconds,
        unknown(len(BASELINES_SECONDS), count, 3, *places),
        unknown(count, 3, *places),
        unknown(count, *places),
        unknown(count, *places),
        unknown(count),
        np.zeros((count, LUMA_CELLS, LUMA_CELLS), np.uint8),
        unknown(count, *places),
    )


def _copy(measured: ClipMeasurements) -> ClipMeasurements:
    return ClipMeasurements(*(getattr(measured, each.name).copy() for each in fields(measured)))
