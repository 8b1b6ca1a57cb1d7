"""The processes that train one run together: one by default, as many as `torchrun` started otherwise."""

from __future__ import annotations

import os
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from engine.common.device import ComputeConfig, choose_compute
from engine.common.errors import TrainingError

_TIMEOUT = timedelta(days=30)  # the others wait while the first reads footage, however long it is


class ProcessGroup:
    """One process that trains alone; the base of those that train with others."""

    rank = 0
    size = 1

    def __init__(self, device: str) -> None:
        self.plan: ComputeConfig = choose_compute(device)

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def wait(self) -> None:
        """Wait until all have come here."""

    def check_batch_size(self, batch_size: int) -> None:
        """Refuse one that can't be shared evenly.

        Raises:
            TrainingError: it can't.
        """
        if batch_size % self.size:
            possible = max(batch_size // self.size, 1) * self.size
            raise TrainingError(
                f"A batch of {batch_size} can't be shared by {self.size} processes",
                subject="batch size",
                advice=f"Choose a multiple of {self.size}: `--batch-size {possible}`.",
            )

    def share(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """This process's part of a batch."""
        return indices[self.rank :: self.size]

    def together(self, model: nn.Module) -> nn.Module:
        """The model, its gradients being the mean over all processes'."""
        return model

    def total(self, values: list[float]) -> list[float]:
        """Sums of numbers over all processes."""
        return values

    def average_batch_norms(self, model: nn.Module) -> None:
        """Give all processes the mean of their batch norms' running statistics."""


class TorchrunProcessGroup(ProcessGroup):
    """Processes that `torchrun` started: each learns from its part of every batch.

    Batch norms see their process's part alone, thousands of pixels a channel even so, and their running statistics
    are averaged; synchronising every layer would cost a round trip each.
    """

    def __init__(self, device: str) -> None:
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        if device in ("auto", "cuda") and torch.cuda.is_available():
            device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        super().__init__(device)
        on_cuda = self.plan.device.type == "cuda"
        if on_cuda:
            torch.cuda.set_device(self.plan.device)
        distributed.init_process_group("nccl" if on_cuda else "gloo", timeout=_TIMEOUT)

    def wait(self) -> None:
        """Wait until all have come here."""
        distributed.barrier()

    def together(self, model: nn.Module) -> nn.Module:
        """The model, its gradients being the mean over all processes'."""
        devices = [self.plan.device.index] if self.plan.device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=devices, broadcast_buffers=False)

    def total(self, values: list[float]) -> list[float]:
        """Sums of numbers over all processes."""
        # MPS and some accelerators know no float64; sums of a few losses and flags need none.
        sums = torch.tensor(values, dtype=torch.float64, device=self.plan.device)
        distributed.all_reduce(sums)
        return sums.tolist()

    def average_batch_norms(self, model: nn.Module) -> None:
        """Give all processes the mean of their batch norms' running statistics."""
        statistics: list[Tensor] = [buffer for buffer in model.buffers() if buffer.is_floating_point()]
        if not statistics:
            return
        flat = torch.cat([each.reshape(-1) for each in statistics]) / self.size
        distributed.all_reduce(flat)
        first = 0
        for each in statistics:
            each.copy_(flat[first : first + each.numel()].view_as(each))
            first += each.numel()


def assemble(device: str) -> ProcessGroup:
    """The team this process belongs to; once a process.

    Raises:
        DeviceError: this machine has no such device.
    """
    return ProcessGroup(device) if "RANK" not in os.environ else TorchrunProcessGroup(device)
