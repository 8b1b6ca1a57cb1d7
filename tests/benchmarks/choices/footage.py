"""The measured footage of a camera, in a cache: normal clips, their changed versions, and a labelled recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from resources.plaza.labels import load_labels
from tests.benchmarks.choices.candidates import Usual, counted, signals_of
from tests.benchmarks.choices.judging import Footage, Judged
from tests.benchmarks.choices.measured import Labels, Measured


@dataclass(frozen=True)
class Camera:
    """Whose footage is changed, and how much of it."""

    name: str
    normal: Sequence[Path]
    cache: Path
    seeds: Sequence[int]
    """Every clip is changed once for each, in every way."""
    changed_clips: int
    kinds: Sequence[str]
    predict_every: int = 1
    """Predictions are made of each so many frames."""
    learnt: Sequence[Path] = ()
    """More normal footage, such as the detector learnt from: its motion counts, but it is neither changed nor judged.

    Of what a network has seen it makes smaller errors than of what will come."""
    labelled: Sequence[Path] = ()
    """Recordings beside which `NAME.labels.npz` tells which frames are abnormal, such as the demo scene."""
    habits_of_held_out: bool = False
    """Whether changes follow what is usual in the normal footage alone, without that which was learnt."""

    def base_path(self, clip: str) -> Path:
        return self.cache / self.name / "normal" / f"{clip}.npz"

    def labelled_path(self, clip: str) -> Path:
        return self.cache / self.name / "labelled" / f"{clip}.npz"

    def changed_path(self, clip: str, kind: str, seed: int) -> Path:
        return self.cache / self.name / f"seed-{seed}" / f"{clip} {kind}.npz"

    def labels_path(self, clip: str, kind: str, seed: int) -> Path:
        return self.changed_path(clip, kind, seed).with_suffix(".labels.npy")

    @property
    def ways(self) -> Iterator[tuple[str, int]]:
        """Kinds of change, and of each the seeds."""
        return product(self.kinds, self.seeds)


def footage_of(camera: Camera) -> Footage:
    """All that the cache holds of a camera, as signals; where some clips have predictions, others only count motion."""
    base = {path.stem: Measured.load(path) for path in sorted(camera.base_path("*").parent.glob("*.npz"))}
    counts = {name: counted(measured) for name, measured in base.items()}
    everything = Usual.of(list(base.values()), list(counts.values()))
    predicted = {name: measured for name, measured in base.items() if measured.has_predictions}
    normal, judged = [], []
    for name, measured in (predicted or base).items():
        others = [other for other in base if other != name]
        usual = Usual.of([base[other] for other in others], [counts[other] for other in others])
        normal.append(_judged(name, "", measured, usual, np.zeros(len(measured), np.bool_)))
        for kind, seed in camera.ways:
            path = camera.changed_path(name, kind, seed)
            if path.exists():
                labels = np.load(camera.labels_path(name, kind, seed))
                judged.append(_judged(name, kind, Measured.load(path), usual, labels))
    for path in camera.labelled:
        labels = load_labels(path.with_suffix(".labels.npz"))
        judged.append(
            _judged(path.stem, path.stem, Measured.load(camera.labelled_path(path.stem)), everything, labels.frames)
        )
    kinds = list(dict.fromkeys([*camera.kinds, *(path.stem for path in camera.labelled)]))
    return Footage(normal, sorted(judged, key=lambda each: kinds.index(each.kind)))


def ready(path: Path) -> Path:
    """The path, in a folder that exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _judged(clip: str, kind: str, measured: Measured, usual: Usual, abnormal: Labels) -> Judged:
    return Judged(clip, kind, signals_of(measured, usual), measured.seconds, abnormal)
