"""Start-up time, also with a long list, frames shown in real time, and the longest gaps of the event loop.

Runs the real `vadgui.app.main` on the offscreen platform, as if there were a screen, with temporary settings.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal

from engine.export.clip import ExportOptions
from engine.export.reviewed import numbered
from engine.hand_over.jobs import ClipsJob, Subject
from engine.review.attaching import ReviewedSegment
from engine.review.recording_list import (
    AnalysisStage,
    FoundSegment,
    ListedRecording,
    RecordingList,
    RecordingListFile,
)
from engine.training import Run, RunSettings
from resources import demo_video
from tests.benchmarks.memory import recording
from tests.benchmarks.video import recording as sized_recording
from vadgui import app
from vadgui.jobs.export_queue import ExportState
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.panels.content import Panel
from vadgui.program import Program
from vadgui.recordings.view import Listed
from vadgui.settings import Settings
from vadgui.training.model.training_run import RunPhase, TrainingRun

ROOT = Path(__file__).parents[2]
TICK_MS = 2
TIMEOUT_SECONDS = 180
PEAKS = range(0, 20_000, 1000)
"""Peak frames of each listed recording's segments."""
BARS = {
    "window_seconds": ("<", 2.5),
    "list_of_200_seconds": ("<", 2.0),
    "gap_p99_ms": ("<", 50.0),
    "training_gap_p99_ms": ("<", 50.0),
    "training_stop_seconds": ("<", 5.0),
    "real_time_720p_share_percent": (">=", 98.0),
    "real_time_1080p_share_percent": (">=", 98.0),
}

Figures = dict[str, float]


def run(quick: bool = False) -> Figures:
    """Seconds from the start of the process, as medians of warm starts; gaps in milliseconds over busy stretches."""
    video = recording(minutes=2)
    with tempfile.TemporaryDirectory() as folder:
        detector = Path(folder) / "untrained.safetensors"
        detector_path = str(detector)
        _in_process("make_detector", detector_path)
        # The first start fills the disk cache and is not counted.
        starts = [_in_process("start", str(video), str(detector)) for _ in range(2 if quick else 6)][1:]
        listed = _in_process("list_of_recordings", folder)
        seconds = "5" if quick else "30"
        busy = _in_process("busy", str(video), str(detector), seconds)
        real_time: Figures = {}
        for name, width_px, height_px in (("720p", 1280, 720), ("1080p", 1920, 1080)):
            path = str(sized_recording(60 * 25, 50, width_px, height_px))
            for panels in ("all", "frame"):
                shown = _in_process("real_time", path, detector_path, "8" if quick else "30", panels)
                real_time[f"real_time_{name}_{panels}_percent"] = shown["shown_percent"]
            share = real_time[f"real_time_{name}_all_percent"] / real_time[f"real_time_{name}_frame_percent"]
            real_time[f"real_time_{name}_share_percent"] = 100 * share
        training = _in_process("training", str(video), str(detector), seconds, f"{folder}/run")
    return (
        {key: statistics.median(start[key] for start in starts) for key in starts[0]}
        | listed
        | busy
        | real_time
        | training
    )


def _in_process(scenario: str, *arguments: str) -> Figures:
    """Figures of a scenario, run in a new process that gets its start time as an argument."""
    command = [sys.executable, "-m", "tests.benchmarks.gui", scenario, str(time.time()), *arguments]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "VADGUI_CACHE": cache}
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
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
    return _watched_main([video, "--detector", detector], partial(_Start, began))


def list_of_recordings(_began: float, folder: str) -> Figures:
    """Show a list of 200 recordings, then their 4,000 segments by score; counted from before the window is made."""
    listed = []
    for number in range(200):
        path = Path(folder) / f"camera_{number:03}.mp4"
        path.touch()
        scores = np.random.default_rng(number).uniform(3, 9, len(PEAKS)).tolist()
        segments = tuple(FoundSegment(at, at + 9, at, at / 25, score) for at, score in zip(PEAKS, scores, strict=True))
        listed.append(ListedRecording(path=str(path), stage=AnalysisStage.ANALYSED, share=1.0, segments=segments))
    file = RecordingListFile(Path(folder) / "recordings.json")
    file.open()
    file.write(RecordingList(recordings=tuple(listed)))
    file.close()
    return _watched_main([], _List, list_file=Path(folder) / "recordings.json")


def busy(_began: float, video: str, detector: str, seconds: str) -> Figures:
    """Analyse, play and export the same recording at once, and measure the gaps of the event loop."""
    return _watched_main([video, "--detector", detector], partial(_Busy, float(seconds)))


def real_time(_began: float, video: str, detector: str, seconds: str, panels: str) -> Figures:
    """Play at 1x beside a running analysis, with all panels or the frame's alone; the share of due frames painted."""
    return _watched_main([video, "--detector", detector], partial(_RealTime, float(seconds), panels == "all"))


def training(_began: float, video: str, detector: str, seconds: str, folder: str) -> Figures:
    """Play the recording while the wizard shows a training on the same processor, then stop that."""
    footage = [str(Path(folder).with_name(f"{number}.mp4")) for number in range(2)]
    for path in footage:
        shutil.copyfile(demo_video(), path)
    left_out = dict.fromkeys(footage, ((8.0, 1000000.0),))  # keeps reading footage short
    settings = RunSettings("benchmark", tuple(footage), tuple(footage[:1]), left_out, motion_epochs=1000)
    run = Run.create(Path(folder), settings)
    return _watched_main([video, "--detector", detector], partial(_Training, float(seconds), run), analyse=False)


def _watched_main(
    arguments: Sequence[str],
    make_watch: Callable[[Any], _Watch],
    analyse: bool = True,
    list_file: Path | None = None,
) -> Figures:
    watches: list[_Watch] = []

    class WatchedProgram(Program):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.began = time.perf_counter()
            super().__init__(*arguments, **options)

        def begin(self, video: Path | None, detector: Path | None, others: Sequence[Path] = ()) -> None:
            watches.append(make_watch(self))
            super().begin(video, detector, others)

    def settings() -> Settings:
        made = Settings.temporary()
        made.analyse_on_open = analyse
        return made

    with tempfile.TemporaryDirectory() as folder:
        own_list = list_file or Path(folder) / "recordings.json"
        changes: dict[str, Any] = {
            "Program": WatchedProgram,
            "Settings": settings,
            "has_screen": lambda: True,
            "recordings_file": lambda: own_list,
        }
        with mock.patch.multiple(app, **changes):
            app.main(arguments)
    return watches[0].figures()


class _List(QObject):
    """Records when the list of recordings was painted, and how long its segments took, then closes the window."""

    def __init__(self, program: Any) -> None:
        super().__init__()
        self._began: float = program.began
        self._program: Program = program
        self._figures: Figures = {}
        program.window.docks.recordings.view.list.viewport().installEventFilter(self)

    def figures(self) -> Figures:
        return self._figures

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint and not self._figures:
            self._figures["list_of_200_seconds"] = time.perf_counter() - self._began
            QTimer.singleShot(0, self._show_segments)
        return False

    def _show_segments(self) -> None:
        view = self._program.window.docks.recordings.view
        began = time.perf_counter()
        view.listed_box.setCurrentIndex(list(Listed).index(Listed.SEGMENTS))
        view.listed_box.activated.emit(view.listed_box.currentIndex())
        view.segments.grab()
        self._figures["list_of_4000_segments_ms"] = 1000 * (time.perf_counter() - began)
        self._program.window.close()


class _Start(QObject):
    """Records when the window and the first frame were painted, then closes the window."""

    def __init__(self, began: float, program: Program) -> None:
        super().__init__()
        self._began = began
        self._program = program
        self._seconds: Figures = {}
        program.window.installEventFilter(self)
        program.session.view_changed.connect(self._view_changed)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint:
            self._record("window_seconds")
        return False

    def figures(self) -> Figures:
        return self._seconds

    def _view_changed(self) -> None:
        if self._program.session.view is not None:
            # Once the event loop is back, the panels have been painted.
            QTimer.singleShot(0, self._first_frame)

    def _first_frame(self) -> None:
        self._record("first_frame_seconds")
        self._program.window.close()

    def _record(self, key: str) -> None:
        self._seconds.setdefault(key, time.time() - self._began)


class _Gaps(QObject):
    """Measures for some seconds the gaps between the ticks of a timer."""

    ended = Signal()

    def __init__(self, seconds: float, parent: QObject) -> None:
        super().__init__(parent)
        self._seconds = seconds
        self._gaps_ms: list[float] = []
        self._last_tick = self._ends = 0.0
        self._ticker = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._ticker.timeout.connect(self._tick)

    @property
    def is_measuring(self) -> bool:
        return self._ticker.isActive()

    def start(self) -> None:
        self._last_tick = time.perf_counter()
        self._ends = self._last_tick + self._seconds
        self._ticker.start()

    def figures(self, prefix: str = "") -> Figures:
        gaps = np.array(self._gaps_ms)
        return {
            f"{prefix}gap_p50_ms": float(np.percentile(gaps, 50)),
            f"{prefix}gap_p99_ms": float(np.percentile(gaps, 99)),
            f"{prefix}gap_max_ms": float(gaps.max()),
        }

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps_ms.append(1000 * (now - self._last_tick))
        self._last_tick = now
        if now > self._ends:
            self._ticker.stop()
            self.ended.emit()


class _Busy(QObject):
    """Waits until analysis, playback and export all run, then measures the gaps between a timer's ticks."""

    def __init__(self, seconds: float, program: Program) -> None:
        super().__init__()
        self._seconds = seconds
        self._program = program
        self._gaps = _Gaps(seconds, self)
        self._gaps.ended.connect(self._ended)
        self._views = self._analysed = self._exported = 0
        self._export: ExportState | None = None
        self._folder = tempfile.TemporaryDirectory()
        program.session.analysis_changed.connect(self._analysis_changed)
        program.exports.changed.connect(self._export_changed)
        program.session.view_changed.connect(self._view_changed)

    def figures(self) -> Figures:
        return self._gaps.figures() | {
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
        snapshot = ReviewSnapshot.of(session)
        assert snapshot is not None
        (segment,) = numbered([ReviewedSegment(1, session.frame_count, 1, float("nan"))])
        subject = Subject(snapshot.recording, session.detector.path)
        job = ClipsJob(subject, (segment,), Path(self._folder.name), "clip", ExportOptions())
        self._program.exports.add(job)

    def _export_changed(self, state: ExportState) -> None:
        self._export = state
        if state.done and not self._gaps.is_measuring:
            self._count(-1)
            self._gaps.start()

    def _view_changed(self) -> None:
        self._views += self._gaps.is_measuring

    def _ended(self) -> None:
        self._program.exports.changed.disconnect(self._export_changed)
        self._count(+1)
        assert self._program.player.playing
        self._program.window.close()

    def _count(self, sign: int) -> None:
        """Add frames done so far with `sign` -1 at the start and +1 at the end, which leaves those in between."""
        assert self._export is not None
        self._analysed += sign * self._program.session.analysis.done
        self._exported += sign * self._export.done


class _RealTime(QObject):
    """Waits until the analysis runs, then plays and counts the frames that the frame's panel paints."""

    def __init__(self, seconds: float, all_panels: bool, program: Program) -> None:
        super().__init__()
        self._seconds = seconds
        self._program = program
        self._painted: set[int] = set()
        self._pictures: set[int] = set()
        self._panel = program.window.panels.panel(Panel.FRAME)
        self._panel.installEventFilter(self)
        program.window.resize(1920, 1080)
        for panel in Panel:
            program.window.panels.set_panel_shown(panel, all_panels or panel is Panel.FRAME)
        program.session.analysis_changed.connect(self._analysis_changed)

    def figures(self) -> Figures:
        due = self._seconds * 25
        return {
            "shown_percent": 100 * len(self._painted) / due,
            "pictures_per_second": len(self._pictures) / self._seconds,
        }

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        view = self._program.session.view
        if event.type() is QEvent.Type.Paint and view is not None and self._program.player.playing:
            self._painted.add(view.index)
            complete = view if view.complete else view.trailing
            self._pictures |= {complete.index} if complete else set()
        return False

    def _analysis_changed(self) -> None:
        if self._program.session.analysis.phase is AnalysisPhase.RUNNING:
            self._program.session.analysis_changed.disconnect(self._analysis_changed)
            self._program.player.play()
            QTimer.singleShot(round(1000 * self._seconds), self._program.window.close)


class _Training(QObject):
    """Starts a run in the wizard, measures the gaps while it trains, then the time that it takes to stop."""

    def __init__(self, seconds: float, run: Run, program: Program) -> None:
        super().__init__()
        self._folder = run.folder
        self._program = program
        self._gaps = _Gaps(seconds, self)
        self._gaps.ended.connect(self._ended)
        self._learnt: list[float] = []
        self._stop_requested_at = self._stop_seconds = 0.0
        program.session.view_changed.connect(self._begin, Qt.ConnectionType.SingleShotConnection)

    def figures(self) -> Figures:
        return self._gaps.figures("training_") | {
            "training_transitions_per_second": statistics.median(self._learnt),
            "training_stop_seconds": self._stop_seconds,
        }

    @property
    def _run(self) -> TrainingRun:
        run = self._program.controller.state.run
        assert run is not None
        return run

    def _begin(self) -> None:
        self._program.controller.open_run(self._folder, self._program.window)
        self._run.changed.connect(self._changed)
        self._run.start()

    def _changed(self) -> None:
        run = self._run
        if run.failure:
            raise RuntimeError(f"the training failed: {run.failure}")
        if run.phase is RunPhase.STOPPED and not self._stop_seconds:
            self._stop_seconds = time.perf_counter() - self._stop_requested_at
            self._program.window.close()
        if run.is_learning and run.progress and run.progress.loss is not None and not self._stop_requested_at:
            self._learnt.append(run.progress.per_second)
            if not self._gaps.is_measuring:
                self._program.player.play()
                self._gaps.start()

    def _ended(self) -> None:
        assert self._program.player.playing
        self._stop_requested_at = time.perf_counter()
        self._run.stop()


_Watch = _Start | _List | _Busy | _RealTime | _Training

SCENARIOS: dict[str, Callable[..., Figures]] = {
    "make_detector": make_detector,
    "start": start,
    "list_of_recordings": list_of_recordings,
    "busy": busy,
    "real_time": real_time,
    "training": training,
}

if __name__ == "__main__":
    print(json.dumps(SCENARIOS[sys.argv[1]](float(sys.argv[2]), *sys.argv[3:])))
