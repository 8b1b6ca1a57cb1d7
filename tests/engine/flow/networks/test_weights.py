"""Files without weights, or with another network's: the error says what was expected and what was found."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.common.errors import TeacherError
from engine.flow.networks.pwcnet import PWCNET_NAMINGS, pwcnet
from engine.flow.networks.raft import RAFT_NAMINGS, raft_small
from engine.flow.networks.weights import load_weights
from tests.engine.flow.networks.published import pwcnet_weights


@pytest.fixture(scope="module")
def raft_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "raft-small.pth"
    torch.save(raft_small().state_dict(), path)
    return path


def load(path: Path) -> str:
    return load_weights(raft_small(), path, "RAFT's small model", RAFT_NAMINGS)


def test_safetensors_are_read_too(raft_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "raft-small.safetensors"
    safetensors.torch.save_file(torch.load(raft_file, weights_only=True), copy)
    assert load(copy) == load(raft_file)


def test_files_of_old_torch_are_read_too(raft_file: Path, tmp_path: Path) -> None:
    old = tmp_path / "network-default.pytorch"
    torch.save(torch.load(raft_file, weights_only=True), old, _use_new_zipfile_serialization=False)
    assert load(old) == load(raft_file)


def test_weights_of_another_network_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "pwcnet.pth"
    torch.save(pwcnet_weights()[0], file)
    with pytest.raises(TeacherError, match="not the weights of RAFT's small model") as caught:
        load(file)
    assert "fnet.conv1.weight [32, 3, 7, 7]" in caught.value.advice
    assert "torchvision" in caught.value.advice
    assert "128, the first named conv1a.0.weight [16, 3, 3, 3]" in caught.value.advice


def test_weights_of_a_larger_raft_are_an_error(raft_file: Path, tmp_path: Path) -> None:
    stored = torch.load(raft_file, weights_only=True)
    torch.save(stored | {"fnet.conv1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "raft-things.pth")
    with pytest.raises(TeacherError) as caught:
        load(tmp_path / "raft-things.pth")
    assert "fnet.conv1.weight is [64, 3, 7, 7] instead of [32, 3, 7, 7]" in caught.value.advice


def test_pwcnet_without_dense_pyramid_is_another_network(tmp_path: Path) -> None:
    """NVlabs' PWCDCNet_old has two layers a level."""
    weights = {name: tensor for name, tensor in pwcnet_weights()[0].items() if "aa." not in name}
    torch.save(weights, tmp_path / "old.pth")
    with pytest.raises(TeacherError) as caught:
        load_weights(pwcnet(), tmp_path / "old.pth", "PWC-Net", PWCNET_NAMINGS)
    assert "conv1aa.0.weight" in caught.value.advice


def test_unknown_layers_are_an_error(raft_file: Path, tmp_path: Path) -> None:
    stored = torch.load(raft_file, weights_only=True)
    torch.save(stored | {"mask.weight": torch.zeros(3)}, tmp_path / "more.pth")
    with pytest.raises(TeacherError) as caught:
        load(tmp_path / "more.pth")
    assert "mask.weight [3] is not one of them" in caught.value.advice


def test_weights_that_are_not_finite_are_an_error(raft_file: Path, tmp_path: Path) -> None:
    stored = torch.load(raft_file, weights_only=True)
    stored["cnet.conv1.bias"][3] = torch.nan
    torch.save(stored, tmp_path / "nan.pth")
    with pytest.raises(TeacherError, match="damaged"):
        load(tmp_path / "nan.pth")


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo this must never run",)


@pytest.mark.parametrize("content", [Hostile(), torch.zeros(3), [1, 2], {}, {"state_dict": {}}, "text"])
def test_files_without_named_tensors_are_an_error(
    content: object, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.save(content, tmp_path / "odd.pth")
    with pytest.raises(TeacherError) as caught:
        load(tmp_path / "odd.pth")
    assert caught.value.subject == str(tmp_path / "odd.pth")
    assert "must never run" not in capfd.readouterr().out


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0, 1e-5, 0.01, 0.5, 0.999])
def test_truncated_files_are_an_error(suffix: str, share: float, raft_file: Path, tmp_path: Path) -> None:
    path = tmp_path / f"cut{suffix}"
    stored: dict[str, Tensor] = torch.load(raft_file, weights_only=True)
    if suffix == ".pth":
        torch.save(stored, path)
    else:
        safetensors.torch.save_file(stored, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(TeacherError, match="no weights file, or it is damaged"):
        load(path)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.binary(max_size=200), head=st.sampled_from([b"", b"\x80\x02", b"\x89PNG", b"PK\x03\x04", b"<html>"]))
def test_files_of_other_formats_are_an_error(tail: bytes, head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.pth"
    path.write_bytes(head + tail)
    with pytest.raises(TeacherError):
        load(path)


@pytest.mark.slow
def test_old_files_with_a_changed_byte_are_an_error_or_load(raft_file: Path, tmp_path: Path) -> None:
    """A changed byte in the pickle at the start of the file is another instruction: an error, or loadable weights."""
    path = tmp_path / "old.pth"
    torch.save(torch.load(raft_file, weights_only=True), path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    rng = np.random.default_rng(6)
    errors = 0
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[rng.integers(3000)] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            load(path)
        except TeacherError:
            errors += 1
    assert errors > 30


def test_a_folder_instead_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="can't be read"):
        load(tmp_path)
