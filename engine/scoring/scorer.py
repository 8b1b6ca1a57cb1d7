"""What an anomaly score is to the rest of the program, whatever it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from engine.scoring.calibration import Calibration
from engine.scoring.conditions import Condition, find_conditions, in_condition
from engine.scoring.drift import References, is_other_scene
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.signals import RawSignals

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.floating]

FALSE_ALARMS_PER_HOUR = 2.0
"""What a reviewer is shown unless they ask for another number."""


@dataclass(frozen=True)
class Doubt:
    """That nobody knows how many false alarms a threshold gives, in words that are translated."""

    text: str
    """In a few words, which fit into a line with others."""
    explanation: str
    """Why, and what helps: a line each."""
    brief: str = ""
    """The same without its reason, for where there is less room."""
    leaves_guess: bool = False
    """Whether the number that is expected still says something."""


class Scorer(ABC):
    """One kind of anomaly score as one detector has it; equal ones say the same of the same signals.

    A new kind is a subclass and a line in `engine.scoring.scorers.SCORERS`.
    """

    name: ClassVar[str]
    """As `--score` takes it, and as reports and tables have it."""
    title: ClassVar[str]
    """What the displayed score is called in the window."""
    description: ClassVar[str]
    """What its numbers mean, for people, in a line or two."""
    is_comparable: ClassVar[bool]
    """Whether a displayed score means the same in every recording, so that one threshold is for all of them."""
    has_reasons: ClassVar[bool] = False
    """Whether it combines several signals, so that each segment has a reason of its own."""

    @classmethod
    @abstractmethod
    def of(cls, calibration: Calibration | None) -> Self | None:
        """This score of a detector with that calibration; None where the detector does not have it."""

    # Scores

    @abstractmethod
    def raw_scores(self, signals: RawSignals, seconds: Times) -> Floats:
        """Scores [N] of frames at these times, higher being more anomalous, on a scale that is the same for all videos.

        NaN where a frame has no score, such as where the camera fails; frame 0 takes frame 1's signals. Frames between
        samples have one.
        """

    @abstractmethod
    def display_scores(self, raw: Floats) -> Floats:
        """Scores [N] as people see them and as thresholds apply, of the raw scores of all frames; NaN stays NaN."""

    def scores(self, signals: RawSignals, seconds: Times) -> Floats:
        """Scores [N] of a whole video as people see them."""
        return self.display_scores(self.raw_scores(signals, seconds))

    @property
    def sampling(self) -> Sampling:
        """How densely a recording has to be judged for this score."""
        return EVERY_FRAME

    @property
    def reach_seconds(self) -> float:
        """A frame's raw score depends on frames that are so near at most."""
        return 0.0

    @property
    def references(self) -> References:
        """How the camera's footage looks in each light; none where nobody knows."""
        return ()

    def conditions(self, signals: RawSignals, seconds: Times) -> list[Condition]:
        """When the camera fails in a video."""
        return find_conditions(signals, seconds, self.references, self.sampling)

    def in_condition(self, signals: RawSignals, seconds: Times) -> npt.NDArray[np.bool_]:
        """Which frames [N] are not to be flagged, as the camera fails there."""
        return in_condition(signals, seconds, self.references, self.sampling)

    def is_other_scene(self, signals: RawSignals) -> bool:
        """Whether a video shows another scene than the detector was calibrated for: its scores flag nothing then."""
        return is_other_scene(self.references, signals)

    def reason(self, segment: Segment, signals: RawSignals, seconds: Times) -> str:
        """Why a segment was flagged, in words: what spoke most for it at its peak; empty without reasons."""
        del segment, signals, seconds
        return ""

    # Thresholds

    @property
    def knows_false_alarms(self) -> bool:
        """Whether thresholds follow from numbers of false alarms."""
        return self.threshold_for(FALSE_ALARMS_PER_HOUR) is not None

    def threshold_for(self, false_alarms_per_hour: float) -> float | None:
        """The score that normal footage reaches about so many times an hour; None where that is unknown."""
        del false_alarms_per_hour
        return None

    def false_alarms_at(self, threshold: float) -> float | None:
        """About how many times an hour normal footage reaches a score, the inverse of `threshold_for`."""
        del threshold
        return None

    def expected_alarms(self, threshold: float, hours: float) -> tuple[int, int] | None:
        """How many false alarms to expect in a recording, at the least and at the most, nine times in ten."""
        del threshold, hours
        return None

    def doubt(self, threshold: float) -> Doubt | None:
        """What is not known of the false alarms at a threshold; None where nothing has to be said."""
        del threshold
        return None

    def leave_for(self, enter: float, moved_from: SegmentRule | None = None) -> float:
        """Where a segment ends that needs `enter` to begin; `moved_from` is the rule whose threshold a person moved."""
        del moved_from
        return enter

    def rule_at(self, threshold: float) -> SegmentRule:
        """How scores become segments at a threshold."""
        return SegmentRule(enter=threshold, leave=self.leave_for(threshold))

    def rule(self, false_alarms_per_hour: float = FALSE_ALARMS_PER_HOUR) -> SegmentRule:
        """How scores become segments at a number of false alarms; one rule for all where they are not known."""
        threshold = self.threshold_for(false_alarms_per_hour)
        return SegmentRule() if threshold is None else self.rule_at(threshold)

    # Axes and text

    @abstractmethod
    def axis_top(self, highest: float, threshold: float) -> float:
        """The end of an axis from 0 for displayed scores up to `highest`; the threshold lies on it."""

    @abstractmethod
    def axis_ticks(self, top: float) -> tuple[float, ...]:
        """Scores to label on an axis from 0 to `top`; none where the number itself tells people nothing."""

    @abstractmethod
    def describe(self, score: float) -> str:
        """A displayed score in words."""
