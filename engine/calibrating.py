"""Teaches a detector what is usual on its camera and what its scores mean there, from normal footage."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine import pipeline
from engine.datasets import footage_videos
from engine.device import ComputePlan
from engine.errors import Cancelled
from engine.events import Progress, ShouldStop, never_stop
from engine.models.detector import Detector
from engine.models.predictor import Predictor
from engine.pace import Pace
from engine.scoring.calibration import Calibration
from engine.scoring.motion import BASELINE_SECONDS, Motion
from engine.scoring.motion_normal import MotionNormal
from engine.scoring.signals import RAW_SIGNALS, RawSignals, missing_signals
from engine.training.judged import JudgedVideo
from engine.training.settings import GAP_SECONDS, Stretch
from engine.video import open_video
from engine.video.source import usual_frame_seconds

COUNTING, JUDGING = "Counting normal motion", "Judging held-out footage"
_MOST_JUDGED = 20_000
"""Frames of held-out footage, over all videos: more than half an hour's work of two cores."""
_MOST_MOVED = 32
"""Other videos whose motion is judged, for each takes 2 MB of counts."""


@dataclass(frozen=True)
class NormalFootage:
    """Normal videos of one camera."""

    held_out: Sequence[Path]
    """Those that the detector has not learnt from: its scores get their meaning here."""
    others: Sequence[Path] = ()
    """More, such as it learnt from: how things move in them is counted as usual."""
    left_out: Mapping[Path, Sequence[Stretch]] = field(default_factory=dict)
    """Parts of them that are not normal."""
    since: Mapping[Path, float] = field(default_factory=dict)
    """From when on, in seconds, a held-out video is held out that the detector has learnt from before."""

    @classmethod
    def of(cls, held_out: Iterable[Path], others: Iterable[Path]) -> NormalFootage:
        """The videos behind files and folders; what is held out is not among the others, though their folder holds it.

        Raises:
            DatasetError: a path does not exist, can't be read, or holds no footage.
        """
        apart = footage_videos(held_out)
        known = {path.resolve() for path in apart}
        return cls(apart, [path for path in footage_videos(others) if path.resolve() not in known])


def calibrate(
    detector: Detector,
    plan: ComputePlan,
    footage: NormalFootage,
    should_stop: ShouldStop = never_stop,
    *,
    teacher_weights: Path | None = None,
) -> Generator[Progress, None, list[JudgedVideo]]:
    """Count the normal motion of all videos, judge the held-out ones, and leave both in the detector.

    Returns what the held-out ones, in their order, were judged by.

    A held-out video is judged by the motion of all others, as any recording to come will be, or by what it shows
    before it is held out; one that is alone, by its own, which judges it kindly. The motion of the others is judged in
    the same way, for which no network is needed: how rare motion usually is is then known from more than what was held
    out.

    Raises:
        TooLittleFootageError: the held-out videos are too short; the motion is counted all the same.
        VideoError: a video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        TeacherError: the weights that its teacher needs are missing or wrong.
        Cancelled: `should_stop` said yes; the detector is as it was.
    """
    frame_seconds = _frame_seconds(footage.held_out, should_stop)
    counted = yield from _count_all(footage, frame_seconds, should_stop)
    predictor = Predictor(detector, "", plan, teacher_weights=teacher_weights)
    judged = []
    pace = Pace(0, time.monotonic())
    at_most = judged_at_most(len(footage.held_out))
    has_others = len(footage.held_out) + len(footage.others) > 1 or bool(footage.since)
    for number, path in enumerate(footage.held_out):
        # What a detector has seen of its camera does not hold the recording that it is to judge.
        own = counted.of_held_out[number]
        predictor.motion_normal = counted.everything.without(own) if has_others else counted.everything
        stretches = footage.left_out.get(path, ())
        rows = []
        with open_video(path, should_stop) as source:
            first = int(np.searchsorted(source.times, footage.since.get(path, 0.0)))
            to_judge = min(len(source) - first, at_most)
            results = pipeline.analyse(
                source, predictor, start=first, frame_seconds=frame_seconds, should_stop=should_stop
            )
            for result in islice(results, at_most):
                rows.append(missing_signals(1)[0] if is_left_out(result.pts_seconds, stretches) else result.signals)
                yield _progress(JUDGING, number + len(rows) / to_judge, len(footage.held_out), pace)
            judged.append(JudgedVideo(path, source.times[first : first + len(rows)], np.array(rows, RAW_SIGNALS)))
    detector.motion_normal = counted.everything
    detector.settings = replace(detector.settings, calibration=None)
    calibration = Calibration.of([(video.signals, video.times) for video in judged], frame_seconds, counted.others)
    detector.settings = replace(detector.settings, calibration=calibration)
    return judged


class _Moved:
    """How things moved in a video that the detector has learnt from, to be judged by the motion of all others."""

    def __init__(self, normal: MotionNormal, at_most: int) -> None:
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

    def judged_by(self, everything: MotionNormal) -> tuple[RawSignals, npt.NDArray[np.float64]]:
        """Raw signals [N] in which only rarities are known, and when their frames appear [N]."""
        usual = everything.without(self._normal)
        signals = missing_signals(len(self._seconds))
        for row, motion in enumerate(self._motions):
            signals[row]["speed_rarity"], signals[row]["direction_rarity"] = usual.rarity(motion.astype(np.float32))
        return signals, np.array(self._seconds)


def _spread(first: int, stop: int) -> set[int]:
    """At most _MOST_MOVED of the numbers [first, stop), evenly spread."""
    return set(np.linspace(first, stop - 1, min(stop - first, _MOST_MOVED)).astype(int).tolist())


def judged_at_most(videos: int) -> int:
    """Frames of each of so many held-out videos."""
    return max(_MOST_JUDGED // max(videos, 1), 2)


def _frame_seconds(videos: Sequence[Path], should_stop: ShouldStop) -> float:
    """How long most of the videos' frames last: motion is told in px a frame of this length; 0 where nobody knows."""
    times = []
    for path in videos:
        with open_video(path, should_stop) as source:
            times += [source.times] if source.info.has_own_times else []
    return usual_frame_seconds(*times) or 0.0


@dataclass(frozen=True, eq=False)
class _Counted:
    """The normal motion of all footage."""

    everything: MotionNormal
    of_held_out: list[MotionNormal]
    """Of each held-out video, since it is held out."""
    others: list[tuple[RawSignals, npt.NDArray[np.float64]]]
    """How rare motion is in some of the others, judged by all but their own."""


def _count_all(
    footage: NormalFootage, frame_seconds: float, should_stop: ShouldStop
) -> Generator[Progress, None, _Counted]:
    everything, of_held_out, others = MotionNormal(), [], []
    pace = Pace(0, time.monotonic())
    videos = [*footage.held_out, *footage.others]
    kept = _spread(len(footage.held_out), len(videos))
    for number, path in enumerate(videos):
        before, normal = MotionNormal(), MotionNormal()
        moved = _Moved(normal, judged_at_most(len(kept))) if number in kept else None
        for share in _count(path, footage, before, normal, frame_seconds, should_stop, moved):
            yield _progress(COUNTING, number + share, len(videos), pace)
        everything = MotionNormal.sum_of([everything, before, normal])
        if number < len(footage.held_out):
            of_held_out.append(normal)
        if moved:
            others.append(moved)
    judged = []
    for moved in others:
        judged.append(moved.judged_by(everything))
        yield _progress(COUNTING, len(videos), len(videos), pace)
        if should_stop():
            raise Cancelled
    return _Counted(everything, of_held_out, judged)


def _count(
    path: Path,
    footage: NormalFootage,
    before: MotionNormal,
    normal: MotionNormal,
    frame_seconds: float,
    should_stop: ShouldStop,
    moved: _Moved | None,
) -> Iterator[float]:
    """Count a video's normal motion, what is `before` it is held out apart; yields what share of it has been.

    Of a video of which all is counted as `normal`, the motion itself is kept in `moved`, if that is given.
    """
    left_out, since = footage.left_out.get(path, ()), footage.since.get(path, 0.0)
    if since:
        left_out = [*left_out, (since - GAP_SECONDS, since)]
    with open_video(path, should_stop) as source:
        motions = pipeline.motions(source, frame_seconds=frame_seconds, should_stop=should_stop)
        for number, motion in enumerate(motions, start=1):
            seconds = float(source.times[number])
            if not is_left_out(seconds, left_out):
                (before if seconds < since else normal).add(motion)
                if moved:
                    moved.keep(seconds, motion)
            yield number / len(source)


def is_left_out(seconds: float, stretches: Sequence[Stretch]) -> bool:
    """Whether a transition reaches into one of the stretches; motion is measured from a little earlier."""
    return any(start <= seconds < stop + BASELINE_SECONDS for start, stop in stretches)


def _progress(phase: str, done: float, total: int, pace: Pace) -> Progress:
    """In thousandths: videos differ in length, and one takes minutes."""
    return pace.progress(phase, round(1000 * done / max(total, 1)), 1000, time.monotonic())
