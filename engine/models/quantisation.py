"""The motion model in 8-bit integers (Jacob et al., CVPR 2018): ranges of its layers, and the model rounded to them."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.common.json_values import decode
from engine.models.blocks import ConvBlock, MultiScaleBlock, UNet
from engine.models.motion import MotionModel

LayerRanges = npt.NDArray[np.float32]
"""Lowest and highest output of each layer of `_rounded_layers`, [layers, 2]."""

_LEVELS = 255
"""8 bits, less one."""
_PICTURE_STEP = 1 / 128
"""Half of the levels are enough for a picture: two products of a larger value and a weight overflow 16 bits, in which
processors without VNNI add them. A step of which grey levels are halves would round otherwise in torch and OpenVINO."""
_LARGEST_WEIGHT = 127
"""Weights are rounded symmetrically around 0, those of each output channel by themselves."""


@dataclass(frozen=True)
class _KeptRanges:
    digest: str
    ranges: list[tuple[float, float]]


class RangeMeter:
    """Measures the ranges of a model's layers, as means over the pictures that it sees meanwhile.

    Means, because one picture's extreme would coarsen what is made of all others.
    """

    def __init__(self, model: MotionModel) -> None:
        """`model` has its batch norms folded."""
        self._layers = [container[index] for container, index in _rounded_layers(model.net)]
        self._found: list[list[Tensor]] = [[] for _ in self._layers]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what the model makes of each picture while the context lasts."""

        def note(kept: list[Tensor]) -> Callable[[nn.Module, Any, Tensor], None]:
            def hook(_layer: nn.Module, _inputs: Any, output: Tensor) -> None:
                values = output.flatten(1)
                kept.append(torch.stack([values.amin(1), values.amax(1)], dim=1).float().cpu())

            return hook

        hooks = [layer.register_forward_hook(note(kept)) for layer, kept in zip(self._layers, self._found, strict=True)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    @property
    def ranges(self) -> LayerRanges | None:
        """The ranges; None as long as no picture was seen."""
        if not self._found[0]:
            return None
        return np.stack([torch.cat(kept).mean(0).numpy() for kept in self._found])


def check_ranges(model: MotionModel, ranges: LayerRanges) -> None:
    """Check that ranges are of this model.

    Raises:
        ValueError: they are not.
    """
    if ranges.shape != (len(_rounded_layers(model.net)), 2):
        raise ValueError("ranges of other layers")
    if not (np.isfinite(ranges).all() and (ranges[:, 0] <= ranges[:, 1]).all()):
        raise ValueError("ranges that end before they begin")


def ranges_digest(ranges: LayerRanges) -> str:
    """Tells ranges apart: what a rounded model makes depends on them."""
    return hashlib.sha256(ranges.tobytes()).hexdigest()[:16]


def ranges_as_text(ranges: LayerRanges) -> str:
    """Ranges with their digest, as JSON."""
    return json.dumps({"digest": ranges_digest(ranges), "ranges": ranges.tolist()})


def ranges_of_text(text: str) -> LayerRanges:
    """What `ranges_as_text` made.

    Raises:
        ValueError: the text is damaged.
    """
    kept = decode(text, _KeptRanges)
    ranges = np.array(kept.ranges, np.float32)
    if ranges_digest(ranges) != kept.digest:
        raise ValueError("ranges that do not match their digest")
    return ranges


def rounded(model: MotionModel, ranges: LayerRanges) -> MotionModel:
    """The model with weights and outputs of its layers rounded to 8 bits; itself computes in float32.

    OpenVINO's compiler makes integer arithmetic of this form. The head stays as it is. `model` is in float32, its batch
    norms folded.
    """
    model = copy.deepcopy(model)
    net = model.net
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d | nn.ConvTranspose2d) and child is not net.head:
                setattr(module, name, _RoundedConvolution(child))
    net.shrink = nn.Sequential(net.shrink, _Rounding(_PICTURE_STEP, 0))  # type: ignore[assignment]
    for (container, index), (low, high) in zip(_rounded_layers(net), _joined(net, ranges).tolist(), strict=True):
        container[index] = nn.Sequential(container[index], _Rounding.between(low, high))
    return model


class _Rounding(nn.Module):
    """Rounds values to 256 levels that are a step apart; 0 is one of them, with so many levels below it."""

    def __init__(self, step: float, below: int) -> None:
        super().__init__()
        self._step, self._below = step, below

    @classmethod
    def between(cls, low: float, high: float) -> _Rounding:
        """Levels that reach from one value to the other."""
        low, high = min(low, 0.0), max(high, 0.0)
        step = max(high - low, float(np.finfo(np.float32).tiny)) / _LEVELS
        return cls(step, round(-low / step))

    def extra_repr(self) -> str:
        """The levels, which are no part of the state."""
        return f"{self._step}, {self._below}"

    def forward(self, x: Tensor) -> Tensor:
        """Of any shape."""
        return torch.fake_quantize_per_tensor_affine(x, self._step, self._below, 0, _LEVELS)


class _RoundedConvolution(nn.Module):
    """A convolution whose weights are rounded."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        self._convolution = convolution
        self._channel_axis = int(isinstance(convolution, nn.ConvTranspose2d))
        others = [axis for axis in range(4) if axis != self._channel_axis]
        largest = convolution.weight.detach().abs().amax(others).clamp_min(float(np.finfo(np.float32).tiny))
        self._steps = largest / _LARGEST_WEIGHT
        self._zeros = torch.zeros(len(largest), dtype=torch.int32)

    def forward(self, x: Tensor) -> Tensor:
        """As the convolution's."""
        layer = self._convolution
        weight = torch.fake_quantize_per_channel_affine(
            layer.weight, self._steps, self._zeros, self._channel_axis, -_LARGEST_WEIGHT, _LARGEST_WEIGHT
        )
        if isinstance(layer, nn.ConvTranspose2d):
            return functional.conv_transpose2d(x, weight, layer.bias, layer.stride)
        return functional.conv2d(x, weight, layer.bias, padding=layer.padding)


def _rounded_layers(net: UNet) -> list[tuple[nn.ModuleList | nn.Sequential, int]]:
    """Where the layers stand whose outputs are rounded: all blocks but the one before the head, then what grows."""
    blocks = [
        (level, index)
        for level in (*net.encoder, *net.decoder)
        for index, block in enumerate(level)
        if isinstance(block, ConvBlock | MultiScaleBlock)
    ]
    return [*blocks[:-1], *((net.grow, index) for index in range(len(net.grow)))]


def _joined(net: UNet, ranges: LayerRanges) -> LayerRanges:
    """One range for both parts of each concatenation, so that the same integers mean the same in both."""
    ranges = ranges.copy()
    layers = _rounded_layers(net)
    for depth, level in enumerate(reversed(net.encoder[:-1])):
        skip = max(place for place, (container, _) in enumerate(layers) if container is level)
        grown = len(layers) - len(net.grow) + depth
        low, high = ranges[[skip, grown], 0].min(), ranges[[skip, grown], 1].max()
        ranges[[skip, grown]] = low, high
    return ranges
