"""The training runs that lie in the runs folder: stopped, finished, or at work in the background."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.common.errors import DetectorFileError, TrainingError
from engine.common.events import Event, Failed, Finished, Progress, ShouldStop, Stopped
from engine.models.detector_header import read_header
from engine.training import Run
from vadgui.training.model.training_run import RunPhase


@dataclass(frozen=True)
class FoundRun:
    """One run's folder, as far as a list tells."""

    folder: Path
    name: str
    phase: RunPhase
    step: str
    """Where it is or ended, as its events name it; empty before it began."""
    share: float
    """Done of that step."""
    begun: datetime
    is_kept: bool
    """Whether its detector is in the library already."""

    @property
    def state_text(self) -> str:
        """Where it stands, in words."""
        where = f"{self.step}, {self.share:.0%}" if self.step else "not begun"
        match self.phase:
            case RunPhase.FINISHED:
                return "Done" if self.is_kept else "Done, to be decided on"
            case RunPhase.FAILED:
                return f"Interrupted: {where}"
            case RunPhase.RUNNING:
                return f"At work: {where}"
            case _:
                return f"Stopped: {where}"

    @property
    def begun_text(self) -> str:
        """When it was begun."""
        return f"{self.begun:%Y-%m-%d %H:%M}"


def find_runs(folder: Path, kept: Collection[str], should_stop: ShouldStop) -> Iterator[list[FoundRun]]:
    """All runs below a folder, the latest first, in one piece; `kept` are the fingerprints of known detectors."""
    found = []
    folders = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    for path in folders:
        if should_stop():
            return
        run = found_run(path, kept)
        if run:
            found.append(run)
    yield sorted(found, key=lambda run: run.begun, reverse=True)


def found_run(folder: Path, kept: Collection[str]) -> FoundRun | None:
    """The run in a folder; None where there is none."""
    run = Run(folder)
    try:
        settings = run.settings
    except TrainingError:
        return None
    events = run.events()
    last = next((event for event in reversed(events) if isinstance(event, Progress)), None)
    return FoundRun(
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
