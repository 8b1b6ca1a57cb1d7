"""Measures time and memory of real training steps of a run's stages."""

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
from engine.common.language import tr
from engine.common.memory import is_out_of_memory
from engine.models.detector import Detector, DetectorSettings
from engine.run_plan.free_memory import free_memory_bytes
from engine.training.distributed import ProcessGroup
from engine.training.footage_cache import Footage
from engine.training.run import Run
from engine.training.settings import RunSettings
from engine.training.stage_trainer import StageTrainer
from engine.training.stages import Stage, stages_of

_PROBE_BATCH = 2
_GRADIENT_FACTOR = 1.5  # memory of a step relative to the activations saved for the backward pass
_USABLE_SHARE = 0.9  # of the free memory; the rest is left to other programs
_MAX_STEP_SECONDS = 15.0  # a longer step is extrapolated from a smaller batch: on a CPU, time is proportional to it
_ADAM_COPIES = 4  # weights, gradients, and Adam's two moments


@dataclass(frozen=True)
class StageMeasure:
    """Measured cost of a stage's steps."""

    name: str
    transition_seconds: float
    """Step time divided by the batch size."""
    undisturbed_share: float
    """Share of the step time, 0 to 1, that the step would take on an idle machine."""
    batch_size: int
    """The requested batch size, halved until a batch fits into memory."""
    fixed_bytes: int
    transition_bytes: int
    """A step's memory is `fixed_bytes` plus `transition_bytes` per transition."""

    def memory_bytes(self, batch_size: int) -> int:
        """Memory of a step with the given batch size."""
        return self.fixed_bytes + self.transition_bytes * batch_size


def measure_stages(
    settings: RunSettings, footage: Footage, scratch: Path, group: ProcessGroup, should_stop: ShouldStop
) -> Iterator[StageMeasure]:
    """Measure every stage of a run on a sample of its footage; `scratch` is used in place of the run's folder.

    Raises:
        DeviceError: not even one transition fits into the memory.
        Cancelled: `should_stop` returned true.
    """
    for stage_index in range(len(stages_of(untrained(settings, footage), settings))):
        size = settings.batch_size
        while True:
            try:
                yield _StageBenchmark(settings, footage, scratch, group, stage_index).measure(size, should_stop)
                break
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if size == 1:
                    raise DeviceError(
                        tr("Not even one picture fits into the memory"),
                        subject=group.plan.label,
                        advice=tr("Close other programs that use it, choose another device, or a smaller preset."),
                    ) from error
                size //= 2
            if group.plan.device.type == "cuda":
                torch.cuda.empty_cache()


class _StageBenchmark:
    """Times steps of one stage with untrained weights, which are discarded."""

    def __init__(
        self, settings: RunSettings, footage: Footage, scratch: Path, group: ProcessGroup, stage_index: int
    ) -> None:
        self._footage, self._device = footage, group.plan.device
        detector = untrained(settings, footage)
        detector.to(self._device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._stage: Stage = stages_of(detector, settings)[stage_index]
        # StageTrainer.step takes batches of any size, so this value has no effect.
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
        """Measure steps of a batch size; on a CPU it is halved until the batch fits into memory.

        Raises:
            RuntimeError, MemoryError: the batch does not fit into memory.
            Cancelled: `should_stop` returned true.
        """
        probe = min(_PROBE_BATCH, size)
        with _count_saved_bytes() as saved_bytes:
            self._step(probe, should_stop)
        if self._device.type == "cuda":
            return self._measure_on_cuda(size, should_stop)
        # Estimate the memory beforehand: without CUDA, the system kills a process that runs out of memory.
        transition_bytes = int(saved_bytes[0] / probe * _GRADIENT_FACTOR)
        size = self._largest_that_fits(size, transition_bytes)
        seconds, share = self._timed(probe, should_stop)
        if seconds * size <= _MAX_STEP_SECONDS:
            seconds, share = self._timed(size, should_stop)
        return StageMeasure(self._stage.name, seconds, share, size, self._fixed_bytes, transition_bytes)

    def _measure_on_cuda(self, size: int, should_stop: ShouldStop) -> StageMeasure:
        torch.cuda.empty_cache()  # memory reserved by earlier steps must not count
        torch.cuda.reset_peak_memory_stats(self._device)
        self._step(size, should_stop)  # cuDNN chooses its algorithms in the first step of a batch size
        seconds, share = self._timed(size, should_stop)
        peak = torch.cuda.max_memory_reserved(self._device)
        transition_bytes = max(peak - self._fixed_bytes, 0) // size
        return StageMeasure(self._stage.name, seconds, share, size, self._fixed_bytes, transition_bytes)

    def _largest_that_fits(self, size: int, transition_bytes: int) -> int:
        free = free_memory_bytes(self._device)
        if free is None:
            return size
        while self._fixed_bytes + transition_bytes * size > free * _USABLE_SHARE:
            if size == 1:
                raise MemoryError
            size //= 2
        return size

    def _timed(self, size: int, should_stop: ShouldStop) -> tuple[float, float]:
        """Seconds per transition in a step of a batch size, and the share of that time that its threads ran."""
        began, cpu_seconds = time.perf_counter(), time.process_time()
        self._step(size, should_stop)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_seconds
        on_cpu = self._device.type == "cpu"
        return seconds / size, min(cpu_seconds / torch.get_num_threads() / seconds, 1.0) if on_cpu else 1.0

    def _step(self, size: int, should_stop: ShouldStop) -> None:
        if should_stop():
            raise Cancelled
        indices = np.resize(self._footage.training, size)
        self._run.step(self._stage.load(self._footage, indices), [])
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


@contextmanager
def _count_saved_bytes() -> Iterator[list[int]]:
    """Count the bytes that forward passes in the block save for the backward pass; yields a list with the count."""
    total, seen = [0], set()

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        # Saved tensors stay alive, so an address identifies a storage.
        if storage.data_ptr() not in seen and not isinstance(tensor, torch.nn.Parameter):
            seen.add(storage.data_ptr())
            total[0] += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield total


def untrained(settings: RunSettings, footage: Footage) -> Detector:
    """An untrained detector of the run's size."""
    radius = footage.radius_px if np.isfinite(footage.radius_px) else 1.0
    return Detector(
        DetectorSettings(settings.name, settings.preset, settings.teacher, radius, flow_guidance=settings.flow_guidance)
    )
