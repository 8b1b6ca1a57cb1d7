"""Reads a run's footage into the files that `footage_cache` loads; a stopped reading can be resumed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import read_or_put_aside
from engine.common.durations import duration_in_words
from engine.common.errors import TrainingError, VideoError
from engine.common.events import Noted, Progress, ShouldStop, never_stop
from engine.common.language import tr
from engine.common.progress_rate import ProgressRate
from engine.flow.colour import SpeedHistogram
from engine.flow.teachers import Teacher
from engine.models.picture import PICTURE_SIZE, model_picture
from engine.training.array_file import ArrayFile
from engine.training.footage_cache import FLOW_FILE, METADATA_FILE, PICTURES_FILE
from engine.training.footage_plan import (
    PLAN_FILE,
    FootagePlan,
    PlannedVideo,
    check_disk_space,
    inputs_of,
    nothing_to_learn_error,
    plan_footage,
)
from engine.training.settings import RunSettings
from engine.video import open_video
from engine.video.frame import Frame

PHASE = "Reading footage"
_REPORT_SECONDS = 1.0
_SAVE_SECONDS = 20.0
_PROGRESS_FILE = "progress.npz"


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
    wanted = inputs_of(settings, teacher)
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

    def _read_video(self, video: PlannedVideo, should_stop: ShouldStop) -> Iterator[None]:
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

    def _store(self, video: PlannedVideo, frame: Frame) -> None:
        part = next((part for part in video.parts if part.start <= frame.index < part.stop), None)
        if part is None:
            return
        picture = model_picture(frame.stored)
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
            raise nothing_to_learn_error([video.path for video in self._plan.videos])
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
