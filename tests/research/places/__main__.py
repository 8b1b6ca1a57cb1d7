"""`python -m tests.research.places`: changes normal footage, and asks whether outlines are where it was changed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engine.analysis.pipeline import judge
from engine.detector_library import find_detector
from engine.models.predictor import Predictor
from engine.scoring.calibration import Calibration
from engine.scoring.places import PlaceMaps, unpack_places
from engine.scoring.sampling import SAMPLED
from engine.scoring.signals import missing_signals
from engine.scoring.where import REACH_SECONDS, Outline, WindowEvidence
from tests.research.changed_video import ChangedVideo
from tests.research.choices.changes import KINDS, ChangedClip, change_clip
from tests.research.choices.clip_measurements import measure_motion
from tests.research.choices.clips import Clip, clips_of
from tests.research.choices.motion_prior import MotionPrior

_MIN_CHANGE = 12
"""Grey levels; pixels that differ by less are not the change but what compression made of it."""


@dataclass(frozen=True)
class _Frame:
    """A frame that is changed, abnormal and flagged."""

    kind: str
    mask: npt.NDArray[np.bool_]
    outlines: Mapping[str, Sequence[Outline]]
    """By variant."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each kind of change and each variant."""
    chosen = _parser().parse_args(arguments)
    predictor = Predictor.open(find_detector(chosen.detector) or Path(chosen.detector), "cpu")
    calibration = predictor.settings.calibration
    if calibration is None:
        print("The detector is not calibrated.", file=sys.stderr)
        return 1
    normal, learnt = ([(clip, measure_motion(clip.pictures, clip.seconds)) for clip in clips_of(each)] if each else []
                      for each in (chosen.normal, chosen.learnt_from))  # fmt: skip
    prior = MotionPrior.of([*normal, *learnt])
    frames: list[_Frame] = []
    for seed in chosen.seeds:
        for clip, measured in normal:
            for kind in chosen.kinds:
                change = change_clip(kind, clip, measured, prior, seed)
                if change is not None and change.abnormal.any():
                    frames += _frames(clip, change, predictor, calibration, chosen.from_score)
    print(
        "| kind | frames | variant | place found % | overlap (IoU) % | outlines elsewhere |\n|---|---|---|---|---|---|"
    )
    for kind in [*chosen.kinds, "all"]:
        of_kind = [frame for frame in frames if kind in (frame.kind, "all")]
        for variant in of_kind[0].outlines if of_kind else ():
            print(_row(kind, variant, of_kind))
    return 0


def _frames(
    clip: Clip, change: ChangedClip, predictor: Predictor, calibration: Calibration, from_score: float
) -> Iterator[_Frame]:
    video = ChangedVideo(change.pictures, clip.seconds)
    results = list(judge(video, predictor, SAMPLED.frames(video.times), SAMPLED))
    signals = missing_signals(len(video))
    signals[[each.index for each in results]] = np.array([each.signals for each in results])
    scores = calibration.scores(signals, video.times)
    maps = {float(video.times[each.index]): unpack_places(each.places) for each in results}
    differs = np.abs(change.pictures.astype(np.int16) - clip.pictures).max(axis=-1) > _MIN_CHANGE
    for result in results:
        frame = result.index
        if change.abnormal[frame] and differs[frame].any() and scores[frame] >= from_score:
            now = float(video.times[frame])
            around = {at - now: each for at, each in maps.items() if abs(at - now) <= REACH_SECONDS + 1e-4}
            variants: dict[str, dict[float, PlaceMaps]] = {
                "the moment alone": {0.0: maps[now]},
                "with what is around it": around,
            }
            found = {
                name: WindowEvidence.of(calibration, each).outlines(from_score, at_least=1)
                for name, each in variants.items()
            }
            yield _Frame(change.kind, differs[frame], found)


def _row(kind: str, variant: str, frames: Sequence[_Frame]) -> str:
    overlaps, elsewhere = [], 0
    for frame in frames:
        first, *others = [_inside(each) for each in frame.outlines[variant]]
        overlaps.append((first & frame.mask).sum() / (first | frame.mask).sum())
        elsewhere += sum(not (each & frame.mask).any() for each in others)
    found = 100 * np.mean(np.array(overlaps) > 0)
    return (
        f"| {kind} | {len(frames)} | {variant} | {found:.1f} | {100 * np.mean(overlaps):.1f} "
        f"| {elsewhere / len(frames):.2f} a frame |"
    )


def _inside(outline: Outline) -> npt.NDArray[np.bool_]:
    corners = np.round(outline.contour * 256 - 0.5).astype(np.int32)
    return cv2.fillPoly(np.zeros((256, 256), np.uint8), [corners], [1]).astype(np.bool_)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.research.places", description=(__doc__ or ""))
    parser.add_argument("--normal", nargs="+", type=Path, required=True, metavar="PATH", help="footage to change")
    parser.add_argument("--learnt-from", nargs="*", type=Path, default=[], metavar="PATH", help="more, for its motion")
    parser.add_argument("--detector", required=True, metavar="NAME|FILE")
    parser.add_argument(
        "--kinds", nargs="+", default=["too fast", "wrong way", "unusual looks", "sped up"], choices=list(KINDS)
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="change every clip once with each seed")
    parser.add_argument("--from-score", type=float, default=1.2, help="frames with lower scores do not count")
    return parser


if __name__ == "__main__":
    sys.exit(main())
