"""Trains one stage of a run: steps, checkpoints, validation, and the pictures and curves that people look at."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, replace

import numpy as np
import torch
from torch import Tensor

from engine.common.errors import TrainingError
from engine.common.events import CheckpointSaved, Event, LossReported, Noted, Progress, SampleSaved, ShouldStop
from engine.common.language import tr
from engine.common.progress_rate import ProgressRate
from engine.models.detector import Detector
from engine.training import samples
from engine.training.checkpoint import (
    Checkpoint,
    DamagedCheckpointError,
    StagePosition,
    load_checkpoint,
    save_checkpoint,
    save_last_checkpoint,
)
from engine.training.curves import losses_of, save_curves
from engine.training.distributed import ProcessGroup
from engine.training.footage_cache import Footage
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.training.stages import Batch, Indices, Stage, batch_size_for, batches, epoch_order, prefetched
from engine.training.step_guards import Interrupted, interruptible, memory_errors_as_training_errors

_REPORT_SECONDS = 2.0
_CHECKPOINT_SECONDS = 45.0
"""A kill may cost at most a minute of training; this leaves time for the current step and for writing the file."""
_CURVES_SECONDS = 10.0
"""Drawing the curves takes 0.1 s, which would slow down the short epochs of little footage."""
_RECENT_STEPS = 20
_DECAY_SHARE = 0.3
"""In this last part of a stage the learning rate falls linearly to 0, so that the weights converge."""
MAX_VALIDATION_SAMPLES = 512
"""Limit on held-out transitions: neighbouring ones are nearly the same, and all of them would take too long."""


class StageTrainer:
    """Trains one stage, starting from a checkpoint if there is one; `is_finished` is True once all epochs are done."""

    def __init__(
        self,
        stage: Stage,
        detector: Detector,
        footage: Footage,
        *,
        run: Run,
        settings: RunSettings,
        group: ProcessGroup,
        checkpoint: Checkpoint | None,
    ) -> None:
        self._stage, self._detector, self._footage = stage, detector, footage
        self._run, self._settings, self._group = run, settings, group
        self._model = group.data_parallel(stage.model)
        self._optimiser = torch.optim.Adam(stage.model.parameters(), lr=stage.learning_rate, betas=(0.9, 0.999))
        plan = group.plan
        # Only float16 needs loss scaling, because of its small range.
        self._scaler = torch.amp.GradScaler("cuda", enabled=plan.dtype == torch.float16 and plan.device.type == "cuda")
        self._is_new = checkpoint is None
        self._position = StagePosition(stage.name) if checkpoint is None else checkpoint.position
        if checkpoint is not None and checkpoint.optimiser:
            self._optimiser.load_state_dict(checkpoint.optimiser)
            if checkpoint.scaler:  # empty if the checkpoint was saved in another precision
                self._scaler.load_state_dict(checkpoint.scaler)
        self._batch_size = batch_size_for(len(footage.training), settings.batch_size, group.size)
        if not self._batch_size:
            raise TrainingError(
                tr("{transitions} transitions can't be shared by {count} processes").format(
                    transitions=len(footage.training), count=group.size
                ),
                subject=run.folder,
                advice=tr("Choose more footage, or start fewer processes."),
            )
        self._validation = _evenly_spaced(footage.held_out, MAX_VALIDATION_SAMPLES)
        self._saved_at, self._curves_saved_at = time.monotonic(), 0.0
        self._finish_requested = self._stop_requested = False

    @property
    def is_finished(self) -> bool:
        """Whether all epochs are done; after `train` the detector then holds the stage's best model."""
        return self._position.epoch >= self._stage.epochs

    def train(self, should_stop: ShouldStop, should_finish: ShouldStop) -> Iterator[Event]:
        """Train until the last epoch or a request to stop; the last checkpoint is saved in both cases."""
        with memory_errors_as_training_errors(self._batch_size, self._group.plan.label):
            if self._is_new:
                yield from self._save_last_checkpoint()  # before the best checkpoint of the previous stage is replaced
            while not self.is_finished and not self._stop_requested:
                yield from self._train_epoch(should_stop, should_finish)
                if not self._stop_requested:
                    yield from self._validate(should_stop)
                yield from self._save_last_checkpoint()
            if self.is_finished:
                yield from self._load_best()

    # Training

    def _train_epoch(self, should_stop: ShouldStop, should_finish: ShouldStop) -> Iterator[Event]:
        self._detector.eval()  # the frozen model's batch norms use their running statistics
        self._stage.model.train()
        position, size = self._position, self._batch_size
        order = epoch_order(self._footage.training, self._settings.seed, self._stage.name, position.epoch)
        parts = (self._group.shard(part) for part in batches(order, size, position.samples))
        epoch_samples = len(order) // size * size
        earlier_samples = position.epoch * epoch_samples
        reported = time.monotonic()
        rate = ProgressRate(earlier_samples + position.samples, reported)
        with closing(prefetched(self._stage, self._footage, parts)) as prefetched_batches:
            for batch in prefetched_batches:
                checkpoint_is_due = time.monotonic() - self._saved_at > _CHECKPOINT_SECONDS
                requests = [should_stop(), should_finish(), checkpoint_is_due and self._group.is_main]
                self._set_learning_rate(earlier_samples + position.samples, self._stage.epochs * epoch_samples)
                try:
                    with self._interruptible(should_stop):
                        loss, (self._stop_requested, self._finish_requested, checkpoint_is_due) = self.step(
                            batch, requests
                        )
                except Interrupted:
                    self._stop_requested = True
                    return
                position = replace(position, samples=position.samples + size, losses=(*position.losses, loss))
                self._position = position
                if self._stop_requested or self._finish_requested:
                    return
                if checkpoint_is_due:
                    yield from self._save_last_checkpoint()
                now = time.monotonic()
                if now - reported > _REPORT_SECONDS:
                    reported = now
                    total = self._stage.epochs * epoch_samples
                    yield self._progress(rate, earlier_samples + position.samples, total, now)

    def _set_learning_rate(self, done: int, total: int) -> None:
        """Set the learning rate for this point of the stage."""
        # Not LambdaLR, which counts steps: a run may be resumed with another batch size in the middle of an epoch.
        share = min((1 - done / total) / _DECAY_SHARE, 1.0)
        for group in self._optimiser.param_groups:
            group["lr"] = self._stage.learning_rate * share

    def step(self, batch: Batch, requests: list[bool]) -> tuple[float, list[bool]]:
        """Train on one batch; returns the loss, and for each request whether any process has made it."""
        self._optimiser.zero_grad(set_to_none=True)
        loss = self._loss(batch, self._model)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        mean, *requested = self._group.all_reduce([loss.item() / self._group.size, *map(float, requests)])
        if not math.isfinite(mean):
            raise self._non_finite_loss()
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return mean, [count > 0 for count in requested]

    def _loss(self, batch: Batch, model: torch.nn.Module) -> Tensor:
        plan = self._group.plan
        pictures = [_on_device(each, plan.device) for each in batch]
        with torch.autocast(plan.device.type, plan.dtype, enabled=plan.dtype != torch.float32):
            return self._stage.loss(model, *pictures)

    def _progress(self, rate: ProgressRate, done: int, total: int, now: float) -> Progress:
        epoch, losses = self._position.epoch, self._position.losses
        recent = float(np.mean(losses[-_RECENT_STEPS:]))
        return rate.progress(self._stage.label, done, total, now, epoch=epoch, step=len(losses), loss=recent)

    def _non_finite_loss(self) -> TrainingError:
        position = self._position
        option = "--motion-lr" if self._stage.name == "motion" else "--frame-lr"
        smaller = self._stage.learning_rate / 4
        return TrainingError(
            tr("The loss of the {stage} stage is no longer a number").format(stage=self._stage.name),
            subject=tr("epoch {epoch}, step {step}").format(epoch=position.epoch + 1, step=len(position.losses) + 1),
            advice=tr("Resume the run from its last checkpoint with a smaller learning rate, as in `{option}`.").format(
                option=f"{option} {smaller:g}"
            ),
            remedy={f"{self._stage.name}_learning_rate": smaller},
        )

    def _interruptible(self, should_stop: ShouldStop) -> AbstractContextManager[None]:
        # With several processes, the others would wait forever for an interrupted one; on a GPU steps are short anyway.
        alone_on_cpu = self._group.size == 1 and self._group.plan.device.type == "cpu"
        return interruptible(self._detector, should_stop) if alone_on_cpu else nullcontext()

    # Validation

    def _validate(self, should_stop: ShouldStop) -> Iterator[Event]:
        """Validate after an epoch, or when asked to finish the stage; save the model if it is the best so far."""
        self._group.average_batch_norms(self._stage.model)
        held_out = self._held_out_loss(should_stop)
        if self._stop_requested:
            return
        position = self._position
        is_best = held_out is None or held_out < position.best_loss
        if is_best:
            position = replace(
                position, best_epoch=position.epoch, best_loss=math.inf if held_out is None else held_out
            )
        mean = float(np.mean(position.losses)) if position.losses else math.nan
        reported = LossReported(self._stage.name, position.epoch, len(position.losses), mean, held_out, is_best)
        self._position = (
            replace(position.next_epoch, epoch=self._stage.epochs) if self._finish_requested else position.next_epoch
        )
        if is_best and self._group.is_main:
            save_checkpoint(self._checkpoint(), self._run.best_checkpoint_path)
        yield reported
        yield from self._save_pictures(reported)

    @torch.no_grad()
    def _held_out_loss(self, should_stop: ShouldStop) -> float | None:
        """Mean loss over held-out transitions; None if there are none, or if a stop was requested."""
        self._detector.eval()
        total = count = 0.0
        for first in range(0, len(self._validation), self._batch_size):
            part = self._group.shard(self._validation[first : first + self._batch_size])
            batch = self._stage.load(self._footage, part)
            try:
                with self._interruptible(should_stop):
                    loss = self._loss(batch, self._stage.model).item() * len(part) if len(part) else 0.0
            except Interrupted:
                self._stop_requested = True
                return None
            more, counted, stops = self._group.all_reduce([loss, float(len(part)), float(should_stop())])
            total, count = total + more, count + counted
            if stops > 0:
                self._stop_requested = True
                return None
        if not count:
            return None
        if not math.isfinite(total):
            raise self._non_finite_loss()
        return total / count

    # Files

    def _save_pictures(self, reported: LossReported) -> Iterator[Event]:
        if not self._group.is_main:
            return
        chosen = samples.choose_samples(self._footage)
        predicted = samples.predicted_pictures(self._detector, self._footage, chosen, self._predict)
        is_motion = self._stage.name == "motion"
        draw = samples.motion_sheet if is_motion else samples.frame_sheet
        path = self._run.samples_folder / f"{self._stage.name}-epoch-{reported.epoch + 1:03}.png"
        samples.save_picture(draw(self._footage, chosen, predicted[0 if is_motion else 1]), path)
        yield SampleSaved(self._stage.name, reported.epoch, str(path))
        if self.is_finished or time.monotonic() - self._curves_saved_at > _CURVES_SECONDS:
            save_curves(losses_of([*self._run.events(), reported]), self._run.curves_path)
            self._curves_saved_at = time.monotonic()

    def _predict(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        plan = self._group.plan
        with torch.autocast(plan.device.type, plan.dtype, enabled=plan.dtype != torch.float32):
            predicted: tuple[Tensor, Tensor] = self._detector(_on_device(pictures, plan.device))
        return predicted

    def _save_last_checkpoint(self) -> Iterator[Event]:
        """Save the stage's current state as the last checkpoint."""
        self._group.average_batch_norms(self._stage.model)
        if self._group.is_main:
            save_last_checkpoint(self._checkpoint(), self._run)
            yield CheckpointSaved(str(self._run.checkpoint_path))
        self._saved_at = time.monotonic()

    def _checkpoint(self) -> Checkpoint:
        # Gradients may overflow although the loss was finite: such weights must not replace a good checkpoint.
        if not all(bool(torch.isfinite(each).all()) for each in self._stage.model.parameters()):
            raise self._non_finite_loss()
        return Checkpoint(
            self._position,
            asdict(self._detector.settings),
            self._detector.state_dict(),
            self._optimiser.state_dict(),
            self._scaler.state_dict(),
        )

    def _load_best(self) -> Iterator[Event]:
        self._group.barrier()
        try:
            best = load_checkpoint(self._run.best_checkpoint_path)
            if best.position.stage == self._stage.name:
                self._detector.load_state_dict(best.detector)
                return
        except (FileNotFoundError, DamagedCheckpointError):
            pass
        yield Noted(tr("The checkpoint of the best model is missing or damaged: the last model is taken instead."))


def _evenly_spaced(transitions: Indices, limit: int) -> Indices:
    if len(transitions) <= limit:
        return transitions
    positions = np.linspace(0, len(transitions) - 1, limit).astype(np.int64)
    return np.asarray(transitions[positions], np.int64)


def _on_device(pictures: Tensor, device: torch.device) -> Tensor:
    """Move pictures, uint8 [N, 256, 256, 3], to the device as float32 [N, 3, 256, 256] in [0, 1], channels_last."""
    return pictures.permute(0, 3, 1, 2).to(device) / 255
