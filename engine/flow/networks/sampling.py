"""Samples feature maps at positions between their pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - everybody calls it F
from torch import Tensor


def pixel_grid(maps: Tensor) -> Tensor:
    """Pixel coordinates (x, y) of maps [N, C, H, W], counted from the centre of the upper left pixel: [1, 2, H, W]."""
    height, width = maps.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y])[None].to(maps)


def sample(maps: Tensor, positions: Tensor) -> Tensor:
    """Maps [N, C, H, W] interpolated at positions [N, h, w, 2], (x, y) in px: [N, C, h, w]; zero outside."""
    height, width = maps.shape[-2:]
    # grid_sample expects positions in [-1, 1]. This is equivalent to align_corners=True, but does not divide by zero
    # for maps that are one pixel wide.
    scale = torch.tensor([2 / width, 2 / height]).to(positions)
    return F.grid_sample(maps, (positions + 0.5) * scale - 1, align_corners=False)
