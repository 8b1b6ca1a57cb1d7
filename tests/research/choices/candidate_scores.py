"""Candidate scores, and how well each tells changed frames from normal ones, leaving one clip out at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.evaluation.events import ScoredVideo, event_figures
from engine.evaluation.metrics import roc_auc
from engine.scoring.calibrated_scorer import calibrated_leave
from engine.scoring.evidence import SMOOTHING_SECONDS, RobustScaler, smoothed, smoothing_windows
from engine.scoring.segments import SegmentRule
from engine.scoring.tail import Tail, block_maxima, threshold_for
from tests.research.choices.candidate_signals import FUSIONS

Series = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

ALARMS_PER_HOUR = (2.0, 10.0)


@dataclass(frozen=True)
class CandidateScore:
    """A score that could be the calibrated one."""

    signals: tuple[str, ...]
    fusion: str = "max"
    """A key of FUSIONS, or "min p"."""
    smoothing_seconds: tuple[float, ...] = SMOOTHING_SECONDS
    """Every signal takes part once for each smoothing time."""
    live: bool = False
    weights: tuple[float, ...] = ()
    """Weight of each signal; none where all weigh 1."""

    @property
    def label(self) -> str:
        """The candidate in words, for tables; what is as in the engine goes without saying."""
        weighted = zip(self.signals, self.weights or [1.0] * len(self.signals), strict=True)
        words = [" + ".join(name if weight == 1 else f"{name} ({_fraction(weight)})" for name, weight in weighted)]
        if len(self.signals) > 1 and self.fusion != "max":
            words.append(self.fusion)
        if self.smoothing_seconds != SMOOTHING_SECONDS:
            words.append(" and ".join(f"{each:g} s" for each in self.smoothing_seconds))
        return ", ".join([*words, *(["live"] if self.live else [])])


@dataclass(frozen=True, eq=False)
class LabelledClip:
    """The signals of one clip, unchanged or changed, and its labels."""

    clip: str
    kind: str
    """Kind of change; empty for an unchanged clip."""
    signals: Mapping[str, Series]
    seconds: Series
    abnormal: Labels


@dataclass(eq=False)
class LabelledFootage:
    """All clips of a camera: normal ones, which calibrate scores and count false alarms, and labelled ones."""

    normal: Sequence[LabelledClip]
    labelled: Sequence[LabelledClip]
    _smoothed: dict[tuple[int, str, float, bool], Series] = field(default_factory=dict)

    @cached_property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(each.kind for each in self.labelled))

    def scores(self, candidate: CandidateScore) -> list[tuple[LabelledClip, Series]]:
        """-log10 p of every frame of every clip, calibrated on the normal clips without that clip."""
        evidence = {each.clip: self._evidence(each, candidate) for each in self.normal}
        calibrations = {}
        found = []
        for each in [*self.normal, *self.labelled]:
            if each.clip not in calibrations:
                calibrations[each.clip] = self._calibration(candidate, evidence, each.clip)
            found.append((each, calibrations[each.clip].score(self._evidence(each, candidate))))
        return found

    def aucs(self, scored: Sequence[tuple[LabelledClip, Series]]) -> dict[str, float]:
        """Global AUC in percent of each kind, over its changed clips and all unchanged ones, or over a recording."""
        aucs = {}
        clips = {each.clip for each in self.normal}
        for kind in self.kinds:
            chosen = [(each, values) for each, values in scored if each.kind == kind]
            if all(each.clip in clips for each, _ in chosen):
                chosen += [(each, values) for each, values in scored if not each.kind]
            values = np.concatenate([values for _, values in chosen])
            aucs[kind] = 100 * roc_auc(values, np.concatenate([each.abnormal for each, _ in chosen]))
        return aucs

    def found(self, scored: Sequence[tuple[LabelledClip, Series]], per_hour: float) -> dict[str, tuple[int, int]]:
        """Events found of each kind, and how many there are, at a threshold; "" has the false alarms, and clips."""
        enter = threshold_for(per_hour)
        rule = SegmentRule(enter=enter, leave=calibrated_leave(enter))
        figures = {}
        for kind in ["", *self.kinds]:
            chosen = [_video(each, values) for each, values in scored if each.kind == kind]
            result = event_figures(chosen, rule)
            figures[kind] = (result.detected, result.events) if kind else (result.false_alarms, len(chosen))
        return figures

    def _evidence(self, each: LabelledClip, candidate: CandidateScore) -> Series:
        return np.stack(
            [
                self._smoothed_signal(each, name, reach_seconds, candidate.live)
                for reach_seconds in candidate.smoothing_seconds
                for name in candidate.signals
            ]
        )

    def _smoothed_signal(self, each: LabelledClip, name: str, reach_seconds: float, live: bool) -> Series:
        key = (id(each), name, reach_seconds, live)
        if key not in self._smoothed:
            windows = smoothing_windows(each.seconds, reach_seconds, live=live)
            self._smoothed[key] = smoothed(each.signals[name], *windows)
        return self._smoothed[key]

    def _calibration(self, candidate: CandidateScore, evidence: Mapping[str, Series], clip: str) -> _Calibration:
        others = [each for each in self.normal if each.clip != clip]
        return _Calibration.of(candidate, [evidence[each.clip] for each in others], [each.seconds for each in others])


@dataclass(frozen=True, eq=False)
class _Calibration:
    """As engine.scoring.calibration.Calibration, with the candidate's fusion in the place of the maximum."""

    fusion: str
    scaler: RobustScaler
    tails: tuple[Tail, ...]
    """One of the fused evidence, or for "min p" one of each row of evidence."""

    @classmethod
    def of(cls, candidate: CandidateScore, evidence: Sequence[Series], seconds: Sequence[Series]) -> _Calibration:
        weights = (candidate.weights or (1.0,) * len(candidate.signals)) * len(candidate.smoothing_seconds)
        scaler = RobustScaler.of(evidence, weights)
        rows = [_fused(candidate.fusion, scaler.scaled(each)) for each in evidence]
        tails = []
        for row in range(len(rows[0])):
            maxima = [block_maxima(each[row], times) for each, times in zip(rows, seconds, strict=True)]
            tails.append(Tail.of(np.concatenate(maxima)))
        return cls(candidate.fusion, scaler, tuple(tails))

    def score(self, evidence: Series) -> Series:
        rows = _fused(self.fusion, self.scaler.scaled(evidence))
        return np.max([tail.neg_log10_p(row) for tail, row in zip(self.tails, rows, strict=True)], axis=0)


def _fused(fusion: str, scaled: Series) -> list[Series]:
    """Rows [N] of scaled evidence [E, N], each to have a tail of its own."""
    return list(scaled) if fusion == "min p" else [FUSIONS[fusion](scaled)]


def _fraction(value: float) -> str:
    return str(Fraction(value).limit_denominator(20))


def _video(each: LabelledClip, values: Series) -> ScoredVideo:
    edges = np.flatnonzero(np.diff(each.abnormal, prepend=False, append=False))
    events = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    end = float(each.seconds[-1] + np.median(np.diff(each.seconds)))
    return ScoredVideo(f"{each.clip} {each.kind}", values, each.seconds, end, events)
