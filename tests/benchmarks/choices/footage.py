"""The measured footage of a camera, in a cache: normal clips, their changed versions, and a labelled recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.detector_library import find_detector
from engine.models.predictor import Predictor
from resources.plaza.labels import load_labels
from tests.benchmarks.choices.candidates import Usual, counted, signals_of
from tests.benchmarks.choices.changes import Changed, changed
from tests.benchmarks.choices.clips import Clip, clips_of
from tests.benchmarks.choices.habits import Habits
from tests.benchmarks.choices.judging import Footage, Judged
from tests.benchmarks.choices.measured import Measured, measure, predict, remeasure

Labels = npt.NDArray[np.bool_]


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


def measure_camera(camera: Camera, detector: str | None) -> Iterator[tuple[Clip, Changed | None, Measured]]:
    """Measure what the cache lacks: motion first, predictions last, for they take a hundred times as long."""
    clips = list(clips_of(camera.normal))
    names = {clip.name for clip in clips}
    learnt = [clip for clip in clips_of(camera.learnt) if clip.name not in names] if camera.learnt else []
    base: dict[str, Measured] = {}
    for clip in [*clips, *learnt]:
        path = camera.base_path(clip.name)
        if not path.exists():
            measure(clip.pictures, clip.seconds).save(path)
        base[clip.name] = Measured.load(path)
        yield clip, None, base[clip.name]
    habits = Habits.of([(clip, base[clip.name]) for clip in [*clips, *learnt]])
    chosen = [clips[i] for i in np.unique(np.linspace(0, len(clips) - 1, camera.changed_clips).astype(int))]
    for kind, seed in camera.ways:
        for clip in chosen:
            path = camera.changed_path(clip.name, kind, seed)
            if path.exists():
                continue
            change = changed(kind, clip, base[clip.name], habits, seed)
            if change is None or not change.abnormal.any():
                continue
            np.save(_ready(camera.labels_path(clip.name, kind, seed)), change.abnormal)
            remeasure(base[clip.name], change.pictures, change.differs).save(path)
            yield clip, change, Measured.load(path)
    for path in camera.labelled:
        (clip,) = clips_of([path], whole=True)
        if not camera.labelled_path(clip.name).exists():
            measure(clip.pictures, clip.seconds).save(camera.labelled_path(clip.name))
        yield clip, None, Measured.load(camera.labelled_path(clip.name))
    if detector is None:
        return
    predictor = Predictor.open(find_detector(detector) or Path(detector), "cpu")
    for clip in chosen:
        measured = base[clip.name]
        if not measured.has_predictions:
            predict(measured, clip.pictures, predictor, camera.predict_every)
            measured.save(camera.base_path(clip.name))
        yield clip, None, measured
    for clip in chosen:
        for kind, seed in camera.ways:
            path = camera.changed_path(clip.name, kind, seed)
            if not path.exists() or (measured := Measured.load(path)).has_predictions:
                continue
            change = changed(kind, clip, base[clip.name], habits, seed)
            assert change is not None
            measured.take_predictions(base[clip.name])
            predict(measured, change.pictures, predictor, camera.predict_every, change.differs)
            measured.save(path)
            yield clip, change, measured
    for path in camera.labelled:
        (clip,) = clips_of([path], whole=True)
        measured = Measured.load(camera.labelled_path(clip.name))
        if not measured.has_predictions:
            predict(measured, clip.pictures, predictor, camera.predict_every)
            measured.save(camera.labelled_path(clip.name))
        yield clip, None, measured


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


def _ready(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _judged(clip: str, kind: str, measured: Measured, usual: Usual, abnormal: Labels) -> Judged:
    return Judged(clip, kind, signals_of(measured, usual), measured.seconds, abnormal)
