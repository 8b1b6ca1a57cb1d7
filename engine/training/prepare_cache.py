"""Reads a run's footage into the files that `footage_cache` loads; a stopped reading can be resumed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import read_or_put_aside
from engine.common.durations import duration_in_words
from engine.common.errors import DatasetError, TrainingError, VideoError
from engine.common.events import Noted, Progress, ShouldStop, never_stop
from engine.common.json_values import decode
from engine.common.language import number_text, tr
from engine.common.progress_rate import ProgressRate
from engine.datasets.held_out import GAP_SECONDS, Stretch, held_out_end_seconds, held_out_indices
from engine.flow.colour import SpeedHistogram
from engine.flow.teachers import Teacher
from engine.models.picture import PICTURE_SIZE, model_picture
from engine.training.array_file import ArrayFile
from engine.training.footage_cache import FLOW_FILE, METADATA_FILE, PICTURES_FILE, bytes_on_disk
from engine.training.settings import RunSettings
from engine.video import open_video
from engine.video.frame import Frame
from engine.video.source import VideoSource
from engine.video.timing import after_gaps, runs

PHASE = "Reading footage"
_REPORT_SECONDS = 1.0
_SAVE_SECONDS = 20.0
PLAN_FILE = "plan.json"
_PROGRESS_FILE = "progress.npz"


@dataclass(frozen=True)
class _Part:
    """Frames [start, stop) of a video that are trained or validated on."""

    start: int
    stop: int
    place: int
    """Index of frame `start` in the prepared arrays; the plan's JSON has this name."""


@dataclass(frozen=True)
class _Video:
    path: str
    fingerprint: str
    parts: tuple[_Part, ...]
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
    videos: tuple[_Video, ...]

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
            return decode(path.read_text(encoding="utf-8"), cls, exact=True)
        except (OSError, ValueError):
            return None

    def save(self, path: Path) -> None:
        """Write the plan as JSON for `load`."""
        with atomic_write(path) as file:
            file.write(json.dumps(asdict(self), indent=1).encode())


def prepare_footage(
    settings: RunSettings,
    folder: Path,
    teacher: Teacher | None,
    should_stop: ShouldStop = never_stop,
    *,
    verified: bool = True,
) -> Iterator[Progress | Noted]:
    """Decode the videos of a run into `folder` for `load_footage`; continues where an earlier call stopped.

    Without a teacher, no flow is stored: for runs with a ready motion model. What damage has changed is left out,
    unless the plan need not be `verified`.

    Raises:
        TrainingError: the files would not fit on the disk, or a video changed since the plan was made.
        DatasetError: nothing to learn from in these videos.
        VideoError: a video can't be decoded.
        OSError: the folder can't be written.
        Cancelled: `should_stop` returned true.
    """
    if (folder / METADATA_FILE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    wanted = _wanted(settings, teacher)
    plan = FootagePlan.load(folder / PLAN_FILE)
    if plan is None or plan.wanted != wanted:
        # The run was created again with other footage: discard what the first attempt read.
        for name in (_PROGRESS_FILE, PICTURES_FILE, FLOW_FILE):
            (folder / name).unlink(missing_ok=True)
        plan = plan_footage(settings, teacher, should_stop, verified=verified)
        yield check_disk_space(plan, folder, settings)
        plan.save(folder / PLAN_FILE)
    yield from _single_video_notes(plan)
    with _Reader(plan, folder, teacher) as reader:
        yield from reader.read(should_stop)


def _single_video_notes(plan: FootagePlan) -> Iterator[Noted]:
    held_out = [video for video in plan.videos if video.is_held_out]
    if not held_out:
        yield Noted(
            tr("There is one short video only, so none is held out: nothing tells when learning more does harm.")
        )
    elif held_out[0].since:
        end = duration_in_words(plan.held_out_seconds)
        yield Noted(
            tr("There is one video only: its end, {end}, is held out, and what it shows is not learnt.").format(end=end)
        )


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
    return FootagePlan(_wanted(settings, teacher), tuple(_planned_videos(settings, should_stop, verified)))


def _wanted(settings: RunSettings, teacher: Teacher | None) -> dict[str, object]:
    """The inputs that the prepared files depend on, as plain JSON values."""
    return {
        "videos": list(settings.videos),
        "held_out": list(settings.held_out),
        "left_out": {video: [list(each) for each in parts] for video, parts in settings.left_out.items()},
        "teacher": teacher and teacher.fingerprint,
    }


def _planned_videos(settings: RunSettings, should_stop: ShouldStop, verified: bool) -> list[_Video]:
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
        raise _nothing_to_learn_error(settings.videos)
    planned: list[_Video] = []
    index = 0
    for each in videos:
        parts = each.split_end() if len(usable) == 1 and not held_out else None
        for spans, is_held_out, since in parts or [(each.spans, each.path in held_out, 0.0)]:
            placed = []
            for start, stop in spans:
                placed.append(_Part(start, stop, index))
                index += stop - start
            seconds = each.seconds(spans)
            planned.append(
                _Video(each.path, each.fingerprint, tuple(placed), is_held_out, len(each.times), seconds, since)
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


def _nothing_to_learn_error(videos: Sequence[str]) -> DatasetError:
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


class _Reader:
    """Reads footage by a plan, and saves its progress every `_SAVE_SECONDS`."""

    def __init__(self, plan: FootagePlan, folder: Path, teacher: Teacher | None) -> None:
        self._plan, self._folder, self._teacher = plan, folder, teacher
        self._video, self._frame = 0, 0  # the next video and frame to read
        # Number of frames read of each part, by its `place`; a damaged video may end early.
        self._counts = {part.place: 0 for video in plan.videos for part in video.parts}
        self._speeds = SpeedHistogram()
        self._load_progress()
        self._saved = time.monotonic()
        with ExitStack() as files:
            size, frames = PICTURE_SIZE, plan.frames
            self._pictures = files.enter_context(ArrayFile(folder / PICTURES_FILE, "u1", (frames, size, size, 3)))
            if teacher is not None:
                self._flow = files.enter_context(ArrayFile(folder / FLOW_FILE, "<f2", (frames, 2, size, size)))
            self._files = files.pop_all()

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._files.close()

    def read(self, should_stop: ShouldStop) -> Iterator[Progress]:
        """Read the frames that are still missing; afterwards `load_footage` can load them."""
        done = sum(self._counts.values())
        reported = time.monotonic()
        rate = ProgressRate(done, reported)
        yield rate.progress(PHASE, done, self._plan.frames, reported)
        try:
            for video in self._plan.videos[self._video :]:
                for _ in self._read_video(video, should_stop):
                    now = time.monotonic()
                    if now - self._saved >= _SAVE_SECONDS:
                        self._save_progress()
                    if now - reported >= _REPORT_SECONDS:
                        reported = now
                        yield rate.progress(PHASE, sum(self._counts.values()), self._plan.frames, now)
                self._video, self._frame = self._video + 1, 0
        finally:
            self._save_progress()
        self._write_metadata()
        yield rate.progress(PHASE, self._plan.frames, self._plan.frames, time.monotonic())

    def _read_video(self, video: _Video, should_stop: ShouldStop) -> Iterator[None]:
        if not video.parts or self._frame >= video.parts[-1].stop:
            return
        try:
            with open_video(video.path, should_stop) as source:
                if source.info.fingerprint != video.fingerprint:
                    raise TrainingError(
                        tr("A recording is not the one that the run was begun with"),
                        subject=video.path,
                        advice=tr("Put the old one back and resume the run, or begin a new run in another folder."),
                    )
                # Frame numbers of a damaged file are only reproducible when it is decoded from its first frame.
                start = max(self._frame, video.parts[0].start) if source.numbers_are_certain else 0
                for frame in source.frames(start, video.parts[-1].stop, should_stop):
                    if frame.index >= self._frame:
                        self._store(video, frame)
                        self._frame = frame.index + 1
                    yield
        except VideoError as error:
            advice = tr("{advice} Then resume the run: what was read is kept.").format(advice=error.advice)
            raise VideoError(error.what, subject=error.subject, advice=advice) from error

    def _store(self, video: _Video, frame: Frame) -> None:
        part = next((part for part in video.parts if part.start <= frame.index < part.stop), None)
        if part is None:
            return
        picture = model_picture(frame.pixels)
        index = part.place + frame.index - part.start
        self._pictures.write(index, picture)
        if self._teacher is not None and frame.index > part.start:
            flow = self._teacher.flow(self._pictures.read(index - 1), picture)
            self._flow.write(index - 1, flow)
            if not video.is_held_out:
                self._speeds.add(flow)
        self._counts[part.place] = frame.index - part.start + 1

    def _save_progress(self) -> None:
        self._pictures.sync()
        if self._teacher is not None:
            self._flow.sync()
        with atomic_write(self._folder / _PROGRESS_FILE) as file:
            counts = list(self._counts.values())
            np.savez(file, video=self._video, frame=self._frame, counts=counts, speeds=self._speeds.counts)
        self._saved = time.monotonic()

    def _load_progress(self) -> None:
        # Where it is damaged, all footage is read again from the start.
        if progress := read_or_put_aside(self._folder / _PROGRESS_FILE, self._read_progress):
            self._video, self._frame, self._counts, self._speeds = progress

    def _read_progress(self, path: Path) -> tuple[int, int, dict[int, int], SpeedHistogram]:
        with np.load(path) as stored:
            counts = dict(zip(self._counts, stored["counts"].tolist(), strict=True))
            return int(stored["video"]), int(stored["frame"]), counts, SpeedHistogram(stored["speeds"])

    def _write_metadata(self) -> None:
        held_out = [video for video in self._plan.videos if video.is_held_out]
        is_held_out = [video.is_held_out for video in self._plan.videos for _ in video.parts]
        counts = np.array(list(self._counts.values()))
        if not (counts[~np.array(is_held_out)] > 1).any():
            raise _nothing_to_learn_error([video.path for video in self._plan.videos])
        with atomic_write(self._folder / METADATA_FILE) as file:
            np.savez(
                file,
                starts=list(self._counts),
                counts=counts,
                is_held_out=is_held_out,
                held_out_videos=np.array([video.path for video in held_out], dtype=str),
                held_out_since=np.array([video.since for video in held_out]),
                radius_px=np.nan if self._teacher is None else self._speeds.radius_px(),
            )
