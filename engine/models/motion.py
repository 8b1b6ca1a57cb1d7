"""The motion model F_m: from one frame to the flow that normal things would have next (Eq. 2)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from engine.models.blocks import UNet


class MotionModel(nn.Module):
    """Predicts the normality-granted flow, as colour-wheel RGB, from a single frame."""

    def __init__(self, *, widths: Sequence[int], shrink: int) -> None:
        super().__init__()
        self.net = UNet(3, 3, widths=widths, shrink=shrink)

    def forward(self, frame: Tensor) -> Tensor:
        """RGB [N, 3, H, W] in [0, 1] to flow RGB float32 [N, 3, H, W] in [0, 1]."""
        return self.net(frame)  # type: ignore[no-any-return]
