"""What an analysis says of a whole recording: scores, segments with reasons, and where nothing is to be flagged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.scoring.conditions import Condition
from engine.scoring.scorer import Scorer
from engine.scoring.segments import Segment, SegmentRule, find_segments
from engine.scoring.signals import RawSignals

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found in a recording of N frames."""

    signals: RawSignals
    scores: Floats
    """Anomaly scores [N]."""
    flaggable: Floats
    """The same, but NaN where nothing is to be flagged: the camera fails, or the scene is another one."""
    segments: list[Segment]
    reasons: list[str]
    """Why each was flagged, in words."""
    conditions: list[Condition]
    is_other_scene: bool

    @classmethod
    def of(cls, signals: RawSignals, seconds: Floats, scorer: Scorer, rule: SegmentRule) -> Findings:
        """By the raw signals [N] of frames at these times [N]."""
        scores = scorer.scores(signals, seconds)
        flaggable = flaggable_scores(scores, signals, seconds, scorer)
        segments = find_segments(flaggable, seconds, rule)
        return cls(
            signals,
            scores,
            flaggable,
            segments,
            [scorer.reason(each, signals, seconds) for each in segments],
            scorer.conditions(signals, seconds),
            scorer.is_other_scene(signals),
        )


def flaggable_scores(scores: Floats, signals: RawSignals, seconds: Floats, scorer: Scorer) -> Floats:
    """Scores [N] of what may be flagged; NaN where the camera fails, or the scene is another one."""
    return np.where(scorer.is_other_scene(signals) | scorer.in_condition(signals, seconds), np.nan, scores)
