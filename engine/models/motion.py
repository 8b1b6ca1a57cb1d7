"""The motion model F_m: from one frame to the flow that normal things would have next (Eq. 2)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from engine.models.blocks import UNet
from engine.scoring.windows import PICTURE_CELLS, WINDOW_CELLS

_APPEARANCE_LEVELS = 2
"""Deeper ones see more than a window, and tell less of how a thing looks than of where it is going (RESULTS.md)."""


class MotionModel(nn.Module):
    """Predicts the normality-granted flow, as colour-wheel RGB, from a single frame."""

    def __init__(self, *, widths: Sequence[int], shrink: int) -> None:
        super().__init__()
        self.net = UNet(3, 3, widths=widths, shrink=shrink)

    def forward(self, frame: Tensor) -> Tensor:
        """RGB [N, 3, H, W] in [0, 1] to flow RGB float32 [N, 3, H, W] in [0, 1]."""
        return self.net(frame)  # type: ignore[no-any-return]

    def with_appearance(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """The flow RGB, and beside it the appearance [N, C, PLACES, PLACES] as `appearance` says."""
        encoded = self.net.encode(frame)
        return self.net.decode(encoded), _of_windows(encoded[_APPEARANCE_LEVELS - 1])

    def appearance(self, frame: Tensor) -> Tensor:
        """How every window looks, as the encoder's features: RGB [N, 3, 256, 256] to float32 [N, C, PLACES, PLACES]."""
        return _of_windows(self.net.encode(frame, _APPEARANCE_LEVELS)[-1])


def _of_windows(features: Tensor) -> Tensor:
    """Means over the windows of engine.scoring.windows, of features [N, C, H, W] of the whole picture."""
    cells = functional.adaptive_avg_pool2d(features.float(), PICTURE_CELLS)
    return functional.avg_pool2d(cells, WINDOW_CELLS, stride=1)
