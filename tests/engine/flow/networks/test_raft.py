from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from engine.flow.files import end_point_error, read_flow
from engine.flow.networks import raft
from engine.flow.networks.raft import RAFT_NAMINGS, AllPairs, OnDemand, Raft, raft_small
from engine.flow.networks.teacher import NetworkTeacher
from engine.flow.networks.weights import load_weights
from engine.video.picture_folder import read_picture
from tests.engine.flow.networks.published import torchvision_raft_names


@pytest.fixture(scope="module")
def teacher(shared_data: Path) -> NetworkTeacher:
    return NetworkTeacher("raft", shared_data / "weights" / "raft-small.pth")


@pytest.mark.parametrize(
    ("scene", "expected_px", "tolerance_px"),
    [("RubberWhale", 0.32, 0.05), ("Dimetrodon", 0.25, 0.05), ("Urban3", 0.72, 0.05), ("kitti", 7.3, 0.5)],
)
def test_end_point_error_is_what_the_authors_code_gives(
    scene: str, expected_px: float, tolerance_px: float, teacher: NetworkTeacher, shared_data: Path
) -> None:
    """The table in ../shared/data, measured with the authors' code and 20 iterations."""
    folder = shared_data / "flow" / scene
    names = (
        ("frame1.png", "frame2.png", "flow_gt.png")
        if scene == "kitti"
        else ("frame10.png", "frame11.png", "flow10.flo")
    )
    before, after, truth = (folder / name for name in names)
    flow = teacher.flow(read_picture(before), read_picture(after))
    assert end_point_error(flow, read_flow(truth)) == pytest.approx(expected_px, abs=tolerance_px)


def random_raft(seed: int = 0) -> Raft:
    torch.manual_seed(seed)
    return raft_small().eval()


def test_raft_has_the_published_number_of_parameters() -> None:
    assert sum(parameter.numel() for parameter in raft_small().parameters()) == 990_162


def authors_names(shared_data: Path) -> list[str]:
    return list(torch.load(shared_data / "weights" / "raft-small.pth", "cpu", weights_only=True))


@pytest.mark.slow
@torch.inference_mode()
def test_torchvision_s_file_gives_the_same_network(tmp_path: Path) -> None:
    network = random_raft()
    # Both publishers register the layers in the same order, as our model does (see the next test).
    renamed = dict(zip(torchvision_raft_names(), network.state_dict().values(), strict=True))
    torch.save(renamed, tmp_path / "raft_small_C_T_V2-01064c6d.pth")
    torch.save({f"module.{k}": v for k, v in network.state_dict().items()}, tmp_path / "raft-small.pth")
    pair = torch.rand(2, 1, 3, 64, 72)
    for file in tmp_path.iterdir():
        same = random_raft(seed=1)
        assert not torch.equal(same(*pair), network(*pair))
        load_weights(same, file, "RAFT", RAFT_NAMINGS)
        assert torch.equal(same(*pair), network(*pair))


def test_layers_are_in_the_authors_order(shared_data: Path) -> None:
    names = [name.removeprefix("module.") for name in authors_names(shared_data)]
    assert names == list(raft_small().state_dict())


def lookup_by_definition(first: np.ndarray, second: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Correlations [196, h, w] of maps [C, h, w] around positions (x, y) [2, h, w], pixel by pixel."""
    channels, height, width = first.shape
    found = np.zeros((4, 7, 7, height, width))
    for y, x in np.ndindex(height, width):
        similar = np.tensordot(first[:, y, x], second, 1) / np.sqrt(channels)
        for level in range(4):
            around = np.mgrid[-3:4, -3:4]
            # x changes slowest, as in the authors' trained weights.
            at = [positions[1, y, x] / 2**level + around[1], positions[0, y, x] / 2**level + around[0]]
            found[level, :, :, y, x] = map_coordinates(np.pad(similar, 1), np.add(at, 1), order=1, mode="constant")
            rows, columns = similar.shape[0] // 2 * 2, similar.shape[1] // 2 * 2
            halves = similar[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2)
            similar = halves.mean(axis=(1, 3))
    return found.reshape(-1, height, width)


@pytest.mark.parametrize("lookup", [AllPairs, OnDemand])
def test_lookups_are_correlations_around_a_position_at_four_levels(
    lookup: type[AllPairs | OnDemand], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raft, "_CHUNK_BYTES", 4 * 5 * 49 * 10)  # ten pixels at a time, the last time fewer
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(2, 5, 9, 13))
    positions = np.mgrid[:9, :13][::-1] + rng.normal(0, 3, (2, 9, 13))
    tensors = [torch.from_numpy(each[None]).float() for each in (first, second, positions)]
    found = lookup(*tensors[:2])(tensors[2])[0].numpy()
    np.testing.assert_allclose(found, lookup_by_definition(first, second, positions), atol=1e-4)


@torch.inference_mode()
def test_large_pictures_give_the_same_flow_without_the_whole_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    network, pair = random_raft(), torch.rand(2, 1, 3, 64, 80)
    network.iterations = 3
    expected = network(*pair)
    monkeypatch.setattr(raft, "_VOLUME_BYTES", 0)
    torch.testing.assert_close(network(*pair), expected, atol=1e-3, rtol=1e-3)
