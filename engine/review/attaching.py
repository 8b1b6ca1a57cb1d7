"""Brings together what is flagged at the present threshold and what a person has said: the segments to review."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.review.document import JudgedSegment, Span, Verdict
from engine.scoring.segments import Segment

Scores = npt.NDArray[np.floating]


@dataclass(frozen=True)
class ReviewedSegment(Segment):
    """A segment on screen, with what a person has said of it."""

    judged: JudgedSegment | None = None
    """As the document has it: with the frames that it had when it was judged."""

    @property
    def verdict(self) -> Verdict:
        """The person's word."""
        return self.judged.verdict if self.judged else Verdict.UNREVIEWED

    @property
    def span(self) -> Span:
        """Its frames at the present threshold."""
        return Span(self.start, self.stop)


def attach(
    flagged: Sequence[Segment],
    judged: Sequence[JudgedSegment],
    scores: Scores,
    enter: float,
    flaggable: Scores | None = None,
) -> list[ReviewedSegment]:
    """The segments to review of a recording with anomaly scores [N], in order and disjoint.

    A segment whose frames a person chose is shown as it is, at every threshold. A verdict on a flagged segment goes
    with what is flagged there now: it may be longer, shorter, or in several parts. Where several verdicts meet in one
    flagged segment, it is divided between them where the score is lowest. What is judged where the threshold flags
    nothing now is not among the result, see `hidden`; it stays in the document. Where no threshold could flag anything
    (`flaggable`, by default `scores`, is NaN: not analysed, the camera fails, another scene), it is shown as it was
    judged.
    """
    frame_count = len(scores)
    flaggable = scores if flaggable is None else flaggable
    chosen = [segment for segment in judged if segment.covers and segment.start < frame_count]
    shown = [_shown(segment.start, min(segment.stop, frame_count), scores, segment) for segment in chosen]
    covered = _joined(segment.covers for segment in chosen if segment.covers)
    moving = [segment for segment in judged if not segment.covers]
    stops = [segment.stop for segment in moving]
    starts = [segment.start for segment in moving]
    for segment in flagged:
        whole = Span(segment.start, segment.stop)
        for part in _without(whole, covered):
            owners = moving[bisect_right(stops, part.start) : bisect_left(starts, part.stop)]
            if part == whole and len(owners) <= 1:
                judged_here = owners[0] if owners else None
                shown.append(
                    ReviewedSegment(segment.start, segment.stop, segment.peak_frame, segment.peak_score, judged_here)
                )
            elif owners:
                shown += (_shown(start, stop, scores, owner) for start, stop, owner in _divided(part, owners, scores))
            elif np.fmax.reduce(scores[part.start : part.stop]) >= enter:
                # A rest beside chosen frames that is below the threshold is just how far the segment reached.
                shown.append(_shown(part.start, part.stop, scores, None))
    on_screen = {each.judged for each in shown}
    for unseen in moving:
        if unseen not in on_screen and unseen.start < frame_count:
            stop = min(unseen.stop, frame_count)
            if np.isnan(flaggable[unseen.start : stop]).all():
                shown.append(_shown(unseen.start, stop, scores, unseen))
    return sorted(shown, key=lambda segment: segment.start)


def hidden(judged: Sequence[JudgedSegment], shown: Sequence[ReviewedSegment]) -> list[JudgedSegment]:
    """What is judged but not on screen: nothing is flagged there at the present threshold."""
    on_screen = {(each.judged.start, each.judged.stop) for each in shown if each.judged}
    return [segment for segment in judged if (segment.start, segment.stop) not in on_screen]


def _shown(start: int, stop: int, scores: Scores, judged: JudgedSegment | None) -> ReviewedSegment:
    known = np.nan_to_num(scores[start:stop], nan=0.0)
    peak = int(known.argmax())
    return ReviewedSegment(start, stop, start + peak, float(known[peak]), judged)


def _divided(part: Span, owners: Sequence[JudgedSegment], scores: Scores) -> Iterator[tuple[int, int, JudgedSegment]]:
    """Shares of a flagged part, cut between what was judged.

    The first of the lowest scores stays that one when a share is judged anew and so reaches up to it.
    """
    cuts = [one.stop + int(scores[one.stop : after.start + 1].argmin()) for one, after in pairwise(owners)]
    for (start, stop), owner in zip(pairwise([part.start, *cuts, part.stop]), owners, strict=True):
        yield start, stop, owner


def _joined(spans: Iterator[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if joined and span.start <= joined[-1].stop:
            joined[-1] = Span(joined[-1].start, max(joined[-1].stop, span.stop))
        else:
            joined.append(span)
    return joined


def _without(span: Span, covered: Sequence[Span]) -> Iterator[Span]:
    """The parts of a span outside `covered`, which is in order and disjoint."""
    start = span.start
    for other in covered:
        if other.stop <= start:
            continue
        if other.start >= span.stop:
            break
        if other.start > start:
            yield Span(start, other.start)
        start = max(start, other.stop)
    if start < span.stop:
        yield Span(start, span.stop)
