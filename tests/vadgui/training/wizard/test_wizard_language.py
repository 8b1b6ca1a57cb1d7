"""The wizard speaks the language in use: of all that it shows, no text is left as it stands in the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWizard
from pytestqt.qtbot import QtBot

from engine.common.events import Failed, Noted, Progress
from engine.footage_check import FindingKind, FootageFinding, FootageReport, FootageSummary
from engine.run_plan import EFFORTS
from tests.vadgui.pseudo_language import is_translated, untranslated
from tests.vadgui.synthetic import calibrated_detector, calibrated_signals, signals_with_bumps, steady_times
from tests.vadgui.training.wizard.fake_planner import plan
from vadgui.training.model.acceptance import Acceptance, MeasuredRecording
from vadgui.training.model.draft import CURRENT_SETTINGS
from vadgui.training.model.run_summaries import RunSummary
from vadgui.training.model.training_run import STEPS, RunPhase, TrainingRun
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.status import TrainingStatus
from vadgui.training.wizard.compare_plot import legend, trace_title
from vadgui.training.wizard.window import TrainingWizard

VIDEOS = [Path("Gate 1.mp4"), Path("Gate 2.mp4")]
NEW, OLD = Path("new.safetensors"), Path("old.safetensors")
FINDINGS = (
    FootageFinding(VIDEOS[1], "warning", FindingKind.TOO_SHORT, "⟦Too short⟧", "⟦Add more.⟧"),
    FootageFinding(VIDEOS[1], "note", FindingKind.LIGHT, "⟦Odd light⟧", "⟦Look at it.⟧", (1.0, 2.0)),
)
SAME = ["Gate 1", "Gate 2", "Gate", "mp4", "raft-small.pth", "pwcnet.pth", "runs"]
"""Names of recordings, files and folders."""


@pytest.fixture
def state(pseudo_language: None, qtbot: QtBot) -> Iterator[WizardState]:
    del pseudo_language, qtbot
    state = WizardState()
    yield state
    state.deleteLater()


@pytest.fixture
def wizard(state: WizardState, styled: None, qtbot: QtBot) -> TrainingWizard:
    del styled
    wizard = TrainingWizard(state)
    qtbot.addWidget(wizard)
    wizard.show()
    return wizard


@pytest.fixture
def run(state: WizardState) -> TrainingRun:
    run = TrainingRun(Path("run"), "Gate", {"motion": 2, "frame": 2}, parent=state)
    state.set_run(run, None)
    return run


def left(wizard: TrainingWizard) -> list[str]:
    """What is untranslated in a wizard; the buttons that Qt names are left out."""
    kinds = QWizard.WizardButton
    of_qt = [wizard.button(kind) for kind in (kinds.BackButton, kinds.NextButton, kinds.HelpButton)]
    return untranslated(wizard, SAME, of_qt)


def report(path: Path, findings: tuple[FootageFinding, ...] = ()) -> FootageReport:
    return FootageReport(path, 2500, 100.0, 25.0, 640, 480, path.name, findings)


def test_pages_before_there_is_footage(wizard: TrainingWizard) -> None:
    assert left(wizard) == []


def test_pages_of_footage_and_its_plan(state: WizardState, wizard: TrainingWizard) -> None:
    footage = state.draft.footage
    footage.add_videos(VIDEOS)
    assert left(wizard) == []
    for path, findings in zip(VIDEOS, ((), FINDINGS), strict=True):
        footage.add_check_result(report(path, findings))
    footage.add_check_result(FootageSummary(tuple(VIDEOS), 5000, 200.0, 3600.0, (VIDEOS[1],), (), None))
    footage.leave_out(VIDEOS[0], (1.0, 5.0))
    wizard.footage_page.view.show_clip(VIDEOS[0])
    wizard.flow_page.initializePage()
    state.set_disk_space(Path("runs"), 10**9)
    state.draft.set_plan_progress(0.5)
    assert left(wizard) == []
    one = plan(3, 2)
    state.draft.set_plans({CURRENT_SETTINGS: one, **dict.fromkeys(EFFORTS, one)})
    wizard.check_page.initializePage()
    state.draft.set_plans({CURRENT_SETTINGS: one, **dict.fromkeys(EFFORTS, replace(one, refusal="⟦No.⟧"))})
    assert left(wizard) == []


def test_runs_in_each_state(state: WizardState, wizard: TrainingWizard) -> None:
    runs = [
        RunSummary(Path(f"runs/{number}"), "Gate", phase, step, 0.5, datetime(2026, 1, 1), is_kept)
        for number, (phase, step, is_kept) in enumerate(
            [
                (RunPhase.FINISHED, STEPS[3][0], True),
                (RunPhase.FINISHED, STEPS[3][0], False),
                (RunPhase.FAILED, STEPS[1][0], False),
                (RunPhase.RUNNING, STEPS[2][0], False),
                (RunPhase.STOPPED, "", False),
            ]
        )
    ]
    state.set_runs(runs)
    assert left(wizard) == []


def test_page_of_a_run_in_each_phase(run: TrainingRun, wizard: TrainingWizard, qtbot: QtBot) -> None:
    status = TrainingStatus()
    qtbot.addWidget(status)
    run.changed.connect(lambda: status.show_run(run))

    def check() -> None:
        assert left(wizard) == []
        assert untranslated(status, SAME) == []

    run.begin()
    check()
    for phases in STEPS:
        for phase in phases:
            run.apply(Progress(phase, 8, 64, 1.0, 90.0, 0, 1, 0.5))
            check()
    run.apply(Noted("⟦A note.⟧"))
    check()
    run.stop()
    check()
    run.apply(Failed("⟦It failed⟧", "", "⟦Mend it.⟧", {"batch_size": 4, "frame_learning_rate": 1e-5}))
    check()
    run.sync_with_folder(is_active=True, detector=None)
    check()
    run.sync_with_folder(is_active=False, detector=NEW)
    check()


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_page_of_the_acceptance(state: WizardState, wizard: TrainingWizard, is_calibrated: bool) -> None:
    acceptance = Acceptance(NEW, name="Gate", held_out=VIDEOS[:1], old=OLD, parent=state)
    state.set_run(TrainingRun(Path("run"), "Gate", {}, parent=state), acceptance)
    assert left(wizard) == []
    signals = calibrated_signals(500, [(200, 260)]) if is_calibrated else signals_with_bumps(500, [(200, 260)])
    calibration = calibrated_detector().calibration if is_calibrated else None
    measured = MeasuredRecording(VIDEOS[0], NEW, steady_times(500), signals, None, calibration)
    acceptance.add_held_out_result(measured)
    acceptance.compare_on(VIDEOS[0])
    acceptance.add_compared_result(0.5)
    assert left(wizard) == []
    acceptance.add_compared_result(measured)
    traces = acceptance.traces()
    assert left(wizard) == []
    assert all(is_translated(text, ["AUC"]) for text in (*map(trace_title, traces), legend(traces)))
