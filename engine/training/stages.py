"""The two stages of training: which model learns what, from which data."""

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
"""Pictures uint8 [N, 256, 256, 3] in the order that a stage's `loss` takes them."""

_MAX_READERS = 8
"""Colouring takes 3 ms a picture: one thread keeps a CPU busy that trains, but no large GPU."""


class Stage(ABC):
    """One stage of a run: its model, how long it learns, and its loss."""

    name: ClassVar[str]
    label: ClassVar[str]
    """As a phase of the work."""
    model: nn.Module
    """What learns; the rest of the detector rests."""
    epochs: int
    learning_rate: float

    @abstractmethod
    def load(self, footage: Footage, indices: Indices) -> Batch:
        """The pictures of some transitions, from disk."""

    @abstractmethod
    def loss(self, model: nn.Module, *pictures: Tensor) -> Tensor:
        """The loss on pictures [N, 3, 256, 256] in [0, 1]; `model` is this stage's, perhaps wrapped."""


class MotionStage(Stage):
    """F_m learns the teacher's flow from I_t (Eq. 1)."""

    name = "motion"
    label = "Learning motion"

    def __init__(self, detector: Detector, settings: RunSettings) -> None:
        self.model = detector.motion
        self.epochs, self.learning_rate = settings.motion_epochs, settings.motion_learning_rate

    def load(self, footage: Footage, indices: Indices) -> Batch:
        """I_t and its teacher flow in colours."""
        return torch.from_numpy(footage.pictures[indices]), torch.from_numpy(footage.teacher_rgb(indices))

    def loss(self, model: nn.Module, *pictures: Tensor) -> Tensor:
        """Eq. 1."""
        current, teacher_rgb = pictures
        return flow_loss(model(current), teacher_rgb)


class FrameStage(Stage):
    """F_f learns I_{t+1} from I_t and the flow that F_m predicts; F_m rests (Eq. 5)."""

    name = "frame"
    label = "Learning the next frame"

    def __init__(self, detector: Detector, settings: RunSettings) -> None:
        self.model = detector.frame
        self.epochs, self.learning_rate = settings.frame_epochs, settings.frame_learning_rate
        self._motion, self._margin, self._guided = detector.motion, settings.margin, settings.flow_guidance

    def load(self, footage: Footage, indices: Indices) -> Batch:
        """I_t and I_{t+1}."""
        return torch.from_numpy(footage.pictures[indices]), torch.from_numpy(footage.pictures[indices + 1])

    def loss(self, model: nn.Module, *pictures: Tensor) -> Tensor:
        """Eq. 5, or Eq. 3 without the margin term."""
        current, following = pictures
        with torch.no_grad():
            flow_rgb = self._motion(current) if self._guided else current  # unguided, nothing looks at it
        return frame_loss(model(flow_rgb, current), following, current, margin=self._margin)


def stages_of(detector: Detector, settings: RunSettings) -> list[Stage]:
    """The stages that a run goes through."""
    frame = FrameStage(detector, settings)
    return [frame] if settings.motion_from else [MotionStage(detector, settings), frame]


def epoch_order(transitions: Indices, seed: int, stage: str, epoch: int) -> Indices:
    """Shuffled by seed, stage and epoch alone, so that a resumed run sees what an uninterrupted one would."""
    # torch's samplers shuffle in another order, and runs begun before would not be resumed as they were.
    return np.random.default_rng([seed, stage == "frame", epoch]).permutation(transitions)


def batch_size_for(transitions: int, wished: int, processes: int) -> int:
    """The wished-for batch size, or what little footage allows; a multiple of the number of processes."""
    return min(wished, transitions) // processes * processes


def batches(order: Indices, size: int, done: int) -> Iterator[Indices]:
    """Batches of one size from the `done`-th transition on; what remains at the end is left to another epoch."""
    for first in range(done, len(order) - size + 1, size):
        yield order[first : first + size]


def loaded(stage: Stage, footage: Footage, parts: Iterator[Indices]) -> Generator[Batch, None, None]:
    """Batches read and coloured in threads while those before are learnt from."""
    # torch's DataLoader reads ahead in processes only: on Windows and macOS each of them imports torch anew.
    readers = min(max((os.cpu_count() or 1) // 2, 1), _MAX_READERS)
    ahead: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(readers, "batches") as threads:
        for indices in parts:
            ahead.append(threads.submit(stage.load, footage, indices))
            if len(ahead) > readers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
