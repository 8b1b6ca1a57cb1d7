"""Guards around a training step: it can be interrupted, and running out of memory is reported with advice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from engine.common.errors import TrainingError
from engine.common.events import ShouldStop
from engine.common.language import tr
from engine.common.memory import is_out_of_memory


class Interrupted(Exception):  # noqa: N818 - not an error, so not named one
    """Raised inside a model's forward or backward pass to stop it."""


@contextmanager
def interruptible(model: nn.Module, should_stop: ShouldStop) -> Iterator[None]:
    """Raise Interrupted in the block soon after `should_stop()` is true; batch norm statistics are restored.

    `should_stop` is called at every convolution, in the forward and the backward pass: on a slow machine, one step of a
    large model takes longer than people wait.
    """
    statistics = [(buffer, buffer.clone()) for buffer in model.buffers()]

    def check_output(_: nn.Module, __: object, output: Tensor) -> None:
        check_stop()
        if output.requires_grad:
            output.register_hook(check_stop)  # type: ignore[no-untyped-call]

    def check_stop(_: Tensor | None = None) -> None:
        if should_stop():
            raise Interrupted

    convolutions = [each for each in model.modules() if isinstance(each, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [convolution.register_forward_hook(check_output) for convolution in convolutions]
    try:
        yield
    except Interrupted:
        # The forward pass has already updated the batch norms' running statistics.
        for buffer, before in statistics:
            buffer.copy_(before)
        raise
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def memory_errors_as_training_errors(batch_size: int, device_label: str) -> Iterator[None]:
    """Turn an out-of-memory error of the block into a TrainingError that advises a smaller batch size.

    Raises:
        TrainingError: the block ran out of memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        smaller = batch_size // 2
        advice = (
            tr("Resume the run with `{option}`; close other programs that use the device.").format(
                option=f"--batch-size {smaller}"
            )
            if smaller
            else tr("Close other programs that use the device, choose another device, or begin a run of preset fast.")
        )
        raise TrainingError(
            tr("The memory does not suffice for a batch of {size}").format(size=batch_size),
            subject=device_label,
            advice=advice,
            remedy={"batch_size": smaller} if smaller else None,
        ) from error
