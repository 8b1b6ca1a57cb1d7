"""Measures what the cache of a camera lacks: its clips' motion, changed clips, prediction errors and appearance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from engine.detector_library import find_detector
from engine.models.predictor import Predictor
from engine.scoring.prototype_bank import MovingFeatures, PrototypeBank
from tests.research.choices.camera import Camera
from tests.research.choices.changes import ChangedClip, change_clip
from tests.research.choices.clip_measurements import (
    APPEARANCE_FIELDS,
    PREDICTION_FIELDS,
    ClipMeasurements,
    Labels,
    measure_appearance,
    measure_motion,
    measure_predictions,
    remeasure_motion,
    seen_in,
    small_lumas,
)
from tests.research.choices.clips import Clip, Pictures, clips_of
from tests.research.choices.motion_prior import MotionPrior

Step = tuple[Clip, ChangedClip | None, ClipMeasurements]
Fill = Callable[[Clip, ClipMeasurements, Pictures, Labels | None], None]
"""Fills fields of a clip's measurements: of all transitions, or of those that the changed frames [N] affect."""


def measure_camera(camera: Camera, detector: str | None) -> Iterator[Step]:
    """Measure motion first and what needs a detector last, for the detector takes a hundred times as long."""
    clips, learnt = [], []
    for clip in clips_of(camera.normal):
        clips.append(StoredClip.of(clip, camera.normal_path(clip.name)))
        yield clips[-1].step
    names = {each.clip.name for each in clips}
    for clip in clips_of(camera.learnt) if camera.learnt else ():
        if clip.name not in names:
            learnt.append(StoredClip.of(clip, camera.normal_path(clip.name)))
            yield learnt[-1].step
    labelled = [clip for path in camera.labelled for clip in clips_of([path], whole=True)]
    recordings = [StoredClip.of(clip, camera.labelled_path(clip.name)) for clip in labelled]
    prior = MotionPrior.of(
        [(each.clip, each.measured) for each in (clips if camera.prior_of_held_out else clips + learnt)]
    )
    to_change = [clips[i] for i in np.unique(np.linspace(0, len(clips) - 1, camera.changed_clips).astype(int))]
    measurement = CameraMeasurement(camera, to_change, recordings, prior)
    yield from measurement.change()
    if detector is None:
        return
    predictor, every = Predictor.open(find_detector(detector) or Path(detector), "cpu"), camera.predict_every
    yield from measurement.fill(
        PREDICTION_FIELDS, lambda _, found, *of: measure_predictions(found, of[0], predictor, every, of[1])
    )
    yield from measurement.fill(APPEARANCE_FIELDS, AppearanceMeasurement(predictor, every, [*clips, *learnt]).measure)


@dataclass(frozen=True, eq=False)
class StoredClip:
    """An unchanged clip, and what the cache holds of it."""

    clip: Clip
    path: Path
    measured: ClipMeasurements

    @classmethod
    def of(cls, clip: Clip, path: Path) -> StoredClip:
        """Load a clip's measurements; where the cache has none, measure its motion."""
        if not path.exists():
            measure_motion(clip.pictures, clip.seconds).save(path)
        return cls(clip, path, ClipMeasurements.load(path))

    @property
    def step(self) -> Step:
        return self.clip, None, self.measured


@dataclass(frozen=True, eq=False)
class CameraMeasurement:
    """The clips of a camera whose changes are measured, and how things usually move there."""

    camera: Camera
    to_change: Sequence[StoredClip]
    recordings: Sequence[StoredClip]
    """Recordings with labels; never changed."""
    prior: MotionPrior

    def change(self) -> Iterator[Step]:
        """Make every changed clip that the cache lacks, and measure its motion."""
        for kind, seed in self.camera.kinds_and_seeds:
            for stored in self.to_change:
                path = self.camera.changed_path(stored.clip.name, kind, seed)
                if path.exists():
                    continue
                change = change_clip(kind, stored.clip, stored.measured, self.prior, seed)
                if change is None or not change.abnormal.any():
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(self.camera.labels_path(stored.clip.name, kind, seed), change.abnormal)
                remeasure_motion(stored.measured, change.pictures, change.differs).save(path)
                yield stored.clip, change, ClipMeasurements.load(path)

    def fill(self, names: Sequence[str], fill: Fill) -> Iterator[Step]:
        """Measure these fields where the cache lacks them; those of a changed clip start as the unchanged clip's."""
        for stored in [*self.to_change, *self.recordings]:
            if not stored.measured.has(names):
                fill(stored.clip, stored.measured, stored.clip.pictures, None)
                stored.measured.save(stored.path)
            yield stored.step
        for stored in self.to_change:
            for kind, seed in self.camera.kinds_and_seeds:
                path = self.camera.changed_path(stored.clip.name, kind, seed)
                if not path.exists() or (measured := ClipMeasurements.load(path)).has(names):
                    continue
                change = self._remake(stored, kind, seed, measured)
                measured.take(names, stored.measured)
                fill(stored.clip, measured, change.pictures, change.differs)
                measured.save(path)
                yield stored.clip, change, measured

    def _remake(self, stored: StoredClip, kind: str, seed: int, measured: ClipMeasurements) -> ChangedClip:
        """Make a changed clip of the cache again.

        Raises:
            ValueError: its pictures are not those that were measured.
        """
        change = change_clip(kind, stored.clip, stored.measured, self.prior, seed)
        if change is None or not np.array_equal(small_lumas(change.pictures), measured.luma):
            raise ValueError(
                f"{stored.clip.name} {kind}, seed {seed}: the cache holds another change than is made now. "
                "Was it made with other footage, or --motion-prior-of? Choose as then, or another --cache."
            )
        return change


class AppearanceMeasurement:
    """Measures the appearance distance of a clip from prototypes of all other clips."""

    def __init__(self, predictor: Predictor, every: int, normal: Sequence[StoredClip]) -> None:
        self._predictor = predictor
        self._every = every
        self._normal = normal
        self._seen: dict[str, list[MovingFeatures]] = {}
        self._prototypes: dict[str, PrototypeBank] = {}

    def measure(self, clip: Clip, found: ClipMeasurements, pictures: Pictures, differs: Labels | None) -> None:
        measure_appearance(found, pictures, self._predictor, self._prototypes_without(clip.name), self._every, differs)

    def _prototypes_without(self, name: str) -> PrototypeBank:
        if not self._seen:
            rng = np.random.default_rng(0)
            for each in self._normal:
                seen = seen_in(each.measured, each.clip.pictures, self._predictor, self._every, rng)
                self._seen[each.clip.name] = seen
        if name not in self._prototypes:
            prototypes = PrototypeBank.of(list(chain(*(seen for clip, seen in self._seen.items() if clip != name))))
            if prototypes is None:
                raise ValueError(f"hardly anything moves in all clips but {name}")
            self._prototypes[name] = prototypes
        return self._prototypes[name]
