"""Normal footage made ready for training: 256x256 pictures and teacher flow of every transition, on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DatasetError, VideoError
from engine.events import Progress, ShouldStop, never_stop
from engine.flow.colour import flow_radius, flow_to_rgb
from engine.flow.teachers import Teacher
from engine.models.picture import PICTURE_SIZE, model_picture
from engine.video import open_video
from engine.video.frame import Pixels
from engine.whole_file import whole_file

_HELD_OUT_SHARE = 0.1
_SPEEDS_A_TRANSITION = 2048  # sampled for the radius: all 65,536 of each would fill memory and change nothing


@dataclass(frozen=True, eq=False)
class Footage:
    """Transitions of normal videos; arrays may be memory-mapped."""

    pictures: Pixels
    """uint8 [N, 256, 256, 3], video after video."""
    flow: npt.NDArray[np.float16]
    """Teacher flow in px from picture n to n + 1, float16 [N, 2, 256, 256]; unused where n ends a video."""
    training: npt.NDArray[np.int64]
    """First pictures of the transitions to learn from."""
    held_out: npt.NDArray[np.int64]
    """First pictures of the transitions of held-out videos; empty where there is but one video."""
    radius_px: float
    """Flow radius that suits the training transitions."""

    def teacher_rgb(self, indices: npt.NDArray[np.int64]) -> Pixels:
        """Teacher flow of transitions as colour-wheel RGB, uint8 [len(indices), 256, 256, 3]."""
        return np.stack([flow_to_rgb(self.flow[n].astype(np.float32), self.radius_px) for n in indices])


def prepare_footage(
    videos: Sequence[Path], folder: Path, teacher: Teacher, should_stop: ShouldStop = never_stop
) -> Iterator[Progress]:
    """Decode videos and compute teacher flow into `folder`, from where `load_footage` reads it; done work is kept.

    Raises:
        DatasetError: nothing to learn from in these videos.
        VideoError: a video can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    if (folder / "footage.npz").exists():
        return
    counts = []
    for video in videos:
        with open_video(video) as source:
            counts.append(len(source))
    total = sum(counts)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = _new_array(folder / "pictures.npy", np.dtype(np.uint8), (total, PICTURE_SIZE, PICTURE_SIZE, 3))
    flow = _new_array(folder / "flow.npy", np.dtype(np.float16), (total, 2, PICTURE_SIZE, PICTURE_SIZE))
    sampler = np.random.default_rng(0)
    speeds, lengths, done = [], [], 0
    for video in videos:
        first = done
        with open_video(video) as source:
            for frame in source.frames(should_stop=should_stop):
                if done == total:
                    raise VideoError(
                        "A video holds more frames than it announced",
                        subject=video,
                        advice="Copy it into a new file with FFmpeg and try again.",
                    )
                pictures[done] = model_picture(frame.pixels)
                if done > first:
                    step = teacher.flow(pictures[done - 1], pictures[done])
                    flow[done - 1] = step
                    picked = sampler.integers(0, step[0].size, _SPEEDS_A_TRANSITION)
                    speeds.append(np.hypot(step[0].flat[picked], step[1].flat[picked]))
                done += 1
                if done % 50 == 0:
                    yield Progress("Reading footage", done, total)
        lengths.append(done - first)
    if not speeds:
        raise DatasetError(
            "There is nothing to learn from: no video has two frames",
            subject=", ".join(map(str, videos[:3])),
            advice="Choose recordings of normal life, some minutes at least.",
        )
    pictures.flush()
    flow.flush()
    with whole_file(folder / "footage.npz") as file:
        np.savez(file, lengths=lengths, radius_px=flow_radius(np.concatenate(speeds)))
    yield Progress("Reading footage", done, total)


def load_footage(folder: Path) -> Footage:
    """What `prepare_footage` left in `folder`, split by video into training and held-out transitions."""
    with np.load(folder / "footage.npz") as facts:
        lengths, radius_px = facts["lengths"], float(facts["radius_px"])
    ends = np.cumsum(lengths)
    transitions = [np.arange(end - length, end - 1) for end, length in zip(ends, lengths, strict=True) if length > 1]
    # Evenly spread over the videos, so that neither all mornings nor all evenings are held out.
    held_out_count = max(round(len(transitions) * _HELD_OUT_SHARE), 1) if len(transitions) > 1 else 0
    held_out = {int((k + 0.5) * len(transitions) / held_out_count) for k in range(held_out_count)}
    return Footage(
        pictures=np.load(folder / "pictures.npy", mmap_mode="r"),
        flow=np.load(folder / "flow.npy", mmap_mode="r"),
        training=_joined([t for n, t in enumerate(transitions) if n not in held_out]),
        held_out=_joined([t for n, t in enumerate(transitions) if n in held_out]),
        radius_px=radius_px,
    )


def _joined(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *parts])


def _new_array(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
