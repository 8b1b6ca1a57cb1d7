"""Checkpoints: all that training needs to go on as if it had never stopped, in files that are whole or not there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from engine.common.atomic_write import atomic_write
from engine.common.errors import TrainingError
from engine.common.json_values import decode
from engine.training.run import Run

_FORMAT = "vadgui-checkpoint 1"


@dataclass(frozen=True)
class Place:
    """Where in its two stages a run is."""

    stage: str
    """"motion" or "frame"."""
    epoch: int = 0
    """The stage's number of epochs once it is over."""
    samples: int = 0
    """Transitions of this epoch that were learnt from."""
    losses: tuple[float, ...] = ()
    """Of this epoch's steps."""
    best_epoch: int | None = None
    best_loss: float = float("inf")
    """Held-out loss of the best epoch of this stage."""

    @property
    def next_epoch(self) -> Place:
        """The first step of the following epoch."""
        return replace(self, epoch=self.epoch + 1, samples=0, losses=())


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A place and the weights there."""

    place: Place
    settings: dict[str, Any]
    """Of the detector: what it was begun from need not be there any more."""
    detector: dict[str, Tensor]
    optimiser: dict[str, Any] = field(default_factory=dict)
    """Empty where a stage has not begun."""
    scaler: dict[str, Any] = field(default_factory=dict)
    """Of float16 gradients; empty in other precisions."""


class Damaged(Exception):  # noqa: N818 - caught where another checkpoint may do
    """A checkpoint file is not what was written."""


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint with its SHA-256; `path` holds the old one until the new one is on disk.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    contents = {
        "format": _FORMAT,
        "place": json.dumps(vars(checkpoint.place)),
        "settings": json.dumps(checkpoint.settings),
        "detector": checkpoint.detector,
        "optimiser": checkpoint.optimiser,
        "scaler": checkpoint.scaler,
    }
    with atomic_write(path) as file:
        try:
            torch.save({**contents, "sha256": _digest(contents)}, file)
        except RuntimeError as error:
            # torch closes its archive on the way out, fails at that too, and speaks of nothing else.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint of a file, on the CPU.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it can't be read, or is not what was written.
    """
    try:
        contents = torch.load(path, map_location="cpu", weights_only=True)
        if contents.pop("sha256") != _digest(contents) or contents.pop("format") != _FORMAT:
            raise Damaged(f"{path} does not match its checksum")
        place = decode(contents.pop("place"), Place, exact=True)
        return Checkpoint(place, decode(contents.pop("settings"), dict[str, Any]), **contents)
    except FileNotFoundError:
        raise
    except (
        OSError,
        EOFError,
        RuntimeError,
        UnpicklingError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise Damaged(f"{path}: {error}") from error


def keep_checkpoint(checkpoint: Checkpoint, run: Run) -> None:
    """Save the last checkpoint; the one before stays as the previous one.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    arriving = _arriving(run)
    save_checkpoint(checkpoint, arriving)
    # A kill in between leaves the previous one and the new one, and `find_checkpoint` takes either.
    with suppress(FileNotFoundError):
        run.checkpoint_path.replace(run.previous_checkpoint_path)
    arriving.replace(run.checkpoint_path)


def find_checkpoint(run: Run) -> tuple[Checkpoint | None, str]:
    """The newest checkpoint that is whole, and what a person should know where it is not the last; None in a new run.

    Raises:
        TrainingError: there are checkpoints, but none is whole.
    """
    damaged = False
    for path in (run.checkpoint_path, _arriving(run), run.previous_checkpoint_path, run.best_checkpoint_path):
        try:
            checkpoint = load_checkpoint(path)
        except FileNotFoundError:
            continue
        except Damaged:
            damaged = True
            continue
        place = checkpoint.place
        said = (
            f"The last checkpoint is damaged: going on from {path.name}, {place.stage} stage, epoch {place.epoch + 1}."
        )
        return checkpoint, said if damaged else ""
    if damaged:
        raise TrainingError(
            "The run's checkpoints are damaged",
            subject=run.folder,
            advice="Check the disk. Delete the checkpoint files to have the run learn from its start.",
        )
    return None, ""


def _arriving(run: Run) -> Path:
    return run.checkpoint_path.with_suffix(".new")


def _digest(contents: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(contents):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes | memoryview]:
    """Everything in nested state as bytes, in a fixed order and with its types and shapes."""
    if isinstance(value, Tensor):
        array = value.detach().cpu().contiguous().numpy()
        yield f"{array.dtype}{array.shape}".encode()
        yield array.reshape(-1).view("u1").data
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield f"{key}:".encode()
            yield from _pieces(value[key])
    elif isinstance(value, list | tuple):
        yield f"{len(value)}".encode()
        for each in value:
            yield from _pieces(each)
    else:
        yield repr(value).encode()
