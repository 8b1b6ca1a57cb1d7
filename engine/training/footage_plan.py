"""Which frames of a run's videos are read to train on and to hold out, and the disk space that they will need."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.common.atomic_write import atomic_write
from engine.common.errors import DatasetError, TrainingError
from engine.common.events import Noted, ShouldStop, never_stop
from engine.common.json_values import decode
from engine.common.language import number_text, tr
from engine.common.paths import read_regular
from engine.datasets.held_out import GAP_SECONDS, Stretch, held_out_end_seconds, held_out_indices
from engine.flow.teachers import Teacher
from engine.training.footage_cache import bytes_on_disk
from engine.training.settings import RunSettings
from engine.video import open_video
from engine.video.source import VideoSource
from engine.video.timing import after_gaps, runs

PLAN_FILE = "plan.json"


@dataclass(frozen=True)
class PlannedPart:
    """Frames [start, stop) of a video that are trained or validated on."""

    start: int
    stop: int
    place: int
    """Index of frame `start` in the prepared arrays; the plan's JSON has this name."""


@dataclass(frozen=True)
class PlannedVideo:
    """The parts of a video that are read; a fingerprint tells whether it is still the same file."""

    path: str
    fingerprint: str
    parts: tuple[PlannedPart, ...]
    is_held_out: bool
    frames: int = 0
    """Number of frames of the whole video."""
    seconds: float = 0.0
    """Total length of the parts."""
    since: float = 0.0
    """Start in seconds of the held-out end of a video whose beginning is trained on; the plan lists it twice then."""

    @property
    def first_held_out(self) -> int:
        """First frame of a held-out video that the detector is calibrated on."""
        return self.parts[0].start if self.since else 0


@dataclass(frozen=True)
class FootagePlan:
    """Which frames of which videos are read; saved to disk, so that a resumed reading follows the same plan."""

    wanted: dict[str, object]
    videos: tuple[PlannedVideo, ...]

    @property
    def frames(self) -> int:
        """Number of pictures that are stored."""
        return sum(part.stop - part.start for video in self.videos for part in video.parts)

    def transitions(self, *, held_out: bool) -> int:
        """Number of transitions to train on, or of held-out ones to validate on."""
        videos = [video for video in self.videos if video.is_held_out is held_out]
        return sum(part.stop - part.start - 1 for video in videos for part in video.parts)

    @property
    def held_out_seconds(self) -> float:
        """Length of the held-out footage, for validation and calibration."""
        return sum(video.seconds for video in self.videos if video.is_held_out)

    @property
    def bytes_on_disk(self) -> int:
        """Size of the prepared footage on disk."""
        return bytes_on_disk(self.frames, with_flow=self.wanted["teacher"] is not None)

    @classmethod
    def load(cls, path: Path) -> FootagePlan | None:
        """Read a plan; None if the file is missing or can't be read."""
        try:
            return decode(read_regular(path), cls, exact=True)
        except (OSError, ValueError):
            return None

    def save(self, path: Path) -> None:
        """Write the plan as JSON for `load`."""
        with atomic_write(path) as file:
            file.write(json.dumps(asdict(self), indent=1).encode())


def plan_footage(
    settings: RunSettings, teacher: Teacher | None, should_stop: ShouldStop = never_stop, *, verified: bool = False
) -> FootagePlan:
    """Plan which frames of a run's videos to train on and to hold out; opens each video, but decodes no frame.

    If it is to be `verified`, all are decoded once: what damage has changed is known only then, and is left out.

    Raises:
        DatasetError: nothing to learn from in these videos.
        VideoError: a video can't be opened.
        Cancelled: `should_stop` returned true.
    """
    return FootagePlan(inputs_of(settings, teacher), tuple(_planned_videos(settings, should_stop, verified)))


def inputs_of(settings: RunSettings, teacher: Teacher | None) -> dict[str, object]:
    """The inputs that the prepared files depend on, as plain JSON values."""
    return {
        "videos": list(settings.videos),
        "held_out": list(settings.held_out),
        "left_out": {video: [list(each) for each in parts] for video, parts in settings.left_out.items()},
        "teacher": teacher and teacher.fingerprint,
    }


def _planned_videos(settings: RunSettings, should_stop: ShouldStop, verified: bool) -> list[PlannedVideo]:
    videos: list[_SourceVideo] = []
    for video in settings.videos:
        with open_video(video, should_stop) as source:
            if verified:
                source.verify(should_stop)
            spans = _kept_spans(source, settings.left_out.get(video, ()))
            videos.append(_SourceVideo(video, source.info.fingerprint, source.times, spans))
    usable = [each.path for each in videos if each.spans]
    held_out = set(settings.held_out) or {usable[n] for n in held_out_indices(len(usable))}
    if not set(usable) - held_out:
        raise nothing_to_learn_error(settings.videos)
    planned: list[PlannedVideo] = []
    index = 0
    for each in videos:
        parts = each.split_end() if len(usable) == 1 and not held_out else None
        for spans, is_held_out, since in parts or [(each.spans, each.path in held_out, 0.0)]:
            placed = []
            for start, stop in spans:
                placed.append(PlannedPart(start, stop, index))
                index += stop - start
            seconds = each.seconds(spans)
            planned.append(
                PlannedVideo(each.path, each.fingerprint, tuple(placed), is_held_out, len(each.times), seconds, since)
            )
    return planned


_Spans = list[tuple[int, int]]
"""Frame ranges [start, stop) of at least two frames each."""


@dataclass(frozen=True, eq=False)
class _SourceVideo:
    """A video, and the frame ranges of it that are not left out."""

    path: str
    fingerprint: str
    times: npt.NDArray[np.float64]
    spans: _Spans

    def seconds(self, spans: _Spans) -> float:
        """Total length of frame ranges, each from its first to its last frame."""
        return float(sum(self.times[stop - 1] - self.times[start] for start, stop in spans))

    def split_end(self) -> list[tuple[_Spans, bool, float]] | None:
        """Split the video into a beginning to train on, and a held-out end with its start; None if it is too short."""
        wanted = held_out_end_seconds(self.seconds(self.spans))
        if not wanted:
            return None
        since = 0.0
        for start, stop in reversed(self.spans):
            since = float(self.times[stop - 1]) - wanted
            if since >= self.times[start]:
                break
            wanted -= float(self.times[stop - 1] - self.times[start])
        training = _clipped(self.spans, 0, int(np.searchsorted(self.times, since - GAP_SECONDS)))
        held_out = _clipped(self.spans, int(np.searchsorted(self.times, since)), len(self.times))
        return [(training, False, 0.0), (held_out, True, since)] if training and held_out else None


def _clipped(spans: _Spans, first: int, end: int) -> _Spans:
    """The frame ranges clipped to frames [first, end), without those that become shorter than two frames."""
    clipped = [(max(start, first), min(stop, end)) for start, stop in spans]
    return [(start, stop) for start, stop in clipped if stop - start > 1]


def _kept_spans(source: VideoSource, left_out: Sequence[Stretch]) -> _Spans:
    """Frame ranges of at least two frames outside the parts to leave out; none reaches across a gap in time.

    Nor are there pictures among them that damage has changed, as far as is known.
    """
    used = np.ones(len(source), bool)
    for start, stop in left_out:
        used[np.searchsorted(source.times, start) : np.searchsorted(source.times, stop)] = False
    for each in source.info.concealed:
        used[each.start : each.stop] = False
    spans = zip(*runs(used, after_gaps(source.times)), strict=True)
    return [(int(start), int(stop)) for start, stop in spans if stop - start > 1]


def nothing_to_learn_error(videos: Sequence[str]) -> DatasetError:
    """What to tell where no video has two frames in a row to train on."""
    return DatasetError(
        tr("There is nothing to learn from: no video has two frames in a row"),
        subject=", ".join(videos[:3]),
        advice=tr("Choose recordings of normal life, some minutes at least."),
    )


def check_disk_space(plan: FootagePlan, folder: Path, settings: RunSettings) -> Noted:
    """Check the disk space that reading will need; `folder` must exist.

    Raises:
        TrainingError: the footage is larger than the free space or the limit.
    """
    needed, free = plan.bytes_on_disk, shutil.disk_usage(folder).free
    sizes = {"needed": _bytes_text(needed), "free": _bytes_text(free), "limit": _bytes_text(settings.cache_max_bytes)}
    if needed > settings.cache_max_bytes:
        raise TrainingError(
            tr("This footage would take {needed} on disk, and the limit is {limit}").format(**sizes),
            subject=folder,
            advice=tr("Raise the limit (--cache-gb), or choose fewer or shorter recordings."),
        )
    if needed > free:
        raise TrainingError(
            tr("This footage would take {needed} on disk, and {free} are free").format(**sizes),
            subject=folder,
            advice=tr("Free some space, choose a folder on another disk, or choose fewer or shorter recordings."),
        )
    text = tr("The footage, {frames:,} frames, will take {needed} on disk; {free} are free.")
    return Noted(text.format(frames=plan.frames, **sizes))


def _bytes_text(count: int) -> str:
    return f"{number_text(count / 1e9, '.1f')} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"
