"""The thread that keeps the review."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.common.errors import ReviewError
from engine.review.document import JudgedSegment, Review, Verdict
from engine.review.files import personal_path
from engine.review.store import ReviewStore, look_up
from tests.engine.review.making import recording
from vadgui.jobs import review_keeper
from vadgui.jobs.review_keeper import ReviewKeeper


@pytest.mark.timeout(10)
def test_nobody_waits_for_a_keeper_that_is_closed(qtbot: QtBot) -> None:
    del qtbot
    keeper = ReviewKeeper(lambda: None)
    keeper.close()
    keeper.flush()  # what was opened just before the window closed is announced afterwards
    keeper.close()


@pytest.mark.timeout(30)
def test_a_share_that_does_not_answer_holds_up_nobody_and_loses_nothing(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del qtbot
    monkeypatch.setenv("VADGUI_REVIEWS", str(tmp_path / "mine"))
    monkeypatch.setattr(review_keeper, "HANGING_SECONDS", 0.3)
    answers = threading.Event()
    monkeypatch.setattr(ReviewStore, "write", lambda *_: answers.wait())
    video = tmp_path / "share" / "street.mp4"
    segments = [JudgedSegment(start=10, stop=20, verdict=Verdict.CONFIRMED)]
    keeper = ReviewKeeper(lambda: Review(recordings=(recording(path=str(video), segments=tuple(segments)),)))
    told: list[ReviewError] = []
    keeper.failed.connect(told.append)
    keeper.attend(look_up(video, "abc"))
    keeper.save_soon()
    keeper.flush()
    kept = personal_path(video, "abc")
    assert "does not answer" in told[0].what
    assert str(kept) in told[0].advice
    assert not keeper.is_unsaved, "the recording may be left"
    segments.append(JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED))
    keeper.save_soon()
    begun = time.monotonic()
    keeper.close()
    assert time.monotonic() - begun < 5
    found = look_up(video, "abc")
    assert found.opened is not None
    assert found.opened.path == kept
    assert len(found.opened.review.recordings[0].segments) == 2, "also what was decided while it hung"
    answers.set()
