"""Detectors that are odd in any part are refused when they are opened, and never hide the others in a library."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import resources
from engine.common.errors import DetectorFileError
from engine.detector_library import DetectorLibrary
from engine.models.detector import load_detector
from engine.models.detector_header import read_header

Change = Callable[[dict[str, Any], dict[str, torch.Tensor]], object]


@pytest.fixture(scope="module")
def bundled() -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """Header and tensors of a calibrated detector."""
    from safetensors import safe_open

    with safe_open(resources.detector_path("plaza"), framework="pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def write(path: Path, bundled: tuple[dict[str, str], dict[str, torch.Tensor]], change: Change) -> Path:
    """The bundled detector with a change, and a checksum that is right."""
    header, tensors = bundled[0], dict(bundled[1])
    settings = json.loads(header["settings"])
    change(settings, tensors)
    text = json.dumps(settings)
    digest = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.view(torch.uint8).numpy().tobytes() if tensor.ndim else tensor.numpy().tobytes())
    save_file(tensors, path, {**header, "settings": text, "sha256": digest.hexdigest()})
    return path


def weight_of(tensors: dict[str, torch.Tensor]) -> str:
    return next(name for name, tensor in tensors.items() if tensor.dtype == torch.float16 and tensor.ndim == 4)


def with_type(dtype: torch.dtype) -> Change:
    return lambda _, tensors: tensors.update({weight_of(tensors): tensors[weight_of(tensors)].to(dtype)})


def with_value(value: float) -> Change:
    def change(_: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        changed = tensors[weight_of(tensors)].clone()
        changed[0, 0, 0, 0] = value
        tensors[weight_of(tensors)] = changed

    return change


def setting(**changes: object) -> Change:
    return lambda settings, _: settings.update(changes)


def calibration(**changes: object) -> Change:
    return lambda settings, _: settings["calibration"].update(changes)


def scale(part: str, **changes: object) -> Change:
    return lambda settings, _: settings["calibration"]["live"][part].update(changes)


def tensor(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    return lambda _, tensors: tensors.update({name: change(tensors[name]).contiguous()})


def running_variance(_: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    name = next(name for name in tensors if name.endswith("running_var"))
    tensors[name] = -tensors[name]


ODD: dict[str, Change] = {
    "bfloat16": with_type(torch.bfloat16),
    "float8": with_type(torch.float8_e4m3fn),
    "integer weights": with_type(torch.int8),
    "weight NaN": with_value(math.nan),
    "weight infinite": with_value(math.inf),
    "negative variance": running_variance,
    "calibration {}": setting(calibration={}),
    "calibration []": setting(calibration=[]),
    "calibration text": setting(calibration="yes"),
    "no evidence": calibration(evidence=[]),
    "evidence twice": lambda settings, _: settings["calibration"]["evidence"].append(
        settings["calibration"]["evidence"][0]
    ),
    "unknown evidence": calibration(evidence=["charm"]),
    "no smoothing": calibration(smoothing_seconds=[]),
    "seconds NaN": calibration(seconds=math.nan),
    "negative frame time": calibration(frame_seconds=-1.0),
    "reference of one cell": lambda settings, _: settings["calibration"]["reference"].update(layout=[1.0]),
    "no medians": scale("standard", medians=[]),
    "spread 0": lambda settings, _: settings["calibration"]["live"]["standard"]["spreads"].__setitem__(0, 0.0),
    "spread infinite": lambda settings, _: settings["calibration"]["live"]["standard"]["spreads"].__setitem__(
        0, math.inf
    ),
    "no quantiles": scale("tail", quantiles=[], surprises=[]),
    "quantiles backwards": lambda settings, _: settings["calibration"]["live"]["tail"]["quantiles"].reverse(),
    "no exceedances": scale("tail", exceedances=0),
    "radius text": setting(flow_radius_px="4"),
    "radius null": setting(flow_radius_px=None),
    "radius NaN": setting(flow_radius_px=math.nan),
    "radius 0": setting(flow_radius_px=0),
    "radius huge": setting(flow_radius_px=1e30),
    "teacher null": setting(teacher=None),
    "teacher number": setting(teacher=3),
    "name of half a character": setting(name="\ud800"),
    "training of half a character": setting(training={"x": ["\udce9"]}),
    "training nested deeply": setting(training={"x": json.loads("[" * 200 + "]" * 200)}),
    "counts negative": tensor("motion_normal.counts", lambda counts: -counts - 1),
    "counts of another shape": tensor("motion_normal.counts", lambda counts: counts[:3]),
    "counts float": tensor("motion_normal.counts", torch.Tensor.float),
    "prototypes of another shape": tensor("appearance_normal.prototypes", lambda each: each[:, :3]),
    "prototypes NaN": tensor("appearance_normal.prototypes", lambda each: each * math.nan),
    "no prototypes": tensor("appearance_normal.prototypes", lambda each: each[:0]),
    "one prototype tensor alone": lambda _, tensors: tensors.pop("appearance_normal.mean"),
    "a layer missing": lambda _, tensors: tensors.pop(weight_of(tensors)),
    "a layer more": lambda _, tensors: tensors.update(more=torch.zeros(3)),
    "a layer of another shape": lambda _, tensors: tensors.update({weight_of(tensors): torch.zeros(1, 1, 1, 1)}),
}


def test_the_detector_that_is_changed_opens(tmp_path: Path, bundled: Any) -> None:
    detector, _ = load_detector(write(tmp_path / "a.safetensors", bundled, lambda *_: None))
    assert detector.settings.calibration is not None


@pytest.mark.parametrize("what", ODD)
def test_a_detector_that_is_odd_in_one_part_is_refused_when_it_is_opened(
    tmp_path: Path, bundled: Any, what: str
) -> None:
    path = write(tmp_path / "a.safetensors", bundled, ODD[what])
    with pytest.raises(DetectorFileError) as caught:
        load_detector(path)
    assert caught.value.subject == str(path)
    assert caught.value.advice
    str(caught.value).encode()


def test_each_bundled_detector_passes_the_checks() -> None:
    for name in resources.bundled_detectors():
        load_detector(resources.detector_path(name))


def test_a_version_of_thousands_of_digits_is_none(tmp_path: Path, bundled: Any) -> None:
    header, tensors = bundled
    path = tmp_path / "a.safetensors"
    for version in ("9" * 5000, "4.0", "-1", "", "٤"):
        save_file(tensors, path, {**header, "format_version": version})
        with pytest.raises(DetectorFileError, match="newer version"):
            load_detector(path)


def test_odd_files_in_a_library_are_listed_beside_the_others(tmp_path: Path, bundled: Any) -> None:
    for number, change in enumerate(ODD.values()):
        write(tmp_path / f"odd {number}.safetensors", bundled, change)
    write(tmp_path / "whole.safetensors", bundled, lambda settings, _: settings.update(name="Whole"))
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "empty.safetensors").touch()
    (tmp_path / "text.safetensors").write_text("[" * 100_000)
    (tmp_path / "length.safetensors").write_bytes(b"\xff" * 64)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.safetensors")
    entries = {entry.path.name: entry for entry in DetectorLibrary(tmp_path).entries()}
    assert entries["whole.safetensors"].problem == ""
    for name in ("folder", "empty", "text", "length", *(["pipe"] if hasattr(os, "mkfifo") else [])):
        assert entries[f"{name}.safetensors"].problem
    for entry in entries.values():
        entry.training_videos()
        json.dumps(asdict(entry), default=str, ensure_ascii=False).encode()


def test_what_nobody_expected_of_a_file_hides_no_other(
    tmp_path: Path, bundled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("odd", "whole"):
        write(tmp_path / f"{name}.safetensors", bundled, lambda *_: None)

    def read(path: Path) -> object:
        if path.stem == "odd":
            raise ZeroDivisionError
        return read_header(path)

    monkeypatch.setattr("engine.detector_library.library.read_header", read)
    problems = {entry.path.stem: entry.problem for entry in DetectorLibrary(tmp_path).entries()}
    assert problems["odd"] == "The file can't be understood (ZeroDivisionError)."
    assert problems["whole"] == ""


def test_flipped_bits_of_a_header_end_in_an_error_or_change_nothing(tmp_path: Path, bundled: Any) -> None:
    path = write(tmp_path / "a.safetensors", bundled, lambda *_: None)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    chance = np.random.default_rng(0)
    for _ in range(60):
        place, bit = int(chance.integers(0, 8 + length)), int(chance.integers(0, 8))
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        path.write_bytes(changed)
        with contextlib.suppress(DetectorFileError):
            load_detector(path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that fails when it is read")
def test_a_detector_on_a_disk_that_fails_is_told() -> None:
    with pytest.raises(DetectorFileError, match="can't be read"):
        read_header(Path("/proc/self/mem"))
