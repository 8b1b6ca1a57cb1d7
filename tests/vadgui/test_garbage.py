"""Widgets in reference cycles are destroyed in the GUI thread, whichever thread allocates."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vadgui import garbage
from vadgui.garbage import GarbageCollector


class Witness:
    def __init__(self, threads: list[threading.Thread]) -> None:
        self.itself = self
        self.object = QObject()
        self._threads = threads

    def __del__(self) -> None:
        self._threads.append(threading.current_thread())


def allocate(count: int) -> None:
    objects: list[Any] = [[number] for number in range(count)]
    assert len(objects) == count


def test_cycles_are_collected_in_the_gui_thread_alone(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_CHECK_INTERVAL_MS", 20)
    collector = GarbageCollector()
    threads: list[threading.Thread] = []
    Witness(threads)
    thread = threading.Thread(target=allocate, args=(200_000,))
    thread.start()
    thread.join()
    assert not threads
    objects: list[Any] = []

    def collected() -> bool:
        objects.extend([] for _ in range(2000))
        return bool(threads)

    qtbot.waitUntil(collected)
    assert threads == [threading.main_thread()]
    collector.close()
    assert gc.isenabled()


def test_older_generations_are_collected_when_due(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    del qtbot
    collected: list[int] = []
    monkeypatch.setattr(gc, "collect", collected.append)
    monkeypatch.setattr(gc, "get_threshold", lambda: (700, 10, 10))
    collector = GarbageCollector()
    for count in [(600, 20, 20), (701, 0, 20), (701, 11, 0), (701, 11, 11)]:
        monkeypatch.setattr(gc, "get_count", lambda count=count: count)
        collector.collect_due()
    assert collected == [0, 1, 2]
    collector.close()


def test_closing_collects_all_that_is_overdue(qtbot: QtBot) -> None:
    """Python would collect it at the next allocation, perhaps inside one of Qt's destructors."""
    del qtbot
    collector = GarbageCollector()
    threads: list[threading.Thread] = []
    Witness(threads)
    allocate(5000)
    collector.close()
    assert threads == [threading.main_thread()]
