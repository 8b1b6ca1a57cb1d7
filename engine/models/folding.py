"""Folds batch norms into the preceding convolutions: the same function, but faster, and stable in half precision."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.models.blocks import ConvBlock, MultiScaleBlock


@torch.no_grad()
def fold_batch_norms(model: nn.Module) -> None:
    """Fold every batch norm of a model in evaluation mode into weights and bias of its convolution, in place."""
    for module in model.modules():
        if isinstance(module, ConvBlock):
            convolution, norm, _ = module
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            module[0] = _folded(convolution, *_scale_and_bias(norm))
            module[1] = nn.Identity()
        elif isinstance(module, MultiScaleBlock):
            scales, biases = (each.chunk(len(module.branches)) for each in _scale_and_bias(module.norm))
            for index, (scale, bias) in enumerate(zip(scales, biases, strict=True)):
                branch = module.branches[index]
                assert isinstance(branch, nn.Conv2d)
                module.branches[index] = _folded(branch, scale, bias)
            module.norm = nn.Identity()  # type: ignore[assignment]


def _scale_and_bias(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def _folded(convolution: nn.Conv2d, scale: Tensor, bias: Tensor) -> nn.Conv2d:
    folded = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        padding=convolution.padding,  # type: ignore[arg-type]
    )
    folded.weight.copy_(convolution.weight * scale[:, None, None, None])
    folded.bias.copy_(bias)  # type: ignore[union-attr]
    return folded.to(convolution.weight.device)
