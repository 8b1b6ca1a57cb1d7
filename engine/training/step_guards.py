"""What a training step is guarded by: it can be stopped halfway, and running out of memory is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from engine.common.errors import TrainingError
from engine.common.events import ShouldStop

_SAID_BY_TORCH = ("out of memory", "can't allocate memory", "not enough memory")


class Interrupted(Exception):  # noqa: N818 - not an error, so not named one
    """Raised inside a model that somebody wants to stop."""


@contextmanager
def interruptible(model: nn.Module, should_stop: ShouldStop) -> Iterator[None]:
    """Have the block raise Interrupted soon after `should_stop` says yes; the model is then as it was before.

    It asks at every convolution, forwards and backwards: on a slow machine, one step of a large model takes longer than
    anybody waits.
    """
    statistics = [(buffer, buffer.clone()) for buffer in model.buffers()]

    def check(_: nn.Module, __: object, output: Tensor) -> None:
        ask()
        if output.requires_grad:
            output.register_hook(ask)  # type: ignore[no-untyped-call]

    def ask(_: Tensor | None = None) -> None:
        if should_stop():
            raise Interrupted

    convolutions = [each for each in model.modules() if isinstance(each, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [convolution.register_forward_hook(check) for convolution in convolutions]
    try:
        yield
    except Interrupted:
        # Batch norms learn their statistics on the way forwards.
        for buffer, before in statistics:
            buffer.copy_(before)
        raise
    finally:
        for hook in hooks:
            hook.remove()


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
