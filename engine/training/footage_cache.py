"""Normal footage made ready for training: 256x256 pictures and teacher flow of every transition, on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from engine.common.errors import TrainingError
from engine.flow.colour import flow_to_rgb
from engine.models.picture import PICTURE_SIZE
from engine.video.frame import Pixels

PICTURES_FILE, FLOW_FILE, FACTS_FILE = "pictures.npy", "flow.npy", "footage.npz"

_PICTURE_BYTES = 3 * PICTURE_SIZE**2
_FLOW_BYTES = 2 * 2 * PICTURE_SIZE**2


def bytes_on_disk(frames: int, *, with_flow: bool = True) -> int:
    """What `frames` frames of prepared footage take; without flow where a run's motion model is ready-made."""
    return frames * (_PICTURE_BYTES + (_FLOW_BYTES if with_flow else 0))


@dataclass(frozen=True, eq=False)
class Footage:
    """Transitions of normal videos; arrays may be memory-mapped."""

    pictures: Pixels
    """uint8 [N, 256, 256, 3], video after video."""
    flow: npt.NDArray[np.float16] | None
    """Teacher flow in px from picture n to n + 1, float16 [N, 2, 256, 256]; unused where n ends a stretch.

    None where no motion is learnt from it.
    """
    training: npt.NDArray[np.int64]
    """First pictures of the transitions to learn from."""
    held_out: npt.NDArray[np.int64]
    """First pictures of the transitions that are held out; empty where there is but one short video."""
    held_out_videos: tuple[str, ...]
    radius_px: float
    """Flow radius that suits the training transitions; not a number without flow."""
    held_out_since: Mapping[str, float] = field(default_factory=dict)
    """From when on, in seconds, a video is held out that is learnt from before."""

    def teacher_rgb(self, indices: npt.NDArray[np.int64]) -> Pixels:
        """Teacher flow of transitions as colour-wheel RGB, uint8 [len(indices), 256, 256, 3]."""
        assert self.flow is not None
        return np.stack([flow_to_rgb(self.flow[n].astype(np.float32), self.radius_px) for n in indices])


def load_footage(folder: Path) -> Footage:
    """What `prepare_footage` left in `folder`, split by video into training and held-out transitions.

    Raises:
        TrainingError: some of it is missing or damaged.
    """
    try:
        return _load(folder)
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
        raise TrainingError(
            "The prepared footage can't be read",
            subject=folder,
            advice=f"Delete this folder and resume the run: the footage is then read again ({error}).",
        ) from error


def _load(folder: Path) -> Footage:
    with np.load(folder / FACTS_FILE) as facts:
        starts, counts, is_held_out = facts["starts"], facts["counts"], facts["is_held_out"]
        radius_px = float(facts["radius_px"])
    held_out_videos, held_out_since = held_out_of(folder)
    transitions = [np.arange(start, start + count - 1) for start, count in zip(starts, counts, strict=True) if count]
    held_out = is_held_out[counts > 0]
    return Footage(
        pictures=np.load(folder / PICTURES_FILE, mmap_mode="r"),
        flow=np.load(folder / FLOW_FILE, mmap_mode="r") if (folder / FLOW_FILE).exists() else None,
        training=_joined([t for t, held in zip(transitions, held_out, strict=True) if not held]),
        held_out=_joined([t for t, held in zip(transitions, held_out, strict=True) if held]),
        held_out_videos=held_out_videos,
        radius_px=radius_px,
        held_out_since=held_out_since,
    )


def held_out_of(folder: Path) -> tuple[tuple[str, ...], dict[str, float]]:
    """Held-out videos of prepared footage; and of those that are learnt from before, from when on, in seconds."""
    with np.load(folder / FACTS_FILE) as facts:
        videos = tuple(facts["held_out_videos"].tolist())
        # An earlier version held out whole videos only.
        since = facts["held_out_since"].tolist() if "held_out_since" in facts else []
    return videos, {video: start for video, start in zip(videos, since, strict=False) if start}


def _joined(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *parts])
