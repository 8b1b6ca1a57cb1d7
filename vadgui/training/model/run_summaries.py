"""Summaries of the training runs in the runs folder: stopped, failed, finished, or training in the background."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.common.errors import DetectorFileError, TrainingError
from engine.common.events import Event, Failed, Finished, Progress, ShouldStop, Stopped
from engine.common.language import tr
from engine.models.detector_header import read_header
from engine.training import Run
from vadgui.training.model.training_run import RunPhase


@dataclass(frozen=True)
class RunSummary:
    """The facts about a run that a list shows."""

    folder: Path
    name: str
    phase: RunPhase
    step: str
    """Phase of the run's last progress event; empty before it has begun."""
    share: float
    """Share of that step that is done, from 0 to 1."""
    begun: datetime
    is_kept: bool
    """Whether the run's detector is in the library."""

    @property
    def state_text(self) -> str:
        """Phase, step and progress in words."""
        progress = f"{tr(self.step)}, {self.share:.0%}" if self.step else tr("not begun")
        match self.phase:
            case RunPhase.FINISHED:
                return tr("Done") if self.is_kept else tr("Done, to be decided on")
            case RunPhase.FAILED:
                return tr("Interrupted: {progress}").format(progress=progress)
            case RunPhase.RUNNING:
                return tr("At work: {progress}").format(progress=progress)
            case _:
                return tr("Stopped: {progress}").format(progress=progress)

    @property
    def begun_text(self) -> str:
        """Date and time of the run's start."""
        return f"{self.begun:%Y-%m-%d %H:%M}"


def find_runs(folder: Path, kept: Collection[str], should_stop: ShouldStop) -> Iterator[list[RunSummary]]:
    """Yield one list of all runs in a folder, the latest first; `kept` are the fingerprints of library detectors."""
    summaries = []
    folders = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    for path in folders:
        if should_stop():
            return
        run = summarise_run(path, kept)
        if run:
            summaries.append(run)
    yield sorted(summaries, key=lambda run: run.begun, reverse=True)


def summarise_run(folder: Path, kept: Collection[str]) -> RunSummary | None:
    """The summary of the run in a folder; None where there is none."""
    run = Run(folder)
    try:
        settings = run.settings
    except TrainingError:
        return None
    events = run.events()
    last = next((event for event in reversed(events) if isinstance(event, Progress)), None)
    return RunSummary(
        folder,
        name=settings.name,
        phase=_phase(run, events),
        step=last.phase if last else "",
        share=last.done / last.total if last and last.total else 0.0,
        begun=datetime.fromtimestamp(run.settings_path.stat().st_mtime),
        is_kept=_fingerprint(run) in kept,
    )


def _fingerprint(run: Run) -> str:
    try:
        return read_header(run.detector_path).fingerprint if run.detector_path.exists() else ""
    except DetectorFileError:
        return ""


def _phase(run: Run, events: list[Event]) -> RunPhase:
    if run.process_id is not None:
        return RunPhase.RUNNING
    if run.detector_path.exists():
        return RunPhase.FINISHED
    ends = (event for event in reversed(events) if isinstance(event, Finished | Stopped | Failed))
    return RunPhase.FAILED if isinstance(next(ends, None), Failed) else RunPhase.STOPPED
