"""The raw signals that a calibration was learnt from, kept in a file: nobody has to measure them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import read_or_put_aside
from engine.scoring.signals import RAW_SIGNALS, RawSignals


@dataclass(frozen=True, eq=False)
class HeldOutSignals:
    """The raw signals of a held-out video, or of the part of it that was measured."""

    path: Path
    times: npt.NDArray[np.float64]
    """Of its frames [N], in seconds."""
    signals: RawSignals
    """[N]; NaN in what is left out."""


def save_held_out_signals(file: Path, videos: Sequence[HeldOutSignals]) -> None:
    """Write the videos in place of what the file held.

    Raises:
        OSError: the folder can't be written, or the disk is full.
    """
    arrays: dict[str, npt.NDArray[Any]] = {"paths": np.array([str(video.path) for video in videos], np.str_)}
    for number, video in enumerate(videos):
        arrays |= {f"times-{number}": video.times, f"signals-{number}": video.signals}
    with atomic_write(file) as written:
        np.savez(written, **arrays)  # type: ignore[arg-type] # its own option is a bool


def load_held_out_signals(file: Path) -> list[HeldOutSignals]:
    """The videos of a file; none where there is no such file, or it is of another version or damaged."""
    try:
        return read_or_put_aside(file, _read) or []
    except OSError:
        return []


def _read(file: Path) -> list[HeldOutSignals]:
    with np.load(file, allow_pickle=False) as arrays:
        videos = [
            HeldOutSignals(Path(path), arrays[f"times-{number}"], arrays[f"signals-{number}"])
            for number, path in enumerate(arrays["paths"].tolist())
        ]
    return videos if all(video.signals.dtype == RAW_SIGNALS for video in videos) else []
