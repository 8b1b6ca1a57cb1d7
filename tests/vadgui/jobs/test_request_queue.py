from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.video.frame import Frame
from vadgui.jobs.request_queue import (
    CloseVideo,
    ContinueAnalysis,
    ControlAnalysis,
    DetectorLoaded,
    LookAtSource,
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


def outdated(requests: RequestQueue) -> tuple[bool, bool, bool]:
    """Whether an opening, a view and an analysis are to be interrupted."""
    return requests.opening_is_outdated(), requests.view_is_outdated(), requests.analysis_is_outdated()


def test_the_most_urgent_task_comes_first() -> None:
    requests = RequestQueue()
    for request in (THUMBNAIL, DETECTOR, VIEW, VIDEO, ControlAnalysis.RUN):
        requests.add(request)
    expected = [VIDEO, ControlAnalysis.RUN, VIEW, DETECTOR, THUMBNAIL, ContinueAnalysis(), ContinueAnalysis()]
    assert drain(requests, 7) == expected


def test_views_do_not_wait_for_a_look_at_the_file() -> None:
    requests = RequestQueue()
    for request in (LookAtSource(), VIEW, THUMBNAIL):
        requests.add(request)
    assert drain(requests, 3) == [VIEW, LookAtSource(), THUMBNAIL]


def test_another_recording_is_not_analysed_because_the_one_before_was_to_be() -> None:
    requests = RequestQueue()
    requests.add(ControlAnalysis.RUN)
    requests.add(VIDEO)
    assert drain(requests, 2) == [VIDEO, ContinueAnalysis()]


def test_what_is_asked_for_now_comes_before_a_detector_that_was_asked_for_earlier() -> None:
    loaded = DetectorLoaded(DETECTOR)
    later = OpenDetector(Path("e.safetensors"), "auto")
    requests = RequestQueue()
    for request in (VIEW, loaded, later):
        requests.add(request)
    assert drain(requests, 3) == [later, loaded, VIEW]


def test_a_due_analysis_comes_before_views() -> None:
    requests = RequestQueue()
    requests.add(VIEW)
    assert drain(requests, 1, due=True) == [ContinueAnalysis()]
    assert drain(requests, 1) == [VIEW]


@pytest.mark.parametrize(
    ("older", "newer"),
    [(VIEW, ShowFrame(1, 6, False)), (VIDEO, CloseVideo()), (DETECTOR, OpenDetector(Path("e.safetensors"), "cpu"))],
)
def test_a_newer_request_replaces_the_older(older: Task, newer: Task) -> None:
    requests = RequestQueue()
    requests.add(older)
    requests.add(newer)
    assert drain(requests, 2) == [newer, ContinueAnalysis()]


def test_which_requests_interrupt_the_current_task() -> None:
    requests = RequestQueue()
    assert outdated(requests) == (False, False, False)
    requests.add(VIEW)
    assert outdated(requests) == (False, True, False)
    drain(requests, 1)
    requests.add(DETECTOR)
    assert outdated(requests) == (False, False, True)
    requests.add(VIDEO)
    assert outdated(requests) == (True, True, True)


def test_thumbnails_keep_their_order() -> None:
    requests = RequestQueue()
    second = MakeThumbnail(1, 8)
    requests.add(THUMBNAIL)
    requests.add(second)
    assert drain(requests, 1) == [THUMBNAIL]
    requests.put_back(THUMBNAIL)
    assert drain(requests, 2) == [THUMBNAIL, second]


def test_next_waits_for_a_request() -> None:
    requests = RequestQueue()
    received: list[Task] = []
    worker = threading.Thread(target=lambda: received.append(requests.next(analysing=False, analysis_is_due=False)))
    worker.start()
    requests.add(Quit())
    worker.join(timeout=5)
    assert received == [Quit()]


def test_an_interrupted_view_is_made_again_unless_a_newer_one_is_requested() -> None:
    requests = RequestQueue()
    requests.put_back(VIEW)
    assert drain(requests, 1) == [VIEW]
    newer = ShowFrame(1, 6, False)
    requests.add(newer)
    requests.put_back(VIEW)
    assert drain(requests, 2) == [newer, ContinueAnalysis()]


def test_what_playback_has_read_is_dropped_once_a_view_is_asked_for() -> None:
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 4, 0.16)
    played = ShowFrame(1, 4, True, (frame, frame))
    requests = RequestQueue()
    requests.begin_playback()
    requests.add(played)
    assert requests.small_work_is_outdated()
    assert not requests.view_is_outdated(), "a view is made to its end"
    assert drain(requests, 2) == [played, ContinueAnalysis()]
    requests.add(played)
    requests.add(VIEW)
    requests.add(played)  # read before somebody paused and went elsewhere, and late
    assert drain(requests, 2) == [VIEW, ContinueAnalysis()], "the person is elsewhere by now"
    requests.begin_playback()
    requests.add(played)
    assert drain(requests, 2) == [played, ContinueAnalysis()]
