"""Waiting for what signals tell, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
import qasync
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from vadgui.async_signals import until


class Counter(QObject):
    changed = Signal(int)
    also_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.value = self.asked = 0

    def raise_to(self, value: int) -> None:
        self.value = value
        self.changed.emit(value)

    def is_at_least(self, value: int) -> bool:
        self.asked += 1
        return self.value >= value

    @property
    def listeners(self) -> int:
        return self.receivers("2changed(int)") + self.receivers("2also_changed()")


@pytest.fixture
def counter(qapp: QApplication) -> Counter:
    del qapp
    return Counter()


def run(qapp: QApplication, work: Coroutine[Any, Any, None]) -> None:
    with qasync.QEventLoop(qapp) as loop:
        loop.run_until_complete(work)


def test_what_holds_already_is_not_waited_for(qapp: QApplication, counter: Counter) -> None:
    run(qapp, until(lambda: counter.is_at_least(0), counter.changed))
    assert counter.asked == 1
    assert counter.listeners == 0


def test_a_condition_is_asked_when_a_signal_comes_and_else_never(qapp: QApplication, counter: Counter) -> None:
    async def work() -> None:
        for delay_ms, value in ((1, 1), (20, 2), (40, 3)):
            QTimer.singleShot(delay_ms, counter, lambda value=value: counter.raise_to(value))
        await until(lambda: counter.is_at_least(3), counter.changed, counter.also_changed)

    run(qapp, work())
    assert counter.value == 3
    assert counter.asked == 4  # at first, and once for each signal
    assert counter.listeners == 0


def test_signals_that_come_at_once_are_no_trouble(qapp: QApplication, counter: Counter) -> None:
    async def work() -> None:
        QTimer.singleShot(0, counter, lambda: [counter.raise_to(value) for value in (1, 2, 3)])
        await until(lambda: counter.is_at_least(1), counter.changed)

    run(qapp, work())
    assert counter.asked == 2


def test_what_the_condition_raises_ends_the_waiting(qapp: QApplication, counter: Counter) -> None:
    def fails() -> bool:
        if counter.value:
            raise ValueError("enough")
        return False

    async def work() -> None:
        QTimer.singleShot(0, counter, lambda: counter.raise_to(1))
        with pytest.raises(ValueError, match="enough"):
            await until(fails, counter.changed)

    run(qapp, work())
    assert counter.listeners == 0


def test_waiting_can_be_given_up(qapp: QApplication, counter: Counter) -> None:
    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await until(lambda: counter.is_at_least(1), counter.changed)

    run(qapp, work())
    assert counter.listeners == 0
