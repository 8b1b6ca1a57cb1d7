"""Questions to a file system that may never answer: on a share whose server is gone they block for minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from engine.common.errors import VadError
from engine.common.language import tr

T = TypeVar("T")

WAIT_SECONDS = 2.0
"""After so long a folder counts as not answering; a disk that sleeps may take longer, and answers the next time."""

_waiting: list[Path] = []
"""Folders about which a question is still unanswered."""
_lock = threading.Lock()


def answer_in_time(folder: Path, ask: Callable[[], T], otherwise: T) -> T:
    """What `ask` returns or raises about a folder or what is in it; `otherwise` where the folder does not answer.

    Until it does, nothing else is asked of it.
    """
    with _lock:
        if not {folder, *folder.parents}.isdisjoint(_waiting):
            return otherwise
    question = _Question(folder, ask)
    question.answered.wait(WAIT_SECONDS)
    with _lock:
        if not question.answered.is_set():
            _waiting.append(folder)
            return otherwise
    if question.error:
        raise question.error
    return question.answers[0]


class _Question(threading.Thread, Generic[T]):
    """One question; the thread is a daemon, because nothing ends a call that hangs."""

    def __init__(self, folder: Path, ask: Callable[[], T]) -> None:
        super().__init__(name="file-system", daemon=True)
        self._folder, self._ask = folder, ask
        self.answered = threading.Event()
        self.answers: list[T] = []
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.answers.append(self._ask())
        except Exception as error:
            self.error = error  # raised where the answer is waited for
        with _lock:
            self.answered.set()
            if self._folder in _waiting:
                _waiting.remove(self._folder)


def answers(folder: Path) -> bool:
    """Whether a folder answers, be it that it is not there."""

    def ask() -> bool:
        with suppress(OSError):
            folder.exists()
        return True

    return answer_in_time(folder, ask, otherwise=False)


def check_answers(folder: Path, kind: type[VadError]) -> None:
    """Check that a folder answers before something is asked of it that can't be given up.

    Raises:
        VadError: of that kind; it does not.
    """
    if not answers(folder):
        raise kind(
            tr("The folder does not answer"),
            subject=folder,
            advice=tr("Its network share or disk may be gone. Connect it again, or choose another folder."),
        )


def is_file_in_time(path: Path) -> bool:
    """Whether there is such a file in a folder that answers."""
    return answer_in_time(path.parent, path.is_file, otherwise=False)


def is_folder_in_time(path: Path) -> bool:
    """Whether there is such a folder, and it answers."""
    return answer_in_time(path, path.is_dir, otherwise=False)
