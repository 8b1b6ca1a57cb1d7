"""How much memory is left for a training run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch

_MEMINFO = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def free_memory_bytes(device: torch.device) -> int | None:
    """Bytes that can still be had on a device; None where the system doesn't tell."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What this process holds in reserve it can give to the run.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    if device.type == "cpu":
        told = [size for size in (_available_on_linux(), _left_in_container()) if size is not None]
        return min(told, default=None)
    return None


def _available_on_linux() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _left_in_container() -> int | None:
    """What the control group leaves; file caches count as used there, but make way."""
    with suppress(OSError, ValueError):
        limit = (_CONTAINER / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            lines = (_CONTAINER / "memory.stat").read_text(encoding="ascii").splitlines()
            used = {name: int(value) for name, value in (line.split() for line in lines)}
            return max(int(limit) - used.get("anon", 0) - used.get("kernel", 0), 0)
    return None
