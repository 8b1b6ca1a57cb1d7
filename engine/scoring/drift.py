"""Whether a recording still shows what a detector knows: a camera that was moved, other light, a blurred picture.

None of that is an anomaly. It lasts, and while it does the scores mean little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from engine.scoring.signals import LAYOUT_GRID, RawSignals

Times = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

LASTS_SECONDS = 20.0
"""A van before the lens passes; in a recording shorter than twice this, half of it will do."""
_BRIDGED_BLOCKS = 2
_FLATTEST = 1.0
"""Grey levels of spread below which a layout has no pattern: a black picture, a covered lens."""
_SPARED_CELLS = 8
"""An eighth of the picture may be hidden by what has been put there."""
_TAIL = 0.01

# How far beyond normal footage counts, which is minutes of a camera that runs for years. What other recordings of the
# same camera reach in Ped2, Avenue and the demo's scene stays within, a third of the picture's shift does not.
_LESS_LIKE = 1.0  # in Fisher's z, in which correlations lie evenly
_ALIKE = 0.97
SAME_SCENE = 0.9  # correlation: of the same camera 0.99, of another one's well-lit walkway 0.78
MIN_SCENE_SAMPLES, _SCENE_SAMPLES = 3, 200
"""Of so many, evenly spread, only few show the van before the lens."""
_PATTERN = 0.3
OTHER_LIGHT = 1.25
"""Factor beyond normal footage."""
_OTHER_SHARPNESS = 1.6
_OTHER_MOTION, _MIN_MOTION_PX = 4.0, 0.25


OTHER_SCENE = tr_noop("This is not the scene that the detector was calibrated for.")
"""What is said where a recording is of another camera, or its camera was turned."""


class DriftKind(StrEnum):
    """In what a recording differs from the normal footage, the gravest first."""

    MOVED = "moved"
    """Light and dark lie elsewhere in the picture."""
    SHAKING = "shaking"
    """The picture as a whole moves."""
    DARKER = "darker"
    BRIGHTER = "brighter"
    BLURRED = "blurred"
    NOISY = "noisy"


_WORDS = {
    DriftKind.MOVED: tr_noop("light and dark lie elsewhere in the picture, as if the camera had been moved,"),
    DriftKind.SHAKING: tr_noop("the picture shakes"),
    DriftKind.DARKER: tr_noop("it is darker"),
    DriftKind.BRIGHTER: tr_noop("it is brighter"),
    DriftKind.BLURRED: tr_noop("it is blurred"),
    DriftKind.NOISY: tr_noop("it is noisy"),
}


@dataclass(frozen=True)
class Drift:
    """A stretch of a recording in which it differs."""

    kind: DriftKind
    start_seconds: float
    stop_seconds: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.stop_seconds - self.start_seconds


def drifts_in_words(drifts: Sequence[Drift]) -> str:
    """In what a recording differs and for how long, as a part of a sentence; empty where it does in nothing."""
    lengths: dict[DriftKind, float] = {}
    for drift in drifts:
        lengths[drift.kind] = lengths.get(drift.kind, 0.0) + drift.seconds
    return ", ".join(
        tr("{difference} for {duration}").format(difference=tr(_WORDS[kind]), duration=duration_in_words(seconds))
        for kind, seconds in lengths.items()
    )


@dataclass(frozen=True)
class Reference:
    """How normal footage of a camera looks, averaged over seconds; ranges leave out a hundredth at either end."""

    layout: tuple[float, ...]
    """Mean luma [LAYOUT_GRID * LAYOUT_GRID], rows from the top: the median of it."""
    likeness: float
    """Correlation of layouts with that one, without the cells that fit least: the low end."""
    luma: tuple[float, float]
    """Mean luma of the picture, in grey levels."""
    sharpness: tuple[float, float]
    """Mean absolute Laplacian by mean luma: other light scales both."""
    camera_motion_px: float
    """Of the picture as a whole, px a frame: the high end."""

    @classmethod
    def of(cls, videos: Sequence[tuple[RawSignals, Times]]) -> Reference | None:
        """Learnt from the raw signals [N] of normal videos with frames at these times [N]; None where they are none."""
        found = [looks for looks in (Looks.of(signals, times) for signals, times in videos) if len(looks.seconds)]
        if not found:
            return None
        layouts = np.concatenate([looks.layouts for looks in found])
        layout = np.median(layouts, axis=0)
        motion = np.concatenate([looks.camera_motion_px for looks in found])
        return cls(
            tuple(layout.tolist()),
            float(np.quantile(likeness_of(layouts, layout), _TAIL)),
            _range(np.concatenate([looks.luma for looks in found])),
            _range(np.concatenate([looks.sharpness for looks in found])),
            float(np.quantile(motion[~np.isnan(motion)], 1 - _TAIL)) if not np.isnan(motion).all() else 0.0,
        )

    @property
    def layout_contrast(self) -> float:
        """Spread of the median layout, in grey levels."""
        return float(np.std(self.layout))

    def shows_scene(self, layouts: npt.NDArray[np.floating] | npt.NDArray[np.uint8]) -> Flags:
        """Which layouts [N, LAYOUT_GRID, LAYOUT_GRID] are of this scene, whatever light and contrast they have."""
        likeness = likeness_of(layouts.reshape(-1, LAYOUT_GRID**2).astype(np.float64), np.array(self.layout))
        return np.asarray(likeness >= SAME_SCENE)

    def differences(self, looks: Looks) -> dict[DriftKind, Flags]:
        """Whether each second differs in each kind."""
        return dict(self._differences(looks))

    def _differences(self, looks: Looks) -> Iterator[tuple[DriftKind, Flags]]:
        likeness = likeness_of(looks.layouts, np.array(self.layout))
        least = min(np.tanh(np.arctanh(min(self.likeness, 0.9999)) - _LESS_LIKE), _ALIKE)
        yield DriftKind.MOVED, likeness < least
        yield DriftKind.SHAKING, looks.camera_motion_px > max(_OTHER_MOTION * self.camera_motion_px, _MIN_MOTION_PX)
        darkest, brightest = self.luma
        yield DriftKind.DARKER, looks.luma < darkest / OTHER_LIGHT
        yield DriftKind.BRIGHTER, looks.luma > brightest * OTHER_LIGHT
        softest, sharpest = self.sharpness
        yield DriftKind.BLURRED, looks.sharpness < softest / _OTHER_SHARPNESS
        yield DriftKind.NOISY, looks.sharpness > sharpest * _OTHER_SHARPNESS


def scene_frames(judged: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Some of the judged frames, ascending numbers, that lie evenly in a recording, however densely it was judged."""
    if not len(judged):
        return judged
    wanted = np.linspace(judged[0], judged[-1], min(len(judged), _SCENE_SAMPLES))
    return judged[np.searchsorted(judged, wanted)]


References = Sequence[Reference]
"""How normal footage of a camera looks in each of its lights; empty where nobody knows."""


def nearest_light(references: References, layouts: npt.NDArray[np.floating] | npt.NDArray[np.uint8]) -> Indices:
    """Which light each layout [N, LAYOUT_GRID, LAYOUT_GRID] is of: the one whose median layout is the nearest."""
    if len(references) < 2:
        return np.zeros(len(layouts), np.intp)
    return nearest_layout(np.array([each.layout for each in references]), layouts)


def nearest_layout(usual: Floats, layouts: npt.NDArray[np.floating] | npt.NDArray[np.uint8]) -> Indices:
    """Which of the `usual` layouts [K, cells] is nearest to each of the others, of as many cells."""
    flat = layouts.reshape(len(layouts), -1).astype(np.float64)
    # Squared distances, but for what is the same of all.
    return np.asarray((np.square(usual).sum(axis=1) - 2 * flat @ usual.T).argmin(axis=1), np.intp)


def is_other_scene(references: References, signals: RawSignals) -> bool:
    """Whether a recording with raw signals [N] shows another scene, as far as it is known: some samples will do."""
    known = np.flatnonzero(~np.isnan(signals["sharpness"]))
    if not references or len(known) < MIN_SCENE_SAMPLES:
        return False
    layouts = signals["layout"][scene_frames(known)].astype(np.float64)
    # A black picture, or a covered lens, shows no scene at all.
    layouts = layouts[layouts.std(axis=(1, 2)) > _PATTERN * min(each.layout_contrast for each in references)]
    if len(layouts) < MIN_SCENE_SAMPLES:
        return False
    # Of a recording through day and night, the light that most of it has will tell.
    lights = nearest_light(references, layouts)
    most = int(np.bincount(lights).argmax())
    return not references[most].shows_scene(np.median(layouts[lights == most], axis=0)[None])[0]


def find_drifts(references: References, signals: RawSignals, seconds: Times) -> list[Drift]:
    """Where a recording with raw signals [N] at times [N] differs for long, the gravest first.

    What was not analysed differs in nothing. A camera that was moved shows other light and other edges too: during
    such a stretch nothing else is said.
    """
    if not references or not len(seconds):
        return []
    return lasting_drifts(*differences(references, signals, seconds), float(seconds[-1] - seconds[0]))


def differences(references: References, signals: RawSignals, seconds: Times) -> tuple[Floats, Flags]:
    """The whole seconds [S] of which something was analysed, and whether each differs in each kind [KINDS, S].

    Each is compared with the light that it is nearest to.
    """
    looks = Looks.of(signals, seconds)
    found = np.zeros((len(DriftKind), len(looks.seconds)), np.bool_)
    lights = nearest_light(references, looks.layouts)
    for number in np.flatnonzero(np.bincount(lights)).tolist():
        by_kind = references[number].differences(looks)
        here = lights == number
        found[:, here] = np.stack([by_kind[kind] for kind in DriftKind])[:, here]
    return looks.seconds, found


def lasting_drifts(seconds: Floats, differs: Flags, length_seconds: float) -> list[Drift]:
    """What `differences` found in a recording so long, where it lasts; the gravest first."""
    lasts = min(LASTS_SECONDS, length_seconds / 2)
    drifts: list[Drift] = []
    for kind, kind_differs in zip(DriftKind, differs, strict=True):
        runs = (Drift(kind, *run) for run in _runs(seconds, kind_differs) if run[1] - run[0] >= lasts)
        drifts += [each for each in runs if not any(_is_within(each, graver) for graver in drifts)]
    return drifts


@dataclass(frozen=True, eq=False)
class Looks:
    """How a video looks in each second of it that was analysed, on average."""

    seconds: Floats
    """When it begins, whole numbers."""
    layouts: Floats
    """[N, LAYOUT_GRID * LAYOUT_GRID]"""
    luma: Floats
    sharpness: Floats
    camera_motion_px: Floats
    """NaN where it is not known."""

    @classmethod
    def of(cls, signals: RawSignals, seconds: Times) -> Looks:
        """By the raw signals [N] of frames at these times [N]."""
        known = signals[~np.isnan(signals["sharpness"])]
        blocks = np.floor(seconds[~np.isnan(signals["sharpness"])])
        if not len(known):
            return cls(blocks, np.empty((0, LAYOUT_GRID**2)), blocks, blocks, blocks)
        starts = np.flatnonzero(np.diff(blocks, prepend=-np.inf))
        frames = np.diff(starts, append=len(known))
        sums = np.add.reduceat(known["layout"].reshape(-1, LAYOUT_GRID**2), starts, axis=0, dtype=np.float64)
        layouts = sums / frames[:, None]
        luma = layouts.mean(axis=1)
        sharpness = np.add.reduceat(known["sharpness"], starts, dtype=np.float64) / frames
        moves = np.add.reduceat(np.nan_to_num(known["camera_motion_px"]), starts, dtype=np.float64)
        moves_known = np.add.reduceat(~np.isnan(known["camera_motion_px"]), starts, dtype=np.float64)
        motion = np.divide(moves, moves_known, out=np.full(len(starts), np.nan), where=moves_known > 0)
        return cls(blocks[starts], layouts, luma, sharpness / np.maximum(luma, 1), motion)


def likeness_of(layouts: Floats, reference: Floats) -> Floats:
    """Correlation of each layout [N, cells] with a reference [cells]; brightness and contrast take no part.

    The cells that fit least are left out: a van that parks for an hour is no other place.
    """
    if reference.std() < _FLATTEST:
        return np.ones(len(layouts))
    misfit = np.abs(_standardised(layouts, layouts) - _standardised(reference, reference))
    for _ in range(2):  # what is to be left out takes part in the first mean and spread
        fitting = np.argsort(misfit, axis=1)[:, : len(reference) - _SPARED_CELLS]
        there, expected = np.take_along_axis(layouts, fitting, 1), reference[fitting]
        misfit = np.abs(_standardised(layouts, there) - _standardised(np.tile(reference, (len(layouts), 1)), expected))
    return np.asarray((_standardised(there, there) * _standardised(expected, expected)).mean(axis=1))


def _standardised(values: Floats, like: Floats) -> Floats:
    """Values in spreads away from the mean, both being those of each row of `like`."""
    mean, spread = like.mean(axis=-1, keepdims=True), like.std(axis=-1, keepdims=True)
    return np.asarray((values - mean) / np.maximum(spread, _FLATTEST))


def _range(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    return float(low), float(high)


def _runs(seconds: Floats, differs: Flags) -> list[tuple[float, float]]:
    """From when to when it differs, in seconds; a second or two in between are bridged, unknown ones not."""
    starts_at = np.flatnonzero(differs)
    if not len(starts_at):
        return []
    known_between = np.diff(starts_at)
    is_new = (known_between > 1 + _BRIDGED_BLOCKS) | (np.diff(seconds[starts_at]) > 1 + _BRIDGED_BLOCKS)
    runs = np.split(seconds[starts_at], np.flatnonzero(is_new) + 1)
    return [(float(run[0]), float(run[-1]) + 1) for run in runs]


def _is_within(drift: Drift, graver: Drift) -> bool:
    """Whether most of a stretch is part of another."""
    shared = min(drift.stop_seconds, graver.stop_seconds) - max(drift.start_seconds, graver.start_seconds)
    return shared >= drift.seconds / 2
