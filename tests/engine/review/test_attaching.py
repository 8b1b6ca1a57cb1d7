"""What becomes of verdicts when the threshold moves."""

from __future__ import annotations

import numpy as np

from engine.review.attaching import ReviewedSegment, attach, hidden
from engine.review.document import JudgedSegment, Span, Verdict
from engine.scoring.segments import Segment
from tests.engine.review.making import hills, shown

CONFIRMED, DISMISSED, UNREVIEWED = Verdict.CONFIRMED, Verdict.DISMISSED, Verdict.UNREVIEWED
CONFIRMED_40 = JudgedSegment(start=40, stop=60, verdict=CONFIRMED)


def said(segments: list[ReviewedSegment]) -> list[tuple[int, int, Verdict]]:
    return [(each.start, each.stop, each.verdict) for each in segments]


def test_what_nobody_judged_is_unreviewed() -> None:
    scores = hills(100, (10, 20, 0.9), (40, 60, 0.8))
    assert said(shown(scores, [])) == [(10, 20, UNREVIEWED), (40, 60, UNREVIEWED)]


def test_a_verdict_moves_along_with_the_frames_that_are_flagged_now() -> None:
    scores = hills(100, (30, 80, 0.6), (40, 60, 0.8), (45, 50, 0.9))
    assert said(shown(scores, [CONFIRMED_40], 0.7)) == [(40, 60, CONFIRMED)]
    assert said(shown(scores, [CONFIRMED_40], 0.55)) == [(30, 80, CONFIRMED)]
    assert said(shown(scores, [CONFIRMED_40], 0.85)) == [(45, 50, CONFIRMED)]


def test_what_is_not_flagged_any_more_is_hidden_and_comes_back() -> None:
    scores = hills(100, (40, 60, 0.8))
    assert said(shown(scores, [CONFIRMED_40], 0.9)) == []
    assert hidden([CONFIRMED_40], shown(scores, [CONFIRMED_40], 0.9)) == [CONFIRMED_40]
    assert said(shown(scores, [CONFIRMED_40], 0.8)) == [(40, 60, CONFIRMED)]
    assert hidden([CONFIRMED_40], shown(scores, [CONFIRMED_40], 0.8)) == []


def test_parts_of_what_was_judged_all_have_its_verdict() -> None:
    scores = hills(100, (40, 60, 0.6), (42, 45, 0.9), (50, 55, 0.9))
    assert said(shown(scores, [CONFIRMED_40])) == [(42, 45, CONFIRMED), (50, 55, CONFIRMED)]


def test_two_verdicts_in_one_flagged_segment_divide_it() -> None:
    scores = hills(100, (30, 90, 0.8), (66, 68, 0.75))
    judged = [CONFIRMED_40, JudgedSegment(start=70, stop=80, verdict=DISMISSED)]
    assert said(shown(scores, judged)) == [(30, 66, CONFIRMED), (66, 90, DISMISSED)]


def test_chosen_frames_are_shown_at_every_threshold_and_answer_for_what_was_flagged() -> None:
    scores = hills(100, (30, 80, 0.6), (40, 60, 0.8))
    trimmed = JudgedSegment(start=45, stop=50, covers=Span(40, 60))
    assert said(shown(scores, [trimmed], 0.9)) == [(45, 50, UNREVIEWED)]
    assert said(shown(scores, [trimmed], 0.7)) == [(45, 50, UNREVIEWED)]
    beside = shown(scores, [trimmed], 0.55)
    assert said(beside) == [(30, 40, UNREVIEWED), (45, 50, UNREVIEWED), (60, 80, UNREVIEWED)]


def test_a_rest_below_the_threshold_beside_chosen_frames_is_no_segment() -> None:
    scores = hills(100, (30, 80, 0.6), (40, 60, 0.8))
    trimmed = JudgedSegment(start=40, stop=60, covers=Span(40, 60))
    reaching = [Segment(30, 80, 40, 0.8)]
    found = attach(reaching, [trimmed], scores, 0.7)
    assert said(found) == [(40, 60, UNREVIEWED)]


def test_what_no_threshold_could_flag_is_shown_as_it_was_judged() -> None:
    scores = hills(100, (30, 80, 0.9))
    nowhere = np.full(100, np.nan)
    assert said(attach([], [CONFIRMED_40], scores, 0.5, nowhere)) == [(40, 60, CONFIRMED)]  # another scene
    assert said(attach([], [CONFIRMED_40], nowhere, 0.5)) == [(40, 60, CONFIRMED)]  # not analysed
    covered = scores.copy()
    covered[35:65] = np.nan  # the camera fails
    flagged = [Segment(30, 35, 30, 0.9), Segment(65, 80, 65, 0.9)]
    assert said(attach(flagged, [CONFIRMED_40], scores, 0.5, covered)) == [
        (30, 35, UNREVIEWED),
        (40, 60, CONFIRMED),
        (65, 80, UNREVIEWED),
    ]


def test_frames_without_a_score_hide_no_rest_beside_chosen_frames() -> None:
    scores = hills(100, (1, 80, 0.9))
    scores[0] = np.nan  # the first frame never has one
    trimmed = JudgedSegment(start=40, stop=80, covers=Span(40, 80))
    assert said(attach([Segment(0, 80, 1, 0.9)], [trimmed], scores, 0.7)) == [(0, 40, UNREVIEWED), (40, 80, UNREVIEWED)]


def test_nothing_reaches_past_the_end_of_a_recording_that_became_shorter() -> None:
    drawn = JudgedSegment(start=90, stop=120, covers=Span(90, 120), is_drawn=True, verdict=CONFIRMED)
    beyond = JudgedSegment(start=130, stop=140, covers=Span(130, 140), is_drawn=True, verdict=CONFIRMED)
    assert said(shown(hills(100), [drawn, beyond])) == [(90, 100, CONFIRMED)]
