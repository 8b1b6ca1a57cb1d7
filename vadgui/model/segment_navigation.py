"""Which segment is looked at: the current one, and the ways from it to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.scoring.segments import Segment
from vadgui.model.review_model import ReviewModel
from vadgui.model.score_model import ScoreModel


class SegmentNavigation:
    """Selects segments, and moves the playhead to them."""

    def __init__(
        self, scoring: ScoreModel, review: ReviewModel, playhead: Callable[[], int], seek: Callable[[int], None]
    ) -> None:
        """`playhead` tells the frame at which it is, `seek` moves it."""
        self._scoring = scoring
        self._review = review
        self._playhead = playhead
        self._seek = seek
        self.looped: Segment | None = None
        """The segment that is played again and again: the playhead counts as in it, also in the margin around it."""

    def select(self, segment: Segment | None) -> None:
        """Make a segment the current one and put the playhead on its peak."""
        self._scoring.select(segment)
        if segment:
            self._seek(segment.peak_frame)

    def select_next(self) -> None:
        """The segment that the playhead is in, unless it is the current one; else the next one."""
        self.select(next(iter(self._later(self._scoring.segments)), self._scoring.selected))

    def select_previous(self) -> None:
        """The last segment that starts before the current one, or before the playhead where that has left it."""
        self.select(next(iter(self._earlier(self._scoring.segments)), self._scoring.selected))

    def select_next_unreviewed(self, *, wraps: bool = True) -> bool:
        """The next segment without a verdict; with `wraps` the first one comes after the last. Whether there is one."""
        left = self._review.unreviewed
        return self._select_first([*self._later(left), *(left if wraps else ())])

    def select_previous_unreviewed(self, *, wraps: bool = True) -> bool:
        """The previous segment without a verdict; with `wraps` the last one comes before the first."""
        left = self._review.unreviewed
        return self._select_first([*self._earlier(left), *(reversed(left) if wraps else ())])

    def at(self, frame: int) -> Segment | None:
        """The segment that holds a frame."""
        return next((each for each in self._scoring.segments if each.start <= frame < each.stop), None)

    @property
    def current(self) -> Segment | None:
        """What a key means: the selected segment, else the one that the playhead is in."""
        return self._scoring.selected or self.at(self._playhead())

    def _select_first(self, candidates: Sequence[Segment]) -> bool:
        if candidates:
            self.select(candidates[0])
        return bool(candidates)

    def _later(self, segments: Sequence[Segment]) -> list[Segment]:
        here = self._playhead()
        inside = self.looped or self.at(here)
        if inside:
            here = inside.start + 1 if inside == self._scoring.selected else inside.start
        return [each for each in segments if each.start >= here]

    def _earlier(self, segments: Sequence[Segment]) -> list[Segment]:
        current, playhead = self._scoring.selected, self._playhead()
        is_here = current and (current == self.looped or current.start <= playhead < current.stop)
        here = current.start if current and is_here else playhead
        return [each for each in reversed(segments) if each.start < here]
