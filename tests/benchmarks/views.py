"""Time of painting: five panels per tick, and the timeline of a very long recording."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

import cv2
import numpy as np
from PySide6.QtWidgets import QApplication, QWidget

from engine.scoring.segments import Segment
from tests.vadgui.synthetic import add_rows, open_session, signals_with_bumps, steady_times, view_of
from vadgui.model.score_model import ScoreModel
from vadgui.model.session import ReviewSession
from vadgui.panels.content import Panel
from vadgui.panels.grid import PanelGrid
from vadgui.segments.view import SegmentList
from vadgui.timeline.view import TimelineView
from vadgui.ui import theme

_SAMPLES = 10_000_000
_QUICK_SAMPLES = 1_000_000
_SEGMENTS = 100_000
_LISTED = 5_000
BARS = {
    "five_panels_360p_ms": ("<", 8.0),
    "five_panels_720p_ms": ("<", 8.0),
    "timeline_repaint_zooming_ms": ("<", 16.0),
    "timeline_playhead_moves_ms": ("<", 16.0),
}


def _milliseconds(work: Callable[[int], None], turns: int = 30) -> float:
    """CPU milliseconds of the GUI thread, median over `turns` calls; other programs do not count."""
    spent = []
    for turn in range(turns + 3):
        began = time.thread_time()
        work(turn)
        spent.append(1000 * (time.thread_time() - began))
    return round(float(np.median(spent[3:])), 2)


def panels_ms(width_px: int, height_px: int) -> float:
    """Showing another view in all five panels, overlay included, in a window of 1280x720."""
    session = open_session(steady_times(100), width_px=width_px, height_px=height_px)
    grid = PanelGrid(session)
    grid.resize(1280, 720)
    grid.overlay_action.setChecked(True)
    grid.show()
    QApplication.processEvents()
    views = [view_of(session, index) for index in (1, 2)]

    def tick(turn: int) -> None:
        session.show(views[turn % 2])
        for panel in Panel:
            grid.panel(panel).repaint()

    return _milliseconds(tick)


class _LongScoreModel(ScoreModel):
    """A ScoreModel of a recording too long to add frame by frame."""

    def fill(self, scores: np.ndarray, segments: list[Segment]) -> None:
        self._scores, self._segments = scores, segments
        self.scores_changed.emit()
        self.segments_changed.emit()


def timeline_ms(samples: int) -> dict[str, float]:
    """Repainting the timeline in 1600x240 pixels, zoomed differently at each turn, and taking over new scores."""
    session = ReviewSession()
    session.scoring = scoring = _LongScoreModel()
    times = steady_times(samples)
    small = open_session(times[:2])
    assert small.video
    session.open_video(small.video, times)
    scores = np.random.default_rng(0).random(samples, dtype=np.float32)
    step = samples // _SEGMENTS
    segments = [Segment(i * step, i * step + step // 3, i * step, 1.0) for i in range(_SEGMENTS)]
    timeline = TimelineView(session)
    timeline.resize(1600, 240)
    timeline.show()
    QApplication.processEvents()

    def zoom(turn: int) -> None:
        timeline.plot.box.show_span(1000.0, 0.75 * samples / 25 / (1 + turn))
        timeline.repaint()
        timeline.plot.viewport().repaint()

    def play(turn: int) -> None:
        session.seek(samples // 2 + turn)
        timeline.overview.repaint()
        timeline.plot.viewport().repaint()

    def take_over(_turn: int) -> None:
        scoring.scores_changed.emit()
        timeline.overview.repaint()
        timeline.plot.viewport().repaint()

    def find(_turn: int) -> None:
        scoring.segments_changed.emit()

    scoring.fill(scores, segments)
    measured = {"repaint_zooming": _milliseconds(zoom)}
    timeline.zoom_to_all()
    measured["repaint_whole"] = _milliseconds(lambda turn: timeline.plot.scores.set_threshold(turn / 100) or zoom(0))
    measured["playhead_moves"] = _milliseconds(play)
    measured["new_scores"] = _milliseconds(take_over, turns=5)
    measured["new_segments"] = _milliseconds(find, turns=5)
    return measured


def segment_list_ms() -> float:
    """Taking over thousands of segments whose scores have all changed."""
    count = _LISTED * 60
    session = open_session(steady_times(count))
    bumps = [(i * 60 + 5, i * 60 + 25) for i in range(_LISTED)]
    view = SegmentList(session)
    view.resize(320, 800)
    view.show()
    QApplication.processEvents()
    versions = [signals_with_bumps(count, bumps, seed) for seed in (1, 2)]

    def update(turn: int) -> None:
        add_rows(session.scoring, 0, versions[turn % 2])
        session.scoring.blockSignals(True)
        while not session.scoring.catch_up():
            pass
        session.scoring.blockSignals(False)
        began = time.thread_time()
        session.scoring.segments_changed.emit()
        view.list.viewport().repaint()
        spent.append(1000 * (time.thread_time() - began))

    spent: list[float] = []
    for turn in range(6):
        update(turn)
    return round(float(np.median(spent[1:])), 2)


def run(quick: bool = False) -> dict[str, float]:
    """Milliseconds of the GUI thread's time."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    cv2.setNumThreads(1)  # time of OpenCV's other threads would not be counted
    theme.install(app, theme.ThemeChoice.LIGHT)
    results = {"five_panels_360p_ms": panels_ms(640, 360), "five_panels_720p_ms": panels_ms(1280, 720)}
    samples = _QUICK_SAMPLES if quick else _SAMPLES
    results |= {f"timeline_{name}_ms": value for name, value in timeline_ms(samples).items()}
    results["segment_list_5000_update_ms"] = segment_list_ms()
    for widget in app.topLevelWidgets():
        if isinstance(widget, QWidget):
            widget.close()
    return results


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
