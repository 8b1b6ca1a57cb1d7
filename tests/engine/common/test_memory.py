from __future__ import annotations

import errno
import os

import av
import cv2
import numpy as np
import pytest

from engine.common.errors import VideoError
from engine.common.memory import is_out_of_memory, out_of_memory_error


def test_every_library_is_understood() -> None:
    with pytest.raises(cv2.error) as of_opencv:
        cv2.resize(np.zeros((4, 4, 3), np.uint8), (500_000, 500_000))
    with pytest.raises(MemoryError) as of_numpy:
        np.zeros(1 << 60, np.uint8)
    for error in (
        of_opencv.value,
        of_numpy.value,
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
        av.error.BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)),
        RuntimeError("could not create a primitive"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ):
        assert is_out_of_memory(error), error


def test_other_errors_are_not_taken_for_it() -> None:
    for error in (
        BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)),
        ValueError("no frames"),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        VideoError("Damaged"),
    ):
        assert not is_out_of_memory(error)


def test_a_person_reads_what_to_do() -> None:
    assert "gate.mp4\nClose other programs" in str(out_of_memory_error("gate.mp4"))
