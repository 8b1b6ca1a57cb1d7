"""Describes the machine that a speed was measured on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")
_THREADS = Path("/proc/self/task")


@dataclass(frozen=True)
class Machine:
    """System and processor, without which a frame rate can not be compared."""

    system: str
    processor: str
    cores: int
    """Number of cores that this process may use."""


def this_machine() -> Machine:
    """The machine that runs this."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(platform.platform(), processor(), cores)


def run_queue_wait_seconds() -> float | None:
    """Time that the threads of this process waited in the run queue, summed; None except on Linux."""
    waited_ns: list[int] = []
    for facts in _THREADS.glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):  # the thread has ended, or the kernel has no schedstats
            waited_ns.append(int(facts.read_text(encoding="ascii").split()[1]))
    return sum(waited_ns) / 1e9 if waited_ns else None


def processor() -> str:
    """The processor's name; read from /proc on Linux, where `platform` does not know it."""
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
