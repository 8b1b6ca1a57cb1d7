"""What a run stands on before its first step: folder, footage, disk, and a sample of pictures."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.common.errors import TrainingError
from engine.common.events import ShouldStop
from engine.flow.teachers import Teacher
from engine.models.picture import PICTURE_SIZE
from engine.run_plan.plan import in_one_line
from engine.training.footage_cache import Footage, load_footage
from engine.training.prepare_cache import PLAN_FILE, FootagePlan, check_room, plan_footage, prepare_footage
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.video import open_video

_SAMPLE_FRAMES = 25
_END_OF_TIME = 1e9
"""Later, in seconds, than any video ends."""


@dataclass(frozen=True, eq=False)
class PlanContext:
    """What plans of all presets have in common."""

    frames: int
    training: int
    """Transitions to learn from."""
    held_out: int
    sample: Footage
    """A few real transitions, or synthetic ones."""
    is_synthetic: bool
    reading_seconds: float
    footage_bytes: int
    """Yet to be written to disk."""
    plan: FootagePlan | None = None
    """What is read from where; None where there is none to be had."""
    refusal: str | None = None


def look_at(settings: RunSettings, folder: Path, device: str, should_stop: ShouldStop) -> PlanContext:
    """Count the footage, and read a sample of it as the run would, with the teacher on a device.

    Raises:
        VadError: the run can't be begun, whatever its steps would take.
        Cancelled: `should_stop` said yes.
    """
    from engine.training.trainer import teacher_of

    settings.check()
    run = Run(folder)
    _check_folder(run, settings)
    if not settings.videos:
        return PlanContext(0, 0, 0, synthetic_footage(), True, 0.0, 0, refusal="There is no footage to learn from yet.")
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
        check_room(plan, existing_folder(folder), settings)
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


def existing_folder(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.exists())


def synthetic_footage() -> Footage:
    """Noise that drifts: as large as real footage, so that steps on it take as long."""
    noise = np.random.default_rng(0).integers(0, 256, (_SAMPLE_FRAMES, PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    flow = np.ones((_SAMPLE_FRAMES, 2, PICTURE_SIZE, PICTURE_SIZE), np.float16)
    return Footage(noise, flow, np.arange(_SAMPLE_FRAMES - 1), np.empty(0, np.int64), (), radius_px=2.0)


def _check_folder(run: Run, settings: RunSettings) -> None:
    """Refuse a folder that the run could not be begun or resumed in."""
    holder = run.process_id
    if holder is not None:
        raise TrainingError(
            f"A process ({holder}) trains in this folder already",
            subject=run.folder,
            advice="Wait until it has finished, stop it, or choose another folder.",
        )
    if run.footage_is_ready and run.settings != settings:
        raise TrainingError(
            "This folder already holds a training run",
            subject=run.folder,
            advice="Resume it as it was begun, or choose another folder.",
        )
    place = existing_folder(run.folder)
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise TrainingError("The run's folder can't be written", subject=run.folder, advice="Choose another folder.")


def _read_sample(
    settings: RunSettings, plan: FootagePlan, teacher: Teacher | None, should_stop: ShouldStop
) -> tuple[Footage, float]:
    """A few pictures of the first video to learn from, and how many seconds reading all would take."""
    video = next(video for video in plan.videos if video.parts and not video.is_held_out)
    began = time.perf_counter()
    with open_video(video.path, should_stop) as source:
        opening_seconds = time.perf_counter() - began
        times, start = source.times, video.parts[0].start
        stop = min(start + _SAMPLE_FRAMES, video.parts[0].stop)
        ends = float(times[stop]) if stop < len(times) else _END_OF_TIME
        left_out = ((ends, _END_OF_TIME + 1), *([(0.0, float(times[start]))] if start else []))
    only = replace(settings, videos=(video.path,), held_out=(), left_out={video.path: left_out})
    with tempfile.TemporaryDirectory(prefix="vadgui-") as scratch:
        began = time.perf_counter()
        for _ in prepare_footage(only, Path(scratch), teacher, should_stop):
            pass
        # It opens the video twice: to count its frames, and to read them.
        frame_seconds = max(time.perf_counter() - began - 2 * opening_seconds, 0.0) / (stop - start)
        sample = load_footage(Path(scratch))
        # In memory, for the files go.
        flow = None if sample.flow is None else np.array(sample.flow)
        sample = replace(sample, pictures=np.array(sample.pictures), flow=flow)
    return sample, frame_seconds * plan.frames + 2 * opening_seconds * len(plan.videos)
