"""A clock that is burnt into the picture becomes an ignored zone by itself, until the person says otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.review.camera_zones import zones_drawn_with
from engine.review.document import Verdict
from engine.review.files import usual_path
from engine.scoring.sampling import SAMPLED
from tests.engine.analysis.test_clock import with_clock
from tests.engine.analysis.test_where import MOTION, Yard
from tests.engine.scoring.test_where import calibration
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo, StillPredictor
from tests.vadgui.test_where import open_yard
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.messages import QueueDone, QueueFailed
from vadgui.jobs.request_queue import QueueJob
from vadgui.panels.content import Panel
from vadgui.program import Program

LEFT = Qt.MouseButton.LeftButton


class ClockYard(MemoryVideo):
    """Twelve seconds of the yard, again and again, under a clock."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 300)
        yard = Yard(path)
        self._pictures = with_clock([yard.read(n % 100).pixels for n in range(300)], 25)

    def _pixels(self, index: int) -> npt.NDArray[np.uint8]:
        return self._pictures[index]


def knowing_predictor() -> Any:
    """It knows how things move in the yard."""
    knows: Any = StillPredictor("knows")
    knows.settings.calibration = replace(calibration(MOTION), sampling=SAMPLED)
    return knows


@pytest.fixture
def program(start_program: StartProgram, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr("engine.review.camera_zones.camera_zones_file", lambda: tmp_path / "camera-zones.json")
    files = FakeFiles(yard=ClockYard)
    files.predictors["knows"] = knowing_predictor()
    program = start_program(files)
    open_yard(program, qtbot, tmp_path)
    qtbot.waitUntil(lambda: bool(program.session.review.zones))
    return program


def test_it_is_told_and_nothing_is_saved_because_of_it(program: Program, tmp_path: Path) -> None:
    (zone,) = program.session.review.zones
    assert zone.title == "ignored: clock"
    banner = program.window.zone_banner
    assert banner.isVisible()
    assert banner.text().startswith("A clock is burnt into the picture.")
    program.session.seek(30)
    program.reviews.save_soon()
    program.reviews.flush()
    assert not usual_path(tmp_path / "yard.mp4").exists()


def test_the_zone_is_kept_with_the_first_decision(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.waitUntil(lambda: len(program.session.review.segments) > 0)
    first = program.session.review.segments[0]
    program.session.review.edit(lambda editor: editor.judge(first, Verdict.CONFIRMED))
    program.reviews.flush()
    assert '"clock"' in usual_path(tmp_path / "yard.mp4").read_text()


def test_the_person_may_count_it_and_is_not_asked_again(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    banner = program.window.zone_banner
    assert banner.use_button.text() == "Count it"
    qtbot.mouseClick(banner.use_button, LEFT)
    assert program.session.review.zones == ()
    assert not banner.isVisible()
    assert program.session.review.undo_name == "Count the clock"
    program.reviews.flush()
    video = program.session.video
    program.open_video(tmp_path / "yard.mp4")
    qtbot.waitUntil(lambda: program.session.video is not video)
    qtbot.wait(300)
    assert program.session.review.zones == ()
    program.session.review.undo()
    assert [zone.name for zone in program.session.review.zones] == ["clock"]


def test_the_clock_can_still_be_read(program: Program) -> None:
    """Its zone is hatched, but no name hides it."""
    panel = program.window.panels.panel(Panel.FRAME)
    picture = panel.picture_rect()
    (zone,) = program.session.review.zones
    xs, ys = zip(*zone.points, strict=True)
    image = panel.grab().toImage()
    top, bottom = (picture.top() + round(y * picture.height()) for y in (min(ys), max(ys)))
    lightness = [
        image.pixelColor(x, y).lightness()
        for x in range(picture.left() + 4, picture.left() + round(max(xs) * picture.width() / 2))
        for y in range(top + 4, bottom - 4)
    ]
    assert max(lightness) < 250, "no name is written there"
    assert sum(each > 70 for each in lightness) > 60, "the digits show"


def test_it_does_not_replace_the_zones_that_were_drawn_for_the_camera(program: Program, qtbot: QtBot) -> None:
    detector = program.session.detector
    assert detector is not None
    assert zones_drawn_with(detector.fingerprint) == ()
    qtbot.mouseClick(program.window.zone_banner.use_button, LEFT)
    assert program.session.review.zones_are_touched


def test_in_the_list_of_recordings_it_does_not_count_either(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    files = FakeFiles(yard=ClockYard)
    files.predictors["knows"] = knowing_predictor()
    worker = EngineWorker(files.open_video, files.open_predictor, tmp_path / "analyses")
    told: list[object] = []
    worker.queue_changed.connect(told.append)
    worker.analyse_queued(QueueJob(tmp_path / "elsewhere" / "yard.mp4", Path("knows"), "auto"))
    qtbot.waitUntil(lambda: bool(told) and isinstance(told[-1], QueueDone | QueueFailed))
    worker.close()
    done = told[-1]
    assert isinstance(done, QueueDone)
    shown = [(each.start, each.stop) for each in program.session.review.segments]
    assert [(each.start, each.stop) for each in done.segments] == shown
