"""Does what views ask for beside the review in one thread: of each kind of work the latest, in short steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from vadgui.jobs.priority import lower_thread_priority

Work = Callable[[ShouldStop], Iterator[Any]]
"""Long work as a generator; whoever waits for urgent work waits for one step of it at most."""


@dataclass(eq=False)
class _Task:
    kind: str
    work: Work
    deliver: Callable[[Any], None]
    failed: Callable[[Exception], None]
    urgent: bool
    cancelled: threading.Event = field(default_factory=threading.Event)
    steps: Iterator[Any] | None = None
    last_step: float = 0.0


@dataclass(frozen=True, eq=False)
class _Delivery:
    task: _Task
    item: Any = None
    error: Exception | None = None


class Background(QObject):
    """Takes work from the GUI thread, and hands back there what it yields."""

    _posted = Signal(object)

    def __init__(self, name: str) -> None:
        """Needs no thread until there is work; `close` ends it."""
        super().__init__()
        self._name = name
        self._tasks: dict[str, _Task] = {}
        self._latest: dict[str, _Task] = {}
        """Of each kind, at work or done: what it posted may still be on its way."""
        self._abandoned: list[_Task] = []
        self._arrived = threading.Condition()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._posted.connect(self._receive)

    def begin(
        self,
        kind: str,
        work: Work,
        deliver: Callable[[Any], None],
        failed: Callable[[Exception], None],
        *,
        urgent: bool = False,
    ) -> None:
        """Do this in place of earlier work of its kind; nothing of that is delivered any more."""
        task = _Task(kind, work, deliver, failed, urgent)
        with self._arrived:
            self._cancel(kind)
            self._tasks[kind] = self._latest[kind] = task
            self._arrived.notify()
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._work, name=self._name)
            self._thread.start()

    def cancel(self, kind: str) -> None:
        """Give up work of a kind; nothing of it is delivered any more."""
        with self._arrived:
            self._cancel(kind)

    def cancel_all(self) -> None:
        """Give up everything; nothing of it is delivered any more."""
        with self._arrived:
            for kind in list(self._latest):
                self._cancel(kind)

    def close(self) -> None:
        """Give everything up and wait for the thread's end; closing twice is fine."""
        with self._arrived:
            self._closing.set()
            for kind in list(self._latest):
                self._cancel(kind)
            self._arrived.notify()
        if self._thread:
            self._thread.join()

    def _cancel(self, kind: str) -> None:
        if latest := self._latest.pop(kind, None):
            latest.cancelled.set()
        if dropped := self._tasks.pop(kind, None):
            self._abandoned.append(dropped)

    def _receive(self, delivery: _Delivery) -> None:
        if delivery.task.cancelled.is_set():
            return
        if delivery.error is not None:
            delivery.task.failed(delivery.error)
        else:
            delivery.task.deliver(delivery.item)

    # What follows runs in the thread.

    def _work(self) -> None:
        lower_thread_priority()
        while task := self._next():
            self._close_abandoned()
            try:
                if task.steps is None:
                    task.steps = task.work(task.cancelled.is_set)
                item = next(task.steps)
                self._posted.emit(_Delivery(task, item))
            except StopIteration:
                self._done(task)
            except Cancelled:
                self._done(task)
            except Exception as error:
                # The thread's last resort: without it one bad file would leave all pages without answers.
                self._done(task)
                self._posted.emit(_Delivery(task, error=error))
        self._close_abandoned()

    def _close_abandoned(self) -> None:
        """Let unfinished work close its files here, in the thread that opened them."""
        with self._arrived:
            abandoned, self._abandoned = self._abandoned, []
        for task in abandoned:
            if isinstance(task.steps, Generator):
                task.steps.close()

    def _next(self) -> _Task | None:
        with self._arrived:
            while not self._closing.is_set():
                if self._tasks:
                    # Urgent work first, then whatever has waited longest.
                    task = min(self._tasks.values(), key=lambda task: (not task.urgent, task.last_step))
                    task.last_step = time.monotonic()
                    return task
                self._arrived.wait()
        return None

    def _done(self, task: _Task) -> None:
        with self._arrived:
            if self._tasks.get(task.kind) is task:
                del self._tasks[task.kind]
