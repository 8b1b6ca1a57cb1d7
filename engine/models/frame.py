"""The frame model F_f: predicts the next frame from a frame and the predicted flow (Eq. 6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.models.blocks import UNet


class FrameModel(nn.Module):
    """Predicts the next frame; frame and flow are concatenated as its input channels (region correspondence).

    Without `flow_guidance` its input is the frame alone, as in the first two experiments of the ablation.
    """

    def __init__(self, *, widths: Sequence[int], shrink: int, flow_guidance: bool = True) -> None:
        super().__init__()
        self.flow_guidance = flow_guidance
        self.net = UNet(6 if flow_guidance else 3, 3, widths=widths, shrink=shrink)

    def forward(self, flow_rgb: Tensor, frame: Tensor) -> Tensor:
        """Flow RGB and frame, both [N, 3, H, W] in [0, 1], to the next frame float32 [N, 3, H, W] in [0, 1]."""
        net_input = torch.cat([flow_rgb.to(frame.dtype), frame], dim=1) if self.flow_guidance else frame
        return self.net(net_input)  # type: ignore[no-any-return]
