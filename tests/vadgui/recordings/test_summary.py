"""What the list says of a recording is what the window shows once it is open."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from engine.review.document import Verdict
from engine.review.summary import found, segments_to_review
from tests.vadgui.synthetic import open_session, signals_with_bumps, steady_times

COUNT = 400
TIMES = steady_times(COUNT)
SIGNALS = signals_with_bumps(COUNT, [(40, 60), (120, 140), (200, 220)])


def test_threshold_and_verdicts_of_the_review_count(qtbot: QtBot) -> None:
    del qtbot
    session = open_session(TIMES, SIGNALS)
    scorer = session.scoring.scorer
    fresh = segments_to_review(SIGNALS, TIMES, scorer, None)
    assert fresh == found(session.review.segments, TIMES)
    assert [each.peak_seconds for each in fresh] == [TIMES[each.peak_frame] for each in fresh]
    assert len(fresh) == 3
    first, second = session.review.segments[:2]
    session.review.edit(lambda editor: editor.judge(first, Verdict.DISMISSED, "normal"))
    session.review.edit(lambda editor: editor.draw(300, 310))
    highest = max(each.peak_score for each in session.review.segments)
    session.review.set_threshold(highest - 1e-6)
    reviewed = segments_to_review(SIGNALS, TIMES, scorer, session.review.recording)
    assert reviewed == found(session.review.segments, TIMES)
    assert reviewed != fresh
    assert second.peak_score <= highest


def test_nothing_is_found_where_the_camera_fails(qtbot: QtBot) -> None:
    del qtbot
    signals = SIGNALS.copy()
    signals["sharpness"] = 0.0
    session = open_session(TIMES, signals)
    assert segments_to_review(signals, TIMES, session.scoring.scorer, None) == found(session.review.segments, TIMES)
    assert np.isfinite(session.scoring.scores).any()
