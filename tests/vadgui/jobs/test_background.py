"""The background thread runs the latest work of each kind, urgent work first."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from vadgui.jobs.background import Background


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    del qtbot
    background = Background("test-background")
    yield background
    background.close()


class Receiver:
    """Records the delivered items and errors, and the threads in which they were delivered."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.errors: list[Exception] = []
        self.threads: set[str] = set()

    def deliver(self, item: Any) -> None:
        self.items.append(item)
        self.threads.add(threading.current_thread().name)


def test_delivers_in_order_and_in_the_calling_thread(background: Background, qtbot: QtBot) -> None:
    receiver = Receiver()
    workers: set[str] = set()

    def work(_: ShouldStop) -> Iterator[int]:
        for number in range(5):
            workers.add(threading.current_thread().name)
            yield number

    background.begin("count", work, receiver.deliver, receiver.errors.append)
    qtbot.waitUntil(lambda: len(receiver.items) == 5)
    assert receiver.items == list(range(5))
    assert receiver.threads == {threading.main_thread().name}
    assert workers == {"test-background"}


def test_newer_work_replaces_older_work_of_its_kind(background: Background, qtbot: QtBot) -> None:
    old, new = Receiver(), Receiver()
    closed = threading.Event()

    def endless(_: ShouldStop) -> Iterator[int]:
        try:
            while True:
                time.sleep(0.001)
                yield 0
        finally:
            closed.set()

    background.begin("count", endless, old.deliver, old.errors.append)
    qtbot.waitUntil(lambda: len(old.items) > 2)
    background.begin("count", lambda _: iter([1]), new.deliver, new.errors.append)
    delivered_before = len(old.items)
    qtbot.waitUntil(lambda: new.items == [1])
    qtbot.wait(50)
    assert len(old.items) == delivered_before
    assert closed.wait(1), "work that was replaced must close its files"


def test_urgent_work_runs_between_the_steps_of_long_work(background: Background, qtbot: QtBot) -> None:
    long, urgent = Receiver(), Receiver()

    def endless(should_stop: ShouldStop) -> Iterator[int]:
        while not should_stop():
            time.sleep(0.002)
            yield 0

    background.begin("long", endless, long.deliver, long.errors.append)
    qtbot.waitUntil(lambda: len(long.items) > 2)
    background.begin("urgent", lambda _: iter(["done"]), urgent.deliver, urgent.errors.append, urgent=True)
    qtbot.waitUntil(lambda: urgent.items == ["done"])


def test_an_error_ends_only_the_work_that_raised_it(background: Background, qtbot: QtBot) -> None:
    receiver, other = Receiver(), Receiver()

    def broken(_: ShouldStop) -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    background.begin("broken", broken, receiver.deliver, receiver.errors.append)
    qtbot.waitUntil(lambda: len(receiver.errors) == 1)
    background.begin("sound", lambda _: iter([2]), other.deliver, other.errors.append)
    qtbot.waitUntil(lambda: other.items == [2])
    assert (receiver.items, str(receiver.errors[0])) == ([1], "broken")


def test_cancelled_work_delivers_nothing_more(background: Background, qtbot: QtBot) -> None:
    receiver = Receiver()

    def endless(should_stop: ShouldStop) -> Iterator[int]:
        yield 1
        while not should_stop():
            time.sleep(0.001)
        raise Cancelled

    background.begin("endless", endless, receiver.deliver, receiver.errors.append)
    qtbot.waitUntil(lambda: receiver.items == [1])
    background.cancel("endless")
    qtbot.wait(50)
    assert (receiver.items, receiver.errors) == ([1], [])


def test_closes_at_once_during_long_work(background: Background, qtbot: QtBot) -> None:
    receiver = Receiver()

    def long(should_stop: ShouldStop) -> Iterator[int]:
        yield 1
        while not should_stop():
            time.sleep(0.001)
        raise Cancelled

    background.begin("long", long, receiver.deliver, receiver.errors.append)
    qtbot.waitUntil(lambda: receiver.items == [1])
    began = time.monotonic()
    background.close()
    assert time.monotonic() - began < 30, "the work would never end"
    background.close()


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("how", ["cancel", "cancel_all", "begin"])
def test_a_result_that_was_posted_before_cancelling_is_not_delivered(
    background: Background, qtbot: QtBot, how: str, fails: bool
) -> None:
    """The work has ended but its result still waits in Qt's event queue; its receiver may be deleted by now."""
    receiver, ended = Receiver(), threading.Event()

    def work(_: ShouldStop) -> Iterator[int]:
        if fails:
            raise ValueError
        yield 1

    def next_work(_: ShouldStop) -> Iterator[int]:
        ended.set()  # the one thread has finished the first work before it starts this
        yield from ()

    background.begin("kind", work, receiver.deliver, receiver.errors.append)
    background.begin("next", next_work, receiver.deliver, receiver.errors.append)
    assert ended.wait(5)
    if how == "begin":
        background.begin("kind", lambda _: iter([2]), receiver.deliver, receiver.errors.append)
        qtbot.waitUntil(lambda: receiver.items == [2])
    else:
        background.cancel("kind") if how == "cancel" else background.cancel_all()
        qtbot.wait(50)
        assert receiver.items == []
    assert receiver.errors == []


def test_work_that_is_cancelled_between_two_steps_is_closed_without_waiting_for_more(
    background: Background, qtbot: QtBot
) -> None:
    receiver, closed = Receiver(), threading.Event()

    def work(_: ShouldStop) -> Iterator[int]:
        try:
            background.cancel("read")  # as if by the person, while this step is done
            yield 1
            yield 2
        finally:
            closed.set()

    background.begin("read", work, receiver.deliver, receiver.errors.append)
    qtbot.waitUntil(closed.is_set)
    assert not receiver.items
