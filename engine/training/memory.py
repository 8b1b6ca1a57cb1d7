"""Words for running out of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.common.errors import TrainingError

_SAID_BY_TORCH = ("out of memory", "can't allocate memory", "not enough memory")


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether that is what an error says, in whatever type."""
    said = isinstance(error, RuntimeError) and any(each in str(error).lower() for each in _SAID_BY_TORCH)
    return said or isinstance(error, torch.OutOfMemoryError | MemoryError)


@contextmanager
def worded_memory_errors(batch_size: int, device_label: str) -> Iterator[None]:
    """Say which batch size to try when the block runs out of memory.

    Raises:
        TrainingError: it did.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not ran_out_of_memory(error):
            raise
        smaller = batch_size // 2
        advice = (
            f"Resume the run with `--batch-size {smaller}`; close other programs that use the device."
            if smaller
            else "Close other programs that use the device, choose another device, or begin a run of preset fast."
        )
        raise TrainingError(
            f"The memory does not suffice for a batch of {batch_size}",
            subject=device_label,
            advice=advice,
            remedy={"batch_size": smaller} if smaller else None,
        ) from error
