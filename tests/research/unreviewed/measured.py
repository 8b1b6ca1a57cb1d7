"""Signals of normal videos, and of the same with an event in them, each by a normal model of all other videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis.pipeline import judge
from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import HeldOutSignals, load_held_out_signals, save_held_out_signals
from engine.calibrating.normal_statistics import NormalStatistics, collect_statistics
from engine.commands.progress import finished
from engine.common.events import never_stop
from engine.models.predictor import Predictor
from engine.scoring.sampling import SAMPLED
from engine.scoring.signals import missing_signals
from engine.video import open_video
from engine.video.source import VideoSource, usual_frame_seconds
from tests.research.changed_video import ChangedVideo
from tests.research.choices.changes import CROSSINGS, crossing
from tests.research.choices.clip_measurements import measure_motion
from tests.research.choices.clips import Clip, Pictures, clips_of
from tests.research.choices.motion_prior import MotionPrior

_CROSSING_SECONDS = 2.5
"""Of each thing; an event that lasts longer is several, one after another."""
_MIN_VISIBLE = 0.6
"""Share of its frames in which a thing has to be in the picture."""
_TRIES = 40

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Event:
    """A normal video that was changed."""

    number: int
    """Of the video among the normal ones."""
    seconds: float
    """How long the event should last."""
    abnormal: Flags
    """Labels of frames [N]."""
    video: HeldOutSignals


@dataclass(frozen=True, eq=False)
class Measured:
    """What the experiment goes by."""

    frame_seconds: float
    normal: Sequence[HeldOutSignals]
    events: Sequence[Event]

    def save(self, folder: Path) -> None:
        """Write it, so that nobody has to measure again."""
        folder.mkdir(parents=True, exist_ok=True)
        save_held_out_signals(folder / "normal.npz", self.normal)
        save_held_out_signals(folder / "events.npz", [each.video for each in self.events])
        labels = {f"abnormal-{number}": each.abnormal for number, each in enumerate(self.events)}
        of_events = np.array([(each.number, each.seconds) for each in self.events], np.float64)
        np.savez(folder / "labels.npz", frame_seconds=self.frame_seconds, of_events=of_events, **labels)

    @classmethod
    def load(cls, folder: Path) -> Measured:
        """What `save` wrote."""
        normal = load_held_out_signals(folder / "normal.npz")
        videos = load_held_out_signals(folder / "events.npz")
        with np.load(folder / "labels.npz", allow_pickle=False) as labels:
            events = [
                Event(int(base), float(seconds), labels[f"abnormal-{number}"], video)
                for number, ((base, seconds), video) in enumerate(zip(labels["of_events"], videos, strict=True))
            ]
            return cls(float(labels["frame_seconds"]), normal, events)


@dataclass(frozen=True)
class _Measuring:
    """Measures each video by all others."""

    predictor: Predictor
    statistics: NormalStatistics
    frame_seconds: float

    def signals(self, path: Path, source: VideoSource, number: int) -> HeldOutSignals:
        by_others = self.statistics.normal_model_without(self.statistics.of_held_out[number])
        signals = missing_signals(len(source))
        frames = SAMPLED.frames(source.times)
        predictor = self.predictor.with_normal_model(by_others)
        for result in judge(source, predictor, frames, SAMPLED, frame_seconds=self.frame_seconds):
            signals[result.index] = result.signals
        return HeldOutSignals(path, source.times, signals)


def measure(predictor: Predictor, videos: Sequence[Path], changed: Sequence[int], lengths: Sequence[float]) -> Measured:
    """Measure all videos, and those with `changed` numbers with an event of each of these lengths, in seconds."""
    footage = NormalFootage(videos)
    times = []
    for path in videos:
        with open_video(path) as source:
            times.append(source.times)
    frame_seconds = usual_frame_seconds(*times) or 0.0
    statistics = finished(collect_statistics(footage, predictor, frame_seconds, SAMPLED, never_stop))
    measuring = _Measuring(predictor, statistics, frame_seconds)
    normal = []
    for number, path in enumerate(videos):
        with open_video(path) as source:
            normal.append(measuring.signals(path, source, number))
    return Measured(frame_seconds, normal, list(_events(measuring, videos, changed, lengths)))


def _events(
    measuring: _Measuring, videos: Sequence[Path], changed: Sequence[int], lengths: Sequence[float]
) -> Iterator[Event]:
    clips = [next(clips_of([videos[number]], whole=True)) for number in changed]
    prior = MotionPrior.of([(clip, measure_motion(clip.pictures, clip.seconds)) for clip in clips])
    kinds = list(CROSSINGS)
    for seconds in lengths:
        for turn, (number, clip) in enumerate(zip(changed, clips, strict=True)):
            pictures, abnormal = with_event(clip, kinds[turn % len(kinds)], prior, seconds)
            name = Path(f"{clip.name} with {seconds:g} s")
            video = measuring.signals(name, ChangedVideo(pictures, clip.seconds), number)
            yield Event(number, seconds, abnormal, video)


def with_event(clip: Clip, kind: str, prior: MotionPrior, seconds: float) -> tuple[Pictures, Flags]:
    """The clip's pictures with an event of a kind in their middle, as long as there is room, and its labels."""
    last = len(clip.pictures) - 3
    needed = round(seconds * clip.fps)
    start = max((last - needed) // 2, 2)
    end = min(start + needed, last)
    abnormal = np.zeros(len(clip.pictures), np.bool_)
    for seed in range(_TRIES):
        frames = min(round(_CROSSING_SECONDS * clip.fps), end - start)
        if frames <= 0:
            break
        change = crossing(kind, clip, prior, seed, slice(start, start + frames))
        if change.abnormal.sum() >= _MIN_VISIBLE * frames:
            clip, abnormal = replace(clip, pictures=change.pictures), abnormal | change.abnormal
            start += frames
    return clip.pictures, abnormal
