"""Collects the statistics of normal footage: how things move at each place, and features of how what moves looks."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis import pipeline
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.still_pairs import StillPairs
from engine.common.errors import Cancelled
from engine.common.events import Progress, ShouldStop
from engine.common.language import tr_noop
from engine.common.progress_rate import ProgressRate
from engine.datasets.held_out import GAP_SECONDS
from engine.models.motion_engine import LARGEST_ROUNDING
from engine.models.predictor import Predictor
from engine.models.quantisation import LayerRanges
from engine.scoring.damage import beside_damage
from engine.scoring.motion import Motion
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.normal_model import NormalModel
from engine.scoring.prototype_bank import MovingFeatures, PrototypeBank
from engine.scoring.sampling import Sampling
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.zones import Windows, counted_windows
from engine.video import open_video
from engine.video.chosen_frames import MAX_REORDERED_FRAMES
from engine.video.frame import Pixels
from engine.video.source import VideoSource

STATISTICS_PHASE = tr_noop("Counting normal motion")
_MAX_MOTION_VIDEOS = 32
"""Videos not held out whose rarities are measured, for each takes 2 MB of counts."""
_MAX_MOTIONS = 20_000
"""Transitions of those videos together."""
_MAX_APPEARANCE_FRAMES = 1_500
"""Frames of all videos whose features are kept: a minute's work of two cores, and 25 MB."""
_RANGES_EVERY = 16
"""Of these, the motion model looks at every so many: its layers' ranges hardly differ from picture to picture."""
_CHECKED = 4
"""Of those, so many are predicted by the rounded model, too."""
_Measured = tuple[int, Pixels, Motion]
"""As `pipeline.motions` yields it."""


@dataclass(frozen=True, eq=False)
class VideoStatistics:
    """What a video, or a part of it, adds to the statistics."""

    motion: MotionHistogram = field(default_factory=MotionHistogram)
    features: list[MovingFeatures] = field(default_factory=list)
    """Of some of its frames."""


@dataclass(frozen=True, eq=False)
class NormalStatistics:
    """The statistics of all footage."""

    motion: MotionHistogram
    features: Sequence[list[MovingFeatures]]
    """By parts of videos."""
    of_held_out: Sequence[VideoStatistics]
    """Those of each held-out video, since it is held out."""
    rarities_of_others: Sequence[tuple[RawSignals, npt.NDArray[np.float64]]]
    """Of some videos that are not held out: how rare their motion is by that of all others, and their frames' times."""
    layer_ranges: LayerRanges | None
    """Of the motion model's layers on some frames; None where none suit it, or none were measured."""
    rounding_error: float | None
    """By how much int8 would change the motion model's results, where that is why there are none."""
    still_change: float | None
    """Highest change between pictures up to which the motion model predicts the same; None where nobody knows."""
    earlier_bank: PrototypeBank | None = None
    """Prototypes of earlier footage, whose features are gone."""

    @cached_property
    def normal_model(self) -> NormalModel:
        """The normal model of all footage."""
        return NormalModel(self.motion, self._bank_of(self.features))

    def normal_model_without(self, own: VideoStatistics) -> NormalModel:
        """The normal model of all footage but a held-out video."""
        others = [part for part in self.features if part is not own.features]
        return NormalModel(self.motion.without(own.motion), self._bank_of(others))

    def _bank_of(self, features: Sequence[list[MovingFeatures]]) -> PrototypeBank | None:
        frames = list(chain.from_iterable(features))
        return self.earlier_bank.with_more(frames) if self.earlier_bank else PrototypeBank.of(frames)


def collect_statistics(
    footage: NormalFootage,
    predictor: Predictor,
    frame_seconds: float,
    sampling: Sampling,
    should_stop: ShouldStop,
    earlier: NormalModel | None = None,
) -> Generator[Progress, None, NormalStatistics]:
    """Go through all videos once, telling motion in px a frame of `frame_seconds`; they add to an `earlier` model.

    Raises:
        VideoError: a video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    motion = earlier.motion if earlier and earlier.motion else MotionHistogram()
    features: list[list[MovingFeatures]] = []
    of_held_out, recorded = [], []
    rate = ProgressRate(0, time.monotonic())
    videos = footage.videos
    chosen = _spread(len(footage.held_out), len(videos))
    # Whoever adds to a model keeps what its detector's file holds of these.
    ranges, pairs = (None, None) if earlier else (_RangeSampler(predictor), StillPairs())
    collector = _Collector(footage, predictor, ranges, pairs, frame_seconds, sampling, should_stop)
    for number, path in enumerate(videos):
        before, own = VideoStatistics(), VideoStatistics()
        recording = _MotionRecording(own.motion, _MAX_MOTIONS // len(chosen)) if number in chosen else None
        for share in collector.collect(path, before, own, recording):
            yield progress_of(STATISTICS_PHASE, number + share, len(videos), rate)
        motion = MotionHistogram.sum_of([motion, before.motion, own.motion])
        features += [before.features, own.features]
        if number < len(footage.held_out):
            of_held_out.append(own)
        if recording:
            recorded.append(recording)
    rarities = []
    for recording in recorded:
        rarities.append(recording.rarities(motion, counted_windows(footage.zones)))
        yield progress_of(STATISTICS_PHASE, len(videos), len(videos), rate)
        if should_stop():
            raise Cancelled
    still_change = pairs.still_change(predictor) if pairs else None
    bank = earlier.appearance if earlier else None
    layer_ranges, rounding_error = ranges.found() if ranges else (None, None)
    return NormalStatistics(motion, features, of_held_out, rarities, layer_ranges, rounding_error, still_change, bank)


def appearance_frames(frames: int) -> int:
    """Of how many of so many frames features are kept."""
    return min(frames, _MAX_APPEARANCE_FRAMES)


def progress_of(phase: str, done: float, total: int, rate: ProgressRate) -> Progress:
    """In thousandths: videos differ in length, and one takes minutes."""
    return rate.progress(phase, round(1000 * done / max(total, 1)), 1000, time.monotonic())


@dataclass(frozen=True)
class _Collector:
    """Collects statistics, a video at a time."""

    footage: NormalFootage
    predictor: Predictor
    ranges: _RangeSampler | None
    pairs: StillPairs | None
    frame_seconds: float
    sampling: Sampling
    should_stop: ShouldStop

    def collect(
        self, path: Path, before: VideoStatistics, own: VideoStatistics, recording: _MotionRecording | None
    ) -> Iterator[float]:
        """Add a video to its `own` statistics, what comes before it is held out to those `before`; yields its share.

        Of a video that is not held out in part, the motion itself is kept in the `recording`, if that is given.
        """
        left_out = [*self.footage.left_out.get(path, ()), *self.footage.rare.get(path, ())]
        since = self.footage.since.get(path, 0.0)
        if since:
            left_out.append((since - GAP_SECONDS, since))
        with open_video(path, self.should_stop) as source:
            frames = self.sampling.frames(source.times)
            every = math.ceil(len(frames) * len(self.footage.videos) / _MAX_APPEARANCE_FRAMES)
            sampler = _FeatureSampler(self.predictor, self.ranges, every)
            if self.pairs:
                self.pairs.begin_video()
            motions = pipeline.motions(
                source, frames[frames > 0], frame_seconds=self.frame_seconds, should_stop=self.should_stop
            )
            for number, picture, motion in _once_damage_is_known(motions):
                seconds = float(source.times[number])
                if not is_left_out(seconds, left_out) and not _is_beside_damage(source, number):
                    statistics = before if seconds < since else own
                    statistics.motion.add(motion)
                    if recording:
                        recording.add(seconds, motion)
                    sampler.offer(statistics.features, picture, motion)
                    if self.pairs:
                        self.pairs.offer(picture)
                yield number / len(source)
            sampler.flush()


def _once_damage_is_known(motions: Iterator[_Measured]) -> Iterator[_Measured]:
    """Each as soon as all is decoded that its pictures may be made of: B-frames are shown before some of it.

    A damaged frame makes the source decode all before it goes on, and know which pictures are damaged.
    """
    waiting: deque[_Measured] = deque()
    for measured in motions:
        waiting.append(measured)
        while waiting[0][0] + MAX_REORDERED_FRAMES < measured[0]:
            yield waiting.popleft()
    yield from waiting


def _is_beside_damage(source: VideoSource, number: int) -> bool:
    """Whether damage has changed a picture, or one shortly before it, from which its motion is measured."""
    concealed = source.info.concealed
    return bool(concealed) and bool(beside_damage(concealed, source.times)[number])


class _FeatureSampler:
    """Extracts the features of one frame in `every` so many, a batch at a time."""

    def __init__(self, predictor: Predictor, ranges: _RangeSampler | None, every: int) -> None:
        self._predictor = predictor
        self._ranges = ranges
        self._every = every
        self._offered = 0
        self._waiting: list[tuple[list[MovingFeatures], Pixels, Motion]] = []
        self._rng = np.random.default_rng(0)

    def offer(self, features: list[MovingFeatures], picture: Pixels, motion: Motion) -> None:
        """Take the frame or skip it; what is extracted of it goes to `features` once a batch is full."""
        if self._offered % self._every == 0:
            self._waiting.append((features, picture, motion))
            if self._ranges:
                self._ranges.offer(picture)
        self._offered += 1
        if len(self._waiting) >= self._predictor.batch_size:
            self.flush()

    def flush(self) -> None:
        """Extract the features of all frames that wait."""
        appearances = self._predictor.appearances([picture for _, picture, _ in self._waiting])
        for (features, _, motion), appearance in zip(self._waiting, appearances, strict=True):
            features.append(MovingFeatures.of(appearance, motion, self._rng))
        self._waiting.clear()


class _RangeSampler:
    """Measures the ranges of the motion model's layers on one picture in _RANGES_EVERY."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._meter = predictor.range_meter()
        self._checked: list[Pixels] = []
        self._offered = 0

    def offer(self, picture: Pixels) -> None:
        """Take the picture or skip it."""
        if self._offered % _RANGES_EVERY == 0:
            with self._meter.watching():
                self._predictor.predict_motion_in_torch([picture])
            if len(self._checked) < _CHECKED:
                self._checked.append(picture)
        self._offered += 1

    def found(self) -> tuple[LayerRanges | None, float | None]:
        """Ranges of all pictures taken; if they don't suit the model none, but how wrong they are."""
        ranges = self._meter.ranges
        if ranges is None:
            return None, None
        error = self._predictor.rounding_error(ranges, self._checked)
        if error <= LARGEST_ROUNDING:
            return ranges, None
        # What can't be computed in 8 bits at all has no size.
        return None, round(error, 6) if math.isfinite(error) else None


class _MotionRecording:
    """The motion of a video that is not held out, kept until that of all others is known."""

    def __init__(self, own: MotionHistogram, at_most: int) -> None:
        """Of `at_most` so many transitions of the video, all of which are counted in its `own` histogram."""
        self._own = own
        self._at_most = at_most
        self._seconds: list[float] = []
        self._motions: list[npt.NDArray[np.float16]] = []

    def add(self, seconds: float, motion: Motion) -> None:
        """Keep one transition, while there is room."""
        if len(self._seconds) < self._at_most:
            self._seconds.append(seconds)
            # Half precision: twenty thousand of them take 100 MB.
            self._motions.append(motion.astype(np.float16))

    def rarities(self, everything: MotionHistogram, windows: Windows) -> tuple[RawSignals, npt.NDArray[np.float64]]:
        """Raw signals [N] in which only rarities by all other footage are known, and when their frames appear [N].

        They are of the rarest of those windows.
        """
        others = everything.without(self._own)
        signals = missing_signals(len(self._seconds))
        for row, motion in enumerate(self._motions):
            by_speed, by_direction = others.rarities(motion.astype(np.float32))
            signals[row]["speed_rarity"] = by_speed[windows].max()
            signals[row]["direction_rarity"] = by_direction[windows].max()
        return signals, np.array(self._seconds)


def _spread(first: int, stop: int) -> set[int]:
    """At most _MAX_MOTION_VIDEOS of the numbers [first, stop), evenly spread."""
    return set(np.linspace(first, stop - 1, min(stop - first, _MAX_MOTION_VIDEOS)).astype(int).tolist())
