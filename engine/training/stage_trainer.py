"""One stage of a run at work: steps, checkpoints, evaluation, and what people see of it."""

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
from engine.common.progress_rate import ProgressRate
from engine.models.detector import Detector
from engine.training import samples
from engine.training.checkpoint import Checkpoint, Damaged, Place, keep_checkpoint, load_checkpoint, save_checkpoint
from engine.training.curves import losses_of, save_curves
from engine.training.distributed import ProcessGroup
from engine.training.footage_cache import Footage
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.training.stages import Batch, Indices, Stage, batch_size_for, batches, epoch_order, loaded
from engine.training.step_guards import Interrupted, interruptible, worded_memory_errors

_REPORT_SECONDS = 2.0
_CHECKPOINT_SECONDS = 45.0
"""Well below the minute that a kill may cost: steps and writing take their time too."""
_CURVES_SECONDS = 10.0
"""Drawing takes a tenth of a second: epochs of little footage would notice."""
_RECENT_STEPS = 20
_SETTLING_SHARE = 0.3
"""Over this last part of a stage the learning rate falls evenly to nothing: weights that still jump at the end predict
worse than they could."""
MAX_VALIDATION_SAMPLES = 512
"""Held-out transitions: neighbours in time say the same, and an hour of footage would take longer than learning."""


class StageTrainer:
    """Trains one stage from where a checkpoint left it; `is_over` says whether it came to its end."""

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
        self._model = group.together(stage.model)
        self._optimiser = torch.optim.Adam(stage.model.parameters(), lr=stage.learning_rate, betas=(0.9, 0.999))
        plan = group.plan
        # bfloat16 needs no loss scaling; float16's range does.
        self._scaler = torch.amp.GradScaler("cuda", enabled=plan.dtype == torch.float16 and plan.device.type == "cuda")
        self._is_new = checkpoint is None
        self._place = Place(stage.name) if checkpoint is None else checkpoint.place
        if checkpoint is not None and checkpoint.optimiser:
            self._optimiser.load_state_dict(checkpoint.optimiser)
            if checkpoint.scaler:  # none where it was saved on a device of another precision
                self._scaler.load_state_dict(checkpoint.scaler)
        self._batch_size = batch_size_for(len(footage.training), settings.batch_size, group.size)
        if not self._batch_size:
            raise TrainingError(
                f"{len(footage.training)} transitions can't be shared by {group.size} processes",
                subject=run.folder,
                advice="Choose more footage, or start fewer processes.",
            )
        self._judged = _spread(footage.held_out, MAX_VALIDATION_SAMPLES)
        self._saved_at, self._drawn_at = time.monotonic(), 0.0
        self._finish_asked = self._stop_asked = False

    @property
    def is_over(self) -> bool:
        """Whether the stage has come to its end, and the detector holds its best model."""
        return self._place.epoch >= self._stage.epochs

    def train(self, should_stop: ShouldStop, should_finish: ShouldStop) -> Iterator[Event]:
        """Epoch after epoch, until the end or until somebody asks; whatever comes, a checkpoint is there."""
        with worded_memory_errors(self._batch_size, self._group.plan.label):
            if self._is_new:
                yield from self._keep()  # before the stage's first best model takes the place of the last stage's
            while not self.is_over and not self._stop_asked:
                yield from self._learn(should_stop, should_finish)
                if not self._stop_asked:
                    yield from self._judge(should_stop)
                yield from self._keep()
            if self.is_over:
                yield from self._take_best()

    # Learning

    def _learn(self, should_stop: ShouldStop, should_finish: ShouldStop) -> Iterator[Event]:
        self._detector.eval()  # whatever is not learning now runs on its learnt statistics
        self._stage.model.train()
        place, size = self._place, self._batch_size
        order = epoch_order(self._footage.training, self._settings.seed, self._stage.name, place.epoch)
        parts = (self._group.share(part) for part in batches(order, size, place.samples))
        in_an_epoch = len(order) // size * size
        before = place.epoch * in_an_epoch
        reported = time.monotonic()
        rate = ProgressRate(before + place.samples, reported)
        with closing(loaded(self._stage, self._footage, parts)) as coming:
            for batch in coming:
                is_due = time.monotonic() - self._saved_at > _CHECKPOINT_SECONDS
                wishes = [should_stop(), should_finish(), is_due and self._group.leads]
                self._settle(before + place.samples, self._stage.epochs * in_an_epoch)
                try:
                    with self._interruptible(should_stop):
                        loss, (self._stop_asked, self._finish_asked, is_due) = self.step(batch, wishes)
                except Interrupted:
                    self._stop_asked = True
                    return
                place = replace(place, samples=place.samples + size, losses=(*place.losses, loss))
                self._place = place
                if self._stop_asked or self._finish_asked:
                    return
                if is_due:
                    yield from self._keep()
                now = time.monotonic()
                if now - reported > _REPORT_SECONDS:
                    reported = now
                    total = self._stage.epochs * in_an_epoch
                    yield self._progress(rate, before + place.samples, total, now)

    def _settle(self, done: int, total: int) -> None:
        """Set the learning rate that belongs to this place in the stage."""
        # LambdaLR counts steps; a run that is resumed with another batch size can stand between two of them.
        share = min((1 - done / total) / _SETTLING_SHARE, 1.0)
        for group in self._optimiser.param_groups:
            group["lr"] = self._stage.learning_rate * share

    def step(self, batch: Batch, wishes: list[bool]) -> tuple[float, list[bool]]:
        """Learn from one batch; returns its loss, and which of the wishes any process has."""
        self._optimiser.zero_grad(set_to_none=True)
        loss = self._loss(batch, self._model)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        mean, *wished = self._group.total([loss.item() / self._group.size, *map(float, wishes)])
        if not math.isfinite(mean):
            raise self._not_a_number()
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return mean, [count > 0 for count in wished]

    def _loss(self, batch: Batch, model: torch.nn.Module) -> Tensor:
        plan = self._group.plan
        pictures = [_on_device(each, plan.device) for each in batch]
        with torch.autocast(plan.device.type, plan.dtype, enabled=plan.dtype != torch.float32):
            return self._stage.loss(model, *pictures)

    def _progress(self, rate: ProgressRate, done: int, total: int, now: float) -> Progress:
        epoch, losses = self._place.epoch, self._place.losses
        recent = float(np.mean(losses[-_RECENT_STEPS:]))
        return rate.progress(self._stage.label, done, total, now, epoch=epoch, step=len(losses), loss=recent)

    def _not_a_number(self) -> TrainingError:
        place = self._place
        option = "--motion-lr" if self._stage.name == "motion" else "--frame-lr"
        smaller = self._stage.learning_rate / 4
        return TrainingError(
            f"The loss of the {self._stage.name} stage is no longer a number",
            subject=f"epoch {place.epoch + 1}, step {len(place.losses) + 1}",
            advice=f"Resume the run from its last checkpoint with a smaller learning rate, as in "
            f"`{option} {smaller:g}`.",
            remedy={f"{self._stage.name}_learning_rate": smaller},
        )

    def _interruptible(self, should_stop: ShouldStop) -> AbstractContextManager[None]:
        # Of several processes, the others would wait for ever for the one that left; on a GPU no step takes long.
        alone_on_cpu = self._group.size == 1 and self._group.plan.device.type == "cpu"
        return interruptible(self._detector, should_stop) if alone_on_cpu else nullcontext()

    # Judging

    def _judge(self, should_stop: ShouldStop) -> Iterator[Event]:
        """The end of an epoch, or of the stage where somebody asked to finish: is this the best model so far?"""
        self._group.average_batch_norms(self._stage.model)
        held_out = self._held_out_loss(should_stop)
        if self._stop_asked:
            return
        place = self._place
        is_best = held_out is None or held_out < place.best_loss
        if is_best:
            place = replace(place, best_epoch=place.epoch, best_loss=math.inf if held_out is None else held_out)
        mean = float(np.mean(place.losses)) if place.losses else math.nan
        reported = LossReported(self._stage.name, place.epoch, len(place.losses), mean, held_out, is_best)
        self._place = replace(place.next_epoch, epoch=self._stage.epochs) if self._finish_asked else place.next_epoch
        if is_best and self._group.leads:
            save_checkpoint(self._checkpoint(), self._run.best_checkpoint_path)
        yield reported
        yield from self._show(reported)

    @torch.no_grad()
    def _held_out_loss(self, should_stop: ShouldStop) -> float | None:
        """Mean loss over held-out transitions; None without any, or when somebody asks to stop."""
        self._detector.eval()
        total = count = 0.0
        for first in range(0, len(self._judged), self._batch_size):
            part = self._group.share(self._judged[first : first + self._batch_size])
            batch = self._stage.load(self._footage, part)
            try:
                with self._interruptible(should_stop):
                    loss = self._loss(batch, self._stage.model).item() * len(part) if len(part) else 0.0
            except Interrupted:
                self._stop_asked = True
                return None
            more, counted, stops = self._group.total([loss, float(len(part)), float(should_stop())])
            total, count = total + more, count + counted
            if stops > 0:
                self._stop_asked = True
                return None
        if not count:
            return None
        if not math.isfinite(total):
            raise self._not_a_number()
        return total / count

    # What stays

    def _show(self, reported: LossReported) -> Iterator[Event]:
        if not self._group.leads:
            return
        chosen = samples.choose_samples(self._footage)
        predicted = samples.predicted_pictures(self._detector, self._footage, chosen, self._predict)
        is_motion = self._stage.name == "motion"
        draw = samples.motion_sheet if is_motion else samples.frame_sheet
        path = self._run.samples_folder / f"{self._stage.name}-epoch-{reported.epoch + 1:03}.png"
        samples.save_picture(draw(self._footage, chosen, predicted[0 if is_motion else 1]), path)
        yield SampleSaved(self._stage.name, reported.epoch, str(path))
        if self.is_over or time.monotonic() - self._drawn_at > _CURVES_SECONDS:
            save_curves(losses_of([*self._run.events(), reported]), self._run.curves_path)
            self._drawn_at = time.monotonic()

    def _predict(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        plan = self._group.plan
        with torch.autocast(plan.device.type, plan.dtype, enabled=plan.dtype != torch.float32):
            predicted: tuple[Tensor, Tensor] = self._detector(_on_device(pictures, plan.device))
        return predicted

    def _keep(self) -> Iterator[Event]:
        """Save where the stage is."""
        self._group.average_batch_norms(self._stage.model)
        if self._group.leads:
            keep_checkpoint(self._checkpoint(), self._run)
            yield CheckpointSaved(str(self._run.checkpoint_path))
        self._saved_at = time.monotonic()

    def _checkpoint(self) -> Checkpoint:
        # A gradient may blow up where the loss was still a number: such weights must not replace good ones.
        if not all(bool(torch.isfinite(each).all()) for each in self._stage.model.parameters()):
            raise self._not_a_number()
        return Checkpoint(
            self._place,
            asdict(self._detector.settings),
            self._detector.state_dict(),
            self._optimiser.state_dict(),
            self._scaler.state_dict(),
        )

    def _take_best(self) -> Iterator[Event]:
        self._group.wait()
        try:
            best = load_checkpoint(self._run.best_checkpoint_path)
            if best.place.stage == self._stage.name:
                self._detector.load_state_dict(best.detector)
                return
        except (FileNotFoundError, Damaged):
            pass
        yield Noted("The checkpoint of the best model is missing or damaged: the last model is taken instead.")


def _spread(transitions: Indices, at_most: int) -> Indices:
    if len(transitions) <= at_most:
        return transitions
    places = np.linspace(0, len(transitions) - 1, at_most).astype(np.int64)
    return np.asarray(transitions[places], np.int64)


def _on_device(pictures: Tensor, device: torch.device) -> Tensor:
    """uint8 [N, 256, 256, 3] to float32 [N, 3, 256, 256] in [0, 1], channels last in memory."""
    return pictures.permute(0, 3, 1, 2).to(device) / 255
