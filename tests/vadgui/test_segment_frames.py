"""The window judges the frames of segments one by one, after the samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from engine.scoring.sampling import SAMPLED
from tests.engine.analysis.test_where import MOTION, Yard
from tests.engine.scoring.test_where import calibration
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, StillPredictor
from tests.vadgui.test_where import open_yard
from vadgui.model.engine_state import SEGMENT_FRAMES, AnalysisPhase, AnalysisState
from vadgui.timeline.lanes import FLOW_ERROR, PSNR, WORST_PATCH
from vadgui.window.analysis_status import analysis_text


def test_lanes_have_every_frame_at_the_borders_of_segments(
    start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    files = FakeFiles(yard=lambda path: Yard(path, 300))
    knows: Any = StillPredictor("knows")
    knows.settings.calibration = replace(calibration(MOTION), sampling=SAMPLED)
    files.predictors["knows"] = knows
    program = start_program(files)
    open_yard(program, qtbot, tmp_path)
    assert analysis_text(program.session.analysis) == "Analysed: all 59 samples"
    (segment,) = program.session.scoring.segments
    lanes = program.window.timeline.lanes
    lanes.show([PSNR.key, WORST_PATCH.key, FLOW_ERROR.key])
    qtbot.waitUntil(lambda: lanes.is_up_to_date)
    measured = np.flatnonzero(~np.isnan([lanes.value_at(PSNR, frame) for frame in range(300)]))
    assert len(measured) >= 20
    assert (np.diff(measured) == 1).all()
    assert segment.start in measured or segment.stop in measured
    assert not np.isnan([lanes.value_at(lane, int(measured[0])) for lane in (WORST_PATCH, FLOW_ERROR)]).any()


def test_an_analysis_that_is_taken_up_never_counts_more_samples_than_there_are(
    start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    files = FakeFiles(yard=lambda path: Yard(path, 300))
    knows: Any = StillPredictor("knows")
    knows.settings.calibration = replace(calibration(MOTION), sampling=SAMPLED)
    files.predictors["knows"] = knows
    program = start_program(files)
    open_yard(program, qtbot, tmp_path)
    told: list[AnalysisState] = []
    program.worker.analysis_changed.connect(told.append)
    video = program.session.video
    assert video is not None
    program.open_video(video.path)
    qtbot.waitUntil(lambda: bool(told) and told[-1].phase is AnalysisPhase.DONE)
    assert {state.total for state in told} == {59}
    assert max(state.done for state in told) == 59


def test_the_status_says_that_segments_are_judged() -> None:
    state = AnalysisState(AnalysisPhase.RUNNING, 340, 475, 2.6, 50, SEGMENT_FRAMES)
    assert analysis_text(state) == "Analysing: segments, frame by frame · 3 a second · 50 s left"
