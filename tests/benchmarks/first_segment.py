"""How long one waits for the first flagged segment of the demo, and for all of `vadgui --demo`.

Seconds on the clock hang on what else the machine does; processor time, of both cores together, hardly. Nothing is
stored before: each way runs in a process of its own with an empty cache, counted from its start.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject

import resources

ROOT = Path(__file__).parents[2]
BARS = {
    "window_to_segment_seconds": ("<", 15.0),
    "demo_seconds": ("<", 60.0),
}

Figures = dict[str, float]


def run(quick: bool = False) -> Figures:
    """Seconds and processor seconds until there is a segment, and of the whole demo; medians."""
    rounds = 1 if quick else 3
    results: Figures = {}
    for way in WAYS:
        # The first time fills the disk cache and is not counted.
        found = [_in_process(way) for _ in range(rounds + 1)][1:]
        results |= {key: statistics.median(each[key] for each in found) for key in found[0]}
    demos = [_demo() for _ in range(rounds)]
    return results | {key: statistics.median(each[key] for each in demos) for key in demos[0]}


def _in_process(way: str) -> Figures:
    command = [sys.executable, "-m", "tests.benchmarks.first_segment", way, str(time.time())]
    with tempfile.TemporaryDirectory() as cache:
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "VADGUI_CACHE": cache,
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"{way} failed: {ran.stderr}")
    figures: Figures = json.loads(ran.stdout.splitlines()[-1])
    return figures


def _demo() -> Figures:
    """All of the demo without a screen: analysis, screenshot and clip."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment |= {"VADGUI_CACHE": folder, "QT_QPA_PLATFORM": "offscreen"}
        began, used = time.perf_counter(), _children_cpu_seconds()
        command = [sys.executable, "-m", "vadgui", "--demo", "--output", f"{folder}/demo"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        return {
            "demo_seconds": time.perf_counter() - began,
            "demo_cpu_seconds": _children_cpu_seconds() - used,
        }


def _children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def analyse(began: float) -> Figures:
    """As `vad analyse` goes, until what is stored makes a segment."""
    from engine.analysis.findings import Findings
    from engine.analysis.runner import analyse_to_store, analysis_key, stored_signals
    from engine.analysis.score_store import ScoreStore
    from engine.common.paths import analyses_folder
    from engine.models.predictor import Predictor
    from engine.scoring.scorers import default_scorer
    from engine.video import open_video

    with open_video(resources.demo_video()) as source:
        predictor = Predictor.open(resources.detector_path("plaza"), "cpu")
        scorer = default_scorer(predictor.settings.calibration)
        with ScoreStore(analyses_folder(), analysis_key(source, predictor, scorer.sampling)) as store:
            for _ in analyse_to_store(source, predictor, store, sampling=scorer.sampling, scorer=scorer):
                signals = stored_signals(store, len(source))
                if Findings.of(signals, source.times, scorer, scorer.rule()).segments:
                    return {"segment_seconds": time.time() - began, "segment_cpu_seconds": time.process_time()}
    raise RuntimeError("nothing was flagged")


class _Watch(QObject):
    """Closes the window once its list has a segment."""

    def __init__(self, program: Any) -> None:
        super().__init__()
        self._program = program
        self._window: tuple[float, float] | None = None
        self.figures: Figures = {}
        program.window.installEventFilter(self)
        program.session.scoring.segments_changed.connect(self._segments_changed)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() is QEvent.Type.Paint and self._window is None:
            self._window = time.perf_counter(), time.process_time()
        return False

    def _segments_changed(self) -> None:
        if self._program.session.scoring.segments and self._window and not self.figures:
            seconds, cpu_seconds = self._window
            self.figures = {
                "window_to_segment_seconds": time.perf_counter() - seconds,
                "window_to_segment_cpu_seconds": time.process_time() - cpu_seconds,
            }
            self._program.window.close()


def window(_began: float) -> Figures:
    """As `vadgui --demo` goes on a screen, from the window's first painting to a segment in its list."""
    from unittest import mock

    from vadgui import app
    from vadgui.program import Program
    from vadgui.settings import Settings

    watches: list[_Watch] = []

    class WatchedProgram(Program):
        def open_demo(self) -> None:
            watches.append(_Watch(self))
            super().open_demo()

    with tempfile.TemporaryDirectory() as folder:
        changes: dict[str, Any] = {
            "Program": WatchedProgram,
            "Settings": Settings.temporary,
            "has_screen": lambda: True,
            "recordings_file": lambda: Path(folder) / "recordings.json",
        }
        with mock.patch.multiple(app, **changes):
            app.main(["--demo"])
    return watches[0].figures


WAYS: dict[str, Callable[[float], Figures]] = {"analyse": analyse, "window": window}


def main(arguments: Sequence[str]) -> None:
    """Print the figures of one way as JSON."""
    way, began = arguments
    print(json.dumps(WAYS[way](float(began))))


if __name__ == "__main__":
    main(sys.argv[1:])
