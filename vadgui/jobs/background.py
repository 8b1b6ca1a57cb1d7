"""A background thread for the wizard's work: it runs the latest work of each kind, step by step."""

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
from vadgui.jobs.threads import join_or_leave

Work = Callable[[ShouldStop], Iterator[Any]]
"""Long work as a generator: urgent work runs between two of its steps, so that it waits for one step at most."""


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
    """Runs work in one thread, and delivers what it yields in the GUI thread."""

    _posted = Signal(object)

    def __init__(self, name: str) -> None:
        """The thread is started with the first work; `close` ends it."""
        super().__init__()
        self._name = name
        self._tasks: dict[str, _Task] = {}
        self._latest: dict[str, _Task] = {}
        """The latest task of each kind, running or done: a result of it may still be in Qt's event queue."""
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
        """Run work in place of earlier work of its kind, of which nothing is delivered any more."""
        task = _Task(kind, work, deliver, failed, urgent)
        with self._arrived:
            self._cancel(kind)
            self._tasks[kind] = self._latest[kind] = task
            self._arrived.notify()
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def cancel(self, kind: str) -> None:
        """Stop work of a kind; nothing of it is delivered any more."""
        with self._arrived:
            self._cancel(kind)

    def cancel_all(self) -> None:
        """Stop all work; nothing of it is delivered any more."""
        with self._arrived:
            for kind in list(self._latest):
                self._cancel(kind)

    def close(self) -> None:
        """Stop all work and wait until the thread has ended, unless its step hangs; closing twice is fine."""
        with self._arrived:
            self._closing.set()
            for kind in list(self._latest):
                self._cancel(kind)
            self._arrived.notify()
        if self._thread:
            join_or_leave(self._thread, self)

    def _cancel(self, kind: str) -> None:
        if latest := self._latest.pop(kind, None):
            latest.cancelled.set()
        if dropped := self._tasks.pop(kind, None):
            self._abandoned.append(dropped)
            self._arrived.notify()

    def _receive(self, delivery: _Delivery) -> None:
        if delivery.task.cancelled.is_set():
            return
        if delivery.error is not None:
            delivery.task.failed(delivery.error)
        else:
            delivery.task.deliver(delivery.item)

    # The methods below run in the background thread.

    def _work(self) -> None:
        lower_thread_priority()
        while task := self._next():
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
                # Catches everything: otherwise one bad file would end the thread, and no page would get an answer.
                self._done(task)
                self._posted.emit(_Delivery(task, error=error))
        self._close_abandoned()

    def _close_abandoned(self) -> None:
        """Close the generators of cancelled work here, in the thread that opened their files."""
        with self._arrived:
            abandoned, self._abandoned = self._abandoned, []
        for task in abandoned:
            if isinstance(task.steps, Generator):
                task.steps.close()

    def _next(self) -> _Task | None:
        while True:
            self._close_abandoned()
            with self._arrived:
                if self._closing.is_set():
                    return None
                if self._tasks:
                    # Urgent work first, then the task whose last step is longest ago.
                    task = min(self._tasks.values(), key=lambda task: (not task.urgent, task.last_step))
                    task.last_step = time.monotonic()
                    return task
                if not self._abandoned:
                    self._arrived.wait()

    def _done(self, task: _Task) -> None:
        with self._arrived:
            if self._tasks.get(task.kind) is task:
                del self._tasks[task.kind]
