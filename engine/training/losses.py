"""The paper's training losses, Eq. 1, 3, 4 and 5; pictures are [N, 3, H, W] in [0, 1]."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

MARGIN = 0.2
"""Alpha of Eq. 4: how much farther the prediction shall be from I_t than from I_{t+1}."""
MARGIN_WEIGHT = 0.004
"""Lambda of Eq. 5."""


def flow_loss(predicted_flow: Tensor, teacher_flow: Tensor) -> Tensor:
    """L1 distance of flow pictures, Eq. 1; it is less sensitive to the teacher's noise than L2."""
    return functional.l1_loss(predicted_flow, teacher_flow)


def dense_loss(predicted: Tensor, following: Tensor) -> Tensor:
    """L2 distance of the predicted to the real next frame, Eq. 3."""
    return functional.mse_loss(predicted, following)


def margin_loss(predicted: Tensor, following: Tensor, current: Tensor) -> Tensor:
    """Pulls the prediction to I_{t+1} (`following`) and pushes it away from I_t (`current`), Eq. 4.

    The anchor is the prediction: Eq. 4's distances both start from it, although its Triplet(...) prints I_{t+1} first.
    Norms are taken along each picture row, which keeps the term's gradient comparable to the dense loss's.
    """
    return functional.triplet_margin_loss(predicted, following, current, margin=MARGIN)


def frame_loss(predicted: Tensor, following: Tensor, current: Tensor, *, margin: bool = True) -> Tensor:
    """Loss of the frame model, Eq. 5; without its margin term, for the ablation, Eq. 3."""
    loss = dense_loss(predicted, following)
    return loss + MARGIN_WEIGHT * margin_loss(predicted, following, current) if margin else loss
