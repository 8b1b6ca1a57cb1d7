"""Reads feature maps between their pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - everybody calls it F
from torch import Tensor


def pixel_grid(maps: Tensor) -> Tensor:
    """Where each pixel of maps [N, C, H, W] lies: (x, y) from the middle of the upper left pixel, [1, 2, H, W]."""
    height, width = maps.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y])[None].to(maps)


def sample(maps: Tensor, places: Tensor) -> Tensor:
    """Bilinear values of maps [N, C, H, W] at places [N, h, w, 2], (x, y) in px: [N, C, h, w]; zero outside."""
    height, width = maps.shape[-2:]
    # grid_sample counts from -1 to 1. These are the places that align_corners=True means, but without its division by
    # zero for maps that are one pixel wide.
    scale = torch.tensor([2 / width, 2 / height]).to(places)
    return F.grid_sample(maps, (places + 0.5) * scale - 1, align_corners=False)
