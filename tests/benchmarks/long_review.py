"""A day's recording under review: 2.16 million frames, 500 segments and all lanes, panned, zoomed and flagged anew."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QApplication, QWidget

from engine.scoring.signals import RawSignals
from tests.vadgui.synthetic import calibrated_detector, calibrated_signals, open_session, steady_times
from vadgui.model.session import ReviewSession
from vadgui.segments.view import SegmentList
from vadgui.timeline.view import TimelineView
from vadgui.ui import theme

_FRAMES = 24 * 3600 * 25
_SEGMENTS = 500
_PATTERN = 120_000
"""Frames of noise, repeated: to draw millions of random numbers would take longer than all else."""
BARS = {
    "pan_p95_ms": ("<", 16.0),
    "zoom_p95_ms": ("<", 16.0),
    "playhead_p95_ms": ("<", 16.0),
    "threshold_drag_p95_ms": ("<", 50.0),
}


def day_of_signals(frames: int = _FRAMES) -> RawSignals:
    """Raw signals of a day, with a bump every few minutes."""
    pattern = calibrated_signals(_PATTERN, [])
    signals = np.tile(pattern, -(-frames // _PATTERN))[:frames]
    for start in np.linspace(100, frames - 200, _SEGMENTS).astype(int).tolist():
        for name in ("direction_rarity", "speed_excess_px", "velocity_error_px"):
            signals[name][start : start + 100] += 12
    return signals


def _p95_ms(work: Callable[[int], None], turns: int) -> float:
    """CPU milliseconds of the GUI thread that 95 of 100 calls stay below; other programs do not count."""
    spent = []
    for turn in range(turns + 3):
        began = time.thread_time()
        work(turn)
        spent.append(1000 * (time.thread_time() - began))
    return round(float(np.percentile(spent[3:], 95)), 2)


def measured(session: ReviewSession, turns: int) -> dict[str, float]:
    """The window's lower part and the list of segments, all lanes shown, in 1600 pixels."""
    timeline, segments = TimelineView(session), SegmentList(session)
    timeline.resize(1600, 600)
    segments.resize(320, 800)
    timeline.show()
    segments.show()
    QApplication.processEvents()
    began = time.perf_counter()
    timeline.lanes.show([lane.key for lane in timeline.lanes.offered])
    longest_ms = 0.0
    while not timeline.lanes.is_up_to_date:
        step_began = time.thread_time()
        QApplication.processEvents()
        longest_ms = max(longest_ms, 1000 * (time.thread_time() - step_began))
    derived_seconds = time.perf_counter() - began
    end_seconds = session.frame_count / 25

    def pan(turn: int) -> None:
        timeline.plot.box.show_span(600.0 + 37.0 * turn, 3600.0)
        QApplication.processEvents()

    def zoom(turn: int) -> None:
        timeline.plot.box.show_span(1000.0, end_seconds / 1.15 ** (turn % 60))
        QApplication.processEvents()

    def play(turn: int) -> None:
        session.seek(session.frame_count // 2 + turn)
        QApplication.processEvents()

    def drag(turn: int) -> None:
        session.review.set_threshold(4.0 + 0.01 * (turn % 50))
        QApplication.processEvents()

    results = {"pan_p95_ms": _p95_ms(pan, turns), "zoom_p95_ms": _p95_ms(zoom, turns)}
    timeline.zoom_to_all()
    results["playhead_p95_ms"] = _p95_ms(play, turns)
    results["threshold_drag_p95_ms"] = _p95_ms(drag, turns)
    results |= {"segments": len(session.scoring.segments), "lanes": len(timeline.lanes.shown)}
    return results | {"lanes_derived_seconds": round(derived_seconds, 2), "lanes_longest_step_ms": round(longest_ms, 1)}


def run(quick: bool = False) -> dict[str, float]:
    """Milliseconds that a person waits, at the 95th percentile."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.install(app, theme.ThemeChoice.LIGHT)
    session = open_session(steady_times(_FRAMES), day_of_signals(), detector=calibrated_detector())
    results = measured(session, 40 if quick else 300)
    for widget in app.topLevelWidgets():
        if isinstance(widget, QWidget):
            widget.close()
    return results


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
