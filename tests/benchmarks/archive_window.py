"""The window of an archive of 2,000 recordings and 100,000 segments, in SQLite and in PostgreSQL.

Measured until it is shown, while it is scrolled and zoomed, and while it is read anew.
Each frame is measured from the wheel's turn until all is painted, while the archive is read in its own thread.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from engine.archive.database import Archive
from engine.archive.schema import AnalysisState, FileState, folders, recordings, segments
from tests.benchmarks.archive_index import CAMERAS, DATABASES, archive_places, made_segment
from vadgui.app import SWITCH_INTERVAL_SECONDS
from vadgui.garbage import GarbageCollector

SEGMENTS = 50
"""Of each recording."""
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
BUSY_DAY = date(2026, 3, 1)
PATIENCE_SECONDS = 60

Clock = Callable[[], float]

BARS = {
    f"{name}: {what}": ("<", bar)
    for name in DATABASES
    for what, bar in {
        "list scroll p95, ms": 16.0,
        "lanes zoom p95, ms": 16.0,
        "lanes zoom p95, ms of CPU": 10.0,
        "shown, s": 3.0,
        "longest gap while it is read anew, ms": 100.0,
    }.items()
}


def run(quick: bool) -> dict[str, float]:
    """Of 2,000 recordings, or of 200; PostgreSQL is left out where there is no server to run."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    garbage = GarbageCollector()
    figures: dict[str, float] = {}
    count = 200 if quick else 2000
    with tempfile.TemporaryDirectory() as name:
        for kind, place in archive_places(Path(name)):
            _make(place, count)
            figures |= {f"{kind}: {key}": value for key, value in _measure(app, place, count).items()}
    garbage.close()
    return figures


def _measure(app: QApplication, place: str, count: int) -> dict[str, float]:
    from vadgui.archive.controller import ArchiveController
    from vadgui.settings import Settings
    from vadgui.ui.keymap import Keymap

    controller = ArchiveController(Settings.temporary(), Keymap(), QWidget())
    begun = time.perf_counter()
    controller.open(place)
    window = controller.window
    assert window is not None
    window.resize(1280, 720)
    model = window.lists.ranking
    _wait(app, lambda: model.rowCount() == count * SEGMENTS and model.hit(0) is not None and window.day.day)
    figures = {"shown, s": time.perf_counter() - begun}
    scrolled = [*_turns(app, window.lists.segments, -120, 300), *_jumps(app, window.lists.segments, 200)]
    figures["list scroll p95, ms"] = float(np.percentile(scrolled, 95))
    figures["list scroll median, ms"] = float(np.median(scrolled))
    window.calendar.choose(BUSY_DAY)
    _wait(app, lambda: window.day.day == BUSY_DAY)
    clocks: dict[str, Clock] = {"lanes zoom p95, ms": time.perf_counter, "lanes zoom p95, ms of CPU": time.thread_time}
    for key, clock in clocks.items():
        zoomed = [each for degrees in (120, -120) for each in _turns(app, window.day.lanes, degrees, 20, clock)]
        figures[key] = float(np.percentile(zoomed, 95))
    read: list[bool] = []
    window.refresh_requested.emit()
    assert controller.reader is not None
    controller.reader.caught_up.connect(lambda: read.append(True))
    figures["longest gap while it is read anew, ms"] = _longest_gap(app, lambda: bool(read))
    controller.close()
    return figures


def _make(place: str, count: int) -> None:
    random = np.random.default_rng(0)
    with Archive(place, create=True) as archive, archive.changing() as connection:
        connection.execute(sa.insert(folders).values(id=1, path=Path("/f"), camera_rule={}))
        listed, rows = [], []
        for number in range(count):
            start = BEGIN + timedelta(hours=number // CAMERAS)
            listed.append(
                {"id": number + 1, "folder_id": 1, "path": Path(f"/f/{number:04}.mp4"), "size_bytes": 1}
                | {"modified_ns": 1, "file_state": FileState.PRESENT, "analysis_state": AnalysisState.DONE}
                | {"camera": f"camera {number % CAMERAS:02}", "start_time": start, "duration_seconds": 3600.0}
                | {"stop_time": start + timedelta(hours=1)}
            )
            rows += [made_segment(number + 1, at, SEGMENTS, start, random) for at in range(SEGMENTS)]
        connection.execute(sa.insert(recordings), listed)
        connection.execute(sa.insert(segments), rows)


def _turns(
    app: QApplication, view: QAbstractScrollArea, degrees: int, count: int, clock: Clock = time.perf_counter
) -> list[float]:
    """How long each of some turns of the wheel took until it was painted, in milliseconds."""
    viewport = view.viewport()
    at = QPointF(viewport.rect().center())

    def turn() -> None:
        wheel = QWheelEvent(
            at, viewport.mapToGlobal(at), QPoint(), QPoint(0, degrees), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(viewport, wheel)

    return [_painted(app, viewport, turn, clock) for _ in range(count)]


def _jumps(app: QApplication, view: QAbstractScrollArea, count: int) -> list[float]:
    """As `_turns`, of jumps to rows that nobody has seen yet."""
    bar = view.verticalScrollBar()
    places = np.random.default_rng(1).integers(0, bar.maximum(), count)
    return [_painted(app, view.viewport(), lambda place=place: bar.setValue(int(place))) for place in places]  # type: ignore[misc]


def _painted(
    app: QApplication, viewport: QWidget, change: Callable[[], None], clock: Clock = time.perf_counter
) -> float:
    begun = clock()
    change()
    viewport.repaint()
    app.processEvents()
    return 1000 * (clock() - begun)


def _longest_gap(app: QApplication, is_over: Callable[[], bool]) -> float:
    longest, last, ends = 0.0, time.perf_counter(), time.perf_counter() + PATIENCE_SECONDS
    while not is_over() and last < ends:
        app.processEvents()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        time.sleep(0.001)
    return 1000 * longest


def _wait(app: QApplication, condition: Callable[[], object]) -> None:
    ends = time.perf_counter() + PATIENCE_SECONDS
    while not condition():
        if time.perf_counter() > ends:
            raise TimeoutError("the archive was not shown")
        app.processEvents()
        time.sleep(0.002)
