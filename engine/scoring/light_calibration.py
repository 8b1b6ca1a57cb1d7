"""What a detector's scores mean in one light of its camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.common.durations import duration_in_words
from engine.common.language import tr
from engine.scoring.conditions import in_other_light, kinds_of_samples, spoilt, without_conditions
from engine.scoring.drift import Reference
from engine.scoring.evidence import SMOOTHING_SECONDS, WEIGHTS, RobustScaler, evidence_of
from engine.scoring.lights import light_names
from engine.scoring.rare_seconds import is_rare_second, occurrences, with_normal_occurrences
from engine.scoring.sampling import Sampling
from engine.scoring.signals import RawSignals
from engine.scoring.tail import MIN_BLOCKS, Tail, block_maxima

Times = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]


class TooLittleFootageError(Exception):
    """What was held out is too short to say how often normal life raises an alarm."""


@dataclass(frozen=True)
class Scale:
    """How evidence becomes a score, in one of its two ways of smoothing."""

    standard: RobustScaler
    tail: Tail


@dataclass(frozen=True)
class Light:
    """What scores mean in one light of the camera."""

    live: Scale
    offline: Scale
    seconds: float
    """How much held-out normal footage this was learnt from."""
    videos: int
    reference: Reference | None
    """How it looked; None where an earlier version calibrated."""

    @property
    def least_false_alarms(self) -> float:
        """How many an hour can be promised at the least."""
        return self.offline.tail.least_false_alarms

    @classmethod
    def of(
        cls,
        videos: Sequence[tuple[RawSignals, Times]],
        names: Sequence[str],
        others: Sequence[tuple[RawSignals, Times]],
        sampling: Sampling,
        rare: Sequence[Flags] = (),
    ) -> Light:
        """Learnt from signals with these names of videos that are of this light; otherwise as `Calibration.of`.

        Raises:
            TooLittleFootageError: without what a failing camera shows, they are shorter than MIN_BLOCKS seconds.
        """
        rare = rare or [np.zeros(len(times), np.bool_) for _, times in videos]
        reference = Reference.of(
            [(without_conditions(signals, flags), times) for (signals, times), flags in zip(videos, rare, strict=True)]
        )
        videos = [(usual_signals(signals, times, reference, sampling), times) for signals, times in videos]
        weights = [WEIGHTS[name] for _ in SMOOTHING_SECONDS for name in names]
        scales = {}
        for live in (True, False):

            def evidence(signals: RawSignals, times: Times, live: bool = live) -> npt.NDArray[np.float64]:
                return evidence_of(signals, times, live=live, names=names, sampling=sampling)

            usual = [
                evidence(without_conditions(signals, flags), times)
                for (signals, times), flags in zip(videos, rare, strict=True)
            ]
            if not any(np.isfinite(each).any() for each in usual):
                raise TooLittleFootageError
            scaler = RobustScaler.of([*usual, *(evidence(*each) for each in others)], weights)
            maxima, found = [], []
            for each, (signals, times), flags in zip(usual, videos, rare, strict=True):
                kept = ~is_rare_second(flags, times)
                maxima.append(block_maxima(scaler.max_evidence(each)[kept], times[kept]))
                if flags.any():
                    found += occurrences(scaler.max_evidence(evidence(signals, times)), times, flags)
            together = np.concatenate(maxima)
            if len(together) < MIN_BLOCKS:
                raise TooLittleFootageError
            scales[live] = Scale(scaler, Tail.of(with_normal_occurrences(together, found)))
        return cls(
            scales[True],
            scales[False],
            float(sum(times[-1] - times[0] for _, times in videos if len(times))),
            len(videos),
            reference,
        )


def usual_signals(signals: RawSignals, seconds: Times, reference: Reference | None, sampling: Sampling) -> RawSignals:
    """The signals [N] without what was measured while the camera failed, or in other light than usual."""
    kinds = kinds_of_samples(signals, seconds, (reference,) if reference else (), sampling)
    return without_conditions(signals, spoilt(kinds, seconds) | in_other_light(kinds, seconds))


def lights_in_words(lights: Sequence[Light], *, unreviewed: bool = False) -> list[str]:
    """Of several lights: what each is, how much footage it had, and what that can promise; nothing of one alone.

    Footage that is `unreviewed` promises nothing.
    """
    if len(lights) < 2:
        return []
    names = light_names([each.reference for each in lights if each.reference])
    told = tr("{light}: {length} of normal footage, which can't promise less than {count} false alarms an hour")
    if unreviewed:
        told = tr("{light}: {length} of footage that nobody reviewed, which can't promise a number of false alarms")
    return [
        told.format(light=name, length=duration_in_words(each.seconds), count=math.ceil(each.least_false_alarms))
        for name, each in zip(names, lights, strict=True)
    ]
