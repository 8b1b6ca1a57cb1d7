"""What a speed was measured on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CPU_FACTS = Path("/proc/cpuinfo")
_THREADS = Path("/proc/self/task")


@dataclass(frozen=True)
class Machine:
    """Facts that a number of frames a second means nothing without."""

    system: str
    processor: str
    cores: int
    """That this process may use."""


def this_machine() -> Machine:
    """The machine that runs this."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(platform.platform(), processor(), cores)


def seconds_waited_for_processor() -> float | None:
    """How long this process's threads, summed, stood in line for the processor; Linux alone tells."""
    waited_ns: list[int] = []
    for facts in _THREADS.glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):  # the thread has just ended, or the kernel keeps no such count
            waited_ns.append(int(facts.read_text(encoding="ascii").split()[1]))
    return sum(waited_ns) / 1e9 if waited_ns else None


def processor() -> str:
    """The processor's name for people; Python itself knows it only on Windows and macOS."""
    if _CPU_FACTS.exists():
        for line in _CPU_FACTS.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
