"""Loads a network's weights from a person's file, which may use the layer names of any known publisher."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from engine.common.errors import TeacherError


@dataclass(frozen=True)
class Naming:
    """How one publisher of a network names its layers."""

    publisher: str
    """Publisher in words, for error messages."""
    published_name: Callable[[str], str]
    """Maps the name of a tensor in our model to the publisher's name."""
    unused: frozenset[str] = frozenset()
    """Published tensors that our network does not need."""


def load_weights(model: nn.Module, path: Path, label: str, namings: Sequence[Naming]) -> str:
    """Load a file's weights into a model by one of the namings; returns a fingerprint that is the same for all namings.

    Raises:
        TeacherError: the file is missing, damaged, or holds another network's weights than `label`'s.
    """
    stored = _read(path)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    naming = max(namings, key=lambda each: sum(each.published_name(name) in stored for name in shapes))
    for problem in _mismatches(stored, {naming.published_name(name): shape for name, shape in shapes.items()}, naming):
        raise TeacherError(
            f"These are not the weights of {label}",
            subject=path,
            advice=f"{problem} Expected are its {len(shapes)} tensors as named by "
            f"{' or '.join(each.publisher for each in namings)}; found {_summary(stored)}.",
        )
    weights = {name: stored[naming.published_name(name)].float() for name in shapes}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in weights.values()):
        raise _damaged(path, "some weights are no numbers")
    model.load_state_dict(weights)
    return _fingerprint(weights)


def _read(path: Path) -> dict[str, Tensor]:
    """The file's tensors, at top level or under `state_dict`, without DataParallel's prefix `module.`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TeacherError(
            "The weights file can't be read", subject=path, advice=f"Check its path ({error.strerror})."
        ) from error
    try:
        stored: Any
        if data[8:9] == b"{":  # safetensors begins with a length of eight bytes and JSON
            stored = safetensors.torch.load(data)
        else:
            # Without weights_only, a pickle could run arbitrary code.
            stored = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        # On damaged or foreign files the loaders raise exceptions of any type: every byte is an instruction to the
        # unpickler. All of them mean that the file can not be used.
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise _damaged(path, reason) from error
    if isinstance(stored, Mapping) and isinstance(stored.get("state_dict"), Mapping):
        stored = stored["state_dict"]
    if not isinstance(stored, Mapping):
        raise _damaged(path, f"it holds one {type(stored).__name__}, not tensors by name")
    return {str(key).removeprefix("module."): value for key, value in stored.items() if isinstance(value, Tensor)}


def _mismatches(stored: Mapping[str, Tensor], expected: Mapping[str, torch.Size], naming: Naming) -> list[str]:
    """Differences from the expected tensors in words, wrong shapes first; empty when all tensors fit."""
    missing = [name for name in expected if name not in stored]
    problems = [
        f"{name} is {list(stored[name].shape)} instead of {list(shape)}."
        for name, shape in expected.items()
        if name in stored and stored[name].shape != shape
    ]
    if missing:
        problems.append(f"{len(missing)} of them are missing, {missing[0]} {list(expected[missing[0]])} to begin with.")
    surplus = [name for name in stored if name not in expected and name not in naming.unused]
    if surplus:
        problems.append(f"{surplus[0]} {list(stored[surplus[0]].shape)} is not one of them.")
    return problems


def _summary(stored: Mapping[str, Tensor]) -> str:
    if not stored:
        return "none"
    name, tensor = next(iter(stored.items()))
    return f"{len(stored)}, the first named {name} {list(tensor.shape)}"


def _damaged(path: Path, reason: str) -> TeacherError:
    return TeacherError(
        "This is no weights file, or it is damaged",
        subject=path,
        advice=f"A file that torch.save or safetensors wrote is expected; download it again ({reason}).",
    )


def _fingerprint(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()
