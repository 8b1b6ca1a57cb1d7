"""Two-stage training as a generator of events: first the motion model, then the frame model on top of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from engine.calibrating.calibrate import calibrate
from engine.calibrating.comparing import compare
from engine.calibrating.comparison import save_comparison
from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import save_held_out_signals
from engine.common.errors import Cancelled, TeacherError, TrainingError, VadError, VideoError
from engine.common.events import Event, Failed, Finished, LossReported, Noted, ShouldStop, Stopped, never_stop
from engine.common.language import tr
from engine.common.names import displayable
from engine.flow.teachers import DEFAULT_TEACHER, Teacher, teacher_by_name
from engine.models.detector import PRESETS, Detector, DetectorSettings, load_detector, save_detector
from engine.scoring.tail import MIN_BLOCKS
from engine.training.checkpoint import Checkpoint, find_checkpoint
from engine.training.distributed import ProcessGroup, make_process_group
from engine.training.event_log import EventLog
from engine.training.footage_cache import Footage, load_footage
from engine.training.prepare_cache import prepare_footage
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.training.stage_trainer import StageTrainer
from engine.training.stages import stages_of
from resources import detector_path


def train(
    run: Run,
    should_stop: ShouldStop = never_stop,
    should_finish: ShouldStop = never_stop,
    group: ProcessGroup | None = None,
) -> Iterator[Event]:
    """Train the run's detector, or resume it from its last checkpoint; the last event is Finished or Stopped.

    Each time `should_finish` returns true, the current stage ends with its best model so far. All events are also
    written to the run's event log, and a Failed event if an error is raised. Under `torchrun`, only the main process
    writes files and yields events.

    Raises:
        TrainingError, VideoError, DatasetError, TeacherError, DetectorFileError, DeviceError: the run can't start or
            continue; its last checkpoint is kept.
    """
    settings = run.settings
    group = group or make_process_group(settings.device)
    group.check_batch_size(settings.batch_size)
    events = _train(run, settings, group, should_stop, should_finish)
    if not group.is_main:
        for _ in events:
            pass
        return
    with ExitStack() as resources:
        resources.enter_context(run.lock())
        with run.disk_errors():
            run.remove_partial_files()
            event_log = resources.enter_context(closing(EventLog(run.events_path)))
        try:
            with run.disk_errors():
                for event in events:
                    event_log.write(event)
                    yield event
        except Exception as error:
            with suppress(OSError):  # the disk may be full
                event_log.write(_failure(error))
            raise


def _failure(error: Exception) -> Failed:
    if isinstance(error, VadError):
        return Failed.from_error(error)
    # The traceback may be lost; the log must show that the run failed.
    return Failed(tr("Training ended through a fault of the program"), repr(error), tr("Resume it, and report this."))


def _train(
    run: Run, settings: RunSettings, group: ProcessGroup, should_stop: ShouldStop, should_finish: ShouldStop
) -> Iterator[Event]:
    checkpoint, notice = find_checkpoint(run)
    if notice:
        yield Noted(notice)
    bases = {} if checkpoint else load_base_detectors(settings)
    stopped = False
    if group.is_main:
        try:
            if not run.footage_is_ready:
                teacher = None if settings.motion_from else teacher_of(settings, str(group.plan.device))
                yield from prepare_footage(settings, run.footage_folder, teacher, should_stop)
        except Cancelled:
            stopped = True
    if group.all_reduce([float(stopped)])[0]:
        yield Stopped(tr("Training was stopped while it read the footage; it goes on from there."))
        return
    if should_finish():
        yield Noted(tr("Nothing has been learnt yet: there is nothing to finish with."))
    footage = load_footage(run.footage_folder)
    torch.manual_seed(settings.seed)
    detector = _new_detector(settings, footage, bases) if checkpoint is None else _restored_detector(checkpoint)
    footage = replace(footage, radius_px=detector.settings.flow_radius_px)
    detector.to(group.plan.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    torch.backends.cudnn.benchmark = True  # all batches have the same shape, so choosing the fastest algorithm pays off
    for stage in stages_of(detector, settings):
        if checkpoint and (checkpoint.position.stage, stage.name) == ("frame", "motion"):
            continue
        resumed = checkpoint if checkpoint and checkpoint.position.stage == stage.name else None
        stage_trainer = StageTrainer(
            stage, detector, footage, run=run, settings=settings, group=group, checkpoint=resumed
        )
        yield from stage_trainer.train(should_stop, should_finish)
        if not stage_trainer.is_finished:
            yield Stopped(tr("Training was stopped; it goes on from its last checkpoint."))
            return
    if group.is_main:
        yield from _complete(detector, run, settings, group, should_stop)


def teacher_of(settings: RunSettings, device: str) -> Teacher:
    """The run's teacher: the optical-flow estimator whose flow the motion model learns.

    Raises:
        TeacherError: it is unknown, or its weights are missing.
    """
    return teacher_by_name(settings.teacher, weights=settings.weights_of(settings.teacher), device=device)


def detector_teacher(settings: RunSettings, bases: dict[str, Detector]) -> str:
    """Name of the detector's teacher: its motion model predicts this teacher's flow and is evaluated against it."""
    if ready := bases.get("motion_from"):
        return ready.settings.teacher
    return DEFAULT_TEACHER if settings.teacher == "dis" else settings.teacher


def load_base_detectors(settings: RunSettings) -> dict[str, Detector]:
    """Load the detectors that a run starts from, by setting name; done before the footage is read, which takes hours.

    Raises:
        DetectorFileError: a detector can't be loaded.
        TrainingError: a detector has another preset, flow guidance or flow radius than the run.
        TeacherError: the weights for calibrating with a ready motion model's teacher are missing or wrong.
    """
    bases = {}
    for setting, path in {"start_from": settings.start_from, "motion_from": settings.motion_from}.items():
        if path is None:
            continue
        base, _ = load_detector(Path(path))
        if base.settings.preset != settings.preset:
            raise TrainingError(
                tr("The detector to build on is of preset {preset}, the run of {wanted}").format(
                    preset=base.settings.preset, wanted=settings.preset
                ),
                subject=path,
                advice=tr("Choose another detector, or models of the preset {preset}.").format(
                    preset=base.settings.preset
                ),
            )
        if setting == "start_from" and base.settings.flow_guidance != settings.flow_guidance:
            raise TrainingError(
                tr("Of the run and the detector to build on, one is guided by flow and the other is not"),
                subject=path,
                advice=tr("Choose another detector, or change whether predicted movement guides the next frame."),
            )
        bases[setting] = base
    if (radius := _base_flow_radius(bases)) and settings.flow_radius_px not in (None, radius):
        raise TrainingError(
            tr("The detector to build on has learnt flow with a radius of {radius} px, not of {wanted}").format(
                radius=radius, wanted=settings.flow_radius_px
            ),
            subject=settings.motion_from or settings.start_from,
            advice=tr("Leave the radius out (--flow-radius), for the detector's own is kept, or learn from scratch."),
        )
    if settings.calibrate and "motion_from" in bases:
        _check_teacher(settings, detector_teacher(settings, bases))
    return bases


def _check_teacher(settings: RunSettings, teacher: str) -> None:
    """Check a ready motion model's teacher; raises TeacherError if it is unknown, or its weights missing or wrong."""
    try:
        teacher_by_name(teacher, weights=settings.weights_of(teacher))
    except TeacherError as error:
        if teacher == settings.teacher:
            raise
        # The person did not choose this teacher; without --teacher, the weights file counts as the run's teacher's.
        advice = tr("{advice} The motion model to take was taught by it: {option} goes with the file.").format(
            advice=error.advice, option=f"--teacher {teacher}"
        )
        raise TeacherError(error.what, subject=error.subject, advice=advice) from error


def _base_flow_radius(bases: dict[str, Detector]) -> float | None:
    """Flow radius of the detector that a run starts from; its motion model encodes speeds with this radius."""
    base = bases.get("motion_from") or bases.get("start_from")
    return base.settings.flow_radius_px if base else None


def _new_detector(settings: RunSettings, footage: Footage, bases: dict[str, Detector]) -> Detector:
    """A new detector, with the weights of the base detectors if there are any."""
    if settings.preset not in PRESETS:
        advice = tr("Begin another run with one of {names}.").format(names=", ".join(PRESETS))
        raise TrainingError(tr("There is no such preset"), subject=settings.preset, advice=advice)
    detector = Detector(
        DetectorSettings(
            name=displayable(settings.name),
            preset=settings.preset,
            teacher=detector_teacher(settings, bases),
            flow_radius_px=_base_flow_radius(bases) or settings.flow_radius_px or footage.radius_px,
            flow_guidance=settings.flow_guidance,
            training=_training_record(settings, footage),
        )
    )
    if "start_from" in bases:
        detector.load_state_dict(bases["start_from"].state_dict())
    if "motion_from" in bases:
        detector.motion.load_state_dict(bases["motion_from"].motion.state_dict())
    return detector


def _training_record(settings: RunSettings, footage: Footage) -> dict[str, Any]:
    """Record of the training for the detector's file."""
    record = asdict(settings)
    # File names without folders: folder names are private, and detectors are passed on.
    record["videos"] = [_name(video) for video in settings.videos]
    record["held_out"] = [_name(video) for video in footage.held_out_videos]
    if footage.held_out_since:
        record["held_out_since"] = {_name(video): since for video, since in footage.held_out_since.items()}
    record["left_out"] = {_name(video): parts for video, parts in settings.left_out.items()}
    for name in ("start_from", "motion_from", "teacher_weights"):
        record[name] = record[name] and _name(record[name])
    for name in ("cache_max_bytes", "calibrate"):  # no influence on the trained weights
        del record[name]
    return record | {"transitions": len(footage.training), "torch": torch.__version__}


def _name(path: str) -> str:
    return displayable(Path(path).name)


def _restored_detector(checkpoint: Checkpoint) -> Detector:
    detector = Detector(DetectorSettings(**checkpoint.settings))
    detector.load_state_dict(checkpoint.detector)
    return detector


def _complete(
    detector: Detector, run: Run, settings: RunSettings, group: ProcessGroup, should_stop: ShouldStop
) -> Iterator[Event]:
    """Calibrate and save the detector, unless its file exists: a second file would get another fingerprint."""
    if not run.detector_path.exists():
        try:
            if settings.calibrate:
                detector = yield from _calibrate(detector, run, settings, group, should_stop)
        except Cancelled:
            yield Stopped(tr("Training was stopped while it judged the held-out footage; it does that again."))
            return
        created = datetime.now(UTC).isoformat(timespec="seconds")
        detector = detector.with_settings(replace(detector.settings, created=created))
        save_detector(detector.cpu(), run.detector_path)
        if settings.calibrate and detector.settings.calibration:
            yield from _compare(detector, run, settings, group, should_stop)
    yield Finished(str(run.detector_path))


def _calibrate(
    detector: Detector, run: Run, settings: RunSettings, group: ProcessGroup, should_stop: ShouldStop
) -> Generator[Event, None, Detector]:
    """Calibrate the detector; if that fails again or too little is held out, yield a notice and return it as it is."""
    footage = _normal_footage(run, settings)
    try:
        weights = settings.weights_of(detector.settings.teacher)
        calibrated = yield from calibrate(detector, group.plan, footage, should_stop, teacher_weights=weights)
    except VideoError as error:
        if not _has_failed_before(run, error):
            advice = tr(
                "{advice} Then resume the run: only this is left. Without it, the scores have no meaning."
            ).format(advice=error.advice)
            raise VideoError(error.what, subject=error.subject, advice=advice) from error
        yield Noted(
            tr(
                "The held-out footage could not be judged again, so it is done without: scores are those of the paper, "
                "each recording by itself. {reason}"
            ).format(reason=error)
        )
        return detector
    if calibrated.detector.settings.calibration:
        save_held_out_signals(run.held_out_signals_path, calibrated.held_out)
    else:
        yield Noted(
            tr(
                "Less than {seconds} s of footage are held out: too little to say how rarely normal life looks like "
                "something. Scores are those of the paper, each recording by itself; a training with more footage "
                "held out gives them a meaning."
            ).format(seconds=MIN_BLOCKS)
        )
    return calibrated.detector


def _normal_footage(run: Run, settings: RunSettings) -> NormalFootage:
    held_out = run.held_out_videos
    return NormalFootage(
        held_out=[Path(video) for video in held_out],
        others=[Path(video) for video in settings.videos if video not in held_out],
        left_out={Path(video): stretches for video, stretches in settings.left_out.items()},
        since={Path(video): since for video, since in run.held_out_since.items()},
    )


def _compare(
    detector: Detector, run: Run, settings: RunSettings, group: ProcessGroup, should_stop: ShouldStop
) -> Iterator[Event]:
    """Tell what training added over calibrating the networks that it began with, or the bundled ones.

    The detector is saved by now: whatever happens, it stays.
    """
    try:
        untrained, _ = load_detector(Path(settings.start_from) if settings.start_from else detector_path("plaza"))
        weights = settings.weights_of(detector.settings.teacher)
        footage = _normal_footage(run, settings)
        found = yield from compare(detector, untrained, group.plan, footage, should_stop, teacher_weights=weights)
        if found:
            with run.disk_errors():
                save_comparison(run.comparison_path, found)
    except Cancelled:
        return
    except VadError as error:
        yield Noted(tr("The detector could not be compared with calibration alone: {reason}").format(reason=error))
        return
    if found:
        yield Noted(found.in_words)


def _has_failed_before(run: Run, error: VadError) -> bool:
    """Whether the run's last attempt failed with the same error: then the footage may be gone for good."""
    failures = (event for event in reversed(run.events()) if isinstance(event, Failed | LossReported))
    last = next(failures, None)
    return isinstance(last, Failed) and (last.what, last.subject) == (error.what, error.subject)
