"""Prepared footage on disk: the 256x256 pictures and the teacher flow of every transition of the normal videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.common.errors import TrainingError
from engine.common.language import tr
from engine.common.paths import check_ends
from engine.flow.colour import flow_to_rgb
from engine.models.picture import PICTURE_SIZE
from engine.video.frame import Pixels

PICTURES_FILE, FLOW_FILE, METADATA_FILE = "pictures.npy", "flow.npy", "footage.npz"

_PICTURE_BYTES = 3 * PICTURE_SIZE**2
_FLOW_BYTES = 2 * 2 * PICTURE_SIZE**2


def bytes_on_disk(frames: int, *, with_flow: bool = True) -> int:
    """Size in bytes of `frames` frames of prepared footage; a run with a ready motion model stores no flow."""
    return frames * (_PICTURE_BYTES + (_FLOW_BYTES if with_flow else 0))


@dataclass(frozen=True, eq=False)
class Footage:
    """Transitions of normal videos; the arrays may be memory-mapped."""

    pictures: Pixels
    """RGB uint8 [N, 256, 256, 3], one video after another."""
    flow: npt.NDArray[np.float16] | None
    """Teacher flow in px from picture n to n + 1, float16 [N, 2, 256, 256]; undefined if n is a part's last picture.

    None if the run trains no motion model.
    """
    training: npt.NDArray[np.int64]
    """Index n of each transition (n to n + 1) to train on, int64."""
    held_out: npt.NDArray[np.int64]
    """Index n of each held-out transition; empty if there is only one short video."""
    held_out_videos: tuple[str, ...]
    radius_px: float
    """Flow radius measured on the training transitions; NaN without flow."""
    held_out_since: Mapping[str, float] = field(default_factory=dict)
    """For a video of which only the end is held out: the time in seconds at which that end starts."""

    def teacher_rgb(self, indices: npt.NDArray[np.int64]) -> Pixels:
        """Teacher flow of transitions as colour-wheel RGB, uint8 [len(indices), 256, 256, 3]."""
        assert self.flow is not None
        return np.stack([flow_to_rgb(self.flow[n].astype(np.float32), self.radius_px) for n in indices])


def load_footage(folder: Path) -> Footage:
    """Load what `prepare_footage` wrote to `folder`, split by video into training and held-out transitions.

    Raises:
        TrainingError: a file is missing or damaged.
    """
    try:
        return _load(folder)
    except Exception as error:  # overwritten bytes make NumPy and zipfile raise nearly anything
        raise TrainingError(
            tr("The prepared footage can't be read"),
            subject=folder,
            advice=tr("Delete this folder and resume the run: the footage is then read again ({reason}).").format(
                reason=error
            ),
        ) from error


def _load(folder: Path) -> Footage:
    for name in (METADATA_FILE, PICTURES_FILE, FLOW_FILE):
        if (folder / name).exists():
            check_ends(folder / name)
    with np.load(folder / METADATA_FILE) as metadata:
        starts, counts, is_held_out = metadata["starts"], metadata["counts"], metadata["is_held_out"]
        radius_px = float(metadata["radius_px"])
    held_out_videos, held_out_since = load_held_out(folder)
    transitions = [np.arange(start, start + count - 1) for start, count in zip(starts, counts, strict=True) if count]
    held_out = is_held_out[counts > 0]
    return Footage(
        pictures=np.load(folder / PICTURES_FILE, mmap_mode="r"),
        flow=np.load(folder / FLOW_FILE, mmap_mode="r") if (folder / FLOW_FILE).exists() else None,
        training=_concatenated([t for t, held in zip(transitions, held_out, strict=True) if not held]),
        held_out=_concatenated([t for t, held in zip(transitions, held_out, strict=True) if held]),
        held_out_videos=held_out_videos,
        radius_px=radius_px,
        held_out_since=held_out_since,
    )


def load_held_out(folder: Path) -> tuple[tuple[str, ...], dict[str, float]]:
    """Held-out videos of prepared footage, and the start in seconds of each held-out end (see `held_out_since`)."""
    with np.load(folder / METADATA_FILE) as metadata:
        videos = tuple(metadata["held_out_videos"].tolist())
        # Earlier versions held out only whole videos and did not store this array.
        since = metadata["held_out_since"].tolist() if "held_out_since" in metadata else []
    return videos, {video: start for video, start in zip(videos, since, strict=False) if start}


def _concatenated(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *parts])
