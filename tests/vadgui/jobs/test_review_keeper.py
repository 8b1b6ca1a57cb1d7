"""The thread that keeps the review."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.common.errors import ReviewError
from engine.review import store
from engine.review.document import JudgedSegment, Review, Verdict, to_bytes
from engine.review.files import personal_path, read_review, usual_path, write_review
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


@pytest.mark.timeout(30)
def test_saving_elsewhere_rescues_a_review_whose_disk_hangs_and_nobody_waits(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_REVIEWS", str(tmp_path / "mine"))
    monkeypatch.setattr(review_keeper, "HANGING_SECONDS", 0.3)
    answers, hangs = threading.Event(), threading.Event()
    write = ReviewStore.write

    def on_share(store: ReviewStore, review: Review) -> None:
        if store.path is None or store.path.parent.name == "share":
            hangs.set()
            answers.wait()
        write(store, review)

    monkeypatch.setattr(ReviewStore, "write", on_share)
    video = tmp_path / "share" / "street.mp4"
    segments = [JudgedSegment(start=10, stop=20, verdict=Verdict.CONFIRMED)]

    def document() -> Review:
        return Review(recordings=(recording(path=str(video), segments=tuple(segments)),))

    keeper = ReviewKeeper(document)
    keeper.attend(look_up(video, "abc"))
    keeper.save_soon()
    qtbot.waitUntil(hangs.is_set)
    target = tmp_path / "case.review.json"
    began = time.monotonic()
    keeper.save_as(target, document(), replaces=False)
    assert time.monotonic() - began < 0.25, "the window goes on meanwhile"
    segments.append(JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED))
    with qtbot.waitSignal(keeper.saved_as) as saved:
        pass
    assert saved.args == [target]
    assert keeper.path == target
    assert len(read_review(target).review.recordings[0].segments) == 2
    segments.append(JudgedSegment(start=50, stop=60, verdict=Verdict.CONFIRMED))
    keeper.save_soon()
    keeper.flush()
    assert not keeper.is_unsaved
    assert len(read_review(target).review.recordings[0].segments) == 3
    told: list[object] = []
    keeper.failed.connect(told.append)
    answers.set()  # what hung fails now: the folder is not there
    qtbot.waitUntil(lambda: sum(each.name == "vadgui-review" for each in threading.enumerate()) == 1)
    qtbot.wait(50)
    assert keeper.path == target
    assert not told, "the one that hung says nothing any more"
    keeper.close()


@pytest.fixture
def decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[JudgedSegment]:
    """What the document of `keeper` holds."""
    monkeypatch.setenv("VADGUI_REVIEWS", str(tmp_path / "mine"))
    (tmp_path / "videos").mkdir()
    return [JudgedSegment(start=10, stop=20, verdict=Verdict.CONFIRMED)]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return tmp_path / "videos" / "street.mp4"


@pytest.fixture
def keeper(qtbot: QtBot, video: Path, decided: list[JudgedSegment]) -> Iterator[ReviewKeeper]:
    del qtbot
    keeper = ReviewKeeper(lambda: Review(recordings=(recording(path=str(video), segments=tuple(decided)),)))
    keeper.attend(look_up(video, "abc"))
    yield keeper
    keeper.close()


def save(keeper: ReviewKeeper) -> None:
    keeper.save_soon()
    keeper.flush()


def test_on_a_full_disk_it_is_kept_among_the_persons_data_until_there_is_room(
    keeper: ReviewKeeper, video: Path, decided: list[JudgedSegment], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[ReviewError] = []
    keeper.failed.connect(told.append)
    save(keeper)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    decided.append(JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED))
    with monkeypatch.context() as patch:
        patch.setattr(ReviewStore, "write", full)
        save(keeper)
    qtbot.waitUntil(lambda: bool(told))
    assert told[0].advice.startswith("No space left on device. What you decided is kept in ")
    assert str(personal_path(video, "abc")) in told[0].advice
    assert not keeper.is_unsaved, "nothing is lost, whatever happens now"
    found = look_up(video, "abc").opened
    assert found is not None
    assert len(found.review.recordings[0].segments) == 2, "as after a crash now"
    save(keeper)
    assert len(read_review(usual_path(video)).review.recordings[0].segments) == 2
    assert look_up(video, "abc").notice == ""


def test_a_review_that_another_machine_wrote_is_left_alone_and_one_s_own_is_kept(
    keeper: ReviewKeeper, video: Path, decided: list[JudgedSegment], qtbot: QtBot
) -> None:
    refused: list[ReviewError] = []
    keeper.refused.connect(refused.append)
    save(keeper)
    theirs = Review(recordings=(recording(path=str(video)),), saved="2999-01-01T00:00:00+00:00")
    usual_path(video).write_bytes(to_bytes(theirs))
    decided.append(JudgedSegment(start=30, stop=40, verdict=Verdict.CONFIRMED))
    save(keeper)
    qtbot.waitUntil(lambda: bool(refused))
    assert "changed by another window" in refused[0].what
    assert read_review(usual_path(video)).review == theirs
    assert len(read_review(personal_path(video, "abc")).review.recordings[0].segments) == 2
    assert str(personal_path(video, "abc")) in refused[0].advice


def test_where_the_folder_can_not_be_written_any_more_the_new_place_is_told(
    keeper: ReviewKeeper, video: Path, decided: list[JudgedSegment], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Path] = []
    keeper.saved_as.connect(moved.append)
    save(keeper)

    def written(path: Path, review: Review) -> None:
        if path.parent == video.parent:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        write_review(path, review)

    monkeypatch.setattr(store, "write_review", written)
    for start in (30, 50):
        decided.append(JudgedSegment(start=start, stop=start + 10, verdict=Verdict.CONFIRMED))
        save(keeper)
    qtbot.waitUntil(lambda: moved == [personal_path(video, "abc")])
    assert len(read_review(moved[0]).review.recordings[0].segments) == 3
