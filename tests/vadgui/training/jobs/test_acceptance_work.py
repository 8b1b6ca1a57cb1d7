"""Where the results of held-out recordings come from: of the run itself, or of an analysis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from engine.calibrating.held_out_signals import HeldOutSignals, save_held_out_signals
from engine.common.events import never_stop
from engine.scoring.signals import missing_signals
from engine.training import Run, RunSettings
from tests.vadgui.fakes import MemoryVideo, StillPredictor
from vadgui.training.jobs.acceptance_work import AcceptanceWork
from vadgui.training.model.acceptance import MeasuredRecording, MeasureRequest

VIDEOS = (Path("a.mp4"), Path("b.mp4"))
COUNT = 50


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """With both videos held out; of the second, its second quarter is left out."""
    names = tuple(map(str, VIDEOS))
    settings = RunSettings("Gate", (*names, "c.mp4"), held_out=names, left_out={"b.mp4": ((0.5, 1.0),)})
    return Run.create(tmp_path / "run", settings)


def results(run: Run, analyses: Path, video_opener: Callable[..., Any]) -> dict[Path, MeasuredRecording]:
    request = MeasureRequest(VIDEOS, (run.detector_path,))
    work = AcceptanceWork(analyses, video_opener, lambda path, _: StillPredictor(str(path)))
    events = work.measure_held_out(run, request, "cpu", never_stop)
    return {event.video: event for event in events if isinstance(event, MeasuredRecording)}


def memory_video(path: Path, **_: object) -> MemoryVideo:
    return MemoryVideo(path, COUNT)


def no_video(path: Path, **_: object) -> NoReturn:
    pytest.fail(f"{path} was opened")


def test_what_the_run_has_judged_is_not_judged_again(run: Run, tmp_path: Path) -> None:
    rows = missing_signals(COUNT)
    rows["psnr_db"] = 30 + np.arange(COUNT)
    save_held_out_signals(
        run.held_out_signals_path, [HeldOutSignals(video, np.arange(COUNT) / 25 + 8, rows) for video in VIDEOS]
    )
    found = results(run, tmp_path / "analyses", no_video)
    assert set(found) == set(VIDEOS)
    for judged in found.values():
        assert (judged.detector, judged.abnormal) == (run.detector_path, None)
        assert judged.times[0] == 8
        np.testing.assert_array_equal(judged.signals["psnr_db"], rows["psnr_db"])


def test_otherwise_it_is_judged_without_what_is_left_out(run: Run, tmp_path: Path) -> None:
    rows = missing_signals(COUNT)
    save_held_out_signals(
        run.held_out_signals_path, [HeldOutSignals(VIDEOS[0], np.arange(COUNT) / 25, rows)]
    )  # of another beginning
    found = results(run, tmp_path / "analyses", memory_video)
    of_a, of_b = (np.isnan(found[video].signals["psnr_db"]) for video in VIDEOS)
    assert np.flatnonzero(of_a).tolist() == [0]
    seconds = found[VIDEOS[1]].times
    assert of_b[(seconds >= 0.5) & (seconds < 1)].all()
    assert not of_b[seconds >= 1.5].any()
    assert not of_b[(seconds > 0) & (seconds < 0.5)].any()
