"""Before the detector is loaded, stored scores are on screen, and another scene is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.models.detector_header import read_header
from engine.review.document import Recording, Review, Threshold, Verdict
from engine.review.files import usual_path, write_review
from engine.scoring.calibration import Calibration
from engine.scoring.drift import OTHER_SCENE
from engine.scoring.evidence import EVIDENCE
from engine.scoring.scorers import default_scorer
from engine.scoring.signals import LAYOUT_GRID, RAW_SIGNALS, SIGNALS_VERSION, RawSignals, missing_signals
from resources import detector_path
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo, StillPredictor
from vadgui.model.engine_state import AnalysisPhase
from vadgui.program import Program

COUNT = 500
PLAZA = detector_path("plaza")


class SlowFiles(FakeFiles):
    """Loads its detector only once `may_load` is set, and counts the samples that are judged anew."""

    def __init__(self) -> None:
        super().__init__(street=lambda path: MemoryVideo(path, COUNT, is_scene=True))
        self.may_load = threading.Event()
        header = read_header(PLAZA)
        predictor = StillPredictor("plaza")
        predictor.fingerprint = header.fingerprint
        predictor.analysis_settings = machine_settings("cpu")
        predictor.settings.calibration = Calibration.from_json(header.settings["calibration"])
        self.predictors["plaza"] = predictor

    def open_predictor(self, path: Path, device: str) -> Any:
        assert self.may_load.wait(10)
        return super().open_predictor(path, device)


def machine_settings(device: str) -> dict[str, str | int]:
    return {"device": device, "dtype": "float32", "teacher": "dis-medium", "signals_version": SIGNALS_VERSION}


def store_analysis(folder: Path, share: float = 1.0, **changes: object) -> None:
    """Write what an earlier run would have left of the street by the plaza's detector."""
    header = read_header(PLAZA)
    sampling = default_scorer(Calibration.from_json(header.settings["calibration"])).sampling
    settings = {**machine_settings("cuda"), "sampling": asdict(sampling), **changes}
    key = AnalysisKey(f"street.mp4-{COUNT}", header.fingerprint, json.dumps(settings, sort_keys=True))
    frames = sampling.frames(np.arange(COUNT) / 25)
    frames = frames[: round(share * len(frames))]
    with ScoreStore(folder, key) as store:
        store.append(frames, _measured(len(frames)))


def _measured(count: int) -> RawSignals:
    rows = missing_signals(count)
    dice = np.random.default_rng(0)
    for name in RAW_SIGNALS.names or ():
        rows[name] = dice.random(rows[name].shape)
    # The camera works and shows its scene: otherwise the recording would have no scores.
    reference = Calibration.from_json(read_header(PLAZA).settings["calibration"]).reference
    assert reference is not None
    rows["layout"] = np.reshape(reference.layout, rows["layout"].shape[1:])
    rows["sharpness"] = np.mean(reference.sharpness) * np.mean(reference.layout)
    rows["contrast"], rows["highest_change"], rows["changed_share"] = 50, 5, 0.1
    return rows


@pytest.fixture
def slow_files() -> SlowFiles:
    return SlowFiles()


@pytest.fixture
def program(slow_files: SlowFiles, start_program: StartProgram) -> Iterator[Program]:
    yield start_program(slow_files)
    slow_files.may_load.set()


def test_stored_scores_do_not_wait_for_the_detector(
    program: Program, slow_files: SlowFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    # By the device that is at hand now, or all would be judged anew afterwards.
    store_analysis(tmp_path / "analyses", device="cpu")
    program.begin(tmp_path / "street.mp4", PLAZA)
    scoring = program.session.scoring
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert program.session.detector is None
    assert not np.isnan(scoring.scores).any()
    assert scoring.scorer.knows_false_alarms
    assert program.session.detector_is_coming
    before = scoring.scores.copy()
    # The detector is loaded later; the scores stay, with no moment in which they are gone.
    gaps: list[bool] = []
    scoring.scores_changed.connect(lambda: gaps.append(bool(np.isnan(scoring.scores).any())))
    slow_files.may_load.set()
    qtbot.waitUntil(lambda: program.session.detector is not None)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert not any(gaps)
    np.testing.assert_array_equal(scoring.scores, before)


def test_what_is_judged_before_the_detector_is_loaded_is_in_the_list(
    program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    store_analysis(tmp_path / "analyses", device="cpu")
    program.begin(tmp_path / "street.mp4", PLAZA)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert program.session.detector is None
    program.session.review.set_threshold(float(np.nanmedian(program.session.scoring.scores)))
    (listed,) = program.recordings.model.recordings
    assert len(listed.segments) == len(program.session.review.segments) > 0
    program.session.review.edit(lambda editor: editor.judge(program.session.review.segments[0], Verdict.CONFIRMED))
    (listed,) = program.recordings.model.recordings
    assert listed.segments[0].verdict is Verdict.CONFIRMED


def test_half_an_analysis_is_shown_and_then_finished(
    program: Program, slow_files: SlowFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    store_analysis(tmp_path / "analyses", share=0.5, device="cpu")
    program.begin(tmp_path / "street.mp4", PLAZA)
    scoring = program.session.scoring
    qtbot.waitUntil(lambda: not np.isnan(scoring.scores).all())
    assert np.isnan(scoring.scores).any()
    assert program.session.analysis.phase is AnalysisPhase.IDLE
    slow_files.may_load.set()
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)


def test_samples_alone_are_shown_and_then_the_frames_of_segments_judged(
    program: Program, slow_files: SlowFiles, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_motion(count: int) -> RawSignals:
        rows = measured(count)
        rows["psnr_db"] = np.nan
        for name in EVIDENCE:
            rows[name] = np.where(np.arange(count) < count // 2, 50, 0)
        return rows

    measured = _measured
    monkeypatch.setattr("tests.vadgui.test_stored_scores._measured", by_motion)
    store_analysis(tmp_path / "analyses", device="cpu")
    program.begin(tmp_path / "street.mp4", PLAZA)
    scoring = program.session.scoring
    qtbot.waitUntil(lambda: bool(scoring.segments))
    assert program.session.analysis.phase is AnalysisPhase.IDLE
    slow_files.may_load.set()
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    (segment,) = scoring.segments
    border = scoring.signals["psnr_db"][segment.stop - 8 : segment.stop]
    assert not np.isnan(border).any()


@pytest.mark.parametrize("changes", [{"signals_version": SIGNALS_VERSION - 1}, {"sampling": {"seconds": 9}}])
def test_signals_that_mean_something_else_are_not_shown(
    program: Program, tmp_path: Path, qtbot: QtBot, changes: dict[str, object]
) -> None:
    store_analysis(tmp_path / "analyses", **changes)
    program.begin(tmp_path / "street.mp4", PLAZA)
    qtbot.waitUntil(lambda: program.session.detector_is_coming)
    qtbot.wait(300)
    assert program.session.analysis.phase is AnalysisPhase.IDLE
    assert np.isnan(program.session.scoring.scores).all()


def test_a_kept_threshold_holds_before_the_detector_is_loaded(
    program: Program, slow_files: SlowFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    store_analysis(tmp_path / "analyses")
    street = tmp_path / "street.mp4"
    name = default_scorer(slow_files.predictors["plaza"].settings.calibration).name
    recording = Recording(
        name="street.mp4",
        path=str(street),
        fingerprint=f"street.mp4-{COUNT}",
        frame_count=COUNT,
        thresholds={name: Threshold(7.5)},
    )
    write_review(usual_path(street), Review(recordings=(recording,)))
    program.begin(street, PLAZA)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert program.session.detector is None
    assert program.session.scoring.rule.enter == 7.5


def test_another_scene_is_told_before_the_detector_is_loaded(program: Program, tmp_path: Path, qtbot: QtBot) -> None:
    program.begin(tmp_path / "street.mp4", PLAZA)
    qtbot.waitUntil(lambda: program.session.scoring.is_other_scene)
    assert program.session.detector is None
    assert OTHER_SCENE in program.window.drift_banner.text()
    assert program.window.drift_banner.learn_button.isVisible()


def test_nothing_is_told_of_the_same_scene(
    program: Program, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = Calibration.from_json(read_header(PLAZA).settings["calibration"]).reference
    assert reference is not None
    plaza = np.uint8(reference.layout).reshape(LAYOUT_GRID, LAYOUT_GRID)
    picture = np.repeat(np.repeat(plaza, 12, axis=0), 16, axis=1)[..., None].repeat(3, axis=2)
    monkeypatch.setattr(MemoryVideo, "_pixels", lambda *_: picture)
    program.begin(tmp_path / "street.mp4", PLAZA)
    qtbot.waitUntil(lambda: program.session.detector_is_coming)
    qtbot.wait(300)
    assert program.session.scored_by is None
