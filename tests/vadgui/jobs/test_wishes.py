from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vadgui.jobs.wishes import (
    CloseVideo,
    ContinueAnalysis,
    ControlAnalysis,
    MakeThumbnail,
    OpenDetector,
    OpenVideo,
    Quit,
    ShowFrame,
    Task,
    Wishes,
)

VIDEO = OpenVideo(Path("a.mp4"))
DETECTOR = OpenDetector(Path("d.safetensors"), "auto")
VIEW = ShowFrame(1, 5, True)
THUMBNAIL = MakeThumbnail(1, 7)


def drain(wishes: Wishes, count: int, due: bool = False) -> list[Task]:
    return [wishes.next(analysing=True, analysis_is_due=due) for _ in range(count)]


def test_the_most_urgent_comes_first() -> None:
    wishes = Wishes()
    for wish in (THUMBNAIL, DETECTOR, VIEW, ControlAnalysis.RUN, VIDEO):
        wishes.add(wish)
    expected = [VIDEO, ControlAnalysis.RUN, VIEW, DETECTOR, THUMBNAIL, ContinueAnalysis(), ContinueAnalysis()]
    assert drain(wishes, 7) == expected


def test_a_due_analysis_goes_before_views() -> None:
    wishes = Wishes()
    wishes.add(VIEW)
    assert drain(wishes, 1, due=True) == [ContinueAnalysis()]
    assert drain(wishes, 1) == [VIEW]


@pytest.mark.parametrize(
    ("older", "newer"),
    [(VIEW, ShowFrame(1, 6, False)), (VIDEO, CloseVideo()), (DETECTOR, OpenDetector(Path("e.safetensors"), "cpu"))],
)
def test_a_newer_wish_replaces_the_older(older: Task, newer: Task) -> None:
    wishes = Wishes()
    wishes.add(older)
    wishes.add(newer)
    assert drain(wishes, 2) == [newer, ContinueAnalysis()]


def test_what_the_task_in_hand_makes_way_for() -> None:
    wishes = Wishes()
    assert (wishes.outdate_opening(), wishes.outdate_view(), wishes.outdate_analysis()) == (False, False, False)
    wishes.add(VIEW)
    assert (wishes.outdate_opening(), wishes.outdate_view(), wishes.outdate_analysis()) == (False, True, False)
    drain(wishes, 1)
    wishes.add(DETECTOR)
    assert (wishes.outdate_opening(), wishes.outdate_view(), wishes.outdate_analysis()) == (False, False, True)
    wishes.add(VIDEO)
    assert (wishes.outdate_opening(), wishes.outdate_view(), wishes.outdate_analysis()) == (True, True, True)


def test_thumbnails_keep_their_order() -> None:
    wishes = Wishes()
    second = MakeThumbnail(1, 8)
    wishes.add(THUMBNAIL)
    wishes.add(second)
    assert drain(wishes, 1) == [THUMBNAIL]
    wishes.put_back(THUMBNAIL)
    assert drain(wishes, 2) == [THUMBNAIL, second]


def test_waits_until_there_is_something() -> None:
    wishes = Wishes()
    found: list[Task] = []
    worker = threading.Thread(target=lambda: found.append(wishes.next(analysing=False, analysis_is_due=False)))
    worker.start()
    wishes.add(Quit())
    worker.join(timeout=5)
    assert found == [Quit()]


def test_a_view_that_made_way_comes_again_unless_a_newer_one_is_wanted() -> None:
    wishes = Wishes()
    wishes.put_back(VIEW)
    assert drain(wishes, 1) == [VIEW]
    newer = ShowFrame(1, 6, False)
    wishes.add(newer)
    wishes.put_back(VIEW)
    assert drain(wishes, 2) == [newer, ContinueAnalysis()]
