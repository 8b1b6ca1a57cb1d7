"""Any sequence of edits, undo, redo, threshold moves, save and load keeps what was judged."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.common.errors import ReviewError
from engine.redaction.regions import NOTHING_REDACTED, Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.review.attaching import ReviewedSegment, attach, hidden
from engine.review.clock import NO_CLOCK, Clock
from engine.review.document import (
    JudgedSegment,
    Recording,
    Review,
    Step,
    Threshold,
    Verdict,
    check,
    check_segments,
    from_bytes,
    to_bytes,
)
from engine.review.edits import DISMISS_REASONS, Editor
from engine.review.history import redone, undone, with_step, with_step_in_last
from engine.scoring.segments import SegmentRule, find_segments
from engine.scoring.zones import Zone, ZoneKind
from tests.engine.review.making import recording

SEQUENCES = int(os.environ.get("VADGUI_EXAMPLES", "100"))
MOST_EDITS = int(os.environ.get("VADGUI_EDITS", "30"))
COUNT = 120
SCORE = "paper"
ZONE = Zone.rectangle(ZoneKind.IGNORED, (0.1, 0.1), (0.4, 0.3), "clock")
CLOCK = Clock("2026-03-14T18:00:00+00:00", 3.5, "Europe/Berlin")
REGION = RedactedRegion(RedactionMethod.BLUR, (Keyframe(3, ((0.1, 0.1), (0.4, 0.1), (0.4, 0.3))),), 2, 40)


class ReviewMachine(RuleBasedStateMachine):
    """A person at work; beside the document a list of all states that undo and redo must lead through."""

    def __init__(self) -> None:
        super().__init__()
        self.recording = recording(COUNT)
        self.states: list[Recording] = [self.recording]
        self.at = 0
        self.scores = np.zeros(COUNT)

    @initialize(levels=st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), min_size=24, max_size=24))
    def record(self, levels: list[float]) -> None:
        self.scores = np.repeat(np.array(levels), COUNT // 24)

    @property
    def enter(self) -> float:
        return self.recording.thresholds.get(SCORE, Threshold(0.5)).enter

    def shown(self) -> list[ReviewedSegment]:
        flagging = SegmentRule(self.enter, max(self.enter - 0.2, 0.0), 0, 0.05, 0.05)
        flagged = find_segments(self.scores, np.arange(COUNT) / 25, flagging)
        return attach(flagged, self.recording.segments, self.scores, self.enter)

    @property
    def editor(self) -> Editor:
        return Editor(self.recording, self.shown(), who="ada", when="2026-01-01")

    def do(self, step: Step) -> None:
        self.recording = with_step(self.recording, step)
        del self.states[self.at + 1 :]
        self.states.append(self.recording)
        self.at += 1

    def pick(self, number: int) -> ReviewedSegment:
        shown = self.shown()
        return shown[number % len(shown)]

    def others(self, *of: ReviewedSegment) -> list[tuple[object, ...]]:
        """What is said of all segments on screen but these."""
        starts = {each.start for each in of}
        return [(s.start, s.stop, s.judged and _words(s.judged)) for s in self.shown() if s.start not in starts]

    @precondition(lambda self: self.shown())
    @rule(number=st.integers(0, 99), verdict=st.sampled_from(Verdict), reason=st.sampled_from(("", *DISMISS_REASONS)))
    def judge(self, number: int, verdict: Verdict, reason: str) -> None:
        segment = self.pick(number)
        others = self.others(segment)
        self.do(self.editor.judge(segment, verdict, reason))
        after = next(each for each in self.shown() if each.start == segment.start)
        assert (after.stop, after.verdict) == (segment.stop, verdict)
        assert self.others(after) == others, "no other segment changed"

    @precondition(lambda self: self.shown())
    @rule(number=st.integers(0, 99), note=st.sampled_from(("", "a bicycle")))
    def note(self, number: int, note: str) -> None:
        self.do(self.editor.write_note(self.pick(number), note))

    @precondition(lambda self: self.shown())
    @rule(number=st.integers(0, 99))
    def bookmark(self, number: int) -> None:
        self.do(self.editor.bookmark(self.pick(number)))

    @precondition(lambda self: self.shown())
    @rule(number=st.integers(0, 99), start=st.integers(0, COUNT - 1), length=st.integers(0, 30))
    def trim(self, number: int, start: int, length: int) -> None:
        segment = self.pick(number)
        try:
            step = self.editor.trim(segment, start, min(start + length, COUNT))
        except ReviewError:
            return
        self.do(step)

    @precondition(lambda self: self.shown())
    @rule(number=st.integers(0, 99), frame=st.integers(0, COUNT))
    def split(self, number: int, frame: int) -> None:
        segment = self.pick(number)
        at = segment.start + 1 + frame % max(len(segment) - 1, 1)
        if segment.start < at < segment.stop:
            self.do(self.editor.split(segment, at))

    @precondition(lambda self: len(self.shown()) > 1)
    @rule(number=st.integers(0, 99))
    def merge(self, number: int) -> None:
        shown = self.shown()
        first = number % (len(shown) - 1)
        try:
            step = self.editor.merge(shown[first], shown[first + 1])
        except ReviewError:
            return
        self.do(step)

    @rule(start=st.integers(0, COUNT - 1), length=st.integers(1, 20))
    def draw(self, start: int, length: int) -> None:
        try:
            step = self.editor.draw(start, min(start + length, COUNT))
        except ReviewError:
            return
        self.do(step)

    @precondition(lambda self: any(each.judged for each in self.shown()))
    @rule(number=st.integers(0, 99))
    def forget(self, number: int) -> None:
        judged = [each for each in self.shown() if each.judged]
        self.do(self.editor.forget(judged[number % len(judged)]))

    @rule(enter=st.sampled_from([0.3, 0.5, 0.7, 0.9, 1.1]))
    def move_threshold(self, enter: float) -> None:
        segments = self.recording.segments
        self.do(self.editor.set_threshold(SCORE, Threshold(enter)))
        assert self.recording.segments == segments, "moving the threshold changes no verdict"

    @precondition(lambda self: self.at and self.recording.history[-1].threshold and self.at == len(self.states) - 1)
    @rule(enter=st.sampled_from([0.3, 0.5, 0.7, 0.9, 1.1]))
    def drag_threshold(self, enter: float) -> None:
        self.recording = with_step_in_last(self.recording, self.editor.set_threshold(SCORE, Threshold(enter)))
        self.states[self.at] = self.recording

    @rule(zones=st.sampled_from([(), (ZONE,)]))
    def draw_zones(self, zones: tuple[Zone, ...]) -> None:
        self.do(self.editor.set_zones("Draw ignored zone", zones))

    @rule(clock=st.sampled_from([NO_CLOCK, CLOCK]))
    def set_clock(self, clock: Clock) -> None:
        self.do(self.editor.set_clock(clock))

    @rule(redaction=st.sampled_from([NOTHING_REDACTED, Redaction((REGION,)), Redaction((), blurs_picture=True)]))
    def redact(self, redaction: Redaction) -> None:
        self.do(self.editor.set_redaction("Redact region", redaction))

    @rule()
    def undo(self) -> None:
        self.recording = undone(self.recording)
        self.at = max(self.at - 1, 0)

    @rule()
    def redo(self) -> None:
        self.recording = redone(self.recording)
        self.at = min(self.at + 1, len(self.states) - 1)

    @rule()
    def save_and_load(self) -> None:
        self.recording = from_bytes(to_bytes(Review(recordings=(self.recording,)))).recordings[0]

    @invariant()
    def is_what_undo_and_redo_must_lead_to(self) -> None:
        wanted = self.states[self.at]
        assert self.recording.segments == wanted.segments
        assert self.recording.thresholds == wanted.thresholds
        assert (self.recording.zones, self.recording.clock) == (wanted.zones, wanted.clock)
        assert self.recording.redaction == wanted.redaction
        assert (self.recording.done, len(self.recording.history)) == (self.at, len(self.states) - 1)

    @invariant()
    def is_sound(self) -> None:
        check(self.recording)

    @invariant()
    def segments_on_screen_are_in_order_and_disjoint(self) -> None:
        check_segments([JudgedSegment(start=each.start, stop=each.stop) for each in self.shown()])

    @invariant()
    def every_verdict_is_on_screen_or_hidden_by_the_threshold(self) -> None:
        shown = self.shown()
        on_screen = {each.judged for each in shown if each.judged}
        out_of_sight = set(hidden(self.recording.segments, shown))
        assert on_screen | out_of_sight == set(self.recording.segments)
        for judged in out_of_sight:
            assert not judged.covers, "chosen frames are always shown"
            assert not any(each.span.overlaps(judged.span) and each.judged is None for each in shown)


def _words(judged: JudgedSegment) -> tuple[object, ...]:
    return judged.verdict, judged.reason, judged.bookmark, judged.note


TestReview = ReviewMachine.TestCase
TestReview.pytestmark = pytest.mark.timeout(max(300, SEQUENCES * MOST_EDITS // 20))
# Without the phase that explains failures, which traces every line.
TestReview.settings = settings(
    max_examples=SEQUENCES,
    stateful_step_count=MOST_EDITS,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
