"""Running out of memory, which every library reports in its own way."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from engine.common.errors import DeviceError
from engine.common.language import tr

if sys.platform != "win32":
    import resource

_MEMINFO = Path("/proc/meminfo")
_OWN_SIZE = Path("/proc/self/statm")
_CONTAINER = Path("/sys/fs/cgroup")
_SHORT_BYTES = 1 << 30
"""More than any picture takes that is decoded, with what a decoder keeps beside it."""
_MESSAGES = (
    "out of memory",  # torch on a GPU
    "can't allocate memory",  # torch on the CPU
    "not enough memory",  # torch on Windows
    "insufficient memory",  # OpenCV
    "cannot allocate memory",  # the system, to whoever asks it
    "bad_alloc",
    "could not create a primitive",  # oneDNN, which torch uses
    "failed to map segment",  # the loader of libraries
    "can't start new thread",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the memory of the machine or of a device ran out."""
    # The name is that of torch's, which is not to be imported for this.
    by_type = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if isinstance(error, BlockingIOError) and type(error).__module__.startswith("av."):
        return True  # FFmpeg could not start a thread to convert a picture
    return by_type or any(each in str(error).lower() for each in _MESSAGES)


def out_of_memory_error(subject: str | Path | None = None) -> DeviceError:
    """What to tell a person when memory ran out, at the work on `subject`."""
    return DeviceError(
        tr("The memory of this machine does not suffice"),
        subject=subject,
        advice=tr("Close other programs and try again, or work on one recording at a time."),
    )


def is_memory_short() -> bool:
    """Whether this machine, or this process, has so little memory left that an allocation may fail for that.

    Libraries also say "out of memory" of a damaged number for which no memory would do. True where it can't be told.
    """
    free = free_host_bytes()
    return free is None or free < _SHORT_BYTES


def free_host_bytes() -> int | None:
    """Memory that this process can still take; None if the system does not report it."""
    limits = (_available_on_linux(), _available_in_container(), _left_of_own_limit())
    return min((size for size in limits if size is not None), default=None)


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


def _left_of_own_limit() -> int | None:
    """What is left of the address space that this process was given, such as a helper that decodes."""
    if sys.platform == "win32":
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    with suppress(OSError, ValueError, IndexError):
        pages = int(_OWN_SIZE.read_text(encoding="ascii").split()[0])
        return max(limit - pages * os.sysconf("SC_PAGE_SIZE"), 0)
    return None
