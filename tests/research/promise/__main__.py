"""`python -m tests.research.promise`: counts false alarms on normal footage and compares them with what is promised.

Two-fold cross-validation: each half of the held-out videos is counted with a calibration of the other half.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.calibrating.calibrate import calibrate
from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import HeldOutSignals, load_held_out_signals, save_held_out_signals
from engine.commands.progress import follow
from engine.common.device import choose_compute
from engine.common.events import Progress
from engine.detector_library import find_detector
from engine.evaluation.events import ScoredVideo, event_figures
from engine.models.detector import load_detector
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.video.source import usual_frame_seconds

RATES_PER_HOUR = (2.0, 10.0, 60.0)


@dataclass(frozen=True)
class AlarmCount:
    """False alarms counted at a promised rate, and the range in which they should lie nine times in ten."""

    per_hour: float
    counted: int
    least: int
    most: int


def count_alarms(videos: Sequence[HeldOutSignals], per_hour: float) -> AlarmCount:
    """Count each half of the videos with a calibration of the other half, and add them up."""
    counted = least = most = 0
    for half in (0, 1):
        scorer = CalibratedScorer(Calibration.of([(each.signals, each.times) for each in videos[half::2]]))
        scored = [_scored(each, scorer) for each in videos[1 - half :: 2]]
        figures = event_figures(scored, scorer.rule(per_hour))
        low, high = scorer.calibration.expected_alarms(per_hour, figures.normal_seconds / 3600)
        counted, least, most = counted + figures.false_alarms, least + low, most + high
    return AlarmCount(per_hour, counted, least, most)


def _scored(video: HeldOutSignals, scorer: CalibratedScorer) -> ScoredVideo:
    scores = scorer.scores(video.signals, video.times)
    duration = float(video.times[-1] - video.times[0]) + (usual_frame_seconds(video.times) or 0.0)
    return ScoredVideo(video.path.stem, scores, video.times - video.times[0], duration, ())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the held-out footage unless that is stored, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.research.promise", description=(__doc__ or ""))
    parser.add_argument("--detector", required=True, metavar="NAME|FILE")
    parser.add_argument("--held-out", nargs="+", type=Path, required=True, metavar="PATH", help="normal footage")
    parser.add_argument(
        "--learnt-from",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="more normal footage, for motion statistics only",
    )
    parser.add_argument(
        "--judged", type=Path, required=True, metavar="FILE.npz", help="where its raw signals are stored"
    )
    chosen = parser.parse_args(arguments)
    if not chosen.judged.exists():
        detector, _ = load_detector(find_detector(chosen.detector) or Path(chosen.detector))
        footage = NormalFootage.of(chosen.held_out, chosen.learnt_from)

        def work() -> Generator[Progress, None, None]:
            calibrated = yield from calibrate(detector, choose_compute("auto"), footage)
            save_held_out_signals(chosen.judged, calibrated.held_out)

        follow(work())
    videos = load_held_out_signals(chosen.judged)
    if not videos:
        sys.exit(f"{chosen.judged} holds no signals of this version: remove it")
    print(f"{len(videos)} videos, {sum(float(each.times[-1] - each.times[0]) for each in videos) / 60:.1f} minutes")
    for rate in RATES_PER_HOUR:
        found = count_alarms(videos, rate)
        print(f"at {rate:g} an hour: {found.counted} counted, expected {found.least} to {found.most}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
