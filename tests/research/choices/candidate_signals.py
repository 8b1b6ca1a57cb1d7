"""Signals that could take part in the calibrated score: one number a frame, higher being more anomalous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from engine.scoring.motion import PLACES
from engine.scoring.motion_histogram import MotionHistogram
from tests.research.choices.clip_measurements import BASELINES_SECONDS, ENGINE_BASELINE, ClipMeasurements

Series = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_ROW_BANDS = 5
_SPEED_EDGES_PX_PER_S = np.array([1.0, 3.0, 6.0, 12.0, 24.0])
_SUSTAINED_SECONDS = 2.0
_STILL_SHARE = 0.3
_NEIGHBOURS = 5
_PRIOR_WINDOWS = 10
"""So many windows at the least moving speed count in the mean speed of a frame."""
_FARTHEST_WINDOWS = 4
"""As many as PrototypeBank.distance takes the mean of."""


@dataclass(frozen=True, eq=False)
class NormalStatistics:
    """What is normal by all clips of the camera but the one to score: a NormalModel for all candidates."""

    motion: tuple[MotionHistogram, ...]
    """One for each of BASELINES_SECONDS."""
    still_px: float
    """Windows slower than this, in px a frame, count as still."""
    psnr_by_place: tuple[Floats, Floats] | None
    """Median and spread of -PSNR in dB at each place [PLACES, PLACES]."""
    flow_error_by_place: tuple[Floats, Floats] | None
    """The same of log flow error."""
    psnr_by_motion: tuple[Floats, Floats] | None
    """Median and spread of -PSNR in dB, by row band and speed [_ROW_BANDS * speeds]."""
    flow_error_by_motion: tuple[Floats, Floats] | None
    """The same of log flow error."""
    background: tuple[Floats, Floats]
    """Median and spread of the high-pass filtered luma [LUMA_CELLS, LUMA_CELLS]; light changes its low frequencies."""
    rarities: dict[tuple[str, bytes], tuple[Floats, Floats]] = field(default_factory=dict)
    """Cache of rarities by motion: most transitions of a changed clip are also those of the unchanged one."""

    @classmethod
    def of(
        cls, clips: Sequence[ClipMeasurements], histograms: Sequence[tuple[MotionHistogram, ...]]
    ) -> NormalStatistics:
        """Learn from clips and their motion histograms, one for each baseline."""
        motion = tuple(
            MotionHistogram.sum_of(of_clip[k] for of_clip in histograms) for k in range(len(BASELINES_SECONDS))
        )
        motions = np.concatenate([each.motion[ENGINE_BASELINE, 1:, :2] for each in clips])
        still_px = _STILL_SHARE * float(np.quantile(np.hypot(motions[:, 0], motions[:, 1]).max(axis=(1, 2)), 0.5))
        luma = np.concatenate([_high_pass(each.luma[::5]) for each in clips])
        low, median, high = np.quantile(luma, [0.05, 0.5, 0.95], axis=0)
        background = (median.astype(np.float32), (high - low).astype(np.float32) / 2)
        predicted = [each for each in clips if each.has_predictions]
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


def motion_histograms(measured: ClipMeasurements) -> tuple[MotionHistogram, ...]:
    """Motion histogram of a clip for each of BASELINES_SECONDS."""
    histograms = tuple(MotionHistogram() for _ in BASELINES_SECONDS)
    for histogram, motions in zip(histograms, measured.motion, strict=True):
        for motion in motions[1:]:
            histogram.add(motion)
    return histograms


def candidate_signals(measured: ClipMeasurements, statistics: NormalStatistics) -> dict[str, Series]:
    """All signals [N] of a clip; frame 0, which has no transition, takes frame 1's."""
    found: dict[str, Series] = {}
    for k, (baseline, histogram) in enumerate(zip(BASELINES_SECONDS, statistics.motion, strict=True)):
        name = "" if k == ENGINE_BASELINE else f" over {baseline} s"
        by_speed, by_direction = _rarities(measured.motion[k], histogram, str(baseline), statistics)
        found["speed rarity" + name] = by_speed.max(axis=(1, 2))
        found["direction rarity" + name] = by_direction.max(axis=(1, 2))
        found["speed" + name] = measured.motion[k, :, 2].max(axis=(1, 2))
        if measured.has_predictions:
            excess = measured.motion[k, :, 2] - measured.predicted[:, 2]
            found["speed excess" + name] = excess.max(axis=(1, 2))
    found["still novelty"], found["lasting novelty"] = _novelties(measured, statistics)
    if measured.has_predictions:
        found |= _prediction_signals(measured, statistics)
    if measured.has_appearance:
        found["appearance"] = _farthest(measured.appearance)
    return {name: _with_frame_0(np.asarray(values, np.float64)) for name, values in found.items()}


def _rarities(
    motion: Floats, histogram: MotionHistogram, name: str, statistics: NormalStatistics
) -> tuple[Floats, Floats]:
    """Rarity [N, PLACES, PLACES] of motion [N, 3, ...] by speed and by speed in its direction; 0 in frame 0."""
    nothing = np.zeros((PLACES, PLACES), np.float32)
    pairs = [(nothing, nothing)]
    for each in motion[1:]:
        key = (name, each.tobytes())
        if key not in statistics.rarities:
            statistics.rarities[key] = histogram.rarities(each)
        pairs.append(statistics.rarities[key])
    by_speed, by_direction = (np.stack(each) for each in zip(*pairs, strict=True))
    return by_speed, by_direction


def _farthest(values: Floats) -> Series:
    """Mean [N] of the farthest windows of distances [N, PLACES, PLACES], as PrototypeBank.distance."""
    flat = np.nan_to_num(values).reshape(len(values), -1)
    return np.asarray(np.partition(flat, -_FARTHEST_WINDOWS, axis=1)[:, -_FARTHEST_WINDOWS:].mean(axis=1), np.float64)


def _prediction_signals(measured: ClipMeasurements, statistics: NormalStatistics) -> dict[str, Series]:
    scales = (
        statistics.psnr_by_place,
        statistics.flow_error_by_place,
        statistics.psnr_by_motion,
        statistics.flow_error_by_motion,
    )
    psnr_place, flow_place, psnr_motion, flow_motion = (scale for scale in scales if scale is not None)
    psnr, flow = -measured.psnr_db, np.log(measured.flow_error_px + 1e-3)
    cells = _motion_cells(measured)
    deficit = measured.predicted[:, 2] - measured.motion[ENGINE_BASELINE, :, 2]
    velocity = measured.motion[ENGINE_BASELINE, :, :2] - measured.predicted[:, :2]
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
        / _mean_speed(measured.motion[ENGINE_BASELINE, :, 2], statistics.still_px),
        "window flow error, its order": flow.max(axis=(1, 2)),
    }


def _mean_speed(speed: Floats, still_px: float) -> Floats:
    """Mean speed [N] of the moving windows of each frame, shrunk towards `still_px` where few windows move."""
    moving = speed >= still_px
    total = np.where(moving, speed, 0).sum(axis=(1, 2)) + _PRIOR_WINDOWS * still_px
    return np.asarray(total / (moving.sum(axis=(1, 2)) + _PRIOR_WINDOWS), np.float32)


def _novelties(measured: ClipMeasurements, statistics: NormalStatistics) -> tuple[Series, Series]:
    """Greatest distance [N] of a still window from the background: now, and its mean over the last seconds."""
    median, spread = statistics.background
    distance = np.abs(_high_pass(measured.luma) - median) / (spread + 4.0)
    # Luma cells are of 4 px: a window of 24 px spans 6 of them, and windows begin every 8 px.
    windows = np.stack([cv2.blur(each, (6, 6))[3:62:2, 3:62:2] for each in distance])[:, :PLACES, :PLACES]
    still = (
        np.hypot(measured.motion[ENGINE_BASELINE, :, 0], measured.motion[ENGINE_BASELINE, :, 1]) < statistics.still_px
    )
    now = np.where(still, windows, 0)
    return now.max(axis=(1, 2)), _sustained(now, measured.seconds).max(axis=(1, 2))


def _high_pass(luma: npt.NDArray[np.uint8]) -> Floats:
    """Luma [N, 64, 64] without its low frequencies, which change with the light."""
    floats = luma.astype(np.float32)
    return np.stack([each - cv2.GaussianBlur(each, (0, 0), 6.0) for each in floats])


def _motion_cells(measured: ClipMeasurements) -> npt.NDArray[np.intp]:
    """Number of the row band and speed that each window belongs to [N, PLACES, PLACES]."""
    frame_seconds = float(np.median(np.diff(measured.seconds)))
    speeds = np.searchsorted(
        _SPEED_EDGES_PX_PER_S, np.nan_to_num(measured.motion[ENGINE_BASELINE, :, 2]) / frame_seconds
    )
    bands = np.arange(PLACES) * _ROW_BANDS // PLACES
    return np.asarray(bands[None, :, None] * (len(_SPEED_EDGES_PX_PER_S) + 1) + speeds)


def _by_place(values: Floats) -> tuple[Floats, Floats]:
    """Median and upper spread at each place [PLACES, PLACES], blurred over neighbours."""
    median, upper = np.quantile(values, [0.5, 0.98], axis=0).astype(np.float32)
    median, upper = (cv2.blur(each, (_NEIGHBOURS, _NEIGHBOURS)) for each in (median, upper))
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
    """Mean [N, ...] of each place over the last _SUSTAINED_SECONDS."""
    known = np.nan_to_num(values)
    sums = np.concatenate([np.zeros_like(known[:1]), np.cumsum(known, axis=0, dtype=np.float64)])
    first = np.searchsorted(seconds, seconds - _SUSTAINED_SECONDS)
    counts = np.arange(1, len(known) + 1) - first
    # Before the clip has lasted that long, the missing frames count as 0.
    full = np.maximum(counts, _SUSTAINED_SECONDS / float(np.median(np.diff(seconds))))
    return np.asarray((sums[1:] - sums[first]) / full[:, None, None], np.float32)


def _with_frame_0(values: Series) -> Series:
    values = values.copy()
    values[0] = values[1]
    return values


Fusion = Callable[[Series], Series]
FUSIONS: dict[str, Fusion] = {
    "max": lambda scaled: scaled.max(axis=0),
    "sum": lambda scaled: scaled.sum(axis=0),
    "L2 norm": lambda scaled: np.sqrt((np.maximum(scaled, 0) ** 2).sum(axis=0)),
}
"""How scaled evidence [E, N] is fused into one number a frame [N]."""
