"""Learning from verdicts: which are taken, how far it is, what changes, and what becomes of the detector."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.calibrating.reviewed import Effect
from engine.common.errors import DetectorFileError, VideoError
from engine.common.events import Progress, ShouldStop
from engine.common.left_out import LeftOut
from engine.review.attaching import ReviewedSegment
from engine.review.document import JudgedSegment, Recording, Verdict
from engine.review.verdicts import FoundVerdicts, JudgedRecording
from vadgui.dialogs.learn_verdicts import LearnVerdictsDialog
from vadgui.jobs import verdict_learning
from vadgui.jobs.verdict_learning import VerdictRequest
from vadgui.model.engine_state import DetectorSummary
from vadgui.verdicts_controller import VerdictsController

LIBRARY_FILE = Path("/library/gate-from-verdicts.safetensors")
DETECTOR = DetectorSummary("Gate", Path("/detectors/gate.safetensors"), "fast", "dis", 4.0, "CPU", None, "gate-print")


def judged(name: str, confirmed: int = 0, **dismissed: list[float]) -> JudgedRecording:
    video = Path("/gate") / name
    segments = [JudgedSegment(start=9 * n, stop=9 * n + 5, verdict=Verdict.CONFIRMED) for n in range(confirmed)]
    recording = Recording(name=name, path=str(video), fingerprint=name, frame_count=900, segments=tuple(segments))
    return JudgedRecording(video.with_suffix(".review.json"), recording, video, dismissed)


def effect(name: str, start: int, verdict: Verdict, before: float, after: float) -> Effect:
    said = JudgedSegment(start=start, stop=start + 10, verdict=verdict)
    segment = ReviewedSegment(start, start + 10, start + 4, before, said)
    return Effect(Path("/gate") / name, segment, start / 10, before, after, 3.0)


MONDAY = judged("monday.mp4", 2, normal=[60.0, 20.0], weather=[10.0])
TUESDAY = judged("tuesday.mp4", 0, normal=[100.0])
FOUND = FoundVerdicts([MONDAY, TUESDAY], [LeftOut("sunday.mp4", "Reviewed with another detector, Yard")])
EFFECTS = [
    effect("monday.mp4", 100, Verdict.DISMISSED, 5.0, 1.0),
    effect("monday.mp4", 300, Verdict.DISMISSED, 5.0, 4.0),
    effect("monday.mp4", 500, Verdict.CONFIRMED, 6.0, 6.0),
    effect("tuesday.mp4", 700, Verdict.CONFIRMED, 6.0, 2.0),
]
LEARNT = SimpleNamespace(detector="detector", effects=EFFECTS)


@pytest.fixture
def controller(qapp: QApplication) -> Iterator[VerdictsController]:
    del qapp
    controller = VerdictsController()
    yield controller
    controller.close()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replaces the engine's work; what was asked of it is listed."""
    asked: list[Any] = []

    def find(videos: Mapping[Path, str], fingerprint: str, _: ShouldStop) -> Iterator[Progress | FoundVerdicts]:
        asked.append((dict(videos), fingerprint))
        yield Progress("Reading reviews", 0, 2)
        yield FOUND

    def learn(request: VerdictRequest, _: ShouldStop) -> Iterator[Any]:
        asked.append(request)
        yield Progress("Measuring dismissed segments", 500, 1000)
        yield LEARNT

    def keep(learnt: object, request: VerdictRequest) -> Iterator[Path]:
        asked.append((learnt, request))
        yield LIBRARY_FILE

    monkeypatch.setattr(verdict_learning, "find_verdicts", find)
    monkeypatch.setattr(verdict_learning, "learn_from_verdicts", learn)
    monkeypatch.setattr(verdict_learning, "keep_learnt", keep)
    return asked


@pytest.fixture
def dialog(controller: VerdictsController, work: list[Any], qtbot: QtBot) -> Iterator[LearnVerdictsDialog]:
    del work
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    controller.open(window, {MONDAY.video: "print"}, DETECTOR, "cpu")
    dialog = controller.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.list.count() == 2)
    yield dialog
    for box in window.findChildren(QMessageBox):
        box.close()
    window.close()


def click(qtbot: QtBot, widget: QWidget, place: QPoint | None = None) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place or QPoint(8, widget.height() // 2))


def learn(dialog: LearnVerdictsDialog, qtbot: QtBot) -> None:
    click(qtbot, dialog.start_button)
    qtbot.waitUntil(dialog.use_button.isVisible)


def test_says_what_would_be_taken_as_normal_and_why_something_is_left_out(
    dialog: LearnVerdictsDialog, work: list[Any], qtbot: QtBot
) -> None:
    assert work == [({MONDAY.video: "print"}, "gate-print")]
    assert dialog.headline.text() == "3 dismissed segments of 2 recordings, 3 min: take them as normal"
    assert [box.text() for box in dialog.boxes.values()] == ["normal: 3 segments, 3 min", "weather: 1 segment, 10 s"]
    assert dialog.reasons() == {"normal"}
    assert "sunday.mp4: Reviewed with another detector, Yard." in dialog.left_out.text()
    click(qtbot, dialog.boxes["weather"])
    assert dialog.headline.text().startswith("4 dismissed segments of 2 recordings")
    dialog.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.headline.text() == "3 dismissed segments of 1 recording, 90 s: take them as normal"
    click(qtbot, dialog.boxes["weather"])
    click(qtbot, dialog.boxes["normal"])
    assert not dialog.start_button.isEnabled()


def test_of_many_that_are_left_out_all_are_in_a_tip(qtbot: QtBot) -> None:
    dialog = LearnVerdictsDialog()
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # qtbot closes it
    qtbot.addWidget(dialog)
    dialog.show_verdicts(FoundVerdicts([], [LeftOut(f"{n}.mp4", "Reviewed without a detector") for n in range(50)]))
    assert dialog.headline.text() == "There is no recording with verdicts to learn from"
    assert "and 46 more" in dialog.left_out.text()
    assert "49.mp4: Reviewed without a detector." in dialog.left_out.toolTip()


def test_long_names_of_recordings_are_wrapped_to_the_dialog(qtbot: QtBot) -> None:
    dialog = LearnVerdictsDialog()
    qtbot.addWidget(dialog)
    dialog.show_verdicts(FoundVerdicts([judged(f"{'north-gate_' * 20}.mp4", 1, normal=[60.0])], []))
    dialog.show()
    qtbot.waitUntil(lambda: dialog.list.visualItemRect(dialog.list.item(0)).height() > 0)
    shown = dialog.list.visualItemRect(dialog.list.item(0))
    assert shown.height() > 2 * dialog.list.fontMetrics().height()


def test_before_and_after_is_shown_and_nothing_is_in_use_yet(
    controller: VerdictsController, dialog: LearnVerdictsDialog, work: list[Any], qtbot: QtBot
) -> None:
    with qtbot.waitSignals([controller.begun, controller.ended]), qtbot.assertNotEmitted(controller.learnt):
        learn(dialog, qtbot)
    assert work[-1] == VerdictRequest(DETECTOR.path, "cpu", [MONDAY, TUESDAY], frozenset({"normal"}))
    assert "2 of 2 were flagged, 1 would be lost" in dialog.confirmed_line.text()
    assert dialog.dismissed_line.text() == "Dismissed: 2 of 2 were flagged, 1 still would be."
    assert [dialog.places.item(row).text() for row in range(dialog.places.count())] == [
        "tuesday.mp4 at 1:10  ·  confirmed, would no longer be flagged",
        "monday.mp4 at 0:30  ·  dismissed, would still be flagged",
    ]


def test_a_click_shows_the_place(controller: VerdictsController, dialog: LearnVerdictsDialog, qtbot: QtBot) -> None:
    learn(dialog, qtbot)
    lost = dialog.places.visualItemRect(dialog.places.item(0)).center()
    with qtbot.waitSignal(controller.place_requested) as shown:
        click(qtbot, dialog.places.viewport(), lost)
    path, segment = shown.args
    assert (Path(path).name, segment.peak_frame) == ("tuesday.mp4", 704)
    assert not dialog.isModal()


def test_enter_shows_the_place_and_decides_nothing(
    controller: VerdictsController, dialog: LearnVerdictsDialog, qtbot: QtBot
) -> None:
    learn(dialog, qtbot)
    dialog.places.setFocus()
    dialog.places.setCurrentRow(1)
    with qtbot.waitSignal(controller.place_requested) as shown, qtbot.assertNotEmitted(dialog.use_requested):
        qtbot.keyClick(dialog.places, Qt.Key.Key_Return)
    assert Path(shown.args[0]).name == "monday.mp4"
    assert dialog.holds_detector


def test_the_new_detector_is_kept_and_used(
    controller: VerdictsController, dialog: LearnVerdictsDialog, work: list[Any], qtbot: QtBot
) -> None:
    learn(dialog, qtbot)
    with qtbot.waitSignal(controller.learnt) as used:
        click(qtbot, dialog.use_button)
    assert used.args == [LIBRARY_FILE, Path("/detectors/gate.safetensors")]
    assert work[-1] == (LEARNT, work[-2])
    assert controller.dialog is None


def test_a_library_that_is_full_loses_nothing(
    dialog: LearnVerdictsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(*_: object) -> Iterator[Path]:
        yield from ()
        raise DetectorFileError("The library can't be written", subject="library", advice="Make room.")

    monkeypatch.setattr(verdict_learning, "keep_learnt", keep)
    learn(dialog, qtbot)
    click(qtbot, dialog.use_button)
    qtbot.waitUntil(lambda: "Make room." in dialog.line.text())
    assert dialog.use_button.isEnabled()


def test_discard_closes_and_escape_asks_first(
    controller: VerdictsController, dialog: LearnVerdictsDialog, qtbot: QtBot
) -> None:
    learn(dialog, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    box = dialog.findChild(QMessageBox)
    assert box is not None
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert not controller.may_close(lambda: None), "the window asks, too"
    (box,) = (each for each in dialog.findChildren(QMessageBox) if each.isVisible())
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    with qtbot.assertNotEmitted(controller.learnt):
        click(qtbot, dialog.discard_button)
    assert controller.dialog is None
    assert controller.may_close(lambda: None)


def test_without_a_confirmed_segment_it_says_that_nothing_is_known(
    dialog: LearnVerdictsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LEARNT, "effects", EFFECTS[:1])
    learn(dialog, qtbot)
    assert "Nothing is confirmed" in dialog.confirmed_line.text()
    assert not dialog.places.isVisible()


def test_cancel_stops_the_work(
    controller: VerdictsController, dialog: LearnVerdictsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []

    def endless(_: VerdictRequest, should_stop: ShouldStop) -> Iterator[Progress]:
        try:
            while not should_stop():
                yield Progress("Measuring dismissed segments", 250, 1000)
                time.sleep(0.005)
        finally:
            stopped.append(True)

    monkeypatch.setattr(verdict_learning, "learn_from_verdicts", endless)
    click(qtbot, dialog.start_button)
    qtbot.waitUntil(lambda: dialog.bar.value() == 250)
    assert not dialog.list.isEnabled()
    with qtbot.waitSignal(controller.ended):
        click(qtbot, dialog.cancel_button)
    qtbot.waitUntil(lambda: bool(stopped))
    assert controller.dialog is None


def test_a_recording_that_breaks_can_be_left_out(
    dialog: LearnVerdictsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[Progress]:
        yield Progress("Analysing", 1, 1000)
        raise VideoError("Frame 7 can't be decoded", subject="tuesday.mp4", advice="Leave it out.")

    monkeypatch.setattr(verdict_learning, "learn_from_verdicts", broken)
    click(qtbot, dialog.start_button)
    qtbot.waitUntil(lambda: "tuesday.mp4" in dialog.line.text())
    assert dialog.list.isEnabled()
    assert dialog.start_button.isEnabled()
