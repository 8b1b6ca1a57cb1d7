import numpy as np
import pytest
import torch

from engine.training.losses import dense_loss, flow_loss, frame_loss, margin_loss


@pytest.fixture
def pictures() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Prediction, next frame and current frame, [2, 3, 8, 8]."""
    generator = torch.Generator().manual_seed(5)
    predicted, following, current = (torch.rand(2, 3, 8, 8, generator=generator) for _ in range(3))
    return predicted.requires_grad_(), following, current


def triplet(predicted: np.ndarray, following: np.ndarray, current: np.ndarray) -> float:
    """Eq. 4 with alpha 0.2 and norms along picture rows; torch adds 1e-6 to each difference."""
    to_following = np.sqrt(np.square(predicted - following + 1e-6).sum(axis=-1))
    to_current = np.sqrt(np.square(predicted - current + 1e-6).sum(axis=-1))
    return float(np.maximum(0, to_following - to_current + 0.2).mean())


def test_flow_loss_is_the_mean_absolute_difference(pictures) -> None:
    predicted, following, _ = pictures
    expected = np.abs(predicted.detach().numpy() - following.numpy()).mean()
    assert flow_loss(predicted, following).item() == pytest.approx(expected, rel=1e-6)


def test_dense_loss_is_the_mean_squared_difference(pictures) -> None:
    predicted, following, _ = pictures
    expected = np.square(predicted.detach().numpy() - following.numpy()).mean()
    assert dense_loss(predicted, following).item() == pytest.approx(expected, rel=1e-6)


def test_margin_loss_follows_equation_4(pictures) -> None:
    expected = triplet(*(each.detach().numpy().astype(np.float64) for each in pictures))
    assert margin_loss(*pictures).item() == pytest.approx(expected, rel=1e-5)


def test_margin_loss_pulls_to_the_next_frame_and_pushes_from_the_current_one() -> None:
    # In each row, the prediction differs from I_{t+1} only in the first pixel, and from I_t only in the second.
    predicted = torch.full((1, 3, 8, 8), 0.5, requires_grad=True)
    following, current = (torch.full((1, 3, 8, 8), 0.5) for _ in range(2))
    following[..., 0] = 0.9
    current[..., 1] = 0.2
    margin_loss(predicted, following, current).backward()
    # Gradient descent raises the first pixel towards I_{t+1} and the second away from I_t, and changes no others.
    assert (predicted.grad[..., 0] < -1e-4).all()
    assert (predicted.grad[..., 1] < -1e-4).all()
    assert predicted.grad[..., 2:].abs().max() < 1e-6


def test_margin_loss_is_zero_beyond_the_margin() -> None:
    current, following = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    assert margin_loss(following.clone(), following, current).item() == 0


def test_frame_loss_has_the_papers_weights(pictures) -> None:
    """Eq. 5 with the paper's lambda 0.004 and alpha 0.2."""
    predicted, following, current = (each.detach().numpy().astype(np.float64) for each in pictures)
    dense = np.square(predicted - following).mean()
    assert frame_loss(*pictures).item() == pytest.approx(dense + 0.004 * triplet(predicted, following, current))


def test_without_the_margin_term_the_frame_loss_is_the_dense_one(pictures) -> None:
    assert frame_loss(*pictures, margin=False).item() == dense_loss(*pictures[:2]).item()
