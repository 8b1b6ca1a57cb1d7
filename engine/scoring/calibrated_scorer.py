"""The calibrated anomaly score: how rarely normal life on a camera looks like this."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from engine.scoring.calibration import Calibration
from engine.scoring.drift import References
from engine.scoring.sampling import Sampling
from engine.scoring.scorer import Doubt, Floats, Scorer, Times
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.signals import RawSignals
from engine.scoring.tail import false_alarms_at, threshold_for

_LEAVES_BELOW = 1.0  # scores are logarithms: what is ten times as usual lies one below, wherever that is
_MIN_LEAVE = 0.3
_MIN_TOP, _MAX_TOP = 6.0, 10.0  # higher scores mean "once in centuries", and would flatten all others
_MAX_TWOS = 6  # more labels than this would crowd a low plot
_LIFETIME = 9.4
"""A score: about 80 years. The power of ten of much higher ones would be no float."""

_UNREVIEWED = tr_noop(
    "What is rare in such footage may be normal life or an event, so nobody knows how often normal life gets there.\n"
    "Calibrate the detector on footage that is known to be normal, an hour at best."
)
_TOO_LITTLE = tr_noop(
    "What happens more seldom than once in all that footage, it can't know: such a threshold is extrapolated.\n"
    "Calibrate the detector on more normal footage, an hour at best."
)


@dataclass(frozen=True)
class CalibratedScorer(Scorer):
    """-log10 of the share of normal seconds on this camera that score at least as high; looks a second ahead."""

    calibration: Calibration

    name: ClassVar[str] = tr_noop("calibrated")
    live: ClassVar[bool] = False
    """Whether it goes by a frame and those before it alone."""
    title: ClassVar[str] = tr_noop("Anomaly score")
    description: ClassVar[str] = tr_noop(
        "How rarely normal life on this camera looks like this: 3 is once in a thousand seconds, 4 in ten thousand.\n"
        "It means the same in every recording of the camera."
    )
    is_comparable: ClassVar[bool] = True
    has_reasons: ClassVar[bool] = True

    @classmethod
    def of(cls, calibration: Calibration | None) -> Self | None:
        """Only a calibrated detector has it."""
        return cls(calibration) if calibration else None

    def raw_scores(self, signals: RawSignals, seconds: Times) -> Floats:
        """-log10 p; below 0 lies what is calmer than all normal footage."""
        return self.calibration.scores(signals, seconds, live=self.live)

    def display_scores(self, raw: Floats) -> Floats:
        """From 0 up: differences among calm frames tell a reviewer nothing."""
        return np.asarray(np.maximum(raw, 0))

    @property
    def sampling(self) -> Sampling:
        """The calibration's: a score means what it says of signals measured as densely as those it was learnt from."""
        return self.calibration.sampling

    @property
    def reach_seconds(self) -> float:
        """As far as evidence is smoothed, and from wherever a failure of the camera would show."""
        return self.calibration.reach_seconds

    @property
    def references(self) -> References:
        """The calibration's."""
        return self.calibration.references

    def in_condition(self, signals: RawSignals, seconds: Times) -> npt.NDArray[np.bool_]:
        """Those that have no score."""
        return self.calibration.in_condition(signals, seconds, live=self.live)

    def reason(self, segment: Segment, signals: RawSignals, seconds: Times) -> str:
        """What the strongest evidence says."""
        return self.calibration.reason(signals, seconds, segment.peak_frame, live=self.live)

    def threshold_for(self, false_alarms_per_hour: float) -> float:
        """The score is -log10 of the share of normal seconds that reach it."""
        return threshold_for(false_alarms_per_hour)

    def false_alarms_at(self, threshold: float) -> float:
        """Seconds an hour times that share."""
        return false_alarms_at(threshold)

    def expected_alarms(self, threshold: float, hours: float) -> tuple[int, int]:
        """The range is the wider the less footage the detector was calibrated on."""
        return self.calibration.expected_alarms(false_alarms_at(threshold), hours)

    def doubt(self, threshold: float) -> Doubt | None:
        """That so little normal footage can't promise so few, or that nobody reviewed it."""
        light = max(self.calibration.lights, key=lambda each: each.least_false_alarms)
        least = light.least_false_alarms
        learnt = duration_in_words(light.seconds)
        if self.calibration.unreviewed:
            text = tr("no number can be promised: nobody reviewed the {duration}")
            return Doubt(text.format(duration=learnt), tr(_UNREVIEWED), tr("no number can be promised"))
        if false_alarms_at(threshold) >= least:
            return None
        text = tr("less than {count} an hour can't be promised: {duration} of normal footage")
        brief = tr("less than {count} an hour can't be promised").format(count=math.ceil(least))
        text = text.format(duration=learnt, count=math.ceil(least))
        return Doubt(text, tr(_TOO_LITTLE), brief, leaves_guess=True)

    def leave_for(self, enter: float, moved_from: SegmentRule | None = None) -> float:
        """At what is ten times as usual."""
        del moved_from
        return calibrated_leave(enter)

    def axis_top(self, highest: float, threshold: float) -> float:
        """What scores reach, in whole steps from six to ten."""
        return float(max(_MIN_TOP, math.ceil(min(highest, _MAX_TOP)), math.ceil(threshold)))

    def axis_ticks(self, top: float) -> tuple[float, ...]:
        """Every second number, or every fifth where there are many."""
        step = 2.0 if top <= _MAX_TWOS else 5.0
        return tuple((step * np.arange(top // step + 1)).tolist())

    def describe(self, score: float) -> str:
        """The number, and how often normal life looks like that."""
        return tr("score {score:.2f}, {how_often}").format(score=score, how_often=how_often(score))


@dataclass(frozen=True)
class CalibratedLiveScorer(CalibratedScorer):
    """The same from a frame and those before it alone, as a live view has it."""

    name: ClassVar[str] = tr_noop("calibrated-live")
    live: ClassVar[bool] = True


def calibrated_leave(enter: float) -> float:
    """Where a segment of -log10 p ends that needs `enter` to begin."""
    return min(max(enter - _LEAVES_BELOW, _MIN_LEAVE), enter)


def how_often(score: float) -> str:
    """What a calibrated score means: how long normal life goes on until it scores as high."""
    if score >= _LIFETIME:
        return tr("usual less than once in a lifetime")
    seconds = 10**score
    if seconds < 2:
        return tr("usual")
    return tr("usual once in {duration}").format(duration=duration_in_words(seconds))
