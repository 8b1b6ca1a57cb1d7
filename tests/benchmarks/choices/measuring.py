"""Measures what the cache of a camera lacks: how its clips move, changed versions of them, predictions, and looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from engine.detector_library import find_detector
from engine.models.predictor import Predictor
from engine.scoring.prototype_bank import MovingFeatures, PrototypeBank
from tests.benchmarks.choices.changes import Changed, changed
from tests.benchmarks.choices.clips import Clip, Pictures, clips_of
from tests.benchmarks.choices.footage import Camera, ready
from tests.benchmarks.choices.habits import Habits
from tests.benchmarks.choices.measured import (
    LOOKS,
    PREDICTIONS,
    Labels,
    Measured,
    look,
    lumas,
    measure,
    predict,
    remeasure,
    seen,
)

Step = tuple[Clip, Changed | None, Measured]
Fill = Callable[[Clip, Measured, Pictures, Labels | None], None]
"""Measures something of a clip with these pictures, all of it or what a change of some frames can reach."""


def measure_camera(camera: Camera, detector: str | None) -> Iterator[Step]:
    """Measure motion first and what takes a detector last, for that takes a hundred times as long."""
    clips, learnt = [], []
    for clip in clips_of(camera.normal):
        clips.append(Kept.of(clip, camera.base_path(clip.name)))
        yield clips[-1].step
    names = {each.clip.name for each in clips}
    for clip in clips_of(camera.learnt) if camera.learnt else ():
        if clip.name not in names:
            learnt.append(Kept.of(clip, camera.base_path(clip.name)))
            yield learnt[-1].step
    labelled = [clip for path in camera.labelled for clip in clips_of([path], whole=True)]
    recordings = [Kept.of(clip, camera.labelled_path(clip.name)) for clip in labelled]
    habits = Habits.of(
        [(each.clip, each.measured) for each in (clips if camera.habits_of_held_out else clips + learnt)]
    )
    changing = [clips[i] for i in np.unique(np.linspace(0, len(clips) - 1, camera.changed_clips).astype(int))]
    work = Work(camera, changing, recordings, habits)
    yield from work.change()
    if detector is None:
        return
    predictor, every = Predictor.open(find_detector(detector) or Path(detector), "cpu"), camera.predict_every
    yield from work.fill(PREDICTIONS, lambda _, found, *of: predict(found, of[0], predictor, every, of[1]))
    yield from work.fill(LOOKS, Looks(predictor, every, [*clips, *learnt]).measure)


@dataclass(frozen=True, eq=False)
class Kept:
    """A clip that is as it was recorded, and what has been measured of it."""

    clip: Clip
    path: Path
    measured: Measured

    @classmethod
    def of(cls, clip: Clip, path: Path) -> Kept:
        """Its motion is measured where nothing is known of it."""
        if not path.exists():
            measure(clip.pictures, clip.seconds).save(path)
        return cls(clip, path, Measured.load(path))

    @property
    def step(self) -> Step:
        return self.clip, None, self.measured


@dataclass(frozen=True, eq=False)
class Work:
    """What is to be judged of a camera."""

    camera: Camera
    changing: Sequence[Kept]
    recordings: Sequence[Kept]
    """With labels."""
    habits: Habits

    def change(self) -> Iterator[Step]:
        """Change clips in every way, and measure how they move."""
        for kind, seed in self.camera.ways:
            for kept in self.changing:
                path = self.camera.changed_path(kept.clip.name, kind, seed)
                if path.exists():
                    continue
                change = changed(kind, kept.clip, kept.measured, self.habits, seed)
                if change is None or not change.abnormal.any():
                    continue
                np.save(ready(self.camera.labels_path(kept.clip.name, kind, seed)), change.abnormal)
                remeasure(kept.measured, change.pictures, change.differs).save(path)
                yield kept.clip, change, Measured.load(path)

    def fill(self, names: Sequence[str], fill: Fill) -> Iterator[Step]:
        """Measure these fields where they lack; changed clips begin with those of the unchanged one."""
        for kept in [*self.changing, *self.recordings]:
            if not kept.measured.has(names):
                fill(kept.clip, kept.measured, kept.clip.pictures, None)
                kept.measured.save(kept.path)
            yield kept.step
        for kept in self.changing:
            for kind, seed in self.camera.ways:
                path = self.camera.changed_path(kept.clip.name, kind, seed)
                if not path.exists() or (measured := Measured.load(path)).has(names):
                    continue
                change = self._again(kept, kind, seed, measured)
                measured.take(names, kept.measured)
                fill(kept.clip, measured, change.pictures, change.differs)
                measured.save(path)
                yield kept.clip, change, measured

    def _again(self, kept: Kept, kind: str, seed: int, measured: Measured) -> Changed:
        """The change that was measured.

        Raises:
            ValueError: it does not come out as it was.
        """
        change = changed(kind, kept.clip, kept.measured, self.habits, seed)
        if change is None or not np.array_equal(lumas(change.pictures), measured.luma):
            raise ValueError(
                f"{kept.clip.name} {kind}, seed {seed}: the cache holds another change than is made now. "
                "Was it made with other footage, or --habits-of? Choose as then, or another --cache."
            )
        return change


class Looks:
    """How unlike the usual things look; usual is what all clips show but the judged one."""

    def __init__(self, predictor: Predictor, every: int, normal: Sequence[Kept]) -> None:
        self._predictor = predictor
        self._every = every
        self._normal = normal
        self._seen: dict[str, list[MovingFeatures]] = {}
        self._usual: dict[str, PrototypeBank] = {}

    def measure(self, clip: Clip, found: Measured, pictures: Pictures, differs: Labels | None) -> None:
        look(found, pictures, self._predictor, self._usual_but(clip.name), self._every, differs)

    def _usual_but(self, name: str) -> PrototypeBank:
        if not self._seen:
            rng = np.random.default_rng(0)
            for each in self._normal:
                looks = seen(each.measured, each.clip.pictures, self._predictor, self._every, rng)
                self._seen[each.clip.name] = looks
        if name not in self._usual:
            usual = PrototypeBank.of(list(chain(*(looks for of, looks in self._seen.items() if of != name))))
            if usual is None:
                raise ValueError(f"hardly anything moves in all clips but {name}")
            self._usual[name] = usual
        return self._usual[name]
