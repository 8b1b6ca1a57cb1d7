"""The frame model F_f: from a frame and the predicted flow to the next frame (Eq. 6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.models.blocks import UNet


class FrameModel(nn.Module):
    """Predicts the next frame; its first block sees frame and flow side by side (region correspondence)."""

    def __init__(self, *, widths: Sequence[int], shrink: int) -> None:
        super().__init__()
        self.net = UNet(6, 3, widths=widths, shrink=shrink)

    def forward(self, flow_rgb: Tensor, frame: Tensor) -> Tensor:
        """Flow RGB and frame, both [N, 3, H, W] in [0, 1], to the next frame float32 [N, 3, H, W] in [0, 1]."""
        return self.net(torch.cat([flow_rgb.to(frame.dtype), frame], dim=1))  # type: ignore[no-any-return]
