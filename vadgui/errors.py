"""Reports every error of the program to the person: what failed, on what, and what to do next."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.common.errors import VadError
from engine.common.language import tr
from engine.common.memory import is_out_of_memory, out_of_memory_error

_REPEAT_AFTER_SECONDS = 10.0  # an error in a paint event is raised again by every repaint
_MAX_WAITING = 3  # nobody reads more dialogs than this in a row

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErrorText:
    """The text of an error for the person."""

    headline: str
    text: str
    details: str = ""
    """The traceback, for a bug report; empty for errors that the person can act on."""
    about: Path | None = None
    """The recording that it is about; None where it is about none, or about any."""


def describe_error(error: BaseException, about: Path | None = None) -> ErrorText:
    """The text of an error: from a VadError its message and advice, from any other exception its traceback too.

    It names the recording `about` which it is, where the error names no file itself.
    """
    if not isinstance(error, VadError) and is_out_of_memory(error):
        error = out_of_memory_error()
    if isinstance(error, VadError):
        parts = (error.subject or (about.name if about else ""), error.advice)
        return ErrorText(f"{error.what}.", "\n\n".join(part for part in parts if part), about=about)
    details = "".join(traceback.format_exception(error))
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    text = f"{about.name}\n\n{text}" if about else text
    advice = tr("The rest of the program keeps working. Please report this with the details, so that it can be mended.")
    return ErrorText(tr("Something unexpected went wrong."), f"{text}\n\n{advice}", details, about)


class ErrorReporter(QObject):
    """Shows errors in one non-modal dialog at a time; `report` can be called from every thread."""

    reported = Signal(object)
    """ErrorText of every error, whether a dialog shows it or not."""
    _arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._parent: QWidget | None = None
        self._dialog: QMessageBox | None = None
        self._shown: ErrorText | None = None
        self._waiting: deque[ErrorText] = deque(maxlen=_MAX_WAITING)
        self._last_reported: dict[str, float] = {}
        self._is_closed = False
        self._arrived.connect(self._receive)

    def set_parent_window(self, parent: QWidget | None) -> None:
        """Set the window that the dialogs belong to."""
        self._parent = parent

    def report(self, error: BaseException, about: Path | None = None) -> None:
        """Log an error, of the recording `about` where it is of one, and queue it to be shown; returns at once."""
        unexpected = not isinstance(error, VadError)
        _log.log(logging.ERROR if unexpected else logging.WARNING, "%s", error, exc_info=error if unexpected else None)
        self._arrived.emit(describe_error(error, about))

    def leave_behind(self, recording: Path) -> None:
        """Another recording is open: close what is said about others."""
        self._waiting = deque(
            (text for text in self._waiting if text.about in (None, recording)), maxlen=self._waiting.maxlen
        )
        if self._dialog and self._shown is not None and self._shown.about not in (None, recording):
            self._dialog.close()

    def close(self) -> None:
        """Close the open dialog and drop waiting errors; later errors are only logged."""
        self._is_closed = True
        self._waiting.clear()
        if self._dialog:
            self._dialog.close()

    def _receive(self, error_text: ErrorText) -> None:
        self.reported.emit(error_text)
        now = time.monotonic()
        key = error_text.headline + error_text.text
        recent = now - self._last_reported.get(key, -_REPEAT_AFTER_SECONDS) < _REPEAT_AFTER_SECONDS
        self._last_reported[key] = now
        if recent or error_text in self._waiting or self._is_closed:
            return
        self._waiting.append(error_text)
        self._show_next()

    def _show_next(self) -> None:
        if self._dialog or not self._waiting:
            return
        error_text = self._shown = self._waiting.popleft()
        self._dialog = _dialog(error_text, self._parent)
        self._dialog.finished.connect(self._dismissed)
        self._dialog.show()  # not modal: the window can still be used

    def _dismissed(self) -> None:
        if self._dialog:
            self._dialog.deleteLater()
            self._dialog = None
        self._show_next()


def _dialog(error_text: ErrorText, parent: QWidget | None) -> QMessageBox:
    dialog = QMessageBox(parent)
    dialog.setWindowModality(Qt.WindowModality.NonModal)
    dialog.setWindowTitle("vadgui")
    dialog.setIcon(QMessageBox.Icon.Critical if error_text.details else QMessageBox.Icon.Warning)
    # Plain text: Qt would interpret "<" in paths and messages as markup.
    dialog.setTextFormat(Qt.TextFormat.PlainText)
    dialog.setText(error_text.headline)
    dialog.setInformativeText(error_text.text)
    dialog.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # Qt finds no button for Escape by itself where there is more than one.
    dialog.setEscapeButton(dialog.addButton(QMessageBox.StandardButton.Ok))
    if error_text.details:
        dialog.setDetailedText(error_text.details)
    copy = dialog.addButton(tr("Copy details"), QMessageBox.ButtonRole.ActionRole)
    # A QMessageBox closes on every button unless the button's own connection is removed.
    copy.clicked.disconnect()
    parts = (error_text.headline, error_text.text, error_text.details)
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText("\n\n".join(filter(None, parts))))
    return dialog


def install(reporter: ErrorReporter, loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Report every uncaught exception of this process: of Python, of its threads, and of the event loop."""

    def from_python(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        del kind
        reporter.report(error.with_traceback(trace))

    def from_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            reporter.report(args.exc_value)

    def from_loop(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        reporter.report(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    sys.excepthook = from_python
    threading.excepthook = from_thread
    if loop is not None:
        loop.set_exception_handler(from_loop)
