"""The lights of a camera, such as day and infrared night: told apart in footage, and which one holds when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from engine.common.language import tr
from engine.scoring.conditions import (
    EDGE_SECONDS,
    LIGHT_SHIFT,
    LOW_CONTRAST,
    MAX_LIGHTS,
    Kinds,
    kinds_of_samples,
    spoilt,
    without_conditions,
)
from engine.scoring.drift import OTHER_LIGHT, SAME_SCENE, Looks, Reference, References, nearest_layout
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.signals import RawSignals
from engine.scoring.tail import MIN_BLOCKS

Times = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

_GAPS = (float(np.log(OTHER_LIGHT)), float(np.log(OTHER_LIGHT)), 0.5)
"""How far apart two lights are at the least: in the logarithms of luma and contrast, and in likeness (Fisher's z).

Footage of a whole day goes through all brightnesses, and is one light."""
_STRAY_SHARE = 0.05
"""So much of the smaller light may lie between the two: people and vans pass, and a camera needs a moment to adapt."""
_MAX_LIKENESS = 0.9999
HELD_SECONDS = 2.0
"""The light of a frame is that of most samples so near: a bus before the lens is no nightfall."""


def lights_of_footage(videos: Sequence[tuple[RawSignals, Times]], sampling: Sampling = EVERY_FRAME) -> list[Indices]:
    """The light of each frame [N] of normal videos with such raw signals [N] at times [N]; 0 is the most frequent one.

    Each light has half a minute of footage at the least.
    """
    looks = []
    for signals, seconds in videos:
        fails = spoilt(kinds_of_samples(signals, seconds, (), sampling), seconds)
        looks.append(Looks.of(without_conditions(signals, fails), seconds))
    layouts = np.concatenate([each.layouts for each in looks])
    groups = sorted(_groups(layouts), key=len, reverse=True)[:MAX_LIGHTS]
    if len(groups) < 2:
        return [np.zeros(len(seconds), np.intp) for _, seconds in videos]
    usual = np.stack([np.median(layouts[group], axis=0) for group in groups])
    return [nearest_layout(usual, signals["layout"]) for signals, _ in videos]


def videos_in_light(
    videos: Sequence[tuple[RawSignals, Times]], lights_of: Sequence[Indices], number: int
) -> list[tuple[RawSignals, Times]]:
    """What is of one light in videos whose frames [N] have those lights."""
    if all((lights == number).all() for lights in lights_of):
        return list(videos)
    return [
        (without_conditions(signals, lights != number), times)
        for (signals, times), lights in zip(videos, lights_of, strict=True)
    ]


def known_seconds(videos: Sequence[tuple[RawSignals, Times]]) -> float:
    """Of how much footage something is known."""
    return float(sum(len(Looks.of(signals, times).seconds) for signals, times in videos))


def held_lights(kinds: Kinds, seconds: Times, *, live: bool = False) -> Indices:
    """The light of each frame [N] of a recording with such samples; with `live`, by those up to each."""
    if kinds.max(initial=0) < 1 << LIGHT_SHIFT:
        return np.zeros(len(seconds), np.intp)
    of_samples = (kinds >> LIGHT_SHIFT).astype(np.intp)
    samples = np.flatnonzero(of_samples)
    lights, at = of_samples[samples] - 1, seconds[samples]
    if (lights == lights[0]).all():
        return np.full(len(seconds), lights[0])
    first = np.searchsorted(at, seconds - HELD_SECONDS)
    stop = np.searchsorted(at, seconds + (0 if live else HELD_SECONDS), "right")
    sums = np.zeros((int(lights.max()) + 1, len(samples) + 1), np.intp)
    for number, row in enumerate(sums):
        row[1:] = np.cumsum(lights == number)
    counts = sums[:, stop] - sums[:, first]
    # Far from all samples, as in an overview, the next one tells.
    return np.where(counts.any(axis=0), counts.argmax(axis=0), lights[np.minimum(first, len(lights) - 1)])


def unjudged(kinds: Kinds, seconds: Times, *, live: bool = False) -> npt.NDArray[np.bool_]:
    """Which frames [N] of a recording with such samples have no score: the camera fails there, or its light changes."""
    return spoilt(kinds, seconds, live=live) | beside_change(held_lights(kinds, seconds, live=live), seconds, live=live)


def beside_change(lights: Indices, seconds: Times, *, live: bool = False) -> npt.NDArray[np.bool_]:
    """Which frames [N] are so near to a change of light that what was measured of them is of both."""
    changed_at = seconds[np.flatnonzero(np.diff(lights)) + 1]
    if not len(changed_at):
        return np.zeros(len(seconds), np.bool_)
    after = np.searchsorted(changed_at, seconds, "right")
    flags = (after > 0) & (seconds - changed_at[np.maximum(after - 1, 0)] <= EDGE_SECONDS)
    if not live:
        until = changed_at[np.minimum(after, len(changed_at) - 1)] - seconds
        flags |= (until > 0) & (until <= EDGE_SECONDS)
    return np.asarray(flags)


def light_names(references: References) -> list[str]:
    """What each light is, compared with the first one, in words."""
    return [tr("usual light"), *(", ".join(_differences(references[0], each)) for each in references[1:])]


def _differences(usual: Reference, other: Reference) -> Iterator[str]:
    luma = np.mean(other.layout) / max(float(np.mean(usual.layout)), 1.0)
    contrast = other.layout_contrast / max(usual.layout_contrast, 1.0)
    if luma < 1 / OTHER_LIGHT:
        yield tr("darker")
    elif luma > OTHER_LIGHT:
        yield tr("brighter")
    elif contrast > 1:
        yield tr("more contrast")
    if contrast < 1 and contrast < luma / OTHER_LIGHT:
        yield tr("less contrast, as by infrared light")


def _groups(layouts: Floats) -> list[Indices]:
    """Seconds with such layouts [S, cells] by light, without those that lie between."""
    if len(layouts) < 2 * MIN_BLOCKS:
        return [np.arange(len(layouts))]
    contrasts = layouts.std(axis=1)
    centred = (layouts - layouts.mean(axis=1, keepdims=True)) / np.maximum(contrasts, 1)[:, None]
    median = np.median(centred, axis=0)
    likeness = np.clip(centred @ median / (layouts.shape[1] * max(float(median.std()), 1e-3)), 0, _MAX_LIKENESS)
    features = (np.log(np.maximum(layouts.mean(axis=1), 1)), np.log(np.maximum(contrasts, 1)), np.arctanh(likeness))
    found: list[Indices] = []
    waiting = [np.arange(len(layouts))]
    while waiting:
        group = waiting.pop()
        parts = next(_parts(group, features, layouts), None)
        if parts is None:
            found.append(group)
        else:
            waiting += parts
    return found


def _parts(group: Indices, features: Sequence[Floats], layouts: Floats) -> Iterator[tuple[Indices, Indices]]:
    """Two lights that seconds are of, split where hardly any of them lies."""
    for values, gap in zip(features, _GAPS, strict=True):
        ordered = group[np.argsort(values[group])]
        sorted_values = values[ordered]
        below = np.arange(1, len(ordered) + 1)
        stop = np.searchsorted(sorted_values, sorted_values + gap)
        smaller = np.minimum(below, len(ordered) - stop)
        fits = (smaller >= MIN_BLOCKS) & (stop - below <= _STRAY_SHARE * smaller)
        if not fits.any():
            continue
        at = int(np.where(fits, smaller, 0).argmax())
        low, high = ordered[: at + 1], ordered[stop[at] :]
        if _are_told_apart(np.median(layouts[low], axis=0), np.median(layouts[high], axis=0)):
            yield low, high


def _are_told_apart(one: Floats, other: Floats) -> bool:
    """Whether a picture of one light would be called another light, or another scene, by a calibration on the other."""
    lumas, contrasts = (sorted(each) for each in ((one.mean(), other.mean()), (one.std(), other.std())))
    return bool(
        lumas[1] > OTHER_LIGHT * lumas[0]
        or contrasts[0] < LOW_CONTRAST * contrasts[1]
        or np.corrcoef(one, other)[0, 1] < SAME_SCENE
    )
