"""When a camera fails: frozen, black, covered, noisy or out of focus pictures, other light all of a sudden.

Scores of such pictures speak of the camera, not of what happens before it: nothing is flagged there. In other light
that lasts, motion is judged all the same, but no looks: an evening is no failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from engine.scoring.drift import OTHER_LIGHT, Drift, Reference, References, nearest_light
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.signals import RAW_SIGNALS, RawSignals

Times = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.uint16]
"""Bits of ConditionKind [N], 0 where nothing is wrong or known.

With several lights, what LIGHT_SHIFT leaves of it is 1 + the number of the light of each sample."""

# Chosen between what normal footage of Ped2, Avenue and the demo's scene reaches, and made failures of the same.
_FROZEN_LEVELS = 2.0  # a repeated picture, encoded anew: 1 to 1.9 between keyframes; somebody far away moves: 27
_BLACK_LUMA, _BLACK_CONTRAST = 20.0, 8.0
_FLAT_CONTRAST = 3.0
_COVERED_CONTRAST = 0.3  # of the calibration's
_CLOTH_CONTRAST = 12.0
LOW_CONTRAST = 0.65  # of the calibration's; clouds take less
_BLUR = 2.0  # sharpness below the calibration's
_NOISE_LEVELS = 2.8  # normal footage: 2.1
_NOISE_SHARPNESS = 1.2  # above the calibration's: some cameras are always noisy
_RAIN_LEVELS, _RAIN_SHARE, _RAIN_SHARPNESS = 3.0, 0.35, 1.05  # streaks are soft, but no noise changes means of cells
_NOISE_LEVELS_ANYWHERE = 6.0  # where there is no calibration to compare with
_SHAKING_PX = 0.5  # a picture that moves as a whole changes everywhere, too
_CHANGED_SHARE = 0.75  # normal footage: 0.23

_FROZEN_SECONDS, _MIN_SECONDS = 3.0, 1.0
_BRIDGED_SECONDS = 1.0
EDGE_SECONDS = 0.5
"""Motion is measured over a fifth of a second, samples lie as far apart: what is beside a failure shows it, too."""

CONTEXT_SECONDS = _FROZEN_SECONDS + _BRIDGED_SECONDS + EDGE_SECONDS + 0.5
"""Whether a frame is in a condition depends on frames that are so near at most."""


class ConditionKind(StrEnum):
    """What is wrong with the picture; of two at a time, the first is told."""

    BLACK = "black"
    COVERED = "covered"
    FROZEN = "frozen"
    LOW_CONTRAST = "low contrast"
    DARKER = "darker"
    BRIGHTER = "brighter"
    OUT_OF_FOCUS = "out of focus"
    NOISE = "noise"
    CHANGED = "whole picture changed"


_WORDS = {
    ConditionKind.BLACK: tr_noop("black picture or no signal"),
    ConditionKind.FROZEN: tr_noop("frozen picture"),
    ConditionKind.COVERED: tr_noop("covered lens"),
    ConditionKind.LOW_CONTRAST: tr_noop("much less contrast (night, infrared or fog)"),
    ConditionKind.DARKER: tr_noop("much darker"),
    ConditionKind.BRIGHTER: tr_noop("much brighter"),
    ConditionKind.OUT_OF_FOCUS: tr_noop("out of focus"),
    ConditionKind.NOISE: tr_noop("noise or rain all over the picture"),
    ConditionKind.CHANGED: tr_noop("the whole picture changed"),
}
_MIN_LENGTHS = dict.fromkeys(ConditionKind, _MIN_SECONDS) | {
    ConditionKind.FROZEN: _FROZEN_SECONDS,
    ConditionKind.CHANGED: 0.0,
}


LIGHT_SHIFT, MAX_LIGHTS = 12, 15
_BITS = {kind: np.uint16(1 << number) for number, kind in enumerate(ConditionKind)}
_ALL_BITS = np.uint16((1 << len(ConditionKind)) - 1)
_OTHER_LIGHT = (ConditionKind.DARKER, ConditionKind.BRIGHTER)
_OTHER_LIGHT_BITS = _BITS[ConditionKind.DARKER] | _BITS[ConditionKind.BRIGHTER]


@dataclass(frozen=True)
class Condition:
    """A stretch of a recording in which the picture is of no use, or of less, from its first sample to its last."""

    kind: ConditionKind
    start_seconds: float
    stop_seconds: float

    @property
    def words(self) -> str:
        """What is wrong, for people."""
        return tr(_WORDS[self.kind])

    @property
    def is_judged(self) -> bool:
        """Whether there are scores all the same."""
        return self.kind in _OTHER_LIGHT


def kinds_of_samples(
    signals: RawSignals, seconds: Times, references: References = (), sampling: Sampling = EVERY_FRAME
) -> Kinds:
    """What is wrong in each sample among frames with raw signals [N] at times [N], however long it lasts.

    Contrast, light and focus are judged against the calibration's footage in the nearest light; nothing is known of
    them without.
    """
    kinds = np.zeros(len(seconds), np.uint16)
    known = ~np.isnan(signals["median_change"])
    if not sampling.is_every_frame:
        known &= sampling.due(seconds)
    if known.any():
        samples = signals[known]
        found = np.zeros(len(samples), np.uint16)
        lights = nearest_light(references, samples["layout"])
        for number in np.flatnonzero(np.bincount(lights)).tolist():
            here = np.flatnonzero(lights == number)
            of_light = samples if len(here) == len(samples) else samples[here]
            for kind, holds in _kinds(of_light, references[number] if references else None):
                found[here[holds]] |= _BITS[kind]
        if len(references) > 1:
            found |= (lights + 1).astype(np.uint16) << LIGHT_SHIFT
        kinds[known] = found
    return kinds


def conditions_of(kinds: Kinds, seconds: Times) -> list[Condition]:
    """The conditions of a recording with such samples, in the order of time."""
    found = [
        Condition(kind, float(times[0]), float(times[-1]))
        for kind, times in _stretches(kinds, seconds, _BRIDGED_SECONDS)
    ]
    kept = [each for each in found if not any(_is_within(each, other) for other in found)]
    return sorted(kept, key=lambda each: (each.start_seconds, each.kind))


def find_conditions(
    signals: RawSignals, seconds: Times, references: References = (), sampling: Sampling = EVERY_FRAME
) -> list[Condition]:
    """The conditions of a recording with raw signals [N] at times [N], in the order of time."""
    return conditions_of(kinds_of_samples(signals, seconds, references, sampling), seconds)


def spoilt(kinds: Kinds, seconds: Times, *, live: bool = False) -> Flags:
    """Which frames [N] are in a condition without scores, or beside it; with `live`, as far as it shows up to each."""
    kinds = kinds & ~_OTHER_LIGHT_BITS
    flags = np.zeros(len(seconds), np.bool_)
    # Whoever sees no later frame knows no gap from an end, and has to wait until it has lasted.
    for kind, times in _stretches(kinds, seconds, EDGE_SECONDS if live else _BRIDGED_SECONDS):
        begins = times[np.searchsorted(times, times[0] + _MIN_LENGTHS[kind])] if live else times[0] - EDGE_SECONDS
        first, beyond = np.searchsorted(seconds, begins), np.searchsorted(seconds, times[-1] + EDGE_SECONDS, "right")
        flags[first:beyond] = True
    return flags


def in_condition(
    signals: RawSignals,
    seconds: Times,
    references: References = (),
    sampling: Sampling = EVERY_FRAME,
    *,
    live: bool = False,
) -> Flags:
    """Which frames of a recording with raw signals [N] at times [N] are in a condition without scores, or beside it."""
    return spoilt(kinds_of_samples(signals, seconds, references, sampling), seconds, live=live)


def in_other_light(kinds: Kinds, seconds: Times, *, live: bool = False) -> Flags:
    """Which frames [N] show a much darker or brighter picture, or are beside such; with `live`, after such."""
    dark_or_bright = seconds[(kinds & _OTHER_LIGHT_BITS) != 0]
    if not len(dark_or_bright):
        return np.zeros(len(seconds), np.bool_)
    after = np.searchsorted(dark_or_bright, seconds, "right")
    since = seconds - dark_or_bright[np.maximum(after - 1, 0)]
    flags = (after > 0) & (since <= EDGE_SECONDS)
    if not live:
        until = dark_or_bright[np.minimum(after, len(dark_or_bright) - 1)] - seconds
        flags |= (after < len(dark_or_bright)) & (until <= EDGE_SECONDS)
    return np.asarray(flags)


def without_conditions(signals: RawSignals, flags: Flags) -> RawSignals:
    """The signals [N] with nothing measured of the flagged frames: smoothing then goes by the others."""
    if not flags.any():
        return signals
    kept = signals.copy()
    for name in RAW_SIGNALS.names or ():
        if RAW_SIGNALS[name].base.kind == "f":
            kept[name][flags] = np.nan
    return kept


def conditions_told(conditions: Sequence[Condition]) -> Iterator[str]:
    """What follows from conditions, in sentences without a full stop: no scores here, less sure ones there."""
    if failing := [each for each in conditions if not each.is_judged]:
        told = [each for each in failing if not _is_edge(each, failing)]
        yield tr("Nothing is flagged where the camera fails: {failures}").format(failures=_in_words(told))
    if lit := [each for each in conditions if each.is_judged]:
        yield tr(
            "Other light than the detector was calibrated on: {lights}. Motion is judged there, looks are not; scores "
            "are less sure, and false alarms may be more"
        ).format(lights=_in_words(lit))


def _is_edge(condition: Condition, others: Sequence[Condition]) -> bool:
    """Whether the picture changed as another failure began or ended, which goes without saying."""
    return condition.kind is ConditionKind.CHANGED and any(
        other.kind is not ConditionKind.CHANGED
        and other.start_seconds - EDGE_SECONDS <= condition.stop_seconds
        and condition.start_seconds <= other.stop_seconds + EDGE_SECONDS
        for other in others
    )


def _in_words(conditions: Sequence[Condition], at_most: int = 3) -> str:
    told = [f"{each.words} {_when(each)}" for each in conditions[:at_most]]
    if len(conditions) > at_most:
        told.append(tr("and {count} more").format(count=len(conditions) - at_most))
    return ", ".join(told)


def drifts_apart_from(conditions: Sequence[Condition], drifts: Sequence[Drift]) -> list[Drift]:
    """The drifts that are not mostly conditions: a covered lens need not be called a moved camera, too."""

    def shared(drift: Drift) -> float:
        return sum(
            max(min(drift.stop_seconds, each.stop_seconds) - max(drift.start_seconds, each.start_seconds), 0.0)
            for each in conditions
        )

    return [drift for drift in drifts if shared(drift) < drift.seconds / 2]


def _when(condition: Condition) -> str:
    start, length = condition.start_seconds, condition.stop_seconds - condition.start_seconds
    at = f"{int(start) // 3600}:{int(start) // 60 % 60:02d}:{int(start) % 60:02d}"
    if condition.kind is ConditionKind.CHANGED:
        return tr("at {start}").format(start=at)
    return tr("at {start} for {duration}").format(start=at, duration=duration_in_words(length))


def _stretches(kinds: Kinds, seconds: Times, bridged_seconds: float) -> Iterator[tuple[ConditionKind, Times]]:
    """Kind and times of the samples of each stretch; shorter gaps than that are bridged."""
    at = np.flatnonzero(kinds & _ALL_BITS)
    for kind in ConditionKind:
        times = seconds[at[(kinds[at] & _BITS[kind]) != 0]]
        for run in np.split(times, np.flatnonzero(np.diff(times) > bridged_seconds) + 1):
            if len(run) and run[0] + _MIN_LENGTHS[kind] <= run[-1]:
                yield kind, run


def _kinds(samples: RawSignals, reference: Reference | None) -> Iterator[tuple[ConditionKind, Flags]]:
    luma = samples["layout"].reshape(len(samples), -1).mean(axis=1)
    contrast = samples["contrast"]
    is_black = ((luma < _BLACK_LUMA) & (contrast < _BLACK_CONTRAST)) | (contrast < _FLAT_CONTRAST)
    yield ConditionKind.BLACK, is_black
    yield ConditionKind.FROZEN, ~is_black & (samples["highest_change"] < _FROZEN_LEVELS)
    has_changed = samples["changed_share"] >= _CHANGED_SHARE
    yield ConditionKind.CHANGED, has_changed
    is_noisy = ~has_changed & ~(samples["camera_motion_px"] > _SHAKING_PX)
    if reference is None:
        yield ConditionKind.NOISE, is_noisy & (samples["median_change"] > _NOISE_LEVELS_ANYWHERE)
        return
    sharpness = samples["sharpness"] / np.maximum(luma, 1)
    softest, sharpest = reference.sharpness
    is_noise = (samples["median_change"] > _NOISE_LEVELS) & (sharpness > sharpest * _NOISE_SHARPNESS)
    is_rain = (samples["median_change"] > _RAIN_LEVELS) & (samples["changed_share"] > _RAIN_SHARE)
    is_noisy &= is_noise | (is_rain & (sharpness > sharpest * _RAIN_SHARPNESS))
    relative = samples["layout"].reshape(len(samples), -1).std(axis=1) / max(reference.layout_contrast, 1e-3)
    is_low = ~is_black & (relative < LOW_CONTRAST)
    is_dark, is_bright = luma < reference.luma[0] / OTHER_LIGHT, luma > reference.luma[1] * OTHER_LIGHT
    is_soft = ~is_low & (sharpness < softest / _BLUR)
    # Another scene has another contrast, other light and other edges.
    shows_scene = is_low | is_dark | is_bright | is_soft
    shows_scene[shows_scene] = reference.shows_scene(samples["layout"][shows_scene])
    is_covered = is_low & ((relative < _COVERED_CONTRAST) | (~shows_scene & (contrast < _CLOTH_CONTRAST)))
    yield ConditionKind.COVERED, is_covered
    yield ConditionKind.LOW_CONTRAST, is_low & ~is_covered & shows_scene
    yield ConditionKind.DARKER, ~is_low & is_dark & shows_scene
    yield ConditionKind.BRIGHTER, ~is_low & is_bright & shows_scene
    yield ConditionKind.OUT_OF_FOCUS, is_soft & shows_scene
    yield ConditionKind.NOISE, is_noisy & ~is_low


def _is_within(condition: Condition, other: Condition) -> bool:
    """Whether another one, named before it, says most of it."""
    kinds = list(ConditionKind)
    if ConditionKind.CHANGED in (condition.kind, other.kind) or kinds.index(other.kind) >= kinds.index(condition.kind):
        return False
    shared = min(condition.stop_seconds, other.stop_seconds) - max(condition.start_seconds, other.start_seconds)
    return shared >= (condition.stop_seconds - condition.start_seconds) / 2
