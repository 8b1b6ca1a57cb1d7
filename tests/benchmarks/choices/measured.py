"""What is measured of every transition of a clip, by window: all candidates can be made of it without the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from engine.flow.colour import rgb_to_flow
from engine.flow.teachers import DisTeacher
from engine.models.predictor import Prediction, Predictor
from engine.scoring.motion import PLACES, MeasuredMotion, window_motion
from engine.scoring.prototype_bank import MovingFeatures, PrototypeBank
from engine.scoring.windows import cell_means, window_means
from engine.video.frame import Pixels
from tests.benchmarks.choices.clips import Pictures

BASELINES = (0.1, 0.2, 0.4)
"""Seconds over which motion is measured."""
MOTION = BASELINES.index(0.2)
"""The row of `Measured.motion` that is measured as the engine does."""
LUMA_CELLS = 64
PREDICTIONS = ("predicted", "psnr_db", "flow_error_px", "frame_psnr_db")
"""The fields of `Measured` that take a detector's predictions."""
LOOKS = ("appearance",)
"""The field that takes its encoder, and other clips."""
_BATCH = 8

_Result = TypeVar("_Result")

Labels = npt.NDArray[np.bool_]
Windows = npt.NDArray[np.float32]
"""float32 [N, PLACES, PLACES]: a value of every window of every frame; NaN in frame 0."""


@dataclass(eq=False)
class Measured:
    """A clip's transitions, row t that from frame t-1 to t."""

    seconds: npt.NDArray[np.float64]
    motion: npt.NDArray[np.float32]
    """[baselines, N, 3, PLACES, PLACES]: mean dx, dy and speed of every window, px a frame."""
    predicted: npt.NDArray[np.float32]
    """[N, 3, PLACES, PLACES]: the same of the predicted flow."""
    psnr_db: Windows
    """Of the predicted picture."""
    flow_error_px: Windows
    frame_psnr_db: npt.NDArray[np.float32]
    """[N]"""
    luma: npt.NDArray[np.uint8]
    """[N, LUMA_CELLS, LUMA_CELLS]: the picture, small and grey."""
    appearance: Windows
    """How far what moves in the picture before looks from what is usual, as PrototypeBank.distances."""

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def has_predictions(self) -> bool:
        return self.has(PREDICTIONS)

    @property
    def has_appearance(self) -> bool:
        return self.has(LOOKS)

    def has(self, names: Iterable[str]) -> bool:
        """Whether these fields were measured of all transitions."""
        return all(bool(np.isfinite(getattr(self, name)[1:]).all()) for name in names)

    def take(self, names: Iterable[str], other: Measured) -> None:
        """These fields of an unchanged clip."""
        for name in names:
            getattr(self, name)[:] = getattr(other, name)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".part")
        with temporary.open("wb") as file:
            arrays = {each.name: getattr(self, each.name) for each in fields(self)}
            np.savez(file, **{k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in arrays.items()})
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Measured:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        # Files of before there was such a thing lack it.
        arrays.setdefault("appearance", np.full_like(arrays["psnr_db"], np.nan))
        return cls(**{k: v.astype(np.float32) if v.dtype == np.float16 else v for k, v in arrays.items()})


def measure(pictures: Pictures, seconds: npt.NDArray[np.float64]) -> Measured:
    """How everything moved at all transitions of a clip; what takes a detector is NaN."""
    return _moved(_empty(seconds), pictures, range(1, len(pictures)))


def predict(
    found: Measured, pictures: Pictures, predictor: Predictor, every: int, changed: Labels | None = None
) -> None:
    """Compare transitions with what the detector predicted, all or those that a change of some frames [N] can reach.

    Only of each so many frames; those between take after the one before.
    """
    touched = list(range(1, len(pictures))) if changed is None else _touched(changed, 1)
    for t, prediction in _each(touched, every, pictures, predictor.predict):
        _compare(found, t, pictures, prediction, predictor)
    _fill_between(found, PREDICTIONS, touched, every)


def look(
    found: Measured,
    pictures: Pictures,
    predictor: Predictor,
    usual: PrototypeBank,
    every: int,
    changed: Labels | None = None,
) -> None:
    """Compare how things look before transitions with what is usual; all of them or some, as `predict`."""
    reach = _looks_reach(found.seconds)
    touched = list(range(1, len(pictures))) if changed is None else _touched(changed, reach)
    for t, appearance in _each(touched, every, pictures, predictor.appearances):
        found.appearance[t] = usual.distances(appearance, found.motion[MOTION, t])
    _fill_between(found, LOOKS, touched, every)


def seen(
    found: Measured, pictures: Pictures, predictor: Predictor, every: int, rng: np.random.Generator
) -> list[MovingFeatures]:
    """How what moves looks before each so many transitions of a normal clip."""
    looks = _each(range(1, len(pictures)), every, pictures, predictor.appearances)
    return [MovingFeatures.of(appearance, found.motion[MOTION, t], rng) for t, appearance in looks]


def remeasure(base: Measured, pictures: Pictures, changed: Labels) -> Measured:
    """The motion anew of those transitions that a change of some frames [N] can reach; the others as they were.

    What took a detector is forgotten of the changed ones.
    """
    reach = max(_frames_over(base.seconds, each) for each in BASELINES)
    found = _moved(_copy(base), pictures, _touched(changed, reach))
    for name in PREDICTIONS:
        getattr(found, name)[_touched(changed, 1)] = np.nan
    found.appearance[_touched(changed, _looks_reach(base.seconds))] = np.nan
    return found


def lumas(pictures: Pictures) -> npt.NDArray[np.uint8]:
    """What `Measured.luma` is of a clip."""
    return np.stack([_luma(picture) for picture in pictures])


def _each(
    transitions: Sequence[int], every: int, pictures: Pictures, run: Callable[[list[Pixels]], list[_Result]]
) -> Iterator[tuple[int, _Result]]:
    """Each so many transitions, with what is made of the picture before, a batch at a time."""
    chosen = [t for t in transitions if t % every == 1 % every]
    for at in range(0, len(chosen), _BATCH):
        batch = chosen[at : at + _BATCH]
        yield from zip(batch, run([pictures[t - 1] for t in batch]), strict=True)


def _fill_between(found: Measured, names: Iterable[str], transitions: Sequence[int], every: int) -> None:
    for t in transitions:
        if t % every != 1 % every:
            for name in names:
                getattr(found, name)[t] = getattr(found, name)[t - 1]


def _looks_reach(seconds: npt.NDArray[np.float64]) -> int:
    """Frames after a changed one whose looks it reaches: which windows count is told by their motion."""
    return _frames_over(seconds, BASELINES[MOTION])


def _touched(changed: Labels, reach: int) -> list[int]:
    touched = changed.copy()
    for shift in range(1, reach + 1):
        touched[shift:] |= changed[:-shift]
    touched[:reach] |= changed[: reach + 1].any()  # they take the first whole baseline's motion
    return [int(t) for t in np.flatnonzero(touched) if t > 0]


def _moved(found: Measured, pictures: Pictures, transitions: Iterable[int]) -> Measured:
    flows = DisTeacher()
    found.luma[0] = _luma(pictures[0])
    reaches = [_frames_over(found.seconds, each) for each in BASELINES]
    for t in transitions:
        found.luma[t] = _luma(pictures[t])
        for row, reach in enumerate(reaches):
            # As the pipeline: what has less before it takes the first whole baseline's.
            last = min(max(t, reach), len(pictures) - 1)
            earlier = max(last - reach, 0)
            pair = pictures[earlier], pictures[last]
            found.motion[row, t] = MeasuredMotion.of(flows.flow(*pair), *pair, last - earlier).windows
    return found


def _compare(found: Measured, t: int, pictures: Pictures, prediction: Prediction, predictor: Predictor) -> None:
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
    """Frames of a baseline; for engine.scoring.motion.BASELINE_SECONDS the same as `baseline_frames`."""
    return max(1, round(baseline / max(float(np.median(np.diff(seconds))), 1e-3)))


def _luma(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (LUMA_CELLS, LUMA_CELLS), interpolation=cv2.INTER_AREA), np.uint8)


def _empty(seconds: npt.NDArray[np.float64]) -> Measured:
    count = len(seconds)

    def unknown(*shape: int) -> npt.NDArray[np.float32]:
        return np.full(shape, np.nan, np.float32)

    places = (PLACES, PLACES)
    return Measured(
        seconds,
        unknown(len(BASELINES), count, 3, *places),
        unknown(count, 3, *places),
        unknown(count, *places),
        unknown(count, *places),
        unknown(count),
        np.zeros((count, LUMA_CELLS, LUMA_CELLS), np.uint8),
        unknown(count, *places),
    )


def _copy(measured: Measured) -> Measured:
    return Measured(*(getattr(measured, each.name).copy() for each in fields(measured)))
