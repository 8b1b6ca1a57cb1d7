from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vadgui.jobs.request_queue import (
    CloseVideo,
    ContinueAnalysis,
    ControlAnalysis,
    MakeThumbnail,
    OpenDetector,
    OpenVideo,
    Quit,
    RequestQueue,
    ShowFrame,
    Task,
)

VIDEO = OpenVideo(Path("a.mp4"))
DETECTOR = OpenDetector(Path("d.safetensors"), "auto")
VIEW = ShowFrame(1, 5, True)
THUMBNAIL = MakeThumbnail(1, 7)


def drain(requests: RequestQueue, count: int, due: bool = False) -> list[Task]:
    return [requests.next(analysing=True, analysis_is_due=due) for _ in range(count)]


def test_the_most_urgent_comes_first() -> None:
    requests = RequestQueue()
    for request in (THUMBNAIL, DETECTOR, VIEW, ControlAnalysis.RUN, VIDEO):
        requests.add(request)
    expected = [VIDEO, ControlAnalysis.RUN, VIEW, DETECTOR, THUMBNAIL, ContinueAnalysis(), ContinueAnalysis()]
    assert drain(requests, 7) == expected


def test_a_due_analysis_goes_before_views() -> None:
    requests = RequestQueue()
    requests.add(VIEW)
    assert drain(requests, 1, due=True) == [ContinueAnalysis()]
    assert drain(requests, 1) == [VIEW]


@pytest.mark.parametrize(
    ("older", "newer"),
    [(VIEW, ShowFrame(1, 6, False)), (VIDEO, CloseVideo()), (DETECTOR, OpenDetector(Path("e.safetensors"), "cpu"))],
)
def test_a_newer_wish_replaces_the_older(older: Task, newer: Task) -> None:
    requests = RequestQueue()
    requests.add(older)
    requests.add(newer)
    assert drain(requests, 2) == [newer, ContinueAnalysis()]


def test_what_the_task_in_hand_makes_way_for() -> None:
    requests = RequestQueue()
    assert (requests.opening_is_outdated(), requests.view_is_outdated(), requests.analysis_is_outdated()) == (
        False,
        False,
        False,
    )
    requests.add(VIEW)
    assert (requests.opening_is_outdated(), requests.view_is_outdated(), requests.analysis_is_outdated()) == (
        False,
        True,
        False,
    )
    drain(requests, 1)
    requests.add(DETECTOR)
    assert (requests.opening_is_outdated(), requests.view_is_outdated(), requests.analysis_is_outdated()) == (
        False,
        False,
        True,
    )
    requests.add(VIDEO)
    assert (requests.opening_is_outdated(), requests.view_is_outdated(), requests.analysis_is_outdated()) == (
        True,
        True,
        True,
    )


def test_thumbnails_keep_their_order() -> None:
    requests = RequestQueue()
    second = MakeThumbnail(1, 8)
    requests.add(THUMBNAIL)
    requests.add(second)
    assert drain(requests, 1) == [THUMBNAIL]
    requests.put_back(THUMBNAIL)
    assert drain(requests, 2) == [THUMBNAIL, second]


def test_waits_until_there_is_something() -> None:
    requests = RequestQueue()
    received: list[Task] = []
    worker = threading.Thread(target=lambda: received.append(requests.next(analysing=False, analysis_is_due=False)))
    worker.start()
    requests.add(Quit())
    worker.join(timeout=5)
    assert received == [Quit()]


def test_a_view_that_made_way_comes_again_unless_a_newer_one_is_wanted() -> None:
    requests = RequestQueue()
    requests.put_back(VIEW)
    assert drain(requests, 1) == [VIEW]
    newer = ShowFrame(1, 6, False)
    requests.add(newer)
    requests.put_back(VIEW)
    assert drain(requests, 2) == [newer, ContinueAnalysis()]
