"""`python -m tests.research.unreviewed`: finds events in the footage that was calibrated on, by rules for rare seconds.

A clip with an event and some normal ones are calibrated on as footage that nobody reviewed; the other normal clips are
held out. How the seconds that were left out of the normal model count for the threshold is what the rules differ in.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.calibrating.footage import is_left_out
from engine.calibrating.held_out_signals import HeldOutSignals
from engine.calibrating.unreviewed import rare_stretches
from engine.common.device import choose_compute
from engine.datasets import footage_videos
from engine.detector_library import find_detector
from engine.models.detector import load_detector
from engine.models.predictor import Predictor
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import evidence_of
from engine.scoring.light_calibration import Scale
from engine.scoring.rare_seconds import is_rare_second, occurrences, with_normal_occurrences
from engine.scoring.sampling import SAMPLED
from engine.scoring.segments import Segment, find_segments
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.tail import Tail, block_maxima
from tests.research.unreviewed.measured import Event, Measured, measure

RATES_PER_HOUR = (2, 10, 60)
_RATE = RATES_PER_HOUR[0]
"""At which it is asked whether the event is found."""
_TAIL_SHARE = 0.3
"""Of the seconds that stayed, by whose shape the scale is told."""
_WITHOUT_EVENT = 8
"""Mixtures without an event for each draw."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Maxima:
    """One-second maxima of a mixture."""

    kept: Floats
    rare: Sequence[Floats]
    """Left out of the normal model, by occurrence."""
    normal: Floats
    """All that are not of the event, which only the experiment knows."""

    @property
    def rare_seconds(self) -> int:
        return sum(len(each) for each in self.rare)


def by_shape(maxima: Maxima) -> Tail:
    """As many rare seconds are normal as the exponential tail of those that stayed, cut off at the highest, lacks."""
    ordered = np.sort(maxima.kept)
    size = max(round(_TAIL_SHARE * len(ordered)), 6)
    excesses, cut = ordered[-size:] - ordered[-size - 1], ordered[-1] - ordered[-size - 1]
    normal = np.arange(maxima.rare_seconds + 1)
    scales = (excesses.sum() + normal * cut) / size
    likelihoods = -size * np.log(scales) - excesses.sum() / scales - size * np.log1p(-np.exp(-cut / scales))
    return Tail.of(maxima.kept, int(likelihoods.argmax()))


RULES: dict[str, Callable[[Maxima], Tail]] = {
    "all as higher than the rest": lambda maxima: Tail.of(maxima.kept, maxima.rare_seconds),
    "each occurrence as one second": lambda maxima: Tail.of(maxima.kept, len(maxima.rare)),
    "not at all; the scale from the shape of the rest": by_shape,
    "by their spacing": lambda maxima: Tail.of(with_normal_occurrences(maxima.kept, maxima.rare)),
    "the event is told": lambda maxima: Tail.of(maxima.normal),
}


@dataclass
class _Counts:
    """What a rule did over mixtures with events of one length, or without any."""

    found: list[bool] = field(default_factory=list)
    false_alarms: dict[int, int] = field(default_factory=lambda: dict.fromkeys(RATES_PER_HOUR, 0))
    hours: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure unless that is stored, and print a row for each rule."""
    chosen = _parser().parse_args(arguments)
    if not (chosen.measured / "labels.npz").exists():
        detector, _ = load_detector(find_detector(chosen.detector) or Path(chosen.detector))
        predictor = Predictor(detector, "", choose_compute("cpu"))
        videos = list(footage_videos(chosen.normal))
        measure(predictor, videos, chosen.changed, chosen.seconds).save(chosen.measured)
    measured = Measured.load(chosen.measured)
    counts = count(measured, chosen.others, chosen.draws)
    lengths = sorted({each.seconds for each in measured.events})
    print("| how left-out seconds count |", *(f"found: {each:g} s |" for each in lengths), end=" ")
    print("false, with an event | false, without |")
    print("|---" * (len(lengths) + 3) + "|")
    for rule in RULES:
        found = [f"{100 * np.mean(counts[rule, each].found):.0f} %" for each in lengths]
        false = [_false(counts[rule, each] for each in lengths), _false([counts[rule, 0.0]])]
        print("|", " | ".join([rule, *found, *false]), "|")
    return 0


def count(measured: Measured, others: int, draws: int) -> dict[tuple[str, float], _Counts]:
    """By rule and length of the event; 0 stands for none."""
    found: dict[tuple[str, float], _Counts] = defaultdict(_Counts)
    mixtures = [(event, draw) for event in measured.events for draw in range(draws)]
    for event, draw in [*mixtures, *((None, draw) for draw in range(_WITHOUT_EVENT * draws))]:
        random = np.random.default_rng([draw, event.number if event else 0])
        pool = [number for number in range(len(measured.normal)) if event is None or number != event.number]
        random.shuffle(pool)
        normal = [measured.normal[number] for number in pool]
        taken = others if event else others + 1
        calibration, maxima = _calibrated(normal[:taken], event, measured.frame_seconds)
        for rule, tail_of in RULES.items():
            scale = Scale(calibration.offline.standard, tail_of(maxima))
            _add(
                found[rule, event.seconds if event else 0.0], replace(calibration, offline=scale), event, normal[taken:]
            )
    return found


def _calibrated(
    normal: Sequence[HeldOutSignals], event: Event | None, frame_seconds: float
) -> tuple[Calibration, Maxima]:
    videos = [*normal, *([event.video] if event else [])]
    first = Calibration.of([(each.signals, each.times) for each in videos], frame_seconds, (), SAMPLED)
    stretches = rare_stretches(videos, first)
    rare = [np.array([is_left_out(t, stretches.get(each.path, ())) for t in each.times], np.bool_) for each in videos]
    usual = [_without(each.signals, flags) for each, flags in zip(videos, rare, strict=True)]
    calibration = Calibration.of(
        [(signals, each.times) for signals, each in zip(usual, videos, strict=True)], frame_seconds, (), SAMPLED
    )
    parts = [
        _maxima_of(calibration, each, flags, event.abnormal if event and each is event.video else None)
        for each, flags in zip(videos, rare, strict=True)
    ]
    return calibration, Maxima(
        np.concatenate([each.kept for each in parts]),
        [occurrence for each in parts for occurrence in each.rare],
        np.concatenate([each.normal for each in parts]),
    )


def _maxima_of(calibration: Calibration, video: HeldOutSignals, rare: Flags, abnormal: Flags | None) -> Maxima:
    stays = ~is_rare_second(rare, video.times)
    scores = np.where(
        stays,
        _strongest(calibration, _without(video.signals, rare), video.times),
        _strongest(calibration, video.signals, video.times),
    )
    normal = np.ones(len(stays), np.bool_) if abnormal is None else ~_near(abnormal, video.times)
    return Maxima(
        block_maxima(scores[stays], video.times[stays]),
        occurrences(scores, video.times, rare),
        block_maxima(scores[normal], video.times[normal]),
    )


def _strongest(calibration: Calibration, signals: RawSignals, times: Floats) -> Floats:
    evidence = evidence_of(signals, times, live=False, names=calibration.evidence, sampling=SAMPLED)
    return calibration.offline.standard.max_evidence(evidence)


def _without(signals: RawSignals, rare: Flags) -> RawSignals:
    found = signals.copy()
    found[rare] = missing_signals(1)[0]
    return found


def _near(abnormal: Flags, times: Floats) -> Flags:
    """Which frames lie in a second of an event, or in one beside it: evidence is smoothed."""
    seconds = np.floor(times).astype(np.int64)
    touched = np.unique(seconds[abnormal])
    return np.isin(seconds, [touched - 1, touched, touched + 1])


def _add(counts: _Counts, calibration: Calibration, event: Event | None, held_out: Sequence[HeldOutSignals]) -> None:
    scorer = CalibratedScorer(calibration)
    for video in held_out:
        counts.hours += float(video.times[-1] - video.times[0]) / 3600
        for rate in RATES_PER_HOUR:
            counts.false_alarms[rate] += len(_segments(scorer, video, rate))
    if event:
        segments = _segments(scorer, event.video, _RATE)
        counts.found.append(any(event.abnormal[each.start : each.stop].any() for each in segments))


def _segments(scorer: CalibratedScorer, video: HeldOutSignals, per_hour: float) -> list[Segment]:
    return find_segments(scorer.scores(video.signals, video.times), video.times, scorer.rule(per_hour))


def _false(counts: Iterable[_Counts]) -> str:
    """False alarms an hour at each of RATES_PER_HOUR."""
    counts = list(counts)
    hours = sum(each.hours for each in counts)
    if not hours:
        return "nothing was held out"
    found = [sum(each.false_alarms[rate] for each in counts) / hours for rate in RATES_PER_HOUR]
    return f"{', '.join(f'{each:.0f}' for each in found)} ({hours:.1f} h)"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.research.unreviewed", description=(__doc__ or ""))
    parser.add_argument("--normal", nargs="+", type=Path, required=True, metavar="PATH", help="normal footage")
    parser.add_argument("--detector", required=True, metavar="NAME|FILE", help="one that never saw the camera")
    parser.add_argument(
        "--changed", type=int, nargs="+", required=True, metavar="NUMBER", help="videos to change, from 0"
    )
    parser.add_argument("--seconds", type=float, nargs="+", default=[2, 5, 10, 17], help="how long the events last")
    parser.add_argument("--others", type=int, default=9, help="normal videos in a mixture besides the changed one")
    parser.add_argument("--draws", type=int, default=2, help="mixtures of each event")
    parser.add_argument("--measured", type=Path, required=True, metavar="FOLDER", help="where signals are stored")
    return parser


if __name__ == "__main__":
    sys.exit(main())
