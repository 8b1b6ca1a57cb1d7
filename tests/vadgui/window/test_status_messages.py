"""What the status bar tells goes when what it speaks of is over."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStatusBar
from pytestqt.qtbot import QtBot

from tests.vadgui.synthetic import open_session, signals_with_bumps, steady_times
from vadgui.window.status_messages import StatusMessages


def test_a_message_on_a_recording_goes_when_its_review_changes_and_another_message_stays(qtbot: QtBot) -> None:
    bar = QStatusBar()
    qtbot.addWidget(bar)
    bar.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    session = open_session(steady_times(400), signals_with_bumps(400, [(100, 120)]))
    messages = StatusMessages(bar, session)
    messages.tell_of_recording("There is no next segment to merge with.")
    assert bar.currentMessage()
    assert session.review.edit(lambda editor: editor.draw(200, 210))
    assert bar.currentMessage() == ""
    messages.tell("3 recordings were added.")
    session.review.stack.undo()
    assert bar.currentMessage() == "3 recordings were added."
    messages.tell_of_recording("Every segment has a verdict.")
    session.close_video()
    assert bar.currentMessage() == ""
