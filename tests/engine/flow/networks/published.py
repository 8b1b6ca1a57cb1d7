"""Tensor names in the published weights of the networks, taken from the publishers' code and not from ours."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

DENSE = (128, 128, 96, 64, 32)
PYRAMID = {1: (3, 16), 2: (16, 32), 3: (32, 64), 4: (64, 96), 5: (96, 128), 6: (128, 196)}
NUMERALS = {1: "One", 2: "Two", 3: "Thr", 4: "Fou", 5: "Fiv", 6: "Six"}


def pwcnet_layers() -> list[tuple[str, str, tuple[int, ...]]]:
    """For each layer of PWC-Net: its name in NVlabs' code, its name in sniklaus' code, and its weight's shape."""
    layers: list[tuple[str, str, tuple[int, ...]]] = []
    for level, (channels_in, channels) in PYRAMID.items():
        letters = ("aa", "a", "b") if level == 6 else ("a", "aa", "b")
        for index, letter in enumerate(letters):
            shape = (channels, channels if index else channels_in, 3, 3)
            layers.append((f"conv{level}{letter}.0", f"moduleExtractor.module{NUMERALS[level]}.{2 * index}", shape))
    for level in range(6, 1, -1):
        channels = 81 if level == 6 else 81 + PYRAMID[level][1] + 4
        module = f"module{NUMERALS[level]}"
        for index, width in enumerate(DENSE):
            layers.append(
                (f"conv{level}_{index}.0", f"{module}.module{NUMERALS[index + 1]}.0", (width, channels, 3, 3))
            )
            channels += width
        layers.append((f"predict_flow{level}", f"{module}.moduleSix.0", (2, channels, 3, 3)))
        if level > 2:
            finer = f"module{NUMERALS[level - 1]}"
            layers.append((f"deconv{level}", f"{finer}.moduleUpflow", (2, 2, 4, 4)))
            layers.append((f"upfeat{level}", f"{finer}.moduleUpfeat", (channels, 2, 4, 4)))
    for number, (channels_in, channels) in enumerate(
        ((565, 128), (128, 128), (128, 128), (128, 96), (96, 64), (64, 32), (32, 2)), start=1
    ):
        name = f"dc_conv{number}" + ("" if number == 7 else ".0")
        layers.append((name, f"moduleRefiner.moduleMain.{2 * (number - 1)}", (channels, channels_in, 3, 3)))
    return layers


def pwcnet_weights(seed: int = 0) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The same random weights as NVlabs and as sniklaus would publish them."""
    rng = np.random.default_rng(seed)
    nvlabs, sniklaus = {}, {}
    for theirs, others, shape in pwcnet_layers():
        # Transposed convolutions have input channels first, and only half of their taps fall on a pixel.
        transposed = theirs.startswith(("deconv", "upfeat"))
        fan_in = shape[0] * 4 if transposed else shape[1] * 9
        weight = torch.from_numpy(rng.normal(0, (1.8 / fan_in) ** 0.5, shape).astype(np.float32))
        bias = torch.from_numpy(rng.normal(0, 0.05, 2 if transposed else shape[0]).astype(np.float32))
        nvlabs |= {f"{theirs}.weight": weight, f"{theirs}.bias": bias}
        sniklaus |= {f"{others}.weight": weight, f"{others}.bias": bias}
    # NVlabs' network has one more layer, which is unused.
    nvlabs |= {"deconv2.weight": torch.zeros(2, 2, 4, 4), "deconv2.bias": torch.zeros(2)}
    return nvlabs, sniklaus


def torchvision_raft_names() -> list[str]:
    """torchvision's names of raft_small's tensors in the order of registration, which is the authors' order too."""
    layers = []
    for encoder in ("feature_encoder", "context_encoder"):
        layers.append(f"{encoder}.convnormrelu.0")
        for layer in (1, 2, 3):
            for block in (0, 1):
                name = f"{encoder}.layer{layer}.{block}"
                layers += [f"{name}.convnormrelu{n}.0" for n in (1, 2, 3)]
                if layer > 1 and block == 0:
                    layers.append(f"{name}.downsample.0")
        layers.append(f"{encoder}.conv")
    layers += [f"update_block.motion_encoder.{name}.0" for name in ("convcorr1", "convflow1", "convflow2", "conv")]
    layers += [f"update_block.recurrent_block.convgru1.conv{gate}" for gate in "zrq"]
    layers += ["update_block.flow_head.conv1", "update_block.flow_head.conv2"]
    return [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
