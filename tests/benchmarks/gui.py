"""How soon the window and a first frame are there, and how long the event loop is ever held up.

The real `vadgui.app.main` runs, offscreen, told that there is a screen, with settings and analyses of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, QTimer

from engine.export import ExportOptions
from tests.benchmarks.memory import recording
from vadgui import app
from vadgui.jobs.export_queue import ExportJob, ExportState
from vadgui.session import AnalysisPhase
from vadgui.settings import Settings

ROOT = Path(__file__).parents[2]
TICK_MS = 2
PATIENCE_SECONDS = 180
BARS = {"window_seconds": ("<", 2.5), "gap_p99_ms": ("<", 50.0)}

Figures = dict[str, float]


def run(quick: bool = False) -> Figures:
    """Seconds from the start of the process, as medians of warm starts; gaps in milliseconds over one busy stretch."""
    video = recording(minutes=2)
    with tempfile.TemporaryDirectory() as folder:
        detector = Path(folder) / "untrained.safetensors"
        _in_process("make_detector", str(detector))
        # The first start warms the disk's cache and is not counted.
        starts = [_in_process("start", str(video), str(detector)) for _ in range(2 if quick else 6)][1:]
        busy = _in_process("busy", str(video), str(detector), "5" if quick else "30")
    return {key: statistics.median(start[key] for start in starts) for key in starts[0]} | busy


def _in_process(scenario: str, *arguments: str) -> Figures:
    """What a scenario measures in a process of its own, which is told when it was begun."""
    command = [sys.executable, "-m", "tests.benchmarks.gui", scenario, str(time.time()), *arguments]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "VADGUI_CACHE": cache}
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
    if ran.returncode != 0:
        raise RuntimeError(f"{scenario} failed: {ran.stderr}")
    figures: Figures = json.loads(ran.stdout.splitlines()[-1])
    return figures


def make_detector(_began: float, path: str) -> Figures:
    """Write an untrained detector of preset `fast`: its weights don't matter to the clock."""
    from engine.models.detector import Detector, DetectorSettings, save_detector

    save_detector(Detector(DetectorSettings("benchmark", "fast", "dis-medium", 4.0)), Path(path))
    return {}


def start(began: float, video: str, detector: str) -> Figures:
    """Open a recording and close when its first frame is on screen."""
    return _watched_main(video, detector, partial(_Start, began))


def busy(_began: float, video: str, detector: str, seconds: str) -> Figures:
    """Analyse, play and export the same recording at once, and watch the event loop meanwhile."""
    return _watched_main(video, detector, partial(_Busy, float(seconds)))


def _watched_main(video: str, detector: str, make_watch: Callable[[app.Program], _Start | _Busy]) -> Figures:
    watches: list[_Start | _Busy] = []

    class WatchedProgram(app.Program):
        def begin(self, video: Path | None, detector: Path | None) -> None:
            watches.append(make_watch(self))
            super().begin(video, detector)

    changes: dict[str, Any] = {"Program": WatchedProgram, "Settings": Settings.forgotten, "has_screen": lambda: True}
    with mock.patch.multiple(app, **changes):
        app.main([video, "--detector", detector])
    return watches[0].figures()


class _Start(QObject):
    """Notes when the window and the first frame were painted, then closes the window."""

    def __init__(self, began: float, program: app.Program) -> None:
        super().__init__()
        self._began = began
        self._program = program
        self._seconds: Figures = {}
        program.window.installEventFilter(self)
        program.session.view_changed.connect(self._view_changed)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint:
            self._note("window_seconds")
        return False

    def figures(self) -> Figures:
        return self._seconds

    def _view_changed(self) -> None:
        if self._program.session.view is not None:
            # Once the event loop is back, the panels have been painted.
            QTimer.singleShot(0, self._first_frame)

    def _first_frame(self) -> None:
        self._note("first_frame_seconds")
        self._program.window.close()

    def _note(self, key: str) -> None:
        self._seconds.setdefault(key, time.time() - self._began)


class _Busy(QObject):
    """Waits until analysis, playback and export all run, then measures the gaps between a timer's ticks."""

    def __init__(self, seconds: float, program: app.Program) -> None:
        super().__init__()
        self._seconds = seconds
        self._program = program
        self._gaps_ms: list[float] = []
        self._last_tick = self._ends = 0.0
        self._views = self._analysed = self._exported = 0
        self._export: ExportState | None = None
        self._folder = tempfile.TemporaryDirectory()
        self._ticker = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._ticker.timeout.connect(self._tick)
        program.session.analysis_changed.connect(self._analysis_changed)
        program.exports.changed.connect(self._export_changed)
        program.session.view_changed.connect(self._view_changed)

    def figures(self) -> Figures:
        gaps = np.array(self._gaps_ms)
        return {
            "gap_p50_ms": float(np.percentile(gaps, 50)),
            "gap_p99_ms": float(np.percentile(gaps, 99)),
            "gap_max_ms": float(gaps.max()),
            "busy_views_per_second": self._views / self._seconds,
            "busy_analysed_per_second": self._analysed / self._seconds,
            "busy_exported_per_second": self._exported / self._seconds,
        }

    def _analysis_changed(self) -> None:
        session = self._program.session
        if session.analysis.phase is not AnalysisPhase.RUNNING or session.video is None or session.detector is None:
            return
        session.analysis_changed.disconnect(self._analysis_changed)
        self._program.player.play()
        job = ExportJob(
            video=session.video.path,
            start=1,
            stop=session.frame_count,
            scores=session.scores.copy(),
            target=Path(self._folder.name) / "clip.mp4",
            options=ExportOptions(),
            detector=session.detector.path,
        )
        self._program.exports.add(job)

    def _export_changed(self, state: ExportState) -> None:
        self._export = state
        if state.done and not self._ticker.isActive():
            self._count(-1)
            self._last_tick = time.perf_counter()
            self._ends = self._last_tick + self._seconds
            self._ticker.start()

    def _view_changed(self) -> None:
        self._views += self._ticker.isActive()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps_ms.append(1000 * (now - self._last_tick))
        self._last_tick = now
        if now > self._ends:
            self._program.exports.changed.disconnect(self._export_changed)
            self._ticker.stop()
            self._count(+1)
            assert self._program.player.playing
            self._program.window.close()

    def _count(self, sign: int) -> None:
        """Taken off at the beginning and added at the end, what is left was done in between."""
        assert self._export is not None
        self._analysed += sign * self._program.session.analysis.done
        self._exported += sign * self._export.done


SCENARIOS: dict[str, Callable[..., Figures]] = {"make_detector": make_detector, "start": start, "busy": busy}

if __name__ == "__main__":
    print(json.dumps(SCENARIOS[sys.argv[1]](float(sys.argv[2]), *sys.argv[3:])))
