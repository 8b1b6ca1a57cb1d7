"""The frame model F_f: from a frame and the predicted flow to the next frame (Eq. 6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.models.blocks import UNet


class FrameModel(nn.Module):
    """Predicts the next frame; its first block sees frame and flow side by side (region correspondence).

    Without `flow_guidance` it sees the frame alone, as in the ablation's first two experiments.
    """

    def __init__(self, *, widths: Sequence[int], shrink: int, flow_guidance: bool = True) -> None:
        super().__init__()
        self.flow_guidance = flow_guidance
        self.net = UNet(6 if flow_guidance else 3, 3, widths=widths, shrink=shrink)

    def forward(self, flow_rgb: Tensor, frame: Tensor) -> Tensor:
        """Flow RGB and frame, both [N, 3, H, W] in [0, 1], to the next frame float32 [N, 3, H, W] in [0, 1]."""
        seen = torch.cat([flow_rgb.to(frame.dtype), frame], dim=1) if self.flow_guidance else frame
        return self.net(seen)  # type: ignore[no-any-return]
