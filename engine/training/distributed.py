"""The processes that train one run: a single one, or those that `torchrun` started."""

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
from engine.common.language import tr

_TIMEOUT = timedelta(days=30)  # the other processes wait while the first one reads the footage, which can take days


class ProcessGroup:
    """A single process that trains alone; base class of `TorchrunProcessGroup`."""

    rank = 0
    size = 1

    def __init__(self, device: str) -> None:
        self.plan: ComputeConfig = choose_compute(device)

    @property
    def is_main(self) -> bool:
        """Whether this is the main process (rank 0), which writes files and reports events."""
        return self.rank == 0

    def barrier(self) -> None:
        """Wait until all processes have called this."""

    def check_batch_size(self, batch_size: int) -> None:
        """Check that the batch can be split evenly between the processes.

        Raises:
            TrainingError: the batch size is not a multiple of the number of processes.
        """
        if batch_size % self.size:
            possible = max(batch_size // self.size, 1) * self.size
            raise TrainingError(
                tr("A batch of {size} can't be shared by {count} processes").format(size=batch_size, count=self.size),
                subject=tr("batch size"),
                advice=tr("Choose a multiple of {count}: `{option}`.").format(
                    count=self.size, option=f"--batch-size {possible}"
                ),
            )

    def shard(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """This process's part of a batch's indices."""
        return indices[self.rank :: self.size]

    def data_parallel(self, model: nn.Module) -> nn.Module:
        """Wrap the model so that its gradients are averaged over all processes."""
        return model

    def all_reduce(self, values: list[float]) -> list[float]:
        """Sum each value over all processes."""
        return values

    def average_batch_norms(self, model: nn.Module) -> None:
        """Average the batch norms' running statistics over all processes."""


class TorchrunProcessGroup(ProcessGroup):
    """Processes that `torchrun` started; each one trains on its part of every batch.

    Each process normalises over its own part of the batch, which is still thousands of pixels a channel, and the
    running statistics are averaged. SyncBatchNorm would need a round trip between the processes in every layer.
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

    def barrier(self) -> None:
        """Wait until all processes have called this."""
        distributed.barrier()

    def data_parallel(self, model: nn.Module) -> nn.Module:
        """Wrap the model so that its gradients are averaged over all processes."""
        devices = [self.plan.device.index] if self.plan.device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=devices, broadcast_buffers=False)

    def all_reduce(self, values: list[float]) -> list[float]:
        """Sum each value over all processes."""
        # float64 keeps the sums exact; MPS does not support it.
        sums = torch.tensor(values, dtype=torch.float64, device=self.plan.device)
        distributed.all_reduce(sums)
        return sums.tolist()

    def average_batch_norms(self, model: nn.Module) -> None:
        """Average the batch norms' running statistics over all processes."""
        statistics: list[Tensor] = [buffer for buffer in model.buffers() if buffer.is_floating_point()]
        if not statistics:
            return
        flat = torch.cat([each.reshape(-1) for each in statistics]) / self.size
        distributed.all_reduce(flat)
        first = 0
        for each in statistics:
            each.copy_(flat[first : first + each.numel()].view_as(each))
            first += each.numel()


def make_process_group(device: str) -> ProcessGroup:
    """Make the process group that this process belongs to; call it once per process.

    Raises:
        DeviceError: this machine has no such device.
    """
    return ProcessGroup(device) if "RANK" not in os.environ else TorchrunProcessGroup(device)
