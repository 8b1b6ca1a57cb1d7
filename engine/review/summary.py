"""What there is to review of a recording that is not open: its segments, with what a person has said of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
import numpy as np
import numpy.typing as npt

from engine.analysis.findings import flaggable_scores
from engine.review.attaching import ReviewedSegment, attach
from engine.review.document import Recording
from engine.review.recording_list import FoundSegment
from engine.scoring.scorer import Scorer
from engine.scoring.segments import find_segments
from engine.scoring.signals import RawSignals

Floats = npt.NDArray[np.floating]


def segments_to_review(
    signals: RawSignals, seconds: Floats, scorer: Scorer, recording: Recording | None
) -> tuple[FoundSegment, ...]:
    """The segments of a recording with raw signals [N] of frames at times [N], at the threshold that its review has."""
    scores = scorer.scores(signals, seconds)
    rule = scorer.rule()
    kept = recording.thresholds.get(scorer.name) if recording else None
    if kept:
        rule = replace(rule, enter=kept.enter, leave=scorer.leave_for(kept.enter, rule))
    flaggable = flaggable_scores(scores, signals, seconds, scorer)
    flagged = find_segments(flaggable, seconds, rule)
    judged = recording.segments if recording else ()
    return found(attach(flagged, judged, scores, rule.enter, flaggable), seconds)


def found(segments: Iterable[ReviewedSegment], seconds: Floats) -> tuple[FoundSegment, ...]:
    """Segments as the list of recordings keeps them."""
    return tuple(
        FoundSegment(
            each.start, each.stop, each.peak_frame, float(seconds[each.peak_frame]), each.peak_score, each.verdict
        )
        for each in segments
    )


def judged_since(known: Sequence[FoundSegment], segments: Sequence[ReviewedSegment]) -> tuple[FoundSegment, ...]:
    """Known segments with the verdicts that a person has given by now; `segments` may lack some of them."""
    by_peak = {
        each.peak_frame: segment.verdict
        for each in known
        for segment in segments
        if segment.start <= each.peak_frame < segment.stop
    }
    return tuple(msgspec.structs.replace(each, verdict=by_peak.get(each.peak_frame, each.verdict)) for each in known)
