"""The accept page: what it says of a new detector's false alarms, and how it compares two detectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap
from pytestqt.qtbot import QtBot

from engine.calibrating.comparison import Comparison
from engine.calibrating.reviewed import Effect
from engine.common.events import Progress
from engine.common.left_out import LeftOut
from engine.review.attaching import ReviewedSegment
from engine.review.document import JudgedSegment, Verdict
from engine.scoring.calibration import Calibration
from engine.scoring.signals import RawSignals
from engine.training.confirmed import ConfirmedEffects
from tests.vadgui.synthetic import calibrated_detector, calibrated_signals, signals_with_bumps, steady_times
from vadgui.training.model.acceptance import Acceptance, MeasuredRecording
from vadgui.training.model.training_run import TrainingRun
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.accept_page import AcceptPage
from vadgui.training.wizard.compare_plot import legend, trace_title
from vadgui.ui.failure import Failure

NEW, OLD, VIDEO = Path("new.safetensors"), Path("old.safetensors"), Path("gate.mp4")
SECONDS = 20
COUNT = 25 * SECONDS
BUMPS = [(200, 260)]


def measured(signals: RawSignals, calibration: Calibration | None = None, detector: Path = NEW) -> MeasuredRecording:
    return MeasuredRecording(VIDEO, detector, steady_times(len(signals)), signals, None, calibration)


def calibrated(bumps: list[tuple[int, int]], detector: Path = NEW) -> MeasuredRecording:
    return measured(calibrated_signals(COUNT, bumps), calibrated_detector().calibration, detector)


@pytest.fixture
def shown(styled: None, qtbot: QtBot) -> tuple[AcceptPage, Acceptance]:
    """The page of a new detector with one held-out recording, beside one in use; nothing has been measured yet."""
    del styled
    state = WizardState()
    acceptance = Acceptance(NEW, name="Gate", held_out=[VIDEO], old=OLD, parent=state)
    state.set_run(TrainingRun(Path("run"), "Gate", {}, parent=state), acceptance)
    page = AcceptPage(state)
    qtbot.addWidget(page, before_close_func=lambda _: state.deleteLater())
    page.resize(700, 500)
    page.show()
    return page, acceptance


def test_shows_threshold_and_false_alarms_of_a_calibrated_detector(shown: tuple[AcceptPage, Acceptance]) -> None:
    page, acceptance = shown
    acceptance.add_held_out_result(calibrated([]))
    assert "no false alarm in 20 s of 1 held-out recording, with the threshold at 3.26" in page.alarms.text()
    assert page.rate_row.isVisible()


def test_shows_no_false_alarms_of_an_uncalibrated_detector(shown: tuple[AcceptPage, Acceptance]) -> None:
    page, acceptance = shown
    assert page.rate_row.isVisible(), "shown until it is known whether the detector is calibrated"
    acceptance.add_held_out_result(measured(signals_with_bumps(COUNT, [])))
    assert "Only 20 s are held out: from less than 30 s nobody can tell" in page.alarms.text()
    for untrue in ("threshold", "no false alarm"):
        assert untrue not in page.alarms.text()
    assert not page.rate_row.isVisible()


def test_a_detector_with_enough_held_out_footage_may_be_uncalibrated_too(
    shown: tuple[AcceptPage, Acceptance],
) -> None:
    page, acceptance = shown
    acceptance.add_held_out_result(measured(signals_with_bumps(2 * COUNT, [])))
    assert "It is not calibrated: nobody can tell" in page.alarms.text()


def test_without_held_out_recordings_no_rate_is_asked_for(shown: tuple[AcceptPage, Acceptance], qtbot: QtBot) -> None:
    del shown
    state = WizardState()
    state.set_run(
        TrainingRun(Path("run"), "Gate", {}, parent=state), Acceptance(NEW, name="Gate", held_out=[], parent=state)
    )
    page = AcceptPage(state)
    qtbot.addWidget(page, before_close_func=lambda _: state.deleteLater())
    page.show()
    assert "No recording was held out" in page.alarms.text()
    assert not page.rate_row.isVisible()


@pytest.mark.parametrize(
    ("comparison", "verdict"),
    [
        (Comparison(200, 120, 80, 50, 10), "Training helped."),
        (Comparison(200, 84, 80, 10, 6), "Training added nothing that could be measured."),
        (Comparison(200, 80, 120, 10, 50), "Calibration alone is better: keep that detector."),
    ],
)
def test_says_what_training_added_over_calibration_alone(
    styled: None, qtbot: QtBot, comparison: Comparison, verdict: str
) -> None:
    del styled
    state = WizardState()
    acceptance = Acceptance(NEW, name="Gate", held_out=[VIDEO], comparison=comparison, parent=state)
    state.set_run(TrainingRun(Path("run"), "Gate", {}, parent=state), acceptance)
    page = AcceptPage(state)
    qtbot.addWidget(page, before_close_func=lambda _: state.deleteLater())
    page.show()
    assert page.gain.isVisible()
    assert page.gain.text().endswith(verdict)
    assert f"flags {comparison.trained} s, calibration alone {comparison.calibrated} s" in page.gain.text()


def test_where_nothing_was_compared_nothing_is_said(shown: tuple[AcceptPage, Acceptance]) -> None:
    assert not shown[0].gain.isVisible()


def test_titles_and_legend_explain_the_curves(shown: tuple[AcceptPage, Acceptance], qtbot: QtBot) -> None:
    page, acceptance = shown
    assert page.plot_pages.currentWidget() is not page.plot
    assert page.hint.text() == "Compare shows what it flags on a recording of your choice, beside the detector in use."
    acceptance.add_held_out_result(measured(signals_with_bumps(COUNT, [])))
    acceptance.add_compared_result(measured(signals_with_bumps(COUNT, BUMPS)))
    acceptance.add_compared_result(calibrated(BUMPS, OLD))
    qtbot.waitUntil(lambda: page.plot_pages.currentWidget() is page.plot)
    new, old = acceptance.traces()
    assert trace_title(new) == "New detector, not calibrated: 1 part beyond held-out footage"
    assert trace_title(old) == "Detector in use: flags 1 part"
    assert page.plot_text.text() == legend([new, old])
    assert "The curve with numbers is the score, dashed its threshold" in legend([new, old])
    assert "The curve without is how badly" in legend([new, old])
    assert "numbers" not in legend([new]) + legend([old])
    numbers_of_new, numbers_of_old = (numbers_on(page.plot.getItem(row, 0).getAxis("left")) for row in range(2))
    assert numbers_of_new == []
    assert numbers_of_old[0] == "0"


def numbers_on(axis: pg.AxisItem) -> list[str]:
    picture = QPixmap(10, 10)
    painter = QPainter(picture)
    *_, texts = axis.generateDrawSpecs(painter)
    painter.end()
    return [text for *_, text in texts]


def test_without_held_out_footage_the_uncalibrated_threshold_is_infinite(shown: tuple[AcceptPage, Acceptance]) -> None:
    _, acceptance = shown
    acceptance.add_compared_result(measured(signals_with_bumps(COUNT, BUMPS)))
    (trace,) = acceptance.traces()
    assert np.isinf(trace.threshold)
    assert trace_title(trace) == "New detector, not calibrated"
    assert "held-out" not in legend([trace])


@pytest.fixture
def retrained(styled: None, qtbot: QtBot) -> tuple[AcceptPage, Acceptance]:
    """The page of a detector that was retrained from footage with verdicts."""
    del styled
    state = WizardState()
    acceptance = Acceptance(NEW, name="Gate", held_out=[], old=OLD, judges_confirmed=True, parent=state)
    state.set_run(TrainingRun(Path("run"), "Gate", {}, parent=state), acceptance)
    page = AcceptPage(state)
    qtbot.addWidget(page, before_close_func=lambda _: state.deleteLater())
    page.resize(700, 500)
    page.show()
    page.initializePage()
    return page, acceptance


def effect(after: float, seconds: float = 65.0) -> Effect:
    judged = JudgedSegment(start=10, stop=20, verdict=Verdict.CONFIRMED)
    return Effect(VIDEO, ReviewedSegment(10, 20, 12, 4.5, judged), seconds, 4.5, after, 3.0)


def test_confirmed_segments_are_judged_before_the_detector_can_be_kept(
    retrained: tuple[AcceptPage, Acceptance],
) -> None:
    page, acceptance = retrained
    assert page.confirmed.isVisible()
    assert not page.isComplete()
    acceptance.add_confirmed_result(Progress("Analysing", 40, 80))
    assert "Analysing, 50%" in page.confirmed.text()
    assert not page.isComplete()
    acceptance.add_confirmed_result(ConfirmedEffects([effect(4.0)]))
    assert page.confirmed.text() == "Confirmed: 1 of 1 were flagged, none would be lost."
    assert page.isComplete()
    assert page.use_box.isChecked()
    assert not page.confirmed_places.isVisible()


def test_what_would_be_lost_is_named_and_the_detector_not_used_unasked(
    retrained: tuple[AcceptPage, Acceptance], qtbot: QtBot
) -> None:
    page, acceptance = retrained
    lost = [effect(1.0, 60.0 * minute) for minute in range(1, 6)]
    acceptance.add_confirmed_result(ConfirmedEffects([effect(4.0), *lost], [LeftOut("yard.mp4", "It is gone")]))
    assert "6 of 6 were flagged, 5 would be lost" in page.confirmed.text()
    told = page.confirmed_places.text().splitlines()
    assert told[0] == "gate.mp4 at 1:00  ·  confirmed, would no longer be flagged"
    assert told[-1] == "and 3 more, which a tip lists."
    assert "yard.mp4: not known. It is gone." in page.confirmed_places.toolTip()
    assert not page.use_box.isChecked()
    assert page.isComplete(), "it may be kept all the same"
    qtbot.keyClick(page.use_box, Qt.Key.Key_Space)
    assert acceptance.use_at_once


def test_where_confirmed_segments_cant_be_judged_the_reason_is_told(retrained: tuple[AcceptPage, Acceptance]) -> None:
    page, acceptance = retrained
    acceptance.add_confirmed_result(Failure("The detector can't be read", "old.safetensors"))
    assert "The detector can't be read." in page.confirmed.text()
    assert page.isComplete()


def test_other_trainings_have_nothing_confirmed_to_judge(shown: tuple[AcceptPage, Acceptance]) -> None:
    page, acceptance = shown
    page.initializePage()
    assert not page.confirmed.isVisible()
    assert not acceptance.awaits_confirmed
