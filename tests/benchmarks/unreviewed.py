"""How much of an event stays flagged after a calibration on footage a tenth of which shows it, unreviewed.

The detector of the demo, which knows no real camera, is calibrated on nine parts of normal footage and one of a test
clip: as unreviewed footage, as if all of it were normal, and on the normal part alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis.pipeline import judge
from engine.calibrating.calibrate import calibrate
from engine.calibrating.footage import NormalFootage
from engine.calibrating.unreviewed import calibrate_without_rare
from engine.commands.progress import finished
from engine.common.device import choose_compute
from engine.datasets import open_dataset
from engine.datasets.held_out import Stretch
from engine.models.detector import Detector, load_detector
from engine.models.predictor import Predictor
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.segments import find_segments
from engine.scoring.signals import missing_signals
from engine.video import open_video
from resources import detector_path

DATA = Path(__file__).parents[3] / "shared" / "data"
BARS: dict[str, tuple[str, float]] = {}
_PED2_NORMAL = ("01", "03", "04", "06", "08", "09", "11", "13", "15")
_PED2_TESTING = ("01", "04", "07", "10")
_AVENUE_SECONDS = 5.0
"""A ninth of the three training videos there are."""
_PLAN = choose_compute("cpu")


@dataclass(frozen=True)
class _Mixture:
    name: str
    normal: list[Path]
    event: Path
    abnormal: npt.NDArray[np.bool_]
    left_out: Mapping[Path, list[Stretch]] = field(default_factory=dict)


def run(quick: bool = False) -> dict[str, float]:
    """Share of the labelled frames that are flagged, by mixture and calibration; of one mixture only if `quick`."""
    if not DATA.is_dir():
        return {}
    untaught, _ = load_detector(detector_path("plaza"))
    figures: dict[str, float] = {}
    on_normal: dict[tuple[Path, ...], Detector] = {}
    for each in _mixtures()[: 1 if quick else None]:
        key = tuple(each.normal)
        if key not in on_normal:
            on_normal[key] = finished(calibrate(untaught, _PLAN, NormalFootage(each.normal))).detector
        footage = NormalFootage([*each.normal, each.event], left_out=each.left_out)
        as_normal = finished(calibrate(untaught, _PLAN, footage))
        unreviewed = finished(calibrate_without_rare(as_normal, untaught, _PLAN, footage))
        taught = {
            "unreviewed": unreviewed.detector,
            "as_normal": as_normal.detector,
            "normal_only": on_normal[key],
        }
        for name, detector in taught.items():
            flagged = _flagged(detector, each.event)
            figures[f"{each.name}_{name}_share"] = float(flagged[each.abnormal].mean())
            starts = np.flatnonzero(np.diff(each.abnormal, prepend=False, append=False))
            events = [flagged[start:stop].any() for start, stop in pairwise(starts.tolist())][::2]
            figures[f"{each.name}_{name}_missed"] = float(len(events) - sum(events))
    return figures


def _mixtures() -> list[_Mixture]:
    ped2 = [DATA / "ped2" / "training" / f"{number}.mp4" for number in _PED2_NORMAL]
    testing = {each.path.stem: each for each in open_dataset(DATA / "ped2").testing}
    found = [_Mixture(f"ped2_{name}", ped2, testing[name].path, testing[name].abnormal) for name in _PED2_TESTING]
    avenue = open_dataset(DATA / "avenue")
    for video in avenue.testing:
        left_out = {video.path: [(_AVENUE_SECONDS, np.inf)]}
        normal = sorted((DATA / "avenue" / "training_videos").iterdir())
        found.append(_Mixture(f"avenue_{video.path.stem}", normal, video.path, video.abnormal, left_out))
    return found


def _flagged(detector: Detector, path: Path) -> npt.NDArray[np.bool_]:
    """Which frames lie in a segment at the default threshold."""
    scorer = CalibratedScorer.of(detector.settings.calibration)
    assert scorer is not None
    with open_video(path) as source:
        signals, times = missing_signals(len(source)), source.times
        samples = scorer.sampling.frames(times)
        for result in judge(source, Predictor(detector, "", _PLAN), samples, scorer.sampling):
            signals[result.index] = result.signals
    frames = np.zeros(len(times), np.bool_)
    for segment in find_segments(scorer.scores(signals, times), times, scorer.rule()):
        frames[segment.start : segment.stop] = True
    return frames
