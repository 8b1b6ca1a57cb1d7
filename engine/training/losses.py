"""The paper's training losses (Eq. 1, 3, 4 and 5); all pictures are [N, 3, H, W] in [0, 1]."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

MARGIN = 0.2
"""Alpha of Eq. 4: the prediction must be at least this much closer to I_{t+1} than to I_t."""
MARGIN_WEIGHT = 0.004
"""Lambda of Eq. 5: weight of the margin loss."""


def flow_loss(predicted_flow: Tensor, teacher_flow: Tensor) -> Tensor:
    """L1 distance of flow pictures, Eq. 1; L1 is less sensitive to noise in the teacher's flow than L2."""
    return functional.l1_loss(predicted_flow, teacher_flow)


def dense_loss(predicted: Tensor, following: Tensor) -> Tensor:
    """Mean squared error between the predicted and the real next frame, Eq. 3."""
    return functional.mse_loss(predicted, following)


def margin_loss(predicted: Tensor, following: Tensor, current: Tensor) -> Tensor:
    """Triplet loss that pulls the prediction to I_{t+1} (`following`) and pushes it away from I_t (`current`), Eq. 4.

    The anchor is the prediction: both distances of Eq. 4 start from it, although the paper's Triplet(...) lists I_{t+1}
    first. Norms are taken along each picture row, which keeps this term's gradient comparable to the dense loss's.
    """
    return functional.triplet_margin_loss(predicted, following, current, margin=MARGIN)


def frame_loss(predicted: Tensor, following: Tensor, current: Tensor, *, margin: bool = True) -> Tensor:
    """Loss of the frame model, Eq. 5; with `margin=False` only the dense loss of Eq. 3, for the ablation."""
    loss = dense_loss(predicted, following)
    return loss + MARGIN_WEIGHT * margin_loss(predicted, following, current) if margin else loss
