"""Small recordings under review, for the tests of the engine's part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.review.attaching import ReviewedSegment, attach
from engine.review.document import JudgedSegment, Recording
from engine.scoring.segments import Segment, SegmentRule, find_segments

RULE = SegmentRule(enter=0.7, leave=0.5, min_length_seconds=0, merge_gap_seconds=0, padding_seconds=0)


def recording(count: int = 400, **changes: object) -> Recording:
    values = {"name": "street.mp4", "path": "/videos/street.mp4", "fingerprint": "abc", "frame_count": count}
    return Recording(**{**values, **changes})  # type: ignore[arg-type]


def hills(count: int, *peaks: tuple[int, int, float]) -> npt.NDArray[np.float64]:
    """Scores [count] that are 0 but in `peaks`, each (start, stop, score)."""
    scores = np.zeros(count)
    for start, stop, score in peaks:
        scores[start:stop] = score
    return scores


def flagged(scores: npt.NDArray[np.float64], enter: float = 0.7) -> list[Segment]:
    rule = SegmentRule(enter, enter, 0, 0, 0)
    return find_segments(scores, np.arange(len(scores)) / 25, rule)


def shown(
    scores: npt.NDArray[np.float64], judged: Sequence[JudgedSegment], enter: float = 0.7
) -> list[ReviewedSegment]:
    return attach(flagged(scores, enter), judged, scores, enter)
