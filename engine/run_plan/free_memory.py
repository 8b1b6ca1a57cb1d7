"""Free memory for a training run."""

from __future__ import annotations

import torch

from engine.common.memory import free_host_bytes


def free_memory_bytes(device: torch.device) -> int | None:
    """Free memory of a device in bytes; None if the system does not report it."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # Memory that this process has reserved but not allocated can be used by the run.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    return free_host_bytes() if device.type == "cpu" else None
