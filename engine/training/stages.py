"""The two training stages: each stage's model, data and loss."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.models.detector import Detector
from engine.training.footage_cache import Footage
from engine.training.losses import flow_loss, frame_loss
from engine.training.settings import RunSettings

Indices = npt.NDArray[np.int64]
Batch = tuple[Tensor, ...]
"""Pictures uint8 [N, 256, 256, 3], in the order of the arguments of the stage's `loss`."""

_MAX_READERS = 8
"""Colouring the flow takes 3 ms a picture: one thread can keep up with training on a CPU, but not on a large GPU."""


class Stage(ABC):
    """One stage of a run: its model, number of epochs, learning rate and loss."""

    name: ClassVar[str]
    label: ClassVar[str]
    """Name of the stage as a phase in progress events."""
    model: nn.Module
    """The model that is trained; the rest of the detector is frozen."""
    epochs: int
    learning_rate: float

    @abstractmethod
    def load(self, footage: Footage, indices: Indices) -> Batch:
        """Read the pictures of some transitions from disk."""

    @abstractmethod
    def loss(self, model: nn.Module, *pictures: Tensor) -> Tensor:
        """Loss on pictures [N, 3, 256, 256] in [0, 1]; `model` is `self.model`, maybe as DistributedDataParallel."""


class MotionStage(Stage):
    """Trains F_m to predict the teacher's flow from I_t (Eq. 1)."""

    name = "motion"
    label = "Learning motion"

    def __init__(self, detector: Detector, settings: RunSettings) -> None:
        self.model = detector.motion
        self.epochs, self.learning_rate = settings.motion_epochs, settings.motion_learning_rate

    def load(self, footage: Footage, indices: Indices) -> Batch:
        """Read I_t, and its teacher flow as RGB."""
        return torch.from_numpy(footage.pictures[indices]), torch.from_numpy(footage.teacher_rgb(indices))

    def loss(self, model: nn.Module, *pictures: Tensor) -> Tensor:
        """Flow loss, Eq. 1."""
        current, teacher_rgb = pictures
        return flow_loss(model(current), teacher_rgb)


class FrameStage(Stage):
    """Trains F_f to predict I_{t+1} from I_t and the flow predicted by the frozen F_m (Eq. 5)."""

    name = "frame"
    label = "Learning the next frame"

    def __init__(self, detector: Detector, settings: RunSettings) -> None:
        self.model = detector.frame
        self.epochs, self.learning_rate = settings.frame_epochs, settings.frame_learning_rate
        self._motion, self._margin, self._guided = detector.motion, settings.margin, settings.flow_guidance

    def load(self, footage: Footage, indices: Indices) -> Batch:
        """Read I_t and I_{t+1}."""
        return torch.from_numpy(footage.pictures[indices]), torch.from_numpy(footage.pictures[indices + 1])

    def loss(self, model: nn.Module, *pictures: Tensor) -> Tensor:
        """Frame loss, Eq. 5, or Eq. 3 without the margin term."""
        current, following = pictures
        with torch.no_grad():
            flow_rgb = self._motion(current) if self._guided else current  # an unguided frame model ignores it
        return frame_loss(model(flow_rgb, current), following, current, margin=self._margin)


def stages_of(detector: Detector, settings: RunSettings) -> list[Stage]:
    """The run's stages, in order."""
    frame = FrameStage(detector, settings)
    return [frame] if settings.motion_from else [MotionStage(detector, settings), frame]


def epoch_order(transitions: Indices, seed: int, stage: str, epoch: int) -> Indices:
    """Shuffle transitions by seed, stage and epoch only, so that a resumed run sees the same order."""
    # torch's samplers would shuffle in another order, and unfinished runs of earlier versions could not be resumed.
    return np.random.default_rng([seed, stage == "frame", epoch]).permutation(transitions)


def batch_size_for(transitions: int, requested: int, processes: int) -> int:
    """The requested batch size, limited by the number of transitions; a multiple of the number of processes."""
    return min(requested, transitions) // processes * processes


def batches(order: Indices, size: int, done: int) -> Iterator[Indices]:
    """Batches of `size` transitions, skipping the first `done` ones; an incomplete last batch is dropped."""
    for first in range(done, len(order) - size + 1, size):
        yield order[first : first + size]


def prefetched(stage: Stage, footage: Footage, parts: Iterator[Indices]) -> Generator[Batch, None, None]:
    """Read and colour batches ahead in threads, while earlier ones are trained on."""
    # torch's DataLoader prefetches in processes only, and on Windows and macOS each of them imports torch again.
    readers = min(max((os.cpu_count() or 1) // 2, 1), _MAX_READERS)
    ahead: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(readers, "batches") as threads:
        for indices in parts:
            ahead.append(threads.submit(stage.load, footage, indices))
            if len(ahead) > readers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
