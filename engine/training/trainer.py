"""Two-stage training as a generator of events: first the motion model, then the frame model on top of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.device import ComputePlan, choose_compute
from engine.errors import TrainingError
from engine.events import CheckpointSaved, Event, Finished, LossReported, Progress, ShouldStop, Stopped, never_stop
from engine.flow.teachers import teacher_by_name
from engine.footage import Footage, load_footage, prepare_footage
from engine.losses import flow_loss, frame_loss
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.whole_file import whole_file

_REPORT_EVERY_SECONDS = 2.0


@dataclass(frozen=True)
class _Stage:
    """One of the two stages: which model learns, how long, and its loss on (I_t, teacher flow RGB, I_{t+1})."""

    name: str
    label: str
    model: nn.Module
    epochs: int
    learning_rate: float
    loss: Callable[[Tensor, Tensor, Tensor], Tensor]


def train(run: Run, should_stop: ShouldStop = never_stop) -> Iterator[Event]:
    """Train the run's detector, or go on with it from its last checkpoint; ends with Finished or Stopped.

    Raises:
        TrainingError, VideoError, DatasetError, DeviceError: the run can't start or go on.
        Cancelled: stopped while the footage was being read.
    """
    settings = run.settings
    yield from prepare_footage(
        [Path(video) for video in settings.videos],
        run.folder / "footage",
        teacher_by_name(settings.teacher),
        should_stop,
    )
    footage = load_footage(run.folder / "footage")
    plan = choose_compute(settings.device)
    torch.manual_seed(settings.seed)
    checkpoint = _load_checkpoint(run.checkpoint_path)
    detector, footage = _begin(settings, footage)
    detector.to(plan.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if checkpoint:
        detector.load_state_dict(checkpoint["detector"])
    for stage in _stages(detector, settings):
        if checkpoint and (checkpoint["stage"], stage.name) == ("frame", "motion"):
            continue
        resumed = checkpoint if checkpoint and checkpoint["stage"] == stage.name else None
        yield from _train_stage(stage, detector, footage, settings, plan, run, resumed, should_stop)
        if should_stop():
            yield Stopped("Training was stopped; it goes on from its last checkpoint.")
            return
    finished = replace(detector.settings, created=datetime.now(UTC).isoformat(timespec="seconds"))
    detector.settings = finished
    save_detector(detector, run.detector_path)
    yield Finished(str(run.detector_path))


def _begin(settings: RunSettings, footage: Footage) -> tuple[Detector, Footage]:
    """The detector before its first step, and the footage in its flow colours."""
    if settings.start_from is None:
        return Detector(_detector_settings(settings, footage)), footage
    base, _ = load_detector(Path(settings.start_from))
    if base.settings.preset != settings.preset:
        raise TrainingError(
            f"The detector to start from is of preset {base.settings.preset}, the run of {settings.preset}",
            subject=settings.start_from,
            advice=f"Begin a run with --preset {base.settings.preset}.",
        )
    # What the motion model has learnt to say of speeds it said in these colours.
    footage = replace(footage, radius_px=base.settings.flow_radius_px)
    detector = Detector(_detector_settings(settings, footage))
    detector.load_state_dict(base.state_dict())
    return detector, footage


def _detector_settings(settings: RunSettings, footage: Footage) -> DetectorSettings:
    record: dict[str, Any] = asdict(settings)
    # File names tell what it was trained on; the folders are nobody's business once the detector is passed on.
    record["videos"] = [Path(video).name for video in settings.videos]
    record["start_from"] = settings.start_from and Path(settings.start_from).name
    record |= {"transitions": len(footage.training), "torch": torch.__version__}
    return DetectorSettings(
        name=settings.name,
        preset=settings.preset,
        teacher=teacher_by_name(settings.teacher).name,
        flow_radius_px=footage.radius_px,
        training=record,
    )


def _stages(detector: Detector, settings: RunSettings) -> list[_Stage]:
    def motion_loss(current: Tensor, teacher_rgb: Tensor, following: Tensor) -> Tensor:  # noqa: ARG001
        return flow_loss(detector.motion(current), teacher_rgb)

    def next_frame_loss(current: Tensor, teacher_rgb: Tensor, following: Tensor) -> Tensor:  # noqa: ARG001
        with torch.no_grad():
            flow_rgb = detector.motion(current)
        return frame_loss(detector.frame(flow_rgb, current), following, current)

    return [
        _Stage(
            "motion",
            "Learning motion",
            detector.motion,
            settings.motion_epochs,
            settings.motion_learning_rate,
            motion_loss,
        ),
        _Stage(
            "frame",
            "Learning the next frame",
            detector.frame,
            settings.frame_epochs,
            settings.frame_learning_rate,
            next_frame_loss,
        ),
    ]


def _train_stage(
    stage: _Stage,
    detector: Detector,
    footage: Footage,
    settings: RunSettings,
    plan: ComputePlan,
    run: Run,
    resumed: dict[str, Any] | None,
    should_stop: ShouldStop,
) -> Iterator[Event]:
    optimiser = torch.optim.Adam(stage.model.parameters(), lr=stage.learning_rate, betas=(0.9, 0.999))
    first_epoch = 0
    if resumed:
        optimiser.load_state_dict(resumed["optimiser"])
        first_epoch = resumed["epoch"] + 1
    steps = len(footage.training) // settings.batch_size or 1
    total = steps * stage.epochs
    began, reported = time.monotonic(), time.monotonic()
    for epoch in range(first_epoch, stage.epochs):
        detector.eval()  # whatever is not learning now runs on its learnt statistics
        stage.model.train()
        losses: list[float] = []
        for step, indices in enumerate(_batches(footage.training, settings, stage.name, epoch)):
            if should_stop():
                return
            optimiser.zero_grad(set_to_none=True)
            loss = _loss(stage, footage, indices, plan)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses.append(loss.item())
            if not np.isfinite(losses[-1]):
                raise TrainingError(
                    f"The loss of the {stage.name} stage is no longer a number",
                    subject=f"epoch {epoch}, step {step}",
                    advice="Resume from the last checkpoint with a smaller learning rate.",
                )
            now = time.monotonic()
            if now - reported > _REPORT_EVERY_SECONDS:
                reported = now
                here = epoch * steps + step + 1
                steps_per_second = (here - first_epoch * steps) / (now - began)
                left = (total - here) / steps_per_second
                yield Progress(stage.label, here, total, steps_per_second * settings.batch_size, left)
        stage.model.eval()
        held_out = _held_out_loss(stage, footage, settings, plan)
        yield LossReported(stage.name, epoch, steps, float(np.mean(losses)), held_out)
        _save_checkpoint(run.checkpoint_path, stage.name, epoch, detector, optimiser)
        yield CheckpointSaved(str(run.checkpoint_path))


def _batches(
    transitions: npt.NDArray[np.int64], settings: RunSettings, stage: str, epoch: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Shuffled by seed, stage and epoch alone, so that a resumed run sees what an uninterrupted one would."""
    order = np.random.default_rng([settings.seed, stage == "frame", epoch]).permutation(transitions)
    size = min(settings.batch_size, len(order))
    for first in range(0, len(order) - size + 1, size):
        yield order[first : first + size]


def _loss(stage: _Stage, footage: Footage, indices: npt.NDArray[np.int64], plan: ComputePlan) -> Tensor:
    def on_device(pictures: npt.NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).to(plan.device) / 255

    current, following = on_device(footage.pictures[indices]), on_device(footage.pictures[indices + 1])
    teacher_rgb = on_device(footage.teacher_rgb(indices)) if stage.name == "motion" else current
    # bfloat16 needs no loss scaling; float16's range would.
    with torch.autocast(plan.device.type, torch.bfloat16, enabled=plan.dtype == torch.bfloat16):
        return stage.loss(current, teacher_rgb, following)


@torch.no_grad()
def _held_out_loss(stage: _Stage, footage: Footage, settings: RunSettings, plan: ComputePlan) -> float | None:
    if not len(footage.held_out):
        return None
    size = settings.batch_size
    batches = [footage.held_out[first : first + size] for first in range(0, len(footage.held_out), size)]
    losses = [_loss(stage, footage, batch, plan).item() for batch in batches]
    return float(np.average(losses, weights=[len(batch) for batch in batches]))


def _save_checkpoint(path: Path, stage: str, epoch: int, detector: Detector, optimiser: torch.optim.Optimizer) -> None:
    with whole_file(path) as file:
        torch.save(
            {
                "stage": stage,
                "epoch": epoch,
                "detector": detector.state_dict(),
                "optimiser": optimiser.state_dict(),
            },
            file,
        )


def _load_checkpoint(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)  # type: ignore[no-any-return]
    except (OSError, EOFError, RuntimeError, UnpicklingError) as error:
        raise TrainingError(
            "The run's checkpoint can't be read", subject=path, advice="Delete it: the run then learns from its start."
        ) from error
