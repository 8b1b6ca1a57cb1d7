"""PWC-Net (Sun et al., "PWC-Net: CNNs for Optical Flow Using Pyramid, Warping, and Cost Volume", CVPR 2018).

This is the variant with dense connections whose weights the authors published. It estimates flow level by level, from
coarse to fine. It is experimental: the tests compare it with the authors' formulas on random weights, never with the
published ones.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - everybody calls it F
from torch import Tensor, nn

from engine.flow.networks.sampling import pixel_grid, sample
from engine.flow.networks.weights import Naming

_PYRAMID = (16, 32, 64, 96, 128, 196)
"""Channels of pyramid levels 1 to 6; each level halves the size."""
_DECODER = (128, 128, 96, 64, 32)
_CONTEXT = ((128, 1), (128, 2), (128, 4), (96, 8), (64, 16), (32, 1))
"""Channels and dilation of each layer of the context network."""
_RANGE = 4
_VOLUME = (2 * _RANGE + 1) ** 2
_COARSEST, _FINEST = 6, 2
_MULTIPLE = 2**_COARSEST
_FLOW_SCALE = 20.0
"""At every level the network predicts the flow in pixels of its input, divided by 20."""


def _convolution(channels_in: int, channels_out: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=dilation, dilation=dilation),
        nn.LeakyReLU(0.1),
    )


def _upsampling(channels_in: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels_in, 2, 4, stride=2, padding=1)


def correlation(first: Tensor, second: Tensor) -> Tensor:
    """The cost volume [N, 81, h, w] of feature maps [N, C, h, w]: means over channels, for 9x9 shifts row by row.

    Features outside the second map count as zero.
    """
    height, width = first.shape[-2:]
    padded = F.pad(second, [_RANGE] * 4)
    costs = [
        (first * padded[..., dy : dy + height, dx : dx + width]).mean(dim=1)
        for dy in range(2 * _RANGE + 1)
        for dx in range(2 * _RANGE + 1)
    ]
    return torch.stack(costs, dim=1)


def warp(second: Tensor, flow: Tensor) -> Tensor:
    """The second map [N, C, h, w] warped back by a flow [N, 2, h, w] in its px; zero where the flow leaves the map."""
    positions = (pixel_grid(second) + flow).permute(0, 2, 3, 1)
    inside = sample(torch.ones_like(second[:, :1]), positions)
    # Samples that are partly outside the map are set to zero.
    return sample(second, positions) * (inside > 0.999)


class Decoder(nn.Module):
    """Estimates one level's flow; densely connected: each layer sees the inputs and outputs of all layers before it."""

    def __init__(self, level: int) -> None:
        super().__init__()
        coarsest = level == _COARSEST
        channels = _VOLUME if coarsest else _VOLUME + _PYRAMID[level - 1] + 2 + 2
        self.layers = nn.ModuleList()
        for width in _DECODER:
            self.layers.append(_convolution(channels, width))
            channels += width
        self.predict = nn.Conv2d(channels, 2, 3, padding=1)
        self.channels_out = channels
        if level > _FINEST:
            self.up_flow = _upsampling(2)
            self.up_features = _upsampling(channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Flow and features of this level, from the cost volume and, except at the coarsest, the coarser level."""
        for layer in self.layers:
            x = torch.cat([layer(x), x], dim=1)
        return self.predict(x), x


class PwcNet(nn.Module):
    """At each level, warps the second picture's features by the coarser level's flow and estimates a finer flow."""

    def __init__(self, *, pyramid: nn.ModuleList, decoders: nn.ModuleDict, context: nn.Module) -> None:
        """The feature pyramid of six levels, decoders by level "6" to "2", and the context network for level 2."""
        super().__init__()
        self.pyramid = pyramid
        self.decoders = decoders
        self.context = context

    def forward(self, previous: Tensor, current: Tensor) -> Tensor:
        """Flow [N, 2, H, W] in px from one picture to the next, RGB [N, 3, H, W] in [0, 1] of any size."""
        height, width = previous.shape[-2:]
        size = (height + -height % _MULTIPLE, width + -width % _MULTIPLE)
        pictures = torch.cat([previous, current]).flip(1)  # the network was trained on BGR
        if size != (height, width):
            pictures = _resized(pictures, size)
        flow = _resized(_FLOW_SCALE * self.quarter_flow(*pictures.chunk(2)), (height, width))
        return flow * torch.tensor([width / size[1], height / size[0]]).to(flow)[:, None, None]

    def quarter_flow(self, previous: Tensor, current: Tensor) -> Tensor:
        """A twentieth of the flow [N, 2, H / 4, W / 4], from BGR [N, 3, H, W] whose sides are multiples of 64."""
        x = torch.cat([previous, current])
        maps = {}
        for level, block in enumerate(self.pyramid, start=1):
            x = block(x)
            maps[level] = x.chunk(2)
        flow, features = self._decoder(_COARSEST)(F.leaky_relu(correlation(*maps[_COARSEST]), 0.1))
        for level in range(_COARSEST - 1, _FINEST - 1, -1):
            below = self._decoder(level + 1)
            flow, hint = below.up_flow(flow), below.up_features(features)
            first, second = maps[level]
            # The flow in pixels of this level is 0.625, 1.25, 2.5 or 5 times the predicted values.
            warped = warp(second, flow * (_FLOW_SCALE / 2**level))
            cost = F.leaky_relu(correlation(first, warped), 0.1)
            flow, features = self._decoder(level)(torch.cat([cost, first, flow, hint], dim=1))
        return flow + self.context(features)  # type: ignore[no-any-return]

    def _decoder(self, level: int) -> Decoder:
        return cast(Decoder, self.decoders[str(level)])


def _resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)


def pwcnet() -> PwcNet:
    """The network, untrained."""
    pyramid = nn.ModuleList()
    for channels_in, channels in zip((3, *_PYRAMID), _PYRAMID, strict=False):
        pyramid.append(
            nn.Sequential(
                *_convolution(channels_in, channels, stride=2),
                *_convolution(channels, channels),
                *_convolution(channels, channels),
            )
        )
    decoders = {level: Decoder(level) for level in range(_COARSEST, _FINEST - 1, -1)}
    channels = decoders[_FINEST].channels_out
    context = nn.Sequential()
    for width, dilation in _CONTEXT:
        context.extend(_convolution(channels, width, dilation=dilation))
        channels = width
    context.append(nn.Conv2d(channels, 2, 3, padding=1))
    return PwcNet(
        pyramid=pyramid,
        decoders=nn.ModuleDict({str(level): decoder for level, decoder in decoders.items()}),
        context=context,
    )


def _nvlabs(name: str) -> str:
    """The name in the authors' PyTorch code of one of our tensors."""
    match name.split("."):
        case ["pyramid", level, index, kind]:
            # In level 6 alone, the names of the first two layers are swapped.
            letters = ("aa", "a", "b") if level == "5" else ("a", "aa", "b")
            return f"conv{int(level) + 1}{letters[int(index) // 2]}.0.{kind}"
        case ["decoders", level, "layers", index, "0", kind]:
            return f"conv{level}_{index}.0.{kind}"
        case ["decoders", level, part, kind]:
            return f"{ {'predict': 'predict_flow', 'up_flow': 'deconv', 'up_features': 'upfeat'}[part] }{level}.{kind}"
        case ["context", index, kind]:
            number = int(index) // 2 + 1
            return f"dc_conv{number}{'.0' if number <= len(_CONTEXT) else ''}.{kind}"
    raise KeyError(name)


_NUMERALS = ("One", "Two", "Thr", "Fou", "Fiv", "Six")


def _sniklaus(name: str, prefix: str) -> str:
    """The name in pytorch-pwc of one of our tensors; its files use the prefix "module", its later code "net"."""
    match name.split("."):
        case ["pyramid", level, index, kind]:
            return f"{prefix}Extractor.{prefix}{_NUMERALS[int(level)]}.{index}.{kind}"
        case ["decoders", level, "layers", index, "0", kind]:
            return f"{prefix}{_NUMERALS[int(level) - 1]}.{prefix}{_NUMERALS[int(index)]}.0.{kind}"
        case ["decoders", level, "predict", kind]:
            return f"{prefix}{_NUMERALS[int(level) - 1]}.{prefix}Six.0.{kind}"
        case ["decoders", level, part, kind]:
            # In pytorch-pwc, upsampling layers belong to the finer level.
            up = {"up_flow": "Upflow", "up_features": "Upfeat"}[part]
            return f"{prefix}{_NUMERALS[int(level) - 2]}.{prefix}{up}.{kind}"
        case ["context", index, kind]:
            return f"{prefix}Refiner.{prefix}Main.{index}.{kind}"
    raise KeyError(name)


PWCNET_NAMINGS = (
    Naming("its authors (conv1a.0.weight)", _nvlabs, unused=frozenset({"deconv2.weight", "deconv2.bias"})),
    Naming("pytorch-pwc (moduleExtractor.moduleOne.0.weight)", partial(_sniklaus, prefix="module")),
    Naming("its later code (netExtractor.netOne.0.weight)", partial(_sniklaus, prefix="net")),
)
