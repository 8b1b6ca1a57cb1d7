"""Counts how things move in normal footage, and gathers how what moves looks."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis import pipeline
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.common.errors import Cancelled
from engine.common.events import Progress, ShouldStop
from engine.common.progress_rate import ProgressRate
from engine.datasets.held_out import GAP_SECONDS
from engine.models.predictor import Predictor
from engine.scoring.motion import Motion
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.normal_model import NormalModel
from engine.scoring.prototype_bank import PrototypeBank, Seen
from engine.scoring.signals import RawSignals, missing_signals
from engine.video import open_video
from engine.video.frame import Pixels

COUNTING = "Counting normal motion"
_MAX_MOVED = 32
"""Other videos whose motion is judged, for each takes 2 MB of counts."""
_MAX_MOTIONS = 20_000
"""Of those videos together."""
_MAX_LOOKED_AT = 1_500
"""Frames of all videos whose looks are gathered: a minute's work of two cores, and 25 MB."""


@dataclass(frozen=True, eq=False)
class Life:
    """What normal life is like in a video, or in a part of it."""

    motion: MotionHistogram = field(default_factory=MotionHistogram)
    seen: list[Seen] = field(default_factory=list)
    """What moved in some of its frames."""


@dataclass(frozen=True, eq=False)
class Counted:
    """The normal life of all footage."""

    motion: MotionHistogram
    seen: Sequence[list[Seen]]
    """By parts of videos."""
    of_held_out: Sequence[Life]
    """That of each held-out video, since it is held out."""
    others: Sequence[tuple[RawSignals, npt.NDArray[np.float64]]]
    """How rare motion is in some of the other videos, judged by all but their own."""

    @cached_property
    def normal_model(self) -> NormalModel:
        """What is usual in all of it."""
        return NormalModel(self.motion, PrototypeBank.of(list(chain.from_iterable(self.seen))))

    def usual_without(self, own: Life) -> NormalModel:
        """What is usual in all of it but in that of a held-out video."""
        seen = chain.from_iterable(part for part in self.seen if part is not own.seen)
        return NormalModel(self.motion.without(own.motion), PrototypeBank.of(list(seen)))


def count(
    footage: NormalFootage, predictor: Predictor, frame_seconds: float, should_stop: ShouldStop
) -> Generator[Progress, None, Counted]:
    """Go through all videos once, telling motion in px a frame of `frame_seconds`.

    Raises:
        VideoError: a video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    everything = MotionHistogram()
    seen: list[list[Seen]] = []
    of_held_out, others = [], []
    rate = ProgressRate(0, time.monotonic())
    videos = footage.videos
    kept = _spread(len(footage.held_out), len(videos))
    counting = _Counting(footage, predictor, frame_seconds, should_stop)
    for number, path in enumerate(videos):
        before, own = Life(), Life()
        moved = _Moved(own.motion, _MAX_MOTIONS // len(kept)) if number in kept else None
        for share in counting.video(path, before, own, moved):
            yield progress(COUNTING, number + share, len(videos), rate)
        everything = MotionHistogram.sum_of([everything, before.motion, own.motion])
        seen += [before.seen, own.seen]
        if number < len(footage.held_out):
            of_held_out.append(own)
        if moved:
            others.append(moved)
    judged = []
    for moved in others:
        judged.append(moved.judged_by(everything))
        yield progress(COUNTING, len(videos), len(videos), rate)
        if should_stop():
            raise Cancelled
    return Counted(everything, seen, of_held_out, judged)


def looked_at(frames: int) -> int:
    """Of how many of so many frames the looks are gathered."""
    return min(frames, _MAX_LOOKED_AT)


def progress(phase: str, done: float, total: int, rate: ProgressRate) -> Progress:
    """In thousandths: videos differ in length, and one takes minutes."""
    return rate.progress(phase, round(1000 * done / max(total, 1)), 1000, time.monotonic())


@dataclass(frozen=True)
class _Counting:
    """Counts normal life, a video at a time."""

    footage: NormalFootage
    predictor: Predictor
    frame_seconds: float
    should_stop: ShouldStop

    def video(self, path: Path, before: Life, own: Life, moved: _Moved | None) -> Iterator[float]:
        """Count a video's normal life, what is `before` it is held out apart; yields what share of it has been.

        Of a video of which all is its `own`, the motion itself is kept in `moved`, if that is given.
        """
        left_out, since = self.footage.left_out.get(path, ()), self.footage.since.get(path, 0.0)
        if since:
            left_out = [*left_out, (since - GAP_SECONDS, since)]
        with open_video(path, self.should_stop) as source:
            looking = _Looking(self.predictor, math.ceil(len(source) * len(self.footage.videos) / _MAX_LOOKED_AT))
            motions = pipeline.motions(source, frame_seconds=self.frame_seconds, should_stop=self.should_stop)
            for at, (picture, motion) in enumerate(motions, start=1):
                seconds = float(source.times[at])
                if not is_left_out(seconds, left_out):
                    life = before if seconds < since else own
                    life.motion.add(motion)
                    if moved:
                        moved.keep(seconds, motion)
                    looking.pass_by(life.seen, picture, motion)
                yield at / len(source)
            looking.look()


class _Looking:
    """Gathers the looks of each so many frames, a batch at a time."""

    def __init__(self, predictor: Predictor, every: int) -> None:
        self._predictor = predictor
        self._every = every
        self._passed = 0
        self._waiting: list[tuple[list[Seen], Pixels, Motion]] = []
        self._rng = np.random.default_rng(0)

    def pass_by(self, seen: list[Seen], picture: Pixels, motion: Motion) -> None:
        """Take the frame, or leave it."""
        if self._passed % self._every == 0:
            self._waiting.append((seen, picture, motion))
        self._passed += 1
        if len(self._waiting) >= self._predictor.batch_size:
            self.look()

    def look(self) -> None:
        """Look at what waits."""
        appearances = self._predictor.appearances([picture for _, picture, _ in self._waiting])
        for (seen, _, motion), appearance in zip(self._waiting, appearances, strict=True):
            seen.append(Seen.of(appearance, motion, self._rng))
        self._waiting.clear()


class _Moved:
    """How things moved in a video that the detector has learnt from, to be judged by the motion of all others."""

    def __init__(self, normal: MotionHistogram, at_most: int) -> None:
        self._normal = normal
        self._at_most = at_most
        self._seconds: list[float] = []
        self._motions: list[npt.NDArray[np.float16]] = []

    def keep(self, seconds: float, motion: Motion) -> None:
        """Remember one transition, while there is room."""
        if len(self._seconds) < self._at_most:
            self._seconds.append(seconds)
            # Half precision: twenty thousand of them take 100 MB.
            self._motions.append(motion.astype(np.float16))

    def judged_by(self, everything: MotionHistogram) -> tuple[RawSignals, npt.NDArray[np.float64]]:
        """Raw signals [N] in which only rarities are known, and when their frames appear [N]."""
        usual = everything.without(self._normal)
        signals = missing_signals(len(self._seconds))
        for row, motion in enumerate(self._motions):
            signals[row]["speed_rarity"], signals[row]["direction_rarity"] = usual.rarity(motion.astype(np.float32))
        return signals, np.array(self._seconds)


def _spread(first: int, stop: int) -> set[int]:
    """At most _MAX_MOVED of the numbers [first, stop), evenly spread."""
    return set(np.linspace(first, stop - 1, min(stop - first, _MAX_MOVED)).astype(int).tolist())
