"""One camera's footage and where the cache keeps its measurements: of normal, changed and labelled clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from resources.plaza.labels import load_labels
from tests.research.choices.candidate_scores import LabelledClip, LabelledFootage
from tests.research.choices.candidate_signals import NormalStatistics, candidate_signals, motion_histograms
from tests.research.choices.clip_measurements import ClipMeasurements, Labels


@dataclass(frozen=True)
class Camera:
    """A camera's footage, what is changed in it, and the cache."""

    name: str
    normal: Sequence[Path]
    cache: Path
    seeds: Sequence[int]
    """Every clip is changed once for each, in every way."""
    changed_clips: int
    kinds: Sequence[str]
    predict_every: int = 1
    """Predict every n-th frame only."""
    learnt: Sequence[Path] = ()
    """More normal footage, such as the detector learnt from, used for motion statistics alone.

    It is neither changed nor scored: on its training footage a network errs less than on any other."""
    labelled: Sequence[Path] = ()
    """Recordings beside which `NAME.labels.npz` tells which frames are abnormal, such as the demo scene."""
    prior_of_held_out: bool = False
    """Whether the motion prior of the changes is that of `normal` alone, without `learnt`."""

    def normal_path(self, clip: str) -> Path:
        return self.cache / self.name / "normal" / f"{clip}.npz"

    def labelled_path(self, clip: str) -> Path:
        return self.cache / self.name / "labelled" / f"{clip}.npz"

    def changed_path(self, clip: str, kind: str, seed: int) -> Path:
        return self.cache / self.name / f"seed-{seed}" / f"{clip} {kind}.npz"

    def labels_path(self, clip: str, kind: str, seed: int) -> Path:
        return self.changed_path(clip, kind, seed).with_suffix(".labels.npy")

    @property
    def kinds_and_seeds(self) -> Iterator[tuple[str, int]]:
        """Every kind of change with every seed."""
        return product(self.kinds, self.seeds)


def labelled_footage(camera: Camera) -> LabelledFootage:
    """Candidate signals of all that the cache holds; clips without predictions give statistics only."""
    normal_clips = {
        path.stem: ClipMeasurements.load(path) for path in sorted(camera.normal_path("*").parent.glob("*.npz"))
    }
    histograms = {name: motion_histograms(measured) for name, measured in normal_clips.items()}
    of_all = NormalStatistics.of(list(normal_clips.values()), list(histograms.values()))
    predicted = {name: measured for name, measured in normal_clips.items() if measured.has_predictions}
    normal, labelled = [], []
    for name, measured in (predicted or normal_clips).items():
        others = [other for other in normal_clips if other != name]
        statistics = NormalStatistics.of(
            [normal_clips[other] for other in others], [histograms[other] for other in others]
        )
        normal.append(_labelled(name, "", measured, statistics, np.zeros(len(measured), np.bool_)))
        for kind, seed in camera.kinds_and_seeds:
            path = camera.changed_path(name, kind, seed)
            if path.exists():
                labels = np.load(camera.labels_path(name, kind, seed))
                labelled.append(_labelled(name, kind, ClipMeasurements.load(path), statistics, labels))
    for path in camera.labelled:
        labels = load_labels(path.with_suffix(".labels.npz"))
        labelled.append(
            _labelled(
                path.stem, path.stem, ClipMeasurements.load(camera.labelled_path(path.stem)), of_all, labels.frames
            )
        )
    kinds = list(dict.fromkeys([*camera.kinds, *(path.stem for path in camera.labelled)]))
    return LabelledFootage(normal, sorted(labelled, key=lambda each: kinds.index(each.kind)))


def _labelled(
    clip: str, kind: str, measured: ClipMeasurements, statistics: NormalStatistics, abnormal: Labels
) -> LabelledClip:
    return LabelledClip(clip, kind, candidate_signals(measured, statistics), measured.seconds, abnormal)
