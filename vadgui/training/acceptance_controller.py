"""What is done before a trained detector is accepted: it is measured, compared and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.calibrating.comparison import load_comparison
from engine.detector_library import DetectorLibrary, LibraryEntry
from engine.training import Run
from engine.training.confirmed import may_lose_verdicts
from vadgui.jobs.background import Background, Work
from vadgui.settings import Settings
from vadgui.training.jobs import wizard_work
from vadgui.training.jobs.acceptance_work import AcceptanceWork, judge_confirmed
from vadgui.training.jobs.wizard_work import failure_of
from vadgui.training.model.acceptance import Acceptance, MeasureRequest
from vadgui.training.model.training_run import TrainingRun


class AcceptanceController(QObject):
    """Connects the detectors of finished runs to the work that their acceptance asks for."""

    detector_accepted = Signal(object)
    """Path of a detector that the person wants to use from now on."""

    def __init__(
        self, background: Background, settings: Settings, library: DetectorLibrary, work: AcceptanceWork
    ) -> None:
        """All work is done by `background`, whose owner ends it."""
        super().__init__()
        self._background = background
        self._settings = settings
        self._library = library
        self._work = work

    def of(self, run: TrainingRun, old: Path | None, parent: QObject) -> Acceptance | None:
        """The acceptance of a run's detector, compared with the `old` one in use; None while the run has none."""
        detector = run.detector
        if detector is None:
            return None
        on_disk = Run(run.folder)
        settings = on_disk.settings
        try:
            held_out, since = on_disk.held_out_videos, on_disk.held_out_since
        except (OSError, ValueError, KeyError):  # the prepared footage may have been deleted after the run
            held_out, since = settings.held_out, {}
        acceptance = Acceptance(
            detector,
            name=settings.name,
            held_out=[Path(video) for video in held_out],
            since={Path(video): start for video, start in since.items()},
            old=old if old and old != detector else None,
            comparison=load_comparison(on_disk.comparison_path),
            judges_confirmed=may_lose_verdicts(settings),
            parent=parent,
        )
        self._connect(acceptance, on_disk)
        return acceptance

    def _connect(self, acceptance: Acceptance, run: Run) -> None:
        def measure(
            kind: str, work: Callable[..., Any], deliver: Callable[[Any], None], request: MeasureRequest
        ) -> None:
            self._begin(kind, partial(work, request, self._settings.device), deliver, acceptance)

        acceptance.measure_held_out_requested.connect(
            partial(measure, "held out", partial(self._work.measure_held_out, run), acceptance.add_held_out_result)
        )
        acceptance.compare_requested.connect(
            partial(measure, "compare", self._work.measure, acceptance.add_compared_result)
        )
        acceptance.judge_confirmed_requested.connect(partial(self._judge_confirmed, run, acceptance))
        acceptance.accept_requested.connect(partial(self._keep, acceptance))

    def _begin(self, kind: str, work: Work, deliver: Callable[[Any], None], acceptance: Acceptance) -> None:
        self._background.begin(kind, work, deliver, lambda error: acceptance.set_failure(failure_of(error)))

    def _judge_confirmed(self, run: Run, acceptance: Acceptance) -> None:
        told = acceptance.add_confirmed_result
        work = partial(judge_confirmed, run, self._settings.device)
        self._background.begin("confirmed", work, told, lambda error: told(failure_of(error)))

    def _keep(self, acceptance: Acceptance) -> None:
        work = partial(
            wizard_work.keep_detector,
            self._library,
            acceptance.detector,
            acceptance.name,
            acceptance.note,
            acceptance.camera,
        )
        self._begin("keep", work, partial(self._kept, acceptance), acceptance)

    def _kept(self, acceptance: Acceptance, entry: LibraryEntry) -> None:
        if acceptance.use_at_once:
            self.detector_accepted.emit(entry.path)
        acceptance.accepted.emit(entry.path)
