"""Leaves a step in its middle: on a slow machine, one step of a large model takes longer than anybody waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from engine.common.events import ShouldStop


class Interrupted(Exception):  # noqa: N818 - not an error, so not named one
    """Raised inside a model that somebody wants to stop."""


@contextmanager
def interruptible(model: nn.Module, should_stop: ShouldStop) -> Iterator[None]:
    """Have the block raise Interrupted soon after `should_stop` says yes; the model is then as it was before.

    It asks at every convolution, forwards and backwards.
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
