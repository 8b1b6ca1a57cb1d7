"""Checkpoints: everything a run needs to resume with the same result, in files that are written atomically."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.common.atomic_write import atomic_write, sync_folder
from engine.common.errors import TrainingError
from engine.common.json_values import decode
from engine.common.language import tr
from engine.common.paths import check_ends
from engine.training.run import Run

_FORMAT = "vadgui-checkpoint 1"


@dataclass(frozen=True)
class StagePosition:
    """How far a run has come in its two stages."""

    stage: str
    """"motion" or "frame"."""
    epoch: int = 0
    """Index of the current epoch; the stage's number of epochs once the stage is finished."""
    samples: int = 0
    """Number of this epoch's transitions that were trained on."""
    losses: tuple[float, ...] = ()
    """Loss of each step of this epoch."""
    best_epoch: int | None = None
    best_loss: float = float("inf")
    """Held-out loss of this stage's best epoch."""

    @property
    def next_epoch(self) -> StagePosition:
        """The start of the following epoch."""
        return replace(self, epoch=self.epoch + 1, samples=0, losses=())


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A position in a run, and the weights at that position."""

    position: StagePosition
    settings: dict[str, Any]
    """The detector's settings; a checkpoint holds them because a base detector's file may be gone at resume."""
    detector: dict[str, Tensor]
    optimiser: dict[str, Any] = field(default_factory=dict)
    """The optimiser's state; empty before the stage's first step."""
    scaler: dict[str, Any] = field(default_factory=dict)
    """The gradient scaler's state in float16; empty in other precisions."""


class DamagedCheckpointError(Exception):
    """A checkpoint file can't be read, or its checksum is wrong."""


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint and its SHA-256 atomically: `path` is replaced once the new file is complete.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    contents = {
        "format": _FORMAT,
        "place": json.dumps(vars(checkpoint.position)),
        "settings": json.dumps(checkpoint.settings),
        "detector": checkpoint.detector,
        "optimiser": checkpoint.optimiser,
        "scaler": checkpoint.scaler,
    }
    with atomic_write(path) as file:
        try:
            torch.save({**contents, "sha256": _digest(contents)}, file)
        except RuntimeError as error:
            # torch raises a RuntimeError when it can't close its archive, which hides the disk's OSError.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint file, with its tensors on the CPU.

    Raises:
        FileNotFoundError: there is none.
        DamagedCheckpointError: the file can't be read, or its checksum is wrong.
    """
    try:
        check_ends(path)
        contents = torch.load(path, map_location="cpu", weights_only=True)
        if contents.pop("sha256") != _digest(contents) or contents.pop("format") != _FORMAT:
            raise DamagedCheckpointError(f"{path} does not match its checksum")
        position = decode(contents.pop("place"), StagePosition, exact=True)
        return Checkpoint(position, decode(contents.pop("settings"), dict[str, Any]), **contents)
    except FileNotFoundError:
        raise
    except Exception as error:  # every byte is an instruction to the unpickler: damage raises nearly anything
        raise DamagedCheckpointError(f"{path}: {error}") from error


def save_last_checkpoint(checkpoint: Checkpoint, run: Run) -> None:
    """Save the run's last checkpoint; the one before it is kept as the previous checkpoint.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    new_path = _new_checkpoint_path(run)
    save_checkpoint(checkpoint, new_path)
    # If the process is killed between the two renames, `find_checkpoint` finds the new file or the previous one.
    with suppress(FileNotFoundError):
        run.checkpoint_path.replace(run.previous_checkpoint_path)
    new_path.replace(run.checkpoint_path)
    sync_folder(run.folder)


def find_checkpoint(run: Run) -> tuple[Checkpoint | None, str]:
    """The newest undamaged checkpoint, and a notice if it is not the last one; (None, "") in a new run.

    Raises:
        TrainingError: there are checkpoints, but all are damaged.
    """
    damaged = False
    for path in (
        run.checkpoint_path,
        _new_checkpoint_path(run),
        run.previous_checkpoint_path,
        run.best_checkpoint_path,
    ):
        try:
            checkpoint = load_checkpoint(path)
        except FileNotFoundError:
            continue
        except DamagedCheckpointError:
            damaged = True
            continue
        position = checkpoint.position
        notice = tr("The last checkpoint is damaged: going on from {file}, {stage} stage, epoch {number}.").format(
            file=path.name, stage=position.stage, number=position.epoch + 1
        )
        return checkpoint, notice if damaged else ""
    if damaged:
        raise TrainingError(
            tr("The run's checkpoints are damaged"),
            subject=run.folder,
            advice=tr("Check the disk. Delete the checkpoint files to have the run learn from its start."),
        )
    return None, ""


def _new_checkpoint_path(run: Run) -> Path:
    return run.checkpoint_path.with_suffix(".new")


def _digest(contents: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for chunk in _byte_chunks(contents):
        digest.update(chunk)
    return digest.hexdigest()


def _byte_chunks(value: Any) -> Iterator[bytes | memoryview]:
    """The bytes of nested dicts, lists and tensors, in a fixed order, with tensor dtypes and shapes."""
    if isinstance(value, Tensor):
        array = value.detach().cpu().contiguous().numpy()
        yield f"{array.dtype}{array.shape}".encode()
        yield array.reshape(-1).view("u1").data
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield f"{key}:".encode()
            yield from _byte_chunks(value[key])
    elif isinstance(value, list | tuple):
        yield f"{len(value)}".encode()
        for each in value:
            yield from _byte_chunks(each)
    else:
        yield repr(value).encode()
