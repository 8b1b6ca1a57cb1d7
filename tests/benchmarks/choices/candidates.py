"""Raw signals that could take part in the score: each one number a frame, higher being more anomalous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from engine.scoring.motion import PLACES
from engine.scoring.motion_histogram import MotionHistogram
from tests.benchmarks.choices.measured import BASELINES, MOTION, Measured

Series = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_ROW_BANDS = 5
_SPEED_EDGES_PX_PER_S = np.array([1.0, 3.0, 6.0, 12.0, 24.0])
_SUSTAINED_SECONDS = 2.0
_STILL_SHARE = 0.3
_NEIGHBOURS = 5
_FEW = 10
"""Windows."""
_WIDELY = 4
"""Windows: about what two neighbouring cells touch."""


@dataclass(frozen=True, eq=False)
class Usual:
    """What other clips of the camera say is usual; the clip that is judged has no part in it."""

    motion: tuple[MotionHistogram, ...]
    """For each of BASELINES."""
    still_px: float
    """Below this speed, px a frame, a window counts as still."""
    psnr_by_place: tuple[Floats, Floats] | None
    """Median and spread [PLACES, PLACES] of the windows' errors, -dB, and so on."""
    flow_error_by_place: tuple[Floats, Floats] | None
    psnr_by_motion: tuple[Floats, Floats] | None
    """The same by row band and speed [_ROW_BANDS, speeds]."""
    flow_error_by_motion: tuple[Floats, Floats] | None
    background: tuple[Floats, Floats]
    """Usual luma and its spread [LUMA_CELLS, LUMA_CELLS], less what is broad: light."""
    judged: dict[tuple[str, bytes], tuple[Floats, Floats]] = field(default_factory=dict)
    """Rarities of motion that was met before: most frames of a changed clip are those of the clip."""

    @classmethod
    def of(cls, others: Sequence[Measured], counts: Sequence[tuple[MotionHistogram, ...]]) -> Usual:
        """Learnt from the other clips, whose motion was counted once, for each baseline."""
        motion = tuple(MotionHistogram.sum_of(of_clip[k] for of_clip in counts) for k in range(len(BASELINES)))
        middle = np.concatenate([each.motion[MOTION, 1:, :2] for each in others])
        still_px = _STILL_SHARE * float(np.quantile(np.hypot(middle[:, 0], middle[:, 1]).max(axis=(1, 2)), 0.5))
        luma = np.concatenate([_detail(each.luma[::5]) for each in others])
        low, median, high = np.quantile(luma, [0.05, 0.5, 0.95], axis=0)
        background = (median.astype(np.float32), (high - low).astype(np.float32) / 2)
        predicted = [each for each in others if each.has_predictions]
        if not predicted:
            return cls(motion, still_px, None, None, None, None, background)
        psnr = np.concatenate([-each.psnr_db[1:] for each in predicted])
        flow = np.concatenate([np.log(each.flow_error_px[1:] + 1e-3) for each in predicted])
        cells = np.concatenate([_motion_cells(each)[1:] for each in predicted])
        return cls(
            motion,
            still_px,
            _by_place(psnr),
            _by_place(flow),
            _by_motion(psnr, cells),
            _by_motion(flow, cells),
            background,
        )


def counted(measured: Measured) -> tuple[MotionHistogram, ...]:
    """The motion of a clip, counted for each of BASELINES."""
    normals = tuple(MotionHistogram() for _ in BASELINES)
    for normal, motions in zip(normals, measured.motion, strict=True):
        for motion in motions[1:]:
            normal.add(motion)
    return normals


def signals_of(measured: Measured, usual: Usual) -> dict[str, Series]:
    """All signals [N] of a clip; frame 0, which has no transition, takes frame 1's."""
    found: dict[str, Series] = {}
    for k, (baseline, normal) in enumerate(zip(BASELINES, usual.motion, strict=True)):
        name = "" if k == MOTION else f" over {baseline} s"
        by_speed, by_direction = _rarities(measured.motion[k], normal, str(baseline), usual)
        found["speed rarity" + name] = by_speed.max(axis=(1, 2))
        found["direction rarity" + name] = by_direction.max(axis=(1, 2))
        found["speed" + name] = measured.motion[k, :, 2].max(axis=(1, 2))
        if measured.has_predictions:
            excess = measured.motion[k, :, 2] - measured.predicted[:, 2]
            found["speed excess" + name] = excess.max(axis=(1, 2))
    found["still novelty"], found["lasting novelty"] = _novelties(measured, usual)
    if measured.has_predictions:
        found |= _of_predictions(measured, usual)
    if measured.has_appearance:
        found["appearance"] = _wide(measured.appearance)
    return {name: _with_frame_0(np.asarray(values, np.float64)) for name, values in found.items()}


def _rarities(motion: Floats, normal: MotionHistogram, name: str, usual: Usual) -> tuple[Floats, Floats]:
    """By speed, and by speed in a direction, of the motion [N, 3, ...] of a clip; 0 in frame 0."""
    nothing = np.zeros((PLACES, PLACES), np.float32)
    pairs = [(nothing, nothing)]
    for each in motion[1:]:
        key = (name, each.tobytes())
        if key not in usual.judged:
            usual.judged[key] = normal.rarities(each)
        pairs.append(usual.judged[key])
    by_speed, by_direction = (np.stack(each) for each in zip(*pairs, strict=True))
    return by_speed, by_direction


def _wide(values: Floats) -> Series:
    """Mean of the highest windows [N, PLACES, PLACES], for one alone may be an error of the flow."""
    flat = np.nan_to_num(values).reshape(len(values), -1)
    return np.asarray(np.partition(flat, -_WIDELY, axis=1)[:, -_WIDELY:].mean(axis=1), np.float64)


def _of_predictions(measured: Measured, usual: Usual) -> dict[str, Series]:
    scales = (usual.psnr_by_place, usual.flow_error_by_place, usual.psnr_by_motion, usual.flow_error_by_motion)
    psnr_place, flow_place, psnr_motion, flow_motion = (scale for scale in scales if scale is not None)
    psnr, flow = -measured.psnr_db, np.log(measured.flow_error_px + 1e-3)
    cells = _motion_cells(measured)
    deficit = measured.predicted[:, 2] - measured.motion[MOTION, :, 2]
    velocity = measured.motion[MOTION, :, :2] - measured.predicted[:, :2]
    velocity_error = np.hypot(velocity[:, 0], velocity[:, 1]).max(axis=(1, 2))
    return {
        "frame PSNR": -measured.frame_psnr_db,
        "window PSNR": psnr.max(axis=(1, 2)),
        "frame flow error": measured.flow_error_px.mean(axis=(1, 2)),
        "window flow error": measured.flow_error_px.max(axis=(1, 2)),
        "window PSNR by place": _scaled(psnr, *psnr_place).max(axis=(1, 2)),
        "window flow error by place": _scaled(flow, *flow_place).max(axis=(1, 2)),
        "window PSNR by motion": _scaled_by(psnr, cells, psnr_motion).max(axis=(1, 2)),
        "window flow error by motion": _scaled_by(flow, cells, flow_motion).max(axis=(1, 2)),
        "speed deficit": _sustained(deficit, measured.seconds).max(axis=(1, 2)),
        "velocity error": velocity_error,
        "velocity error, its order": np.log(velocity_error + 1e-3),
        "speed excess among others": -deficit.min(axis=(1, 2))
        / _usual_now(measured.motion[MOTION, :, 2], usual.still_px),
        "window flow error, its order": flow.max(axis=(1, 2)),
    }


def _usual_now(speed: Floats, still_px: float) -> Floats:
    """Mean speed [N] of what moves in each frame, drawn to `still_px` where little does."""
    moving = speed >= still_px
    total = np.where(moving, speed, 0).sum(axis=(1, 2)) + _FEW * still_px
    return np.asarray(total / (moving.sum(axis=(1, 2)) + _FEW), np.float32)


def _novelties(measured: Measured, usual: Usual) -> tuple[Series, Series]:
    """How unlike the usual background the most unlike still window looks: now, and over the last seconds."""
    median, spread = usual.background
    unlike = np.abs(_detail(measured.luma) - median) / (spread + 4.0)
    # Cells of 4 px; a window of the motion is 6 of them, and begins at every other.
    windows = np.stack([cv2.blur(each, (6, 6))[3:62:2, 3:62:2] for each in unlike])[:, :PLACES, :PLACES]
    still = np.hypot(measured.motion[MOTION, :, 0], measured.motion[MOTION, :, 1]) < usual.still_px
    now = np.where(still, windows, 0)
    return now.max(axis=(1, 2)), _sustained(now, measured.seconds).max(axis=(1, 2))


def _detail(luma: npt.NDArray[np.uint8]) -> Floats:
    """Luma [N, 64, 64] less its broad parts, which change with the light."""
    floats = luma.astype(np.float32)
    return np.stack([each - cv2.GaussianBlur(each, (0, 0), 6.0) for each in floats])


def _motion_cells(measured: Measured) -> npt.NDArray[np.intp]:
    """Which row band and speed each window is of, [N, PLACES, PLACES]."""
    frame_seconds = float(np.median(np.diff(measured.seconds)))
    speeds = np.searchsorted(_SPEED_EDGES_PX_PER_S, np.nan_to_num(measured.motion[MOTION, :, 2]) / frame_seconds)
    bands = np.arange(PLACES) * _ROW_BANDS // PLACES
    return np.asarray(bands[None, :, None] * (len(_SPEED_EDGES_PX_PER_S) + 1) + speeds)


def _by_place(values: Floats) -> tuple[Floats, Floats]:
    """Median and upper spread of windows, each with its neighbours."""
    median, upper = np.quantile(values, [0.5, 0.98], axis=0).astype(np.float32)
    shared = (cv2.blur(each, (_NEIGHBOURS, _NEIGHBOURS)) for each in (median, upper))
    median, upper = shared
    return median, np.maximum(upper - median, _least_spread(values))


def _by_motion(values: Floats, cells: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    count = _ROW_BANDS * (len(_SPEED_EDGES_PX_PER_S) + 1)
    everywhere = np.quantile(values, [0.5, 0.98])
    quantiles = np.array(
        [
            np.quantile(chosen, [0.5, 0.98]) if len(chosen := values[cells == cell]) >= 200 else everywhere
            for cell in range(count)
        ],
        np.float32,
    )
    return quantiles[:, 0], np.maximum(quantiles[:, 1] - quantiles[:, 0], _least_spread(values))


def _least_spread(values: Floats) -> np.float32:
    return np.float32(0.25 * (np.quantile(values, 0.98) - np.quantile(values, 0.5)) + 1e-3)


def _scaled(values: Floats, median: Floats, spread: Floats) -> Floats:
    return (values - median) / spread


def _scaled_by(values: Floats, cells: npt.NDArray[np.intp], scale: tuple[Floats, Floats]) -> Floats:
    median, spread = scale
    return _scaled(values, median[cells], spread[cells])


def _sustained(values: Floats, seconds: npt.NDArray[np.float64]) -> Floats:
    """Means [N, ...] over the last seconds at each place."""
    known = np.nan_to_num(values)
    sums = np.concatenate([np.zeros_like(known[:1]), np.cumsum(known, axis=0, dtype=np.float64)])
    first = np.searchsorted(seconds, seconds - _SUSTAINED_SECONDS)
    counts = np.arange(1, len(known) + 1) - first
    # Where the clip has not lasted so long, what is missing counts as nothing.
    full = np.maximum(counts, _SUSTAINED_SECONDS / float(np.median(np.diff(seconds))))
    return np.asarray((sums[1:] - sums[first]) / full[:, None, None], np.float32)


def _with_frame_0(values: Series) -> Series:
    values = values.copy()
    values[0] = values[1]
    return values


Join = Callable[[Series], Series]
JOINS: dict[str, Join] = {
    "strongest": lambda scaled: scaled.max(axis=0),
    "sum": lambda scaled: scaled.sum(axis=0),
    "root of squares": lambda scaled: np.sqrt((np.maximum(scaled, 0) ** 2).sum(axis=0)),
}
"""How scaled evidence [E, N] becomes one number a frame [N]."""
