"""Takes real steps of a run's stages, and says how long they last and how much memory they need."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.common.errors import Cancelled, DeviceError
from engine.common.events import ShouldStop
from engine.models.detector import Detector, DetectorSettings
from engine.run_plan.free_memory import free_memory_bytes
from engine.training.distributed import ProcessGroup
from engine.training.footage_cache import Footage
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.training.stage_trainer import StageTrainer
from engine.training.stages import Stage, stages_of
from engine.training.step_guards import ran_out_of_memory

_PROBE_BATCH = 2
_TRANSIENT = 1.5  # gradients of activations, on top of what the backward pass keeps
_USABLE = 0.9  # of the free memory: others want some of it too
_LONG_SECONDS = 15.0  # a step that takes longer is judged by a smaller one: a CPU's time grows with the batch
_ADAM_COPIES = 4  # weights, gradients, and the two moments


@dataclass(frozen=True)
class StageMeasure:
    """What a stage's steps took."""

    name: str
    transition_seconds: float
    """Of a step, for each of its transitions."""
    undisturbed_share: float
    """Of that time, what it would take on a machine with nothing else to do, 0 to 1."""
    batch_size: int
    """The largest half of the one asked for that fits."""
    fixed_bytes: int
    transition_bytes: int
    """Memory of a step: fixed, and for each of its transitions."""

    def memory_bytes(self, batch_size: int) -> int:
        """Of a step with another batch size."""
        return self.fixed_bytes + self.transition_bytes * batch_size


def measure_stages(
    settings: RunSettings, footage: Footage, scratch: Path, group: ProcessGroup, should_stop: ShouldStop
) -> Iterator[StageMeasure]:
    """Measure every stage of a run on a sample of its footage; `scratch` stands in for the run's folder.

    Raises:
        DeviceError: not even one transition fits into the memory.
        Cancelled: `should_stop` said yes.
    """
    for place in range(len(stages_of(untaught(settings, footage), settings))):
        size = settings.batch_size
        while True:
            try:
                yield _Bench(settings, footage, scratch, group, place).measure(size, should_stop)
                break
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not ran_out_of_memory(error):
                    raise
                if size == 1:
                    raise DeviceError(
                        "Not even one picture fits into the memory",
                        subject=group.plan.label,
                        advice="Close other programs that use it, choose another device, or a smaller preset.",
                    ) from error
                size //= 2
            if group.plan.device.type == "cuda":
                torch.cuda.empty_cache()


class _Bench:
    """One stage with fresh weights; what it learns is thrown away."""

    def __init__(self, settings: RunSettings, footage: Footage, scratch: Path, group: ProcessGroup, place: int) -> None:
        self._footage, self._device = footage, group.plan.device
        detector = untaught(settings, footage)
        detector.to(self._device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._stage: Stage = stages_of(detector, settings)[place]
        # The run's batch size plays no part in single steps.
        steps = replace(settings, batch_size=1)
        self._run = StageTrainer(
            self._stage, detector, footage, run=Run(scratch), settings=steps, group=group, checkpoint=None
        )
        detector.eval()
        self._stage.model.train()
        weights = sum(each.nbytes for each in detector.parameters())
        learning = sum(each.nbytes for each in self._stage.model.parameters())
        self._fixed_bytes = weights + (_ADAM_COPIES - 1) * learning

    def measure(self, size: int, should_stop: ShouldStop) -> StageMeasure:
        """Steps with a batch of some size, or on a CPU with the largest half of it that fits.

        Raises:
            RuntimeError, MemoryError: it does not fit.
            Cancelled: `should_stop` said yes.
        """
        probe = min(_PROBE_BATCH, size)
        with _kept_for_backward() as kept:
            self._step(probe, should_stop)
        if self._device.type == "cuda":
            return self._measure_on_cuda(size, should_stop)
        # Nothing but arithmetic warns elsewhere: a system that runs out of memory ends the program.
        transition_bytes = int(kept[0] / probe * _TRANSIENT)
        size = self._largest_that_fits(size, transition_bytes)
        seconds, share = self._timed(probe, should_stop)
        if seconds * size <= _LONG_SECONDS:
            seconds, share = self._timed(size, should_stop)
        return StageMeasure(self._stage.name, seconds, share, size, self._fixed_bytes, transition_bytes)

    def _measure_on_cuda(self, size: int, should_stop: ShouldStop) -> StageMeasure:
        torch.cuda.empty_cache()  # what earlier steps left in reserve is none of this one's
        torch.cuda.reset_peak_memory_stats(self._device)
        self._step(size, should_stop)  # the first of a size chooses its algorithms
        seconds, share = self._timed(size, should_stop)
        peak = torch.cuda.max_memory_reserved(self._device)
        transition_bytes = max(peak - self._fixed_bytes, 0) // size
        return StageMeasure(self._stage.name, seconds, share, size, self._fixed_bytes, transition_bytes)

    def _largest_that_fits(self, size: int, transition_bytes: int) -> int:
        free = free_memory_bytes(self._device)
        if free is None:
            return size
        while self._fixed_bytes + transition_bytes * size > free * _USABLE:
            if size == 1:
                raise MemoryError
            size //= 2
        return size

    def _timed(self, size: int, should_stop: ShouldStop) -> tuple[float, float]:
        """Seconds a transition in a step of a size, and how much of that this process had the processor."""
        began, worked = time.perf_counter(), time.process_time()
        self._step(size, should_stop)
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
        on_cpu = self._device.type == "cpu"
        return seconds / size, min(worked / torch.get_num_threads() / seconds, 1.0) if on_cpu else 1.0

    def _step(self, size: int, should_stop: ShouldStop) -> None:
        if should_stop():
            raise Cancelled
        indices = np.resize(self._footage.training, size)
        self._run.step(self._stage.load(self._footage, indices), [])
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


@contextmanager
def _kept_for_backward() -> Iterator[list[int]]:
    """Counts in its one item the bytes that forward passes in the block keep for the backward pass."""
    total, seen = [0], set()

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        # Whatever is kept stays alive, so no other gets its address.
        if storage.data_ptr() not in seen and not isinstance(tensor, torch.nn.Parameter):
            seen.add(storage.data_ptr())
            total[0] += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield total


def untaught(settings: RunSettings, footage: Footage) -> Detector:
    """A detector of the run's size that has learnt nothing."""
    radius = footage.radius_px if np.isfinite(footage.radius_px) else 1.0
    return Detector(
        DetectorSettings(settings.name, settings.preset, settings.teacher, radius, flow_guidance=settings.flow_guidance)
    )
