"""Running out of memory, which every library reports in its own way."""

from __future__ import annotations

from pathlib import Path

from engine.common.errors import DeviceError
from engine.common.language import tr

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
