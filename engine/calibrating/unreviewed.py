"""Calibrates on recordings that nobody has reviewed: the very event may be in them, and must not become usual."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.calibrating.calibrate import Calibrated, calibrate
from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import HeldOutSignals
from engine.common.device import ComputeConfig
from engine.common.events import Progress, ShouldStop, never_stop
from engine.datasets.held_out import Stretch
from engine.models.detector import Detector
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import WEIGHTS, RobustScaler, evidence_of
from engine.scoring.rare_seconds import RARE_SHARE
from engine.scoring.sampling import SAMPLED, Sampling
from engine.scoring.tail import BLOCK_SECONDS


def calibrate_unreviewed(
    detector: Detector,
    plan: ComputeConfig,
    footage: NormalFootage,
    should_stop: ShouldStop = never_stop,
    *,
    teacher_weights: Path | None = None,
    sampling: Sampling = SAMPLED,
) -> Generator[Progress, None, Calibrated]:
    """Calibrate twice, the second time without the seconds that are least like all others.

    How unusual a recording is is measured by the others, so that an event does not speak for itself. What is left out
    of the normal model is measured by it, and counts for the threshold as far as its scores continue those of the rest.

    Raises:
        VideoError: a video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        TeacherError: the weights that its teacher needs are missing or wrong.
        Cancelled: `should_stop` said yes.
    """

    first = yield from calibrate(
        detector, plan, footage, should_stop, teacher_weights=teacher_weights, sampling=sampling
    )
    return (
        yield from calibrate_without_rare(
            first, detector, plan, footage, should_stop, teacher_weights=teacher_weights, sampling=sampling
        )
    )


def calibrate_without_rare(
    first: Calibrated,
    detector: Detector,
    plan: ComputeConfig,
    footage: NormalFootage,
    should_stop: ShouldStop = never_stop,
    *,
    teacher_weights: Path | None = None,
    sampling: Sampling = SAMPLED,
) -> Generator[Progress, None, Calibrated]:
    """The second time of `calibrate_unreviewed`, after a `first` calibration on all of the footage; same errors."""
    calibration = first.detector.settings.calibration
    if calibration is None:
        return first
    rare = rare_stretches(first.held_out, calibration)
    found = yield from calibrate(
        detector,
        plan,
        replace(footage, rare=rare),
        should_stop,
        teacher_weights=teacher_weights,
        sampling=sampling,
    )
    settings = found.detector.settings
    if settings.calibration is None:
        return found
    settings = replace(settings, calibration=replace(settings.calibration, unreviewed=True))
    return replace(found, detector=found.detector.with_settings(settings))


def rare_stretches(videos: Sequence[HeldOutSignals], calibration: Calibration) -> dict[Path, list[Stretch]]:
    """The RARE_SHARE of all seconds whose evidence is the strongest, as stretches of each video."""
    evidence = [
        evidence_of(each.signals, each.times, live=False, names=calibration.evidence, sampling=calibration.sampling)
        for each in videos
    ]
    together = np.concatenate(evidence, axis=1)
    # Upper quartiles, not the usual 95th percentiles: of a tenth of the footage, an event would set its own scale.
    medians, upper = np.nanquantile(together, [0.5, 0.75], axis=1)
    weights = np.array([WEIGHTS[name] for _ in calibration.smoothing_seconds for name in calibration.evidence])
    scaler = RobustScaler(tuple(medians.tolist()), tuple((np.maximum(upper - medians, 1e-3) / weights).tolist()))
    seconds: list[tuple[float, int, int]] = []
    for number, (video, values) in enumerate(zip(videos, evidence, strict=True)):
        found = scaler.max_evidence(values)
        known = ~np.isnan(found)
        blocks = np.floor(video.times[known] / BLOCK_SECONDS).astype(np.int64)
        seconds += [(float(found[known][blocks == block].max()), number, block) for block in np.unique(blocks).tolist()]
    seconds.sort(reverse=True)
    rare: dict[Path, list[Stretch]] = {}
    for _, number, block in sorted(seconds[: round(RARE_SHARE * len(seconds))], key=lambda each: each[1:]):
        stretches = rare.setdefault(videos[number].path, [])
        start, stop = block * BLOCK_SECONDS, (block + 1) * BLOCK_SECONDS
        if stretches and stretches[-1][1] == start:
            stretches[-1] = (stretches[-1][0], stop)
        else:
            stretches.append((start, stop))
    return rare
