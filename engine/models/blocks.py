"""The U-Net (Ronneberger et al., MICCAI 2015) that both models are built from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_LEAK = 0.1


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch norm, leaky ReLU; keeps the size."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.LeakyReLU(_LEAK, inplace=True),
        )


class MultiScaleBlock(nn.Module):
    """The paper's feature extraction block: 1x1, 3x3, 5x5 and 7x7 convolutions in parallel, channels_out / 4 each."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Conv2d(channels_in, channels_out // 4, kernel, padding=kernel // 2, bias=False)
            for kernel in (1, 3, 5, 7)
        )
        self.norm = nn.BatchNorm2d(channels_out)
        self.activation = nn.LeakyReLU(_LEAK, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels_in, H, W] to [N, channels_out, H, W]."""
        return self.activation(self.norm(torch.cat([branch(x) for branch in self.branches], dim=1)))  # type: ignore[no-any-return]


class UNet(nn.Module):
    """U-Net from picture to picture, with two multi-scale blocks as its first encoder level; its output is in [0, 1].

    `shrink` > 1 puts a PixelUnshuffle before the network and a PixelShuffle after it, which makes it much faster.
    """

    def __init__(self, channels_in: int, channels_out: int, *, widths: Sequence[int], shrink: int = 1) -> None:
        super().__init__()
        self.shrink = nn.PixelUnshuffle(shrink)
        first, *deeper = widths
        self.encoder = nn.ModuleList(
            [nn.Sequential(MultiScaleBlock(channels_in * shrink**2, first), MultiScaleBlock(first, first))]
        )
        for above, below in zip(widths, deeper, strict=False):
            self.encoder.append(nn.Sequential(nn.MaxPool2d(2), ConvBlock(above, below), ConvBlock(below, below)))
        self.grow, self.decoder = nn.ModuleList(), nn.ModuleList()
        for below, above in zip(reversed(deeper), reversed(widths[:-1]), strict=True):
            self.grow.append(nn.ConvTranspose2d(below, above, 2, stride=2))
            self.decoder.append(nn.Sequential(ConvBlock(2 * above, above), ConvBlock(above, above)))
        self.head = nn.Conv2d(first, channels_out * shrink**2, 3, padding=1)
        self.unshrink = nn.PixelShuffle(shrink)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels_in, H, W] to float32 [N, channels_out, H, W]; H, W are multiples of shrink * 2^(levels - 1)."""
        return self.decode(self.encode(x))

    def encode(self, x: Tensor, levels: int | None = None) -> list[Tensor]:
        """Features of the encoder's first `levels` levels (default: all), finest first."""
        x = self.shrink(x)
        encoded = []
        for level in self.encoder[:levels]:
            x = level(x)
            encoded.append(x)
        return encoded

    def decode(self, encoded: Sequence[Tensor]) -> Tensor:
        """The output picture, from the features of all levels of `encode`."""
        *skips, x = encoded
        for grow, level in zip(self.grow, self.decoder, strict=True):
            x = level(torch.cat([skips.pop(), grow(x)], dim=1))
        # The head runs in its weights' precision; Predictor keeps it in float32, because bfloat16's 8 bits of mantissa
        # would add noise that lowers the PSNR of a good prediction.
        logits = self.head(x.to(self.head.weight.dtype))
        return torch.sigmoid(self.unshrink(logits).float())
