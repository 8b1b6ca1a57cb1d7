"""The run page: progress, steps and loss plots of a running training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from engine.common.events import LossReported, Progress
from vadgui.training.model.training_run import Curve, TrainingRun
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.loss_plot import LossPlot
from vadgui.training.wizard.run_page import RunPage

MIN_PX = (680, 500)


@pytest.fixture
def run() -> Iterator[TrainingRun]:
    training_run = TrainingRun(Path("run"), "North gate", {"motion": 2, "frame": 2})
    training_run.begin()
    yield training_run
    training_run.deleteLater()


@pytest.fixture
def page(run: TrainingRun, styled: None, qtbot: QtBot) -> RunPage:
    del styled
    state = WizardState()
    state.set_run(run, None)
    page = RunPage(state)
    qtbot.addWidget(page, before_close_func=lambda _: state.deleteLater())
    page.resize(*MIN_PX)
    page.show()
    return page


def progress(done: int, seconds_left: float | None, phase: str = "Learning motion", loss: float = 0.5) -> Progress:
    return Progress(phase, done, 64, 1.0, seconds_left, 0, 1, loss)


def test_progress_of_the_step_is_shown_beside_the_bar(run: TrainingRun, page: RunPage) -> None:
    assert not page.left.isVisible()
    run.apply(progress(8, 88.0))
    assert page.left.text() == "12%, 88 s left in this step"
    run.apply(progress(16, None))
    assert page.left.text() == "25%"
    run.apply(progress(64, 0.0))
    assert page.left.text() == "Nearly done with this step"
    run.stop()
    assert page.left.text() == "100%"


def test_steps_fit_a_small_window_in_one_line(run: TrainingRun, page: RunPage) -> None:
    run.apply(progress(32, 40.0, "Learning the next frame"))
    QApplication.processEvents()
    for line in page.steps:
        label = line.findChildren(QLabel)[1]
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width(), label.text()


@pytest.fixture
def drawn(styled: None, qtbot: QtBot) -> Callable[[Curve], LossPlot]:
    """Draws a curve in a small plot."""
    del styled

    def draw(curve: Curve) -> LossPlot:
        plot = LossPlot("Error", curve)
        qtbot.addWidget(plot)
        plot.resize(260, 110)
        plot.show()
        plot.show_curve(curve)
        qtbot.waitUntil(lambda: plot.plotItem.listDataItems()[0].yData is not None)
        QApplication.processEvents()
        return plot

    return draw


def test_the_epoch_axis_starts_at_0_without_si_prefixes(drawn: Callable[[Curve], LossPlot]) -> None:
    """By default, pyqtgraph would label the first part of an epoch in thousandths, and show epochs below 0."""
    plot = drawn(Curve([0.1, 0.2], [0.5, 0.4]))
    (left, right), _ = plot.plotItem.viewRange()
    assert left == pytest.approx(0, abs=0.05)
    assert right == pytest.approx(1, abs=0.05)
    assert "0.001" not in plot.plotItem.getAxis("bottom").labelString()
    (_, right), _ = drawn(Curve([0.5, 6.5], [0.5, 0.4], [6.0], [0.45])).plotItem.viewRange()
    assert right == pytest.approx(6.5, rel=0.05)


@pytest.mark.parametrize(
    ("low", "high"), [(0.452, 0.4895), (0.0245, 0.036), (0.001, 0.9), (0.03005, 0.0309), (1e-4, 2e-4)]
)
def test_the_loss_axis_has_two_to_six_labels_for_any_range(
    low: float, high: float, drawn: Callable[[Curve], LossPlot]
) -> None:
    axis = drawn(Curve([0.5, 1.0], [high, low])).plotItem.getAxis("left")
    ((_, positions),) = axis.tickValues(np.log10(low), np.log10(high), 60)
    assert 2 <= len(positions) <= 6
    texts = axis.tickStrings(positions, 1, 1)
    assert len(set(texts)) == len(texts)
    assert all(a < b for a, b in pairwise(map(float, texts)))


def test_an_empty_plot_has_no_axis_labels(drawn: Callable[[Curve], LossPlot], run: TrainingRun) -> None:
    run.apply(progress(8, 88.0))
    one_point = run.curves["motion"]
    assert not drawn(one_point).plotItem.getAxis("left").style["showValues"]
    run.apply(LossReported("motion", 0, 4, 0.4, 0.5))
    assert drawn(run.curves["motion"]).plotItem.getAxis("left").style["showValues"]
