"""Errors from any thread are shown to the person, once each, in words."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.common.errors import VideoError
from vadgui import errors
from vadgui.errors import ErrorReporter, ErrorText

BROKEN = VideoError("This file can't be opened as a video", subject=Path("a<b>.mp4"), advice="Choose a video file.")


@pytest.fixture
def reporter(qtbot: QtBot) -> Iterator[ErrorReporter]:
    del qtbot
    hooks = sys.excepthook, threading.excepthook
    reporter = ErrorReporter()
    yield reporter
    sys.excepthook, threading.excepthook = hooks
    reporter.close()


def boxes() -> list[QMessageBox]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]


def test_a_known_error_is_described_by_what_subject_and_advice() -> None:
    error_text = errors.describe_error(BROKEN)
    assert error_text == ErrorText("This file can't be opened as a video.", "a<b>.mp4\n\nChoose a video file.")


def test_unexpected_errors_carry_details() -> None:
    try:
        [][1]
    except IndexError as error:
        error_text = errors.describe_error(error)
    assert "IndexError" in error_text.text
    assert "test_errors.py" in error_text.details


def test_running_out_of_memory_is_described_by_what_to_do() -> None:
    error_text = errors.describe_error(MemoryError(), Path("gate.mp4"))
    assert error_text.headline == "The memory of this machine does not suffice."
    assert error_text.text.startswith("gate.mp4\n\nClose other programs")
    assert not error_text.details


def test_shows_a_dialog_that_blocks_nothing(reporter: ErrorReporter, qtbot: QtBot) -> None:
    reporter.report(BROKEN)
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    (box,) = boxes()
    assert not box.isModal()
    assert "<b>" in box.informativeText(), "file names are not markup"
    box.accept()
    qtbot.waitUntil(lambda: not boxes())


def test_repeated_errors_do_not_open_a_flood_of_dialogs(reporter: ErrorReporter, qtbot: QtBot) -> None:
    for number in range(50):
        reporter.report(BROKEN)
        reporter.report(VideoError(f"Frame {number} can't be decoded"))
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    reported = 0
    while boxes() and reported < 100:
        reported += 1
        boxes()[0].accept()
        qtbot.wait(5)
    assert reported <= 5


def test_another_error_waits_for_the_first_to_be_read(reporter: ErrorReporter, qtbot: QtBot) -> None:
    reporter.report(BROKEN)
    reporter.report(VideoError("Another one"))
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    boxes()[0].accept()
    qtbot.waitUntil(lambda: [box.text() for box in boxes()] == ["Another one."])


@pytest.mark.logs_errors
def test_details_can_be_copied(reporter: ErrorReporter, qtbot: QtBot) -> None:
    reporter.report(ZeroDivisionError("division by zero"))
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    (box,) = boxes()
    copy = next(button for button in box.buttons() if button.text() == "Copy details")
    copy.click()
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    assert box.isVisible(), "copying does not close it"


def test_an_error_that_one_can_act_on_is_copied_with_its_remedy(reporter: ErrorReporter, qtbot: QtBot) -> None:
    reporter.report(BROKEN)
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    (box,) = boxes()
    next(button for button in box.buttons() if button.text() == "Copy details").click()
    assert QGuiApplication.clipboard().text() == (
        "This file can't be opened as a video.\n\na<b>.mp4\n\nChoose a video file."
    )


@pytest.mark.logs_errors
def test_escape_closes_whatever_the_box_holds(reporter: ErrorReporter, qtbot: QtBot) -> None:
    for error in (BROKEN, ZeroDivisionError("division by zero")):
        reporter.report(error)
        qtbot.waitUntil(lambda: len(boxes()) == 1)
        qtbot.keyClick(boxes()[0], Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not boxes())


def test_closing_removes_the_open_dialog_and_all_waiting_ones(reporter: ErrorReporter, qtbot: QtBot) -> None:
    reporter.report(BROKEN)
    reporter.report(VideoError("Another one"))
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    reporter.close()
    reporter.report(VideoError("A late one"))
    qtbot.wait(20)
    assert not boxes()


@pytest.mark.logs_errors
def test_all_error_hooks_end_in_the_reporter(reporter: ErrorReporter, qtbot: QtBot) -> None:
    loop = asyncio.new_event_loop()
    errors.install(reporter, loop)
    reported: list[ErrorText] = []
    reporter.reported.connect(reported.append)
    try:
        raise RuntimeError("on the GUI thread")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    loop.call_exception_handler({"message": "in the loop", "exception": KeyError("in the loop")})
    loop.call_exception_handler({"message": "a task was destroyed"})
    loop.close()
    qtbot.waitUntil(lambda: len(reported) == 4)
    texts = "\n".join(error_text.text for error_text in reported)
    for expected in ("on the GUI thread", "ZeroDivisionError", "KeyError", "a task was destroyed"):
        assert expected in texts


@pytest.mark.logs_errors
def test_an_error_names_its_recording_and_goes_with_it(reporter: ErrorReporter, qtbot: QtBot) -> None:
    reporter.report(RuntimeError("no more memory"), Path("yard.mp4"))
    reporter.report(VideoError("Frame 7 can't be decoded", advice="Go on behind it."), Path("yard.mp4"))
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    assert "yard.mp4" in boxes()[0].informativeText()
    reporter.leave_behind(Path("yard.mp4"))
    assert len(boxes()) == 1
    reporter.leave_behind(Path("street.mp4"))
    qtbot.waitUntil(lambda: not boxes())
    qtbot.wait(50)
    assert not boxes(), "what waited was about the same recording"
    reporter.report(BROKEN)
    qtbot.waitUntil(lambda: len(boxes()) == 1)
    reporter.leave_behind(Path("gate.mp4"))
    assert len(boxes()) == 1, "this one is about no recording"
