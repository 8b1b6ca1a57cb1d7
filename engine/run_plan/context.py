"""What a plan needs to know before measuring: the run's folder, footage, disk space and a sample of pictures."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.common.errors import TrainingError
from engine.common.events import ShouldStop
from engine.common.language import tr
from engine.common.paths import existing_folder
from engine.flow.teachers import Teacher
from engine.models.picture import PICTURE_SIZE
from engine.run_plan.plan import in_one_line
from engine.training.footage_cache import Footage, load_footage
from engine.training.footage_plan import PLAN_FILE, FootagePlan, check_disk_space, plan_footage
from engine.training.prepare_cache import prepare_footage
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.video import open_video

_SAMPLE_FRAMES = 25
_AFTER_END_SECONDS = 1e9
"""A time later than the end of any video."""


@dataclass(frozen=True, eq=False)
class PlanContext:
    """The part of a plan that does not depend on the preset."""

    frames: int
    training: int
    """Number of transitions to train on."""
    held_out: int
    sample: Footage
    """A few prepared transitions of the footage, or synthetic ones."""
    is_synthetic: bool
    reading_seconds: float
    footage_bytes: int
    """Bytes of prepared footage that still have to be written."""
    plan: FootagePlan | None = None
    """Plan for reading the footage; None without footage."""
    refusal: str | None = None


def plan_context(settings: RunSettings, folder: Path, device: str, should_stop: ShouldStop) -> PlanContext:
    """Count the footage's frames, and read a sample of it as the run would, with the teacher on a device.

    Raises:
        VadError: the run can't start.
        Cancelled: `should_stop` returned true.
    """
    from engine.training.trainer import teacher_of

    settings.check()
    run = Run(folder)
    _check_folder(run, settings)
    if not settings.videos:
        return PlanContext(
            0, 0, 0, synthetic_footage(), True, 0.0, 0, refusal=tr("There is no footage to learn from yet.")
        )
    if run.footage_is_ready:
        footage = load_footage(run.footage_folder)
        plan = FootagePlan.load(run.footage_folder / PLAN_FILE)
        return PlanContext(
            len(footage.pictures), len(footage.training), len(footage.held_out), footage, False, 0.0, 0, plan
        )
    teacher = None if settings.motion_from else teacher_of(settings, device)
    plan = plan_footage(settings, teacher, should_stop)
    refusal = None
    try:
        check_disk_space(plan, existing_folder(folder), settings)
    except TrainingError as error:
        refusal = in_one_line(error)
    sample, seconds = _read_sample(settings, plan, teacher, should_stop)
    return PlanContext(
        plan.frames,
        plan.transitions(held_out=False),
        plan.transitions(held_out=True),
        sample,
        False,
        seconds,
        plan.bytes_on_disk,
        plan,
        refusal,
    )


def synthetic_footage() -> Footage:
    """Random pictures and constant flow in the shapes of real footage, so that steps take the same time and memory."""
    noise = np.random.default_rng(0).integers(0, 256, (_SAMPLE_FRAMES, PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    flow = np.ones((_SAMPLE_FRAMES, 2, PICTURE_SIZE, PICTURE_SIZE), np.float16)
    return Footage(noise, flow, np.arange(_SAMPLE_FRAMES - 1), np.empty(0, np.int64), (), radius_px=2.0)


def _check_folder(run: Run, settings: RunSettings) -> None:
    """Check that the run can start or resume in its folder; raises TrainingError if not."""
    holder = run.process_id
    if holder is not None:
        raise TrainingError(
            tr("A process ({process}) trains in this folder already").format(process=holder),
            subject=run.folder,
            advice=tr("Wait until it has finished, stop it, or choose another folder."),
        )
    if run.footage_is_ready and run.settings != settings:
        raise TrainingError(
            tr("This folder already holds a training run"),
            subject=run.folder,
            advice=tr("Resume it as it was begun, or choose another folder."),
        )
    folder = existing_folder(run.folder)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise TrainingError(
            tr("The run's folder can't be written"), subject=run.folder, advice=tr("Choose another folder.")
        )


def _read_sample(
    settings: RunSettings, plan: FootagePlan, teacher: Teacher | None, should_stop: ShouldStop
) -> tuple[Footage, float]:
    """Read a few frames of the first training video, and estimate the seconds that reading all footage takes."""
    video = next(video for video in plan.videos if video.parts and not video.is_held_out)
    began = time.perf_counter()
    with open_video(video.path, should_stop) as source:
        opening_seconds = time.perf_counter() - began
        times, start = source.times, video.parts[0].start
        stop = min(start + _SAMPLE_FRAMES, video.parts[0].stop)
        began = time.perf_counter()
        for _ in source.frames(start, stop, should_stop):
            pass
        decoding_seconds = (time.perf_counter() - began) / (stop - start)  # a frame, once more to find damage
        ends = float(times[stop]) if stop < len(times) else _AFTER_END_SECONDS
        left_out = ((ends, _AFTER_END_SECONDS + 1), *([(0.0, float(times[start]))] if start else []))
    only = replace(settings, videos=(video.path,), held_out=(), left_out={video.path: left_out})
    with tempfile.TemporaryDirectory(prefix="vadgui-") as scratch:
        began = time.perf_counter()
        for _ in prepare_footage(only, Path(scratch), teacher, should_stop, verified=False):
            pass
        # `prepare_footage` opens the video twice: to count its frames, and to read them.
        frame_seconds = max(time.perf_counter() - began - 2 * opening_seconds, 0.0) / (stop - start)
        sample = load_footage(Path(scratch))
        # Copy the arrays into memory: the temporary files are deleted.
        flow = None if sample.flow is None else np.array(sample.flow)
        sample = replace(sample, pictures=np.array(sample.pictures), flow=flow)
    return sample, (frame_seconds + decoding_seconds) * plan.frames + 2 * opening_seconds * len(plan.videos)
