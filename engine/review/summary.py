"""What there is to review of a recording that is not open: its segments, with what a person has said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.review.attaching import ReviewedSegment, attach
from engine.review.document import Recording
from engine.review.recording_list import FoundSegment
from engine.scoring.scorer import Scorer
from engine.scoring.segments import find_segments

Floats = npt.NDArray[np.floating]


def segments_to_review(
    scores: Floats, seconds: Floats, scorer: Scorer, recording: Recording | None
) -> tuple[FoundSegment, ...]:
    """The segments of a recording with scores [N] of frames at times [N], at the threshold that its review has."""
    rule = scorer.rule()
    kept = recording.thresholds.get(scorer.name) if recording else None
    if kept:
        rule = replace(rule, enter=kept.enter, leave=scorer.leave_for(kept.enter, rule))
    flagged = find_segments(scores, seconds, rule)
    return found(attach(flagged, recording.segments if recording else (), scores, rule.enter), seconds)


def found(segments: Iterable[ReviewedSegment], seconds: Floats) -> tuple[FoundSegment, ...]:
    """Segments as the list of recordings keeps them."""
    return tuple(
        FoundSegment(
            each.start, each.stop, each.peak_frame, float(seconds[each.peak_frame]), each.peak_score, each.verdict
        )
        for each in segments
    )
