"""The list of exports does not grow for as long as the window is open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine.hand_over.unfinished import UnfinishedExport
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.window.exports_view import ExportRow, ExportsView


def state(number: int, phase: ExportPhase) -> ExportState:
    return ExportState(number, phase, f"gate {number}", Path("gate.mp4"), 10)


def test_the_oldest_that_have_ended_go_and_those_at_work_stay(qtbot: QtBot) -> None:
    view = ExportsView()
    qtbot.addWidget(view)
    view.show_export(state(0, ExportPhase.RUNNING))
    for number in range(1, 61):
        view.show_export(state(number, ExportPhase.RUNNING))
        view.show_export(state(number, ExportPhase.DONE))
    qtbot.waitUntil(lambda: len(view.findChildren(ExportRow)) == 51)
    assert not view.row(0).has_ended
    assert view.row(11).has_ended
    assert view.row(60).has_ended
    view.show_export(state(0, ExportPhase.DONE))
    qtbot.waitUntil(lambda: len(view.findChildren(ExportRow)) == 50)


def test_an_empty_list_says_what_will_be_there(qtbot: QtBot) -> None:
    view = ExportsView()
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    words = [label.text() for label in view.findChildren(QLabel) if label.isVisible()]
    assert words == ["What is exported appears here."]
    view.show_unfinished(1, UnfinishedExport("Clips of gate.mp4", "gate.mp4", "clips", "clips", "all"))
    assert not any(label.isVisible() for label in view.findChildren(QLabel) if label.text() == words[0])
    view.remove_unfinished(1)
    assert any(label.isVisible() for label in view.findChildren(QLabel) if label.text() == words[0])
