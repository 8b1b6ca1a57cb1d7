"""`python -m tests.research.density`: changes normal clips, and compares what samples find in them with every frame."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis.pipeline import judge
from engine.common.atomic_write import atomic_write
from engine.detector_library import find_detector
from engine.evaluation.events import Detections, ScoredVideo, detections
from engine.models.predictor import Predictor
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import default_scorer
from engine.scoring.signals import missing_signals
from tests.research.changed_video import ChangedVideo
from tests.research.choices.changes import CONTROLS, KINDS, ChangedClip, change_clip
from tests.research.choices.clip_measurements import measure_motion
from tests.research.choices.clips import clips_of
from tests.research.choices.motion_prior import MotionPrior

ALARMS_PER_HOUR = (2, 10)
ABNORMAL_KINDS = [kind for kind in KINDS if kind not in CONTROLS]
_BESIDE_SECONDS = 3.0
"""Of the unchanged clip, before and after what changed: scores look a second ahead."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One changed clip, scored by samples or at every frame."""

    kind: str
    video: ScoredVideo
    cpu_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge what `--judged` lacks, then print a row for each kind of change and density."""
    chosen = _parser().parse_args(arguments)
    chosen.judged.mkdir(parents=True, exist_ok=True)
    found: dict[tuple[str, str], list[tuple[Judged, CalibratedScorer]]] = {}
    for by_samples, at_every_frame, *normal in chosen.camera:
        predictors = [_predictor(by_samples, "samples"), _predictor(at_every_frame, "every frame")]
        for number, change in enumerate(_changes([Path(each) for each in normal], chosen.kinds)):
            for predictor in predictors:
                calibration = predictor.settings.calibration
                scorer = default_scorer(calibration)
                assert isinstance(scorer, CalibratedScorer)
                density = _density(scorer)
                file = chosen.judged / f"{Path(by_samples).stem}-{number}-{density}.npz"
                judged = _kept(file, *change) or _judged(file, *change, predictor, scorer)
                print(f"{file.stem}  {change[0].kind}  {judged.cpu_seconds:.0f} s", file=sys.stderr, flush=True)
                for kind in (change[0].kind, "all"):
                    found.setdefault((kind, density), []).append((judged, scorer))
    columns = ("change", "judged", "events", "found at 2 an hour", "at 10", "median delay s", "at 10", "false alarms")
    print(f"| {' | '.join(columns)} | at 10 | CPU s |")
    print("|---" * (len(columns) + 2) + "|")
    for kind in [*chosen.kinds, "all"]:
        for density in ("every frame", "samples"):
            if (kind, density) in found:
                print(_row(kind, density, found[kind, density]))
    return 0


def _changes(normal: Sequence[Path], kinds: Sequence[str]) -> Iterator[tuple[ChangedClip, npt.NDArray[np.float64]]]:
    """Each clip once a kind, cut to what is near the change, and when its frames appear."""
    clips = [(clip, measure_motion(clip.pictures, clip.seconds)) for clip in clips_of(normal)]
    prior = MotionPrior.of(clips)
    for clip, measured in clips:
        for kind in kinds:
            change = change_clip(kind, clip, measured, prior, 0)
            if change is None or not change.abnormal.any():
                continue
            at = clip.seconds[np.flatnonzero(change.differs | change.abnormal)]
            near = (clip.seconds >= at[0] - _BESIDE_SECONDS) & (clip.seconds <= at[-1] + _BESIDE_SECONDS)
            seconds = clip.seconds[near] - clip.seconds[near][0]
            cut = ChangedClip(kind, change.pictures[near], change.differs[near], change.abnormal[near], change.note)
            yield cut, seconds


def _predictor(detector: str, density: str) -> Predictor:
    predictor = Predictor.open(find_detector(detector) or Path(detector), "cpu")
    if _density(default_scorer(predictor.settings.calibration)) != density:
        raise ValueError(f"{detector} must be calibrated by {density}")
    predictor.prepare_motion()
    return predictor


def _density(scorer: Scorer) -> str:
    return "every frame" if scorer.sampling.is_every_frame else "samples"


def _judged(
    file: Path, change: ChangedClip, seconds: npt.NDArray[np.float64], predictor: Predictor, scorer: CalibratedScorer
) -> Judged:
    video = ChangedVideo(change.pictures, seconds)
    signals = missing_signals(len(video))
    began = time.process_time()
    for result in judge(video, predictor, scorer.sampling.frames(video.times), scorer.sampling):
        signals[result.index] = result.signals
    spent = time.process_time() - began
    scores = scorer.scores(signals, video.times)
    with atomic_write(file) as out:
        # Where the camera seems to fail nothing is flagged.
        np.savez(out, scores=np.where(np.isnan(scores), -np.inf, scores), cpu_seconds=spent)
    judged = _kept(file, change, seconds)
    assert judged is not None
    return judged


def _kept(file: Path, change: ChangedClip, seconds: npt.NDArray[np.float64]) -> Judged | None:
    if not file.exists():
        return None
    with np.load(file, allow_pickle=False) as kept:
        scores, spent = kept["scores"], float(kept["cpu_seconds"])
    edges = np.flatnonzero(np.diff(change.abnormal, prepend=False, append=False))
    # One thing is abnormal in each clip, though it may be out of sight in between.
    end = float(2 * seconds[-1] - seconds[-2])
    return Judged(change.kind, ScoredVideo(file.stem, scores, seconds, end, [(int(edges[0]), int(edges[-1]))]), spent)


def _row(kind: str, density: str, judged: Sequence[tuple[Judged, CalibratedScorer]]) -> str:
    figures = [_detections(judged, alarms) for alarms in ALARMS_PER_HOUR]
    cells = [
        *(str(each.detected) for each in figures),
        *(f"{each.median_delay_seconds:.2f}" if each.detected else "" for each in figures),
        *(str(each.false_alarms) for each in figures),
    ]
    spent = sum(each.cpu_seconds for each, _ in judged)
    return f"| {kind} | {density} | {len(judged)} | {' | '.join(cells)} | {spent:.0f} |"


def _detections(judged: Sequence[tuple[Judged, CalibratedScorer]], alarms: float) -> Detections:
    """Of clips of several cameras, each by its own threshold."""
    parts = [detections([each.video], scorer.rule(alarms)) for each, scorer in judged]
    return Detections(
        sum(part.events for part in parts),
        tuple(delay for part in parts for delay in part.delays_seconds),
        sum(part.false_alarms for part in parts),
        sum(part.normal_seconds for part in parts),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.research.density", description=__doc__)
    parser.add_argument(
        "--camera",
        nargs="+",
        action="append",
        required=True,
        metavar=("SAMPLED EVERY_FRAME PATH", "PATH"),
        help="a detector calibrated by samples, one of the same networks calibrated at every frame, footage to change",
    )
    parser.add_argument("--kinds", nargs="+", default=ABNORMAL_KINDS, choices=ABNORMAL_KINDS, metavar="KIND")
    parser.add_argument("--judged", type=Path, required=True, metavar="FOLDER", help="where scores are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
