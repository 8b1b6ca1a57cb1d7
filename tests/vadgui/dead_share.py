"""A folder on a share whose server is gone: whoever asks about it waits, and the GUI thread must not ask."""

from __future__ import annotations

import builtins
import errno
import io
import os
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_OF_OS = [
    "stat",
    "lstat",
    "statvfs",
    "scandir",
    "listdir",
    "open",
    "access",
    "readlink",
    "mkdir",
    "unlink",
    "rename",
    "replace",
]


class DeadShare:
    """Calls about `folder` wait until `come_back`; those of the GUI thread are noted, and fail."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.asked_in_gui: list[str] = []
        """Where the GUI thread was when it asked."""
        self._is_back = threading.Event()
        for module, name in [*((os, name) for name in _OF_OS if hasattr(os, name)), (io, "open"), (builtins, "open")]:
            monkeypatch.setattr(module, name, self._guarded(getattr(module, name)))

    def come_back(self) -> None:
        """Let those who wait go on; what they asked for is not there."""
        self._is_back.set()

    def _guarded(self, call: Callable[..., Any]) -> Callable[..., Any]:
        dead = os.fspath(self.folder)

        def guarded(path: Any, *more: Any, **named: Any) -> Any:
            name = path if isinstance(path, str) else os.fspath(path) if isinstance(path, Path) else ""
            if name != dead and not name.startswith(dead + os.sep):
                return call(path, *more, **named)
            if threading.current_thread() is threading.main_thread():
                self.asked_in_gui.append("".join(traceback.format_stack(limit=12)))
            else:
                self._is_back.wait(60)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)

        return guarded
