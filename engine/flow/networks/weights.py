"""Reads a network's weights out of a file that a person supplied, whoever named the layers in it."""

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
    """In words, for error messages."""
    theirs: Callable[[str], str]
    """Their name of the tensor that our model gives this one."""
    unused: frozenset[str] = frozenset()
    """Their tensors that the network does without."""


def load_weights(model: nn.Module, path: Path, label: str, namings: Sequence[Naming]) -> str:
    """Fill a model with a file's weights, named in any of the ways; returns a fingerprint, the same for all of them.

    Raises:
        TeacherError: the file is missing, damaged, or holds another network's weights than `label`'s.
    """
    found = _read(path)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    naming = max(namings, key=lambda each: sum(each.theirs(name) in found for name in shapes))
    for problem in _misfits(found, {naming.theirs(name): shape for name, shape in shapes.items()}, naming):
        raise TeacherError(
            f"These are not the weights of {label}",
            subject=path,
            advice=f"{problem} Expected are its {len(shapes)} tensors as named by "
            f"{' or '.join(each.publisher for each in namings)}; found {_summary(found)}.",
        )
    fitting = {name: found[naming.theirs(name)].float() for name in shapes}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in fitting.values()):
        raise _damaged(path, "some weights are no numbers")
    model.load_state_dict(fitting)
    return _fingerprint(fitting)


def _read(path: Path) -> dict[str, Tensor]:
    """The file's tensors, bare or under `state_dict`, without the `module.` that data parallel training adds."""
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
            # weights_only: a pickle could otherwise run any program that its author put in.
            stored = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        # At a damaged or foreign file the readers raise whatever they stumble over: every byte is an instruction to
        # an unpickler. All of it means the same.
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise _damaged(path, reason) from error
    if isinstance(stored, Mapping) and isinstance(stored.get("state_dict"), Mapping):
        stored = stored["state_dict"]
    if not isinstance(stored, Mapping):
        raise _damaged(path, f"it holds one {type(stored).__name__}, not tensors by name")
    return {str(key).removeprefix("module."): value for key, value in stored.items() if isinstance(value, Tensor)}


def _misfits(found: Mapping[str, Tensor], expected: Mapping[str, torch.Size], naming: Naming) -> list[str]:
    """What keeps the tensors from being the expected ones, the plainest first; empty when nothing does."""
    missing = [name for name in expected if name not in found]
    problems = [
        f"{name} is {list(found[name].shape)} instead of {list(shape)}."
        for name, shape in expected.items()
        if name in found and found[name].shape != shape
    ]
    if missing:
        problems.append(f"{len(missing)} of them are missing, {missing[0]} {list(expected[missing[0]])} to begin with.")
    surplus = [name for name in found if name not in expected and name not in naming.unused]
    if surplus:
        problems.append(f"{surplus[0]} {list(found[surplus[0]].shape)} is not one of them.")
    return problems


def _summary(found: Mapping[str, Tensor]) -> str:
    if not found:
        return "none"
    name, tensor = next(iter(found.items()))
    return f"{len(found)}, the first named {name} {list(tensor.shape)}"


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
