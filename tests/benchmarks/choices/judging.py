"""How well a candidate tells changed frames from normal ones, each clip judged by what the other clips are like."""

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
from engine.scoring.evidence import SMOOTHING_SECONDS, smoothed, smoothing_windows
from engine.scoring.segments import SegmentRule
from engine.scoring.tail import Tail, block_maxima, threshold_for
from tests.benchmarks.choices.candidates import JOINS

Series = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

ALARMS_PER_HOUR = (2.0, 10.0)
_UPPER = 0.95


@dataclass(frozen=True)
class Candidate:
    """A score that could be the calibrated one."""

    signals: tuple[str, ...]
    join: str = "strongest"
    """A key of JOINS, or "strongest p"."""
    smoothing_seconds: tuple[float, ...] = SMOOTHING_SECONDS
    """Every signal takes part once for each of them."""
    live: bool = False
    weights: tuple[float, ...] = ()
    """How much each signal has to say; none where all have the same."""

    @property
    def label(self) -> str:
        """For the tables."""
        told = zip(self.signals, self.weights or [1.0] * len(self.signals), strict=True)
        words = [" + ".join(name if weight == 1 else f"{name} ({_fraction(weight)})" for name, weight in told)]
        if len(self.signals) > 1 and self.join != "strongest":
            words.append(self.join)
        if self.smoothing_seconds != SMOOTHING_SECONDS:
            words.append(" and ".join(f"{each:g} s" for each in self.smoothing_seconds))
        return ", ".join([*words, *(["live"] if self.live else [])])


@dataclass(frozen=True, eq=False)
class Judged:
    """One clip, as it is or changed, with all signals of it."""

    clip: str
    kind: str
    """Empty where nothing was changed."""
    signals: Mapping[str, Series]
    seconds: Series
    abnormal: Labels


@dataclass(eq=False)
class Footage:
    """All clips of a camera: normal ones, from which scores get their meaning, and those to judge."""

    normal: Sequence[Judged]
    judged: Sequence[Judged]
    _smoothed: dict[tuple[int, str, float, bool], Series] = field(default_factory=dict)

    @cached_property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(each.kind for each in self.judged))

    def scores(self, candidate: Candidate) -> list[tuple[Judged, Series]]:
        """-log10 p of every frame of every clip, the unchanged ones among them."""
        evidence = {each.clip: self._evidence(each, candidate) for each in self.normal}
        scales = {}
        found = []
        for each in [*self.normal, *self.judged]:
            if each.clip not in scales:
                scales[each.clip] = self._scale(candidate, evidence, each.clip)
            found.append((each, scales[each.clip].score(self._evidence(each, candidate))))
        return found

    def aucs(self, scored: Sequence[tuple[Judged, Series]]) -> dict[str, float]:
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

    def found(self, scored: Sequence[tuple[Judged, Series]], per_hour: float) -> dict[str, tuple[int, int]]:
        """Events found of each kind, and how many there are, at a threshold; "" has the false alarms, and clips."""
        enter = threshold_for(per_hour)
        rule = SegmentRule(enter=enter, leave=calibrated_leave(enter))
        figures = {}
        for kind in ["", *self.kinds]:
            chosen = [_video(each, values) for each, values in scored if each.kind == kind]
            result = event_figures(chosen, rule)
            figures[kind] = (result.detected, result.events) if kind else (result.false_alarms, len(chosen))
        return figures

    def _evidence(self, each: Judged, candidate: Candidate) -> Series:
        return np.stack(
            [
                self._one(each, name, reach, candidate.live)
                for reach in candidate.smoothing_seconds
                for name in candidate.signals
            ]
        )

    def _one(self, each: Judged, name: str, reach: float, live: bool) -> Series:
        key = (id(each), name, reach, live)
        if key not in self._smoothed:
            windows = smoothing_windows(each.seconds, reach, live=live)
            self._smoothed[key] = smoothed(each.signals[name], *windows)
        return self._smoothed[key]

    def _scale(self, candidate: Candidate, evidence: Mapping[str, Series], clip: str) -> _Scale:
        others = [each for each in self.normal if each.clip != clip]
        return _Scale.of(candidate, [evidence[each.clip] for each in others], [each.seconds for each in others])


@dataclass(frozen=True, eq=False)
class _Scale:
    """As engine.scoring's Standard and Tail, with the join a matter of choice."""

    candidate: Candidate
    medians: Series
    spreads: Series
    """Over weights."""
    tails: tuple[Tail, ...]
    """One of what was joined, or one for each signal where p-values are joined."""

    @classmethod
    def of(cls, candidate: Candidate, evidence: Sequence[Series], seconds: Sequence[Series]) -> _Scale:
        medians, upper = np.quantile(np.concatenate(evidence, axis=1), [0.5, _UPPER], axis=1)
        weights = np.tile(candidate.weights or [1.0] * len(candidate.signals), len(candidate.smoothing_seconds))
        scale = cls(candidate, medians, np.maximum(upper - medians, 1e-3) / weights, ())
        rows = [scale._rows(each) for each in evidence]
        tails = []
        for row in range(len(rows[0])):
            maxima = [block_maxima(each[row], times) for each, times in zip(rows, seconds, strict=True)]
            tails.append(Tail.of(np.concatenate(maxima)))
        return cls(candidate, scale.medians, scale.spreads, tuple(tails))

    def score(self, evidence: Series) -> Series:
        rows = self._rows(evidence)
        return np.max([tail.neg_log10_p(row) for tail, row in zip(self.tails, rows, strict=True)], axis=0)

    def _rows(self, evidence: Series) -> list[Series]:
        scaled = (evidence - self.medians[:, None]) / self.spreads[:, None]
        if self.candidate.join == "strongest p":
            return list(scaled)
        return [JOINS[self.candidate.join](scaled)]


def _fraction(value: float) -> str:
    return str(Fraction(value).limit_denominator(20))


def _video(each: Judged, values: Series) -> ScoredVideo:
    edges = np.flatnonzero(np.diff(each.abnormal, prepend=False, append=False))
    events = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    end = float(each.seconds[-1] + np.median(np.diff(each.seconds)))
    return ScoredVideo(f"{each.clip} {each.kind}", values, each.seconds, end, events)
