"""The motion model F_m: predicts from one frame the flow that normal objects would have next (Eq. 2)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from engine.models.blocks import UNet
from engine.scoring.windows import PICTURE_CELLS, WINDOW_CELLS

_APPEARANCE_LEVELS = 2
"""Encoder levels used for appearance. Deeper levels have receptive fields larger than a window, and encode less of how
an object looks than of where it moves (docs/research/choice-of-signals.md)."""


class MotionModel(nn.Module):
    """Predicts the normality-granted flow, as colour-wheel RGB, from a single frame."""

    def __init__(self, *, widths: Sequence[int], shrink: int) -> None:
        super().__init__()
        self.net = UNet(3, 3, widths=widths, shrink=shrink)

    def forward(self, frame: Tensor) -> Tensor:
        """RGB [N, 3, H, W] in [0, 1] to flow RGB float32 [N, 3, H, W] in [0, 1]."""
        return self.net(frame)  # type: ignore[no-any-return]

    def with_appearance(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Flow RGB as in `forward`, and appearance [N, C, PLACES, PLACES] as in `appearance`."""
        encoded = self.net.encode(frame)
        return self.net.decode(encoded), _window_means(encoded[_APPEARANCE_LEVELS - 1])

    def appearance(self, frame: Tensor) -> Tensor:
        """Appearance of every window, as encoder features: RGB [N, 3, 256, 256] to float32 [N, C, PLACES, PLACES]."""
        return _window_means(self.net.encode(frame, _APPEARANCE_LEVELS)[-1])


def _window_means(features: Tensor) -> Tensor:
    """Mean of features [N, C, H, W] over each window of engine.scoring.windows: [N, C, PLACES, PLACES]."""
    cells = functional.adaptive_avg_pool2d(features.float(), PICTURE_CELLS)
    return functional.avg_pool2d(cells, WINDOW_CELLS, stride=1)
