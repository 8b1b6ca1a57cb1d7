"""RAFT's small model (Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow", ECCV 2020).

Layers have the names of the authors' code, so that their weights load unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812 - everybody calls it F
from torch import Tensor, nn

from engine.flow.networks.sampling import pixel_grid, sample
from engine.flow.networks.weights import Naming

_STRIDE = 8  # of the feature maps, in pixels of the picture
_LEVELS = 4
_RADIUS = 3
_MIN_SIZE = _STRIDE * 2 ** (_LEVELS - 1)  # for smaller pictures the top of the correlation pyramid would be empty
_VOLUME_BYTES = 2**30
_CHUNK_BYTES = 2**27


class Bottleneck(nn.Module):
    """Residual block of 1x1, 3x3 and 1x1 convolutions with a quarter of the channels inside."""

    def __init__(self, channels_in: int, channels_out: int, *, norm: Callable[[int], nn.Module], stride: int) -> None:
        super().__init__()
        inner = channels_out // 4
        self.conv1 = nn.Conv2d(channels_in, inner, 1)
        self.norm1 = norm(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1)
        self.norm2 = norm(inner)
        self.conv3 = nn.Conv2d(inner, channels_out, 1)
        self.norm3 = norm(channels_out)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride=stride), norm(channels_out))

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels_in, H, W] to [N, channels_out, H / stride, W / stride]."""
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        y = F.relu(self.norm3(self.conv3(y)))  # unlike ResNet, with a ReLU before the sum too
        return F.relu(self.downsample(x) + y)


class Encoder(nn.Module):
    """Encodes a picture as features at an eighth of its size."""

    def __init__(self, channels_out: int, *, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 7, stride=2, padding=3)
        self.norm1 = norm(32)
        self.layer1 = _two_blocks(32, 32, norm=norm, stride=1)
        self.layer2 = _two_blocks(32, 64, norm=norm, stride=2)
        self.layer3 = _two_blocks(64, 96, norm=norm, stride=2)
        self.conv2 = nn.Conv2d(96, channels_out, 1)

    def forward(self, picture: Tensor) -> Tensor:
        """RGB [N, 3, H, W] in [-1, 1] to features [N, channels_out, H / 8, W / 8]."""
        x = F.relu(self.norm1(self.conv1(picture)))
        return self.conv2(self.layer3(self.layer2(self.layer1(x))))  # type: ignore[no-any-return]


def _two_blocks(channels_in: int, channels_out: int, *, norm: Callable[[int], nn.Module], stride: int) -> nn.Sequential:
    return nn.Sequential(
        Bottleneck(channels_in, channels_out, norm=norm, stride=stride),
        Bottleneck(channels_out, channels_out, norm=norm, stride=1),
    )


def _window(device: torch.device) -> Tensor:
    """Offsets (x, y) of the 7x7 pixels that a lookup samples, [49, 2]; x changes slowest, as in the authors' code."""
    steps = torch.arange(-_RADIUS, _RADIUS + 1.0, device=device)
    return torch.stack(torch.meshgrid(steps, steps, indexing="ij"), dim=-1).reshape(-1, 2)


class AllPairs:
    """Correlation volume of all pairs of pixels, computed once, with a pyramid over the second map.

    Lookups are fast, but memory grows with the square of the picture's area.
    """

    def __init__(self, first: Tensor, second: Tensor) -> None:
        """Feature maps [N, C, h, w] of both pictures."""
        count, channels, height, width = first.shape
        volume = torch.bmm(first.flatten(2).transpose(1, 2), second.flatten(2)) / channels**0.5
        self._pyramid = [volume.reshape(count * height * width, 1, height, width)]
        while len(self._pyramid) < _LEVELS:
            self._pyramid.append(F.avg_pool2d(self._pyramid[-1], 2))

    def __call__(self, positions: Tensor) -> Tensor:
        """Correlations around positions (x, y) [N, 2, h, w], 7x7 at each of four levels: [N, 196, h, w]."""
        count, _, height, width = positions.shape
        centres = positions.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
        window = _window(positions.device)[None, None]
        sampled = [sample(level, centres / 2**n + window) for n, level in enumerate(self._pyramid)]
        return torch.cat(sampled, dim=-1).reshape(count, height, width, -1).permute(0, 3, 1, 2)


class OnDemand:
    """The same lookups for pictures whose volume exceeds memory: each computes the correlations that it needs.

    Correlation is linear in the second map, so pooling and interpolating its features gives the same values.
    """

    def __init__(self, first: Tensor, second: Tensor) -> None:
        """Feature maps [N, C, h, w] of both pictures."""
        self._first = first.flatten(2)[..., None] / first.shape[1] ** 0.5
        self._pyramid = [second]
        while len(self._pyramid) < _LEVELS:
            self._pyramid.append(F.avg_pool2d(self._pyramid[-1], 2))

    def __call__(self, positions: Tensor) -> Tensor:
        """Correlations around positions (x, y) [N, 2, h, w], 7x7 at each of four levels: [N, 196, h, w]."""
        count, _, height, width = positions.shape
        centres = positions.permute(0, 2, 3, 1).reshape(count, -1, 1, 2)
        window = _window(positions.device)
        size = max(1, _CHUNK_BYTES // (4 * self._first.shape[1] * len(window)))
        rows = []
        chunks = zip(torch.split(self._first, size, dim=2), torch.split(centres, size, dim=1), strict=True)
        for first, centre in chunks:
            sampled = [(first * sample(level, centre / 2**n + window)).sum(1) for n, level in enumerate(self._pyramid)]
            rows.append(torch.cat(sampled, dim=-1))
        return torch.cat(rows, dim=1).transpose(1, 2).reshape(count, -1, height, width)


class MotionEncoder(nn.Module):
    """Encodes the current flow and the correlations at its end points as motion features."""

    def __init__(self) -> None:
        super().__init__()
        self.convc1 = nn.Conv2d(_LEVELS * (2 * _RADIUS + 1) ** 2, 96, 1)
        self.convf1 = nn.Conv2d(2, 64, 7, padding=3)
        self.convf2 = nn.Conv2d(64, 32, 3, padding=1)
        self.conv = nn.Conv2d(128, 80, 3, padding=1)

    def forward(self, flow: Tensor, correlation: Tensor) -> Tensor:
        """Motion features [N, 82, h, w] of flow [N, 2, h, w] and correlation [N, 196, h, w]; they end with the flow."""
        correlation_features = F.relu(self.convc1(correlation))
        flow_features = F.relu(self.convf2(F.relu(self.convf1(flow))))
        combined = F.relu(self.conv(torch.cat([correlation_features, flow_features], dim=1)))
        return torch.cat([combined, flow], dim=1)


class ConvGru(nn.Module):
    """Gated recurrent unit whose gates are 3x3 convolutions."""

    def __init__(self, *, hidden: int, channels_in: int) -> None:
        super().__init__()
        self.convz = nn.Conv2d(hidden + channels_in, hidden, 3, padding=1)
        self.convr = nn.Conv2d(hidden + channels_in, hidden, 3, padding=1)
        self.convq = nn.Conv2d(hidden + channels_in, hidden, 3, padding=1)

    def forward(self, state: Tensor, x: Tensor) -> Tensor:
        """The next state [N, hidden, h, w]."""
        both = torch.cat([state, x], dim=1)
        update, reset = torch.sigmoid(self.convz(both)), torch.sigmoid(self.convr(both))
        candidate = torch.tanh(self.convq(torch.cat([reset * state, x], dim=1)))
        return (1 - update) * state + update * candidate


class FlowHead(nn.Module):
    """Predicts the correction of the flow from the recurrent state."""

    def __init__(self, *, hidden: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(hidden, 128, 3, padding=1)
        self.conv2 = nn.Conv2d(128, 2, 3, padding=1)

    def forward(self, state: Tensor) -> Tensor:
        """State [N, hidden, h, w] to flow correction [N, 2, h, w]."""
        return self.conv2(F.relu(self.conv1(state)))  # type: ignore[no-any-return]


class UpdateBlock(nn.Module):
    """One iteration of the recurrent flow estimate."""

    def __init__(self, *, encoder: MotionEncoder, gru: ConvGru, flow_head: FlowHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.gru = gru
        self.flow_head = flow_head

    def forward(self, state: Tensor, context: Tensor, correlation: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
        """The next state, and the correction [N, 2, h, w] of the flow."""
        motion = self.encoder(flow, correlation)
        state = self.gru(state, torch.cat([context, motion], dim=1))
        return state, self.flow_head(state)


class Raft(nn.Module):
    """Iteratively looks up correlations at the end points of the current flow and corrects it."""

    def __init__(
        self, *, fnet: nn.Module, cnet: nn.Module, update_block: UpdateBlock, hidden: int, iterations: int = 20
    ) -> None:
        """Feature encoder, context encoder and update; the first `hidden` context channels initialise the state."""
        super().__init__()
        self.fnet = fnet
        self.cnet = cnet
        self.update_block = update_block
        self.hidden = hidden
        self.iterations = iterations

    def forward(self, previous: Tensor, current: Tensor) -> Tensor:
        """Flow [N, 2, H, W] in px from one picture to the next, RGB [N, 3, H, W] in [0, 1] of any size."""
        height, width = previous.shape[-2:]
        top, bottom = _padding(height)
        left, right = _padding(width)
        pictures = torch.cat([previous, current]) * 2 - 1
        pictures = F.pad(pictures, (left, right, top, bottom), mode="replicate")
        first, second = self.fnet(pictures).chunk(2)
        fits = 4 * first.shape[0] * (first.shape[2] * first.shape[3]) ** 2 <= _VOLUME_BYTES
        correlation = AllPairs(first, second) if fits else OnDemand(first, second)
        context = self.cnet(pictures[: len(previous)])
        state, context = torch.tanh(context[:, : self.hidden]), F.relu(context[:, self.hidden :])
        grid = pixel_grid(first)
        flow = torch.zeros_like(first[:, :2])
        for _ in range(self.iterations):
            state, correction = self.update_block(state, context, correlation(grid + flow), flow)
            flow = flow + correction
        flow = _STRIDE * F.interpolate(flow, scale_factor=_STRIDE, mode="bilinear", align_corners=True)
        return flow[..., top : top + height, left : left + width]


def _padding(size: int) -> tuple[int, int]:
    """Pixels to add before and after, so that the size is divisible by eight and not below the minimum."""
    missing = max(-size % _STRIDE, _MIN_SIZE - size)
    return missing // 2, missing - missing // 2


def raft_small() -> Raft:
    """The small model, untrained."""
    hidden, context = 96, 64
    return Raft(
        fnet=Encoder(128, norm=nn.InstanceNorm2d),
        cnet=Encoder(hidden + context, norm=lambda _: nn.Identity()),
        update_block=UpdateBlock(
            encoder=MotionEncoder(),
            gru=ConvGru(hidden=hidden, channels_in=context + 82),
            flow_head=FlowHead(hidden=hidden),
        ),
        hidden=hidden,
    )


_TORCHVISION = (
    (r"(layer\d\.\d)\.conv(\d)", r"\1.convnormrelu\2.0"),
    (r"^(.net)\.conv1", r"\1.convnormrelu.0"),
    (r"^(.net)\.conv2", r"\1.conv"),
    (r"^fnet", "feature_encoder"),
    (r"^cnet", "context_encoder"),
    (r"\.encoder\.convc1", ".motion_encoder.convcorr1.0"),
    (r"\.encoder\.convf(\d)", r".motion_encoder.convflow\1.0"),
    (r"\.encoder\.conv\.", ".motion_encoder.conv.0."),
    (r"\.gru\.", ".recurrent_block.convgru1."),
)


def _renamed(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


RAFT_NAMINGS = (
    Naming("its authors (raft-small.pth)", published_name=str),
    Naming("torchvision (raft_small)", published_name=partial(_renamed, rules=_TORCHVISION)),
)
