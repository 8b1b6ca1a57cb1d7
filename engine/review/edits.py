"""What a person can do to a segment, each as a `Step` that `engine/review/history.py` does, undoes and does again."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec.structs import replace

from engine.common.errors import ReviewError
from engine.common.language import tr, tr_noop, with_capital
from engine.redaction.regions import Redaction, check_redaction
from engine.review.attaching import ReviewedSegment, hidden
from engine.review.clock import Clock, check_clock, check_zone
from engine.review.document import (
    ClockSet,
    JudgedSegment,
    Recording,
    RedactionChange,
    Span,
    Step,
    Threshold,
    ThresholdChange,
    Verdict,
    ZonesChange,
)
from engine.scoring.zones import Zones, check_zones

DISMISS_REASONS = (tr_noop("normal"), tr_noop("weather"), tr_noop("animal"), tr_noop("camera"), tr_noop("other"))
NORMAL_REASONS = frozenset({"normal"})
"""Those that say that normal life raised the alarm."""
MISSED = tr_noop("missed by the detector")
"""The reason of a segment that was drawn by hand."""

_DONE = {
    Verdict.CONFIRMED: tr_noop("Confirm"),
    Verdict.DISMISSED: tr_noop("Dismiss"),
    Verdict.UNSURE: tr_noop("Mark as unsure"),
    Verdict.UNREVIEWED: tr_noop("Take the verdict back"),
}


def now() -> str:
    """The time, as it is kept in a review."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def person() -> str:
    """Who is at this computer; empty where the system does not know."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


class Editor:
    """Makes steps for one state of a recording and the segments that are on screen."""

    def __init__(
        self, recording: Recording, shown: Sequence[ReviewedSegment], *, who: str = "", when: str = ""
    ) -> None:
        self._recording = recording
        self._shown = shown
        self._who = who
        self._when = when

    def judge(self, segment: ReviewedSegment, verdict: Verdict, reason: str = "") -> Step:
        """Give a verdict; the segment keeps the frames that it has now."""
        reason = _encodable(reason)
        name = _DONE[verdict] + (f" ({reason})" if reason else "")
        return self._say(name, segment, replace(_base(segment), verdict=verdict, reason=reason))

    def bookmark(self, segment: ReviewedSegment) -> Step:
        """Set or remove its bookmark."""
        base = _base(segment)
        return self._say(
            tr_noop("Remove bookmark") if base.bookmark else tr_noop("Bookmark"), segment, _with_bookmark(base)
        )

    def write_note(self, segment: ReviewedSegment, note: str) -> Step:
        """Replace its note."""
        return self._say(tr_noop("Note"), segment, replace(_base(segment), note=_encodable(note).strip()))

    def forget(self, segment: ReviewedSegment) -> Step:
        """Take back all that was said of it: a flagged segment is as the detector found it, a drawn one is gone.

        Raises:
            ReviewError: nothing was said of it.
        """
        if segment.judged is None:
            raise ReviewError(tr("Nothing was said of this segment yet"))
        name = tr_noop("Remove segment") if segment.judged.is_drawn else tr_noop("Take everything back")
        return self._step(name, segment.span, *self._exchange(segment, []))

    def trim(self, segment: ReviewedSegment, start: int, stop: int) -> Step:
        """Choose its first frame and the one after its last.

        Raises:
            ReviewError: no frame is left, or it would reach into a neighbour.
        """
        if not start < stop:
            raise ReviewError(
                tr("A segment needs a frame"), advice=tr("Go to a frame before its end for I, after its start for O.")
            )
        base = _base(segment)
        covers = base.covers or segment.span
        covers = Span(min(covers.start, start), max(covers.stop, stop))
        trimmed = replace(base, start=start, stop=stop, covers=covers)
        gone, come = self._exchange(segment, [trimmed])
        return self._choose(tr_noop("Trim"), Span(start, stop), [segment], gone, come)

    def split(self, segment: ReviewedSegment, frame: int) -> Step:
        """Make two of it; the second begins at `frame`. Both keep what was said.

        Raises:
            ReviewError: the frame is not inside.
        """
        if not segment.start < frame < segment.stop:
            raise ReviewError(
                tr("Here the segment can't be split"), advice=tr("Go to a frame inside it, behind its first one.")
            )
        base = _base(segment)
        covers = base.covers or segment.span
        parts = [
            replace(base, start=segment.start, stop=frame, covers=Span(covers.start, frame)),
            replace(base, start=frame, stop=segment.stop, covers=Span(frame, covers.stop)),
        ]
        return self._step(tr_noop("Split"), segment.span, *self._exchange(segment, parts))

    def merge(self, first: ReviewedSegment, second: ReviewedSegment) -> Step:
        """Make one of two neighbours. Two different verdicts leave none.

        Raises:
            ReviewError: something else lies between them.
        """
        span = Span(first.start, second.stop)
        one, other = _base(first), _base(second)
        said = [each for each in (one, other) if each.verdict is not Verdict.UNREVIEWED]
        agrees = len({(each.verdict, each.reason) for each in said}) == 1
        covers = [one.covers or first.span, other.covers or second.span]
        merged = replace(
            one,
            stop=second.stop,
            verdict=said[0].verdict if agrees else Verdict.UNREVIEWED,
            reason=said[0].reason if agrees else "",
            bookmark=one.bookmark or other.bookmark,
            note="\n".join(filter(None, (one.note, other.note))),
            covers=Span(min(each.start for each in covers), max(each.stop for each in covers)),
            is_drawn=one.is_drawn and other.is_drawn,
        )
        gone, parts = self._exchange(first, [])
        more_gone, more_parts = self._exchange(second, [])
        # Parts of one and the same verdict: what stays of it elsewhere is said once.
        gone = [*gone, *(each for each in more_gone if each not in gone)]
        parts = [each for each in dict.fromkeys([*parts, *more_parts]) if not each.span.overlaps(span)]
        return self._choose(tr_noop("Merge"), span, [first, second], gone, [*parts, self._signed(merged)])

    def draw(self, start: int, stop: int) -> Step:
        """A segment where nothing was flagged: the detector missed it.

        Raises:
            ReviewError: there is a segment already.
        """
        span = Span(start, stop)
        drawn = JudgedSegment(
            start=start, stop=stop, verdict=Verdict.CONFIRMED, reason=MISSED, covers=span, is_drawn=True
        )
        return self._choose(tr_noop("Draw segment"), span, [], [], [self._signed(drawn)])

    def set_threshold(self, score: str, threshold: Threshold | None) -> Step:
        """Choose the threshold of a score; None is its default."""
        change = ThresholdChange(score, self._recording.thresholds.get(score), threshold)
        what = f"to {threshold.enter:.2f}" if threshold else "to its default"
        return Step(name=f"Threshold {what}", threshold=change, who=self._who, when=self._when)

    def set_zones(self, name: str, zones: Zones) -> Step:
        """Other zones of the picture; `name` says what was done to them.

        Raises:
            ReviewError: they make no sense.
        """
        with _sensible():
            check_zones(zones)
        change = ZonesChange(self._recording.zones, zones)
        return Step(name=name, zones=change, who=self._who, when=self._when)

    def set_clock(self, clock: Clock) -> Step:
        """Say when the recording began, and where.

        Raises:
            ReviewError: it makes no sense.
        """
        try:
            check_clock(clock)
            check_zone(clock)
        except ValueError as error:
            raise ReviewError(
                tr("This is no clock: {error}").format(error=error), advice=tr("Choose another one.")
            ) from error
        return Step(
            name=tr_noop("Set clock"), clock=ClockSet(self._recording.clock, clock), who=self._who, when=self._when
        )

    def set_redaction(self, name: str, redaction: Redaction) -> Step:
        """Other regions that are redacted; `name` says what was done to them.

        Raises:
            ReviewError: they make no sense.
        """
        with _sensible():
            check_redaction(redaction)
        change = RedactionChange(self._recording.redaction, redaction)
        return Step(name=name, redaction=change, who=self._who, when=self._when)

    def _say(self, name: str, segment: ReviewedSegment, said: JudgedSegment) -> Step:
        return self._step(name, segment.span, *self._exchange(segment, [said] if said.says_something else []))

    def _exchange(
        self, segment: ReviewedSegment, new: Sequence[JudgedSegment]
    ) -> tuple[list[JudgedSegment], list[JudgedSegment]]:
        """What goes and what comes when `new` is said of a segment.

        At this threshold a verdict may be in several parts: then it stays with the other ones.
        """
        base = segment.judged
        others = [each for each in self._shown if each.judged == base and each.start != segment.start]
        rests = [replace(base, start=each.start, stop=each.stop) for each in others] if base else []
        return [base] if base else [], [*(self._signed(each) for each in new), *rests]

    def _choose(
        self,
        name: str,
        span: Span,
        of: Sequence[ReviewedSegment],
        removed: Sequence[JudgedSegment],
        added: Sequence[JudgedSegment],
    ) -> Step:
        """The step after which a person's own choice of frames is `span`, if nothing else is there."""
        for each in self._shown:
            if each not in of and each.span.overlaps(span):
                raise ReviewError(
                    tr("There is another segment here"),
                    subject=tr("frames {first}–{last}").format(first=each.start, last=each.stop - 1),
                    advice=tr("Trim, split or merge that one."),
                )
        for judged in hidden(self._recording.segments, self._shown):
            if judged.span.overlaps(span):
                raise ReviewError(
                    tr("A segment that was judged lies here, hidden by the threshold"),
                    subject=tr("frames {first}–{last}").format(first=judged.start, last=judged.stop - 1),
                    advice=tr("Lower the threshold to see it."),
                )
        # At another threshold a neighbour may have been longer when it was judged: it takes the frames it has now.
        longer = [each for each in self._recording.segments if each not in removed and each.span.overlaps(span)]
        shorter = [
            replace(each.judged, start=each.start, stop=each.stop)
            for each in self._shown
            if each.judged and each.judged in longer
        ]
        return self._step(name, span, [*removed, *longer], [*added, *shorter])

    def _signed(self, segment: JudgedSegment) -> JudgedSegment:
        return replace(segment, who=self._who, when=self._when)

    def _step(self, name: str, span: Span, removed: Sequence[JudgedSegment], added: Sequence[JudgedSegment]) -> Step:
        last = span.stop - 1
        place = f"frame {span.start}" if last == span.start else f"frames {span.start}–{last}"
        return Step(name=f"{name}, {place}", removed=tuple(removed), added=tuple(added), who=self._who, when=self._when)


@contextmanager
def _sensible() -> Iterator[None]:
    """Tell a person why what was drawn makes no sense."""
    try:
        yield
    except ValueError as error:
        reason = str(error)
        raise ReviewError(with_capital(reason), advice=tr("Draw another one, or remove one that is there.")) from error


def _encodable(text: str) -> str:
    """The text without halves of characters, which the clipboard may hold and no file can."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _base(segment: ReviewedSegment) -> JudgedSegment:
    """What is said of a segment so far, with the frames that it has now."""
    judged = segment.judged or JudgedSegment(start=segment.start, stop=segment.stop)
    return replace(judged, start=segment.start, stop=segment.stop)


def _with_bookmark(segment: JudgedSegment) -> JudgedSegment:
    return replace(segment, bookmark=not segment.bookmark)
