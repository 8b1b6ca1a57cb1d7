"""Connects the training wizard to its jobs, and follows the current run while no wizard is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.common.errors import TrainingError
from engine.common.in_time import answer_in_time, check_answers
from engine.common.language import tr
from engine.common.paths import runs_folder
from engine.detector_library import DetectorLibrary
from engine.training import Run
from vadgui.dialogs.detector_library import DetectorLibraryDialog
from vadgui.jobs.background import Background
from vadgui.jobs.openers import PredictorOpener, VideoOpener
from vadgui.settings import Settings
from vadgui.training.acceptance_controller import AcceptanceController
from vadgui.training.jobs import wizard_work
from vadgui.training.jobs.acceptance_work import AcceptanceWork
from vadgui.training.jobs.plan_client import PlanClient
from vadgui.training.jobs.plan_process import plans_of
from vadgui.training.jobs.run_supervisor import RunSupervisor
from vadgui.training.jobs.wizard_work import PreviewMaker, failure_of
from vadgui.training.model.training_run import RunPhase, Sample, TrainingRun
from vadgui.training.model.wizard_state import FlowRequest, Preview, WizardState
from vadgui.training.wizard.window import TrainingWizard
from vadgui.ui.failure import Failure
from vadgui.ui.questions import ask

_SLUG_LENGTH = 40


class TrainingController(QObject):
    """Owns the wizard, its state and its jobs; `close` ends them."""

    failed = Signal(object)
    """A VadError that no page of the wizard shows."""
    detector_accepted = Signal(object)
    """Path of a detector that the person wants to use from now on."""
    may_close_now = Signal()
    """The person has decided what happens to the running training: the program can be closed."""
    run_changed = Signal(object)
    """The current TrainingRun after any change of it; None where there is none."""

    def __init__(
        self,
        settings: Settings,
        *,
        analyses: Path,
        video_opener: VideoOpener,
        predictor_opener: PredictorOpener,
        library: DetectorLibrary | None = None,
        supervisor: RunSupervisor | None = None,
        planner: PlanClient | None = None,
    ) -> None:
        """Threads and processes are started when the wizard needs them."""
        super().__init__()
        self._settings = settings
        self.library = library or DetectorLibrary()
        self.state = WizardState(self)
        self.supervisor = supervisor or RunSupervisor()
        self._planner = planner or PlanClient()
        self._background = Background("vadgui-wizard")
        work = AcceptanceWork(analyses, video_opener, predictor_opener)
        self._acceptances = AcceptanceController(self._background, settings, self.library, work)
        self._acceptances.detector_accepted.connect(self.detector_accepted)
        self._previews = PreviewMaker(video_opener)
        self._wizard: TrainingWizard | None = None
        self._is_leaving = False
        self._current_detector: Callable[[], Path | None] = lambda: None
        self._videos: Callable[[], Mapping[Path, str]] = dict
        self._connect_footage()
        self._connect_state()
        self._planner.answered.connect(self._receive_plan_answer)
        self.supervisor.folder_abandoned.connect(self._delete_run)

    # The wizard

    @property
    def wizard(self) -> TrainingWizard | None:
        """The wizard's window; None where there is none."""
        return self._wizard

    def use_current_detector(self, current: Callable[[], Path | None]) -> None:
        """Set the function that returns the detector in use; a new detector is compared with it."""
        self._current_detector = current

    def use_videos(self, videos: Callable[[], Mapping[Path, str]]) -> None:
        """Set the function that returns the recordings that may be reviewed, with their fingerprints."""
        self._videos = videos

    def open_wizard(self, parent: QWidget | None) -> TrainingWizard:
        """Show the wizard at the page where it was closed, or at the current run."""
        self._scan()
        if self._wizard is None:
            self._wizard = TrainingWizard(self.state, parent)
            self._wizard.closed.connect(self._wizard_closed)
        if self.state.run is not None:
            self._wizard.show_run()
        self._wizard.show()
        self._wizard.activateWindow()
        return self._wizard

    def open_run(self, folder: Path, parent: QWidget | None) -> None:
        """Open a run and show the wizard at it."""
        self._open_run(folder)
        self.open_wizard(parent)

    def _wizard_closed(self) -> None:
        run = self.state.run
        if run is not None and not run.phase.is_active:
            # The run has ended and the person has seen the result: the next wizard begins at the first page.
            self._reset()

    def _reset(self) -> None:
        if self._wizard:
            self._wizard.deleteLater()
            self._wizard = None
        self._background.cancel_all()
        self._planner.cancel()
        self.supervisor.release_run()
        self.state.deleteLater()
        self.state = WizardState(self)
        self._connect_footage()
        self._connect_state()
        self.run_changed.emit(None)

    def open_library(self, parent: QWidget | None) -> DetectorLibraryDialog:
        """Show the detector library."""
        dialog = DetectorLibraryDialog(self.library, self._current_detector(), parent, device=self._settings.device)
        dialog.use_requested.connect(self.detector_accepted)
        dialog.device_chosen.connect(lambda device: setattr(self._settings, "device", device))
        dialog.import_requested.connect(
            lambda path: self._begin(
                "library",
                partial(wizard_work.import_detector, self.library, path),
                dialog.imported,
                dialog.show_failure,
            )
        )
        dialog.export_requested.connect(
            lambda path, folder: self._begin(
                "library",
                partial(wizard_work.export_detector, self.library, path, folder),
                dialog.exported,
                dialog.show_failure,
            )
        )
        dialog.destroyed.connect(lambda: self._background.cancel("library"))
        dialog.open()
        return dialog

    def may_close(self, parent: QWidget) -> bool:
        """Whether the program may be closed now. If not, ask the person; `may_close_now` follows the answer."""
        run = self.state.run
        if run is None or run.detached or not run.phase.is_active or self._is_leaving:
            return True
        ask(
            parent,
            tr("{name} is still being trained.").format(name=run.name),
            tr(
                "It can go on in the background until it is done, or wait until you take it up again. "
                "Either way you find it here when you start the program next."
            ),
            {
                tr("Go on in the background"): partial(self._leave, True),
                tr("Pause, resume later"): partial(self._leave, False),
            },
            otherwise=tr("Don't close"),
        )
        return False

    def _leave(self, in_background: bool) -> None:
        """Detach the run or leave it to be stopped, then emit `may_close_now`."""
        run = self.state.run
        if run is None:
            return
        self._is_leaving = True
        if in_background:
            self.supervisor.detached.connect(self.may_close_now, Qt.ConnectionType.SingleShotConnection)
            run.continue_in_background()
        else:
            self.may_close_now.emit()  # `close` stops the run and waits for it

    def close(self) -> None:
        """End all threads and processes except a detached training; closing twice is fine."""
        self._background.close()
        self._previews.close()
        self._planner.close()
        self.supervisor.close()
        if self._wizard:
            self._wizard.deleteLater()
            self._wizard = None

    # Footage, previews, costs

    def _connect_footage(self) -> None:
        draft = self.state.draft
        footage = draft.footage
        footage.find_requested.connect(
            lambda paths: self._begin(
                "find", partial(wizard_work.find_videos, paths), footage.add_videos, footage.set_failure
            )
        )
        footage.reviewed_requested.connect(
            lambda detector: self._begin(
                "reviewed",
                partial(wizard_work.find_reviewed, self._videos(), detector),
                footage.add_reviewed,
                footage.set_failure,
            )
        )
        footage.check_requested.connect(
            lambda paths: self._begin(
                "check", partial(wizard_work.check, paths), footage.add_check_result, footage.set_failure
            )
        )
        draft.plan_requested.connect(self._measure)

    def _connect_state(self) -> None:
        state = self.state
        state.scan_requested.connect(lambda: self._scan())
        state.begin_requested.connect(self._begin_run)
        state.open_run_requested.connect(self._open_run)
        state.frame_requested.connect(self._show_frame)
        state.flow_requested.connect(self._show_flow)
        state.sample_requested.connect(self._show_sample)
        state.runs_folder_chosen.connect(self._choose_runs_folder)

    def _begin(
        self,
        kind: str,
        work: Callable[..., Any],
        deliver: Callable[[Any], None],
        failed: Callable[[Failure], None],
        *,
        urgent: bool = False,
    ) -> None:
        self._background.begin(kind, work, deliver, lambda error: failed(failure_of(error)), urgent=urgent)

    def _measure(self, all_efforts: bool) -> None:
        fields = self.state.draft.settings_fields()
        self._planner.request_plans(fields, self._new_run_folder(), all_efforts)

    def _receive_plan_answer(self, answer: dict[str, Any]) -> None:
        draft = self.state.draft
        if "share" in answer:
            draft.set_plan_progress(answer["share"])
        elif "plans" in answer:
            draft.set_plans(plans_of(answer))
        else:
            draft.set_plan_failure(Failure(*answer["failed"]))

    def _show_frame(self, path: Path, seconds: float) -> None:
        shown = self.state.frame_shown.emit
        failed = partial(_show_failure, shown, path, seconds)
        self._begin("preview", partial(self._previews.frame, path, seconds), shown, failed, urgent=True)

    def _show_flow(self, request: FlowRequest) -> None:
        shown = self.state.flow_shown.emit
        failed = partial(_show_failure, shown, request.path, request.seconds)
        self._begin("preview", partial(self._previews.flow, request), shown, failed, urgent=True)

    def _show_sample(self, sample: Sample) -> None:
        shown = partial(self.state.sample_shown.emit, sample)
        self._begin("sample", partial(wizard_work.load_sample, sample), shown, lambda _: None, urgent=True)

    def _report_failure(self, failure: Failure) -> None:
        self.failed.emit(TrainingError(failure.what, subject=failure.subject, advice=failure.advice))

    # Runs and detectors on this machine

    def _scan(self, take_up: bool = False) -> None:
        work = partial(wizard_work.scan, self._runs_folder(), self.library)
        self._begin("scan", work, partial(self._scan_finished, take_up), self._report_failure)

    def find_pending_run(self) -> None:
        """At the program's start, open a run that trains in the background, or a finished one not decided on yet."""
        self._scan(take_up=True)

    def _scan_finished(self, take_up: bool, result: wizard_work.ScanResult) -> None:
        runs, entries, free_bytes = result
        pending = next((run for run in runs if run.phase is RunPhase.RUNNING), None)
        pending = pending or next((run for run in runs if run.phase is RunPhase.FINISHED and not run.is_kept), None)
        if take_up and pending and self.state.run is None:
            self._open_run(pending.folder)
        self.state.set_runs(runs)
        self.state.set_detectors(entries)
        self.state.set_disk_space(self._runs_folder(), free_bytes)

    def _runs_folder(self) -> Path:
        return Path(self._settings.runs_folder) if self._settings.runs_folder else runs_folder()

    def _choose_runs_folder(self, folder: Path) -> None:
        self._settings.runs_folder = str(folder)
        self._scan()

    # Runs

    def _new_run_folder(self) -> Path:
        name = self.state.draft.camera.casefold()
        slug = "".join(letter if letter.isalnum() else "-" for letter in name).strip("-")[:_SLUG_LENGTH] or "run"
        folder, number = self._runs_folder() / slug, 1
        # In a folder that does not answer, making the run tells it.
        while answer_in_time(folder.parent, folder.exists, otherwise=False):
            number += 1
            folder = self._runs_folder() / f"{slug}-{number}"
        return folder

    def _begin_run(self) -> None:
        fields = self.state.draft.run_fields()
        work = partial(wizard_work.create_run, self._new_run_folder(), fields)
        self._begin("create", work, self._run_created, self.state.begin_failed.emit)

    def _run_created(self, run: Run) -> None:
        self._planner.cancel()
        training_run = self._use_run(run.folder)
        if training_run:
            training_run.start()

    def _open_run(self, folder: Path) -> None:
        self._use_run(folder)

    def _use_run(self, folder: Path) -> TrainingRun | None:
        try:
            check_answers(folder, TrainingError)
            training_run = self.supervisor.open_run(folder)
        except TrainingError as error:
            self.failed.emit(error)
            return None
        training_run.changed.connect(partial(self.run_changed.emit, training_run))
        training_run.changed.connect(self._run_changed)
        self.state.set_run(training_run, self._acceptances.of(training_run, self._current_detector(), self.state))
        self.run_changed.emit(training_run)
        if self._wizard:
            self._wizard.show_run()
        return training_run

    def _delete_run(self, folder: Path) -> None:
        if self.state.run and self.state.run.folder == folder:
            self._reset()
        self._begin("delete", partial(wizard_work.delete_run, folder), lambda _: self._scan(), self._report_failure)

    def _run_changed(self) -> None:
        run = self.state.run
        if run and run.phase is RunPhase.FINISHED and self.state.acceptance is None:
            self.state.set_run(run, self._acceptances.of(run, self._current_detector(), self.state))


def _show_failure(shown: Callable[[Preview], None], path: Path, seconds: float, failure: Failure) -> None:
    shown(Preview(path, seconds, failure=failure))
