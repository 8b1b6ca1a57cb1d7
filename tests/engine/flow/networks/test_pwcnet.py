from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from scipy.ndimage import map_coordinates
from torch import Tensor

from engine.flow.networks.pwcnet import PWCNET_NAMINGS, PwcNet, correlation, pwcnet, warp
from engine.flow.networks.teacher import NetworkTeacher
from engine.flow.networks.weights import load_weights
from tests.engine.flow.networks.published import DENSE, pwcnet_weights


def correlation_by_definition(first: Tensor, second: Tensor) -> Tensor:
    """FlowNet's correlation layer, pixel by pixel: channel 9 (dy + 4) + (dx + 4), mean over features, zero outside."""
    a, b = first[0].double().numpy(), second[0].double().numpy()
    _, height, width = a.shape
    costs = np.zeros((81, height, width))
    for y, x in np.ndindex(height, width):
        for dy in range(-4, 5):
            for dx in range(-4, 5):
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    costs[9 * (dy + 4) + dx + 4, y, x] = np.mean(a[:, y, x] * b[:, y + dy, x + dx])
    return torch.from_numpy(costs[None]).float()


def warp_by_definition(second: Tensor, flow: Tensor) -> Tensor:
    height, width = second.shape[-2:]
    y, x = np.mgrid[:height, :width] + flow[0].flip(0).double().numpy()
    warped = np.stack([map_coordinates(each, [y, x], order=1, mode="constant") for each in second[0].double().numpy()])
    # SciPy zeroes samples that are outside by any amount; the network tolerates a thousandth of a pixel.
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return torch.from_numpy((warped * inside)[None]).float()


def network_by_definition(weights: dict[str, Tensor], previous: Tensor, current: Tensor) -> Tensor:
    """PWCDCNet.forward of NVlabs' code on its weights: BGR to a twentieth of the flow at a quarter of the size."""

    def conv(name: str, x: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
        x = F.conv2d(x, weights[f"{name}.0.weight"], weights[f"{name}.0.bias"], stride, dilation, dilation)
        return F.leaky_relu(x, 0.1)

    def up(name: str, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride=2, padding=1)

    def pyramid(picture: Tensor) -> dict[int, Tensor]:
        maps = {0: picture}
        for n in range(1, 6):
            maps[n] = conv(f"conv{n}b", conv(f"conv{n}aa", conv(f"conv{n}a", maps[n - 1], stride=2)))
        maps[6] = conv("conv6b", conv("conv6a", conv("conv6aa", maps[5], stride=2)))
        return maps

    first, second = pyramid(previous), pyramid(current)
    x = F.leaky_relu(correlation_by_definition(first[6], second[6]), 0.1)
    flow = x
    for n, scale in ((6, 0.0), (5, 0.625), (4, 1.25), (3, 2.5), (2, 5.0)):
        if n < 6:
            up_flow, up_features = up(f"deconv{n + 1}", flow), up(f"upfeat{n + 1}", x)
            costs = correlation_by_definition(first[n], warp_by_definition(second[n], up_flow * scale))
            x = torch.cat([F.leaky_relu(costs, 0.1), first[n], up_flow, up_features], 1)
        for index in range(len(DENSE)):
            x = torch.cat([conv(f"conv{n}_{index}", x), x], 1)
        flow = F.conv2d(x, weights[f"predict_flow{n}.weight"], weights[f"predict_flow{n}.bias"], padding=1)
    for number, dilation in enumerate((1, 2, 4, 8, 16, 1), start=1):
        x = conv(f"dc_conv{number}", x, dilation=dilation)
    return flow + F.conv2d(x, weights["dc_conv7.weight"], weights["dc_conv7.bias"], padding=1)


@pytest.fixture(scope="module")
def weights() -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    return pwcnet_weights()


@pytest.fixture(scope="module")
def network(weights: tuple[dict[str, Tensor], dict[str, Tensor]], tmp_path_factory: pytest.TempPathFactory) -> PwcNet:
    return loaded(tmp_path_factory.mktemp("weights") / "pwc_net.pth.tar", weights[0])


def loaded(path: Path, stored: object) -> PwcNet:
    torch.save(stored, path)
    model = pwcnet().eval()
    load_weights(model, path, "PWC-Net", PWCNET_NAMINGS)
    return model


def pictures(height: int, width: int) -> Tensor:
    """Two different pictures, RGB [2, 3, H, W] in [0, 1]."""
    return torch.from_numpy(np.random.default_rng(5).random((2, 3, height, width), np.float32))


@pytest.mark.slow
def test_correlation_is_the_mean_over_features_of_each_shift() -> None:
    rng = torch.Generator().manual_seed(1)
    first, second = torch.randn(2, 1, 5, 7, 6, generator=rng)
    torch.testing.assert_close(correlation(first, second), correlation_by_definition(first, second))


def test_warping_follows_the_flow_and_is_zero_outside_the_map() -> None:
    rng = torch.Generator().manual_seed(2)
    second, flow = torch.randn(1, 4, 9, 11, generator=rng), 3 * torch.randn(1, 2, 9, 11, generator=rng)
    flow[..., :3, :3] = 0  # zero flow: samples lie exactly on pixels of the corner
    warped = warp(second, flow)
    torch.testing.assert_close(warped, warp_by_definition(second, flow), atol=1e-5, rtol=1e-4)
    assert (warped == 0).any()
    torch.testing.assert_close(warped[..., :3, :3], second[..., :3, :3])


@pytest.mark.slow
@torch.inference_mode()
def test_the_network_matches_the_published_formulas(
    network: PwcNet, weights: tuple[dict[str, Tensor], dict[str, Tensor]]
) -> None:
    pair = pictures(64, 128)
    expected = network_by_definition(weights[0], pair[:1], pair[1:])
    assert expected.shape == (1, 2, 16, 32)
    # As large as in a trained network; in pixels of the picture it is 20 times as much.
    assert 0.1 < expected.abs().mean() < 10
    torch.testing.assert_close(network.quarter_flow(pair[:1], pair[1:]), expected, atol=1e-3, rtol=1e-3)


@pytest.mark.slow
@torch.inference_mode()
def test_pictures_are_stretched_to_multiples_of_64_and_their_flow_is_scaled_back(
    network: PwcNet, weights: tuple[dict[str, Tensor], dict[str, Tensor]]
) -> None:
    """Against the steps of NVlabs' script_pwc.py: stretched with cv2, BGR, times 20, stretched back, scaled."""
    pair = pictures(50, 90)
    large = [cv2.resize(each.permute(1, 2, 0).numpy()[..., ::-1].copy(), (128, 64)) for each in pair]
    before, after = (torch.from_numpy(each).permute(2, 0, 1)[None] for each in large)
    quarter = 20 * network_by_definition(weights[0], before, after)[0]
    expected = [
        cv2.resize(component.numpy(), (90, 50)) * ratio
        for component, ratio in zip(quarter, (90 / 128, 50 / 64), strict=True)
    ]
    flow = network(pair[:1], pair[1:])[0]
    torch.testing.assert_close(flow, torch.from_numpy(np.stack(expected)), atol=0.05, rtol=1e-3)


@pytest.mark.slow
@torch.inference_mode()
@pytest.mark.parametrize("wrapping", ["bare", "state_dict", "module", "both", "net"])
@pytest.mark.parametrize("publisher", [0, 1], ids=["nvlabs", "sniklaus"])
def test_both_publishers_files_give_the_same_network(
    publisher: int,
    wrapping: str,
    network: PwcNet,
    weights: tuple[dict[str, Tensor], dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    stored: dict[str, object] = dict(weights[publisher])
    if wrapping == "net":
        stored = {name.replace("module", "net"): tensor for name, tensor in stored.items()}
    if wrapping in ("module", "both"):
        stored = {f"module.{name}": tensor for name, tensor in stored.items()}
    if wrapping in ("state_dict", "both"):
        stored = {"epoch": 3, "state_dict": stored}
    pair = pictures(64, 64)
    same = loaded(tmp_path / "weights.pth", stored)
    assert torch.equal(same(pair[:1], pair[1:]), network(pair[:1], pair[1:]))


@pytest.mark.slow
def test_the_teacher_s_fingerprint_is_of_the_weights_not_of_their_names(
    weights: tuple[dict[str, Tensor], dict[str, Tensor]], tmp_path: Path
) -> None:
    fingerprints = set()
    for n, each in enumerate((*weights, pwcnet_weights(seed=1)[0])):
        torch.save(each, tmp_path / f"{n}.pth")
        fingerprints.add(NetworkTeacher("pwcnet", tmp_path / f"{n}.pth").fingerprint)
    assert len(fingerprints) == 2
    assert all(fingerprint.startswith("pwcnet-") for fingerprint in fingerprints)
