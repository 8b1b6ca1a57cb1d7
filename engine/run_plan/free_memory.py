"""Free memory for a training run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch

_MEMINFO = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def free_memory_bytes(device: torch.device) -> int | None:
    """Free memory of a device in bytes; None if the system does not report it."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # Memory that this process has reserved but not allocated can be used by the run.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    if device.type == "cpu":
        limits = [size for size in (_available_on_linux(), _available_in_container()) if size is not None]
        return min(limits, default=None)
    return None


def _available_on_linux() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _available_in_container() -> int | None:
    """Memory left within the cgroup's limit; file caches count as free, because the kernel can drop them."""
    with suppress(OSError, ValueError):
        limit = (_CONTAINER / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            lines = (_CONTAINER / "memory.stat").read_text(encoding="ascii").splitlines()
            used = {name: int(value) for name, value in (line.split() for line in lines)}
            return max(int(limit) - used.get("anon", 0) - used.get("kernel", 0), 0)
    return None
