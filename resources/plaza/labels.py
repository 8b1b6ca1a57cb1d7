"""Ground truth of a plaza clip, stored beside it in an NPZ file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from engine.common.errors import DatasetError


@dataclass(frozen=True)
class PlazaEvent:
    """An anomaly in a clip, visible in frames [start, stop)."""

    kind: str
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Labels:
    """Frame labels, pixel masks and events of one clip."""

    seed: int
    """Seed of the scene, for reproducing it."""
    masks: npt.NDArray[np.bool_]
    """Pixel masks of visible anomalies, [N, H, W]."""
    events: tuple[PlazaEvent, ...]

    @property
    def frames(self) -> npt.NDArray[np.bool_]:
        """Frame labels [N]: whether any anomaly is visible."""
        shown: npt.NDArray[np.bool_] = np.any(self.masks, axis=(1, 2))
        return shown


def save_labels(labels: Labels, file: IO[bytes]) -> None:
    """Write labels, the masks one bit a pixel and compressed."""
    np.savez_compressed(
        file,
        seed=labels.seed,
        frames=labels.frames,
        masks_packed=np.packbits(labels.masks, axis=-1),
        width_px=labels.masks.shape[2],
        kinds=np.array([event.kind for event in labels.events], dtype=np.str_),
        spans=np.array([(event.start, event.stop) for event in labels.events], np.int64).reshape(-1, 2),
    )


def load_labels(path: Path) -> Labels:
    """Read what `save_labels` wrote.

    Raises:
        DatasetError: the file is missing, damaged, or no labels of the plaza.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            masks = np.unpackbits(stored["masks_packed"], axis=-1, count=int(stored["width_px"])).astype(np.bool_)
            spans = stored["spans"].tolist()
            events = tuple(PlazaEvent(str(kind), *span) for kind, span in zip(stored["kinds"], spans, strict=True))
            return Labels(int(stored["seed"]), masks, events)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        advice = "Write it again with: python -m resources.plaza --out FOLDER"
        raise DatasetError("These labels can't be read", subject=path, advice=advice) from error
