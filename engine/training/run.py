"""The folder of a training run: everything of it that is on disk, and how other programs look at it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.common.atomic_write import atomic_write
from engine.common.errors import TrainingError
from engine.common.events import Event
from engine.training.event_log import read_event_log
from engine.training.footage_cache import FACTS_FILE, held_out_of
from engine.training.lock import folder_lock, lock_holder
from engine.training.settings import RunSettings
from engine.training.stop_control import Request

AMENDABLE = ("batch_size", "cache_max_bytes", "calibrate", "device", "frame_learning_rate", "motion_learning_rate")
"""Settings that a run may be resumed with another value of."""


class Run:
    """A training run's folder: settings, prepared footage, events, pictures, checkpoints, and in the end the detector.

    Looking at it imports no torch and disturbs no process that trains in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings_path = folder / "settings.json"
        self.events_path = folder / "events.jsonl"
        self.lock_path = folder / "lock"
        self.request_path = folder / "request"
        """Another process writes "stop" or "finish" into it; the trainer takes it away."""
        self.footage_folder = folder / "footage"
        """Safe to delete once the run has finished; before, it would be made again."""
        self.curves_path = folder / "curves.png"
        self.samples_folder = folder / "samples"
        self.checkpoint_path = folder / "checkpoint-last.pt"
        self.previous_checkpoint_path = folder / "checkpoint-previous.pt"
        self.best_checkpoint_path = folder / "checkpoint-best.pt"
        self.held_out_signals_path = folder / "judged.npz"
        """What the detector's calibration was learnt from; see `load_held_out_signals`. Its name stays."""
        self.detector_path = folder / "detector.safetensors"

    @classmethod
    def create(cls, folder: Path, settings: RunSettings) -> Run:
        """Begin a run in a folder that holds none, or one that has not learnt anything yet.

        Raises:
            TrainingError: the folder holds a run already or can't be written, or the settings contradict each other.
        """
        settings.check()
        run = cls(folder)
        # A wrong video or option must not use the folder up.
        has_begun = run.footage_is_ready or run.checkpoint_path.exists() or run.process_id is not None
        if run.settings_path.exists() and has_begun:
            raise TrainingError(
                "This folder already holds a training run",
                subject=folder,
                advice="Resume it by naming the folder alone, or choose another folder.",
            )
        run._write(settings)
        with run.disk_errors():
            run.events_path.unlink(missing_ok=True)  # of an attempt that came to nothing
        return run

    @property
    def footage_is_ready(self) -> bool:
        """Whether all footage has been read."""
        return (self.footage_folder / FACTS_FILE).exists()

    @property
    def settings(self) -> RunSettings:
        """What the run was begun with.

        Raises:
            TrainingError: the folder holds no run.
        """
        try:
            return RunSettings.from_json(self.settings_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(
                "This folder holds no training run",
                subject=self.folder,
                advice="Choose another, or begin one in it (by command: `vad train FOLDER --footage VIDEO ...`).",
            ) from error

    def amend(self, **changes: Any) -> None:
        """Resume with other values of AMENDABLE settings: after running out of memory, or a loss that blew up.

        Raises:
            TrainingError: the folder holds no run, can't be written, or is being trained in.
        """
        if not set(changes) <= set(AMENDABLE):
            raise ValueError(f"only {AMENDABLE} can change, not {sorted(changes)}")
        with self.lock():
            self._write(replace(self.settings, **changes))

    def events(self) -> list[Event]:
        """All events so far, oldest first, of all processes that trained in it."""
        return list(read_event_log(self.events_path))

    @property
    def process_id(self) -> int | None:
        """Id of the process that trains in this folder now; None where none does."""
        return lock_holder(self.lock_path)

    def lock(self) -> AbstractContextManager[None]:
        """Have the folder to oneself; see `folder_lock`."""
        return folder_lock(self.lock_path)

    def request(self, request: Request) -> None:
        """Ask the process that trains in this folder, whoever started it, to stop or to finish its stage.

        Raises:
            TrainingError: the folder can't be written.
        """
        try:
            with atomic_write(self.request_path) as file:
                file.write(request.encode())
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    @property
    def held_out_videos(self) -> tuple[str, ...]:
        """Videos that are not learnt from; known once the footage has been read."""
        return held_out_of(self.footage_folder)[0]

    @property
    def held_out_since(self) -> dict[str, float]:
        """From when on, in seconds, a video is held out that was learnt from before; known as `held_out_videos` is."""
        return held_out_of(self.footage_folder)[1]

    def tidy_up(self) -> None:
        """Take away what a killed process left half-written; call it while holding the lock."""
        for folder in (self.folder, self.footage_folder, self.samples_folder):
            for unfinished in folder.glob(".vadgui-*.partial"):
                unfinished.unlink()

    @contextmanager
    def disk_errors(self) -> Iterator[None]:
        """Word what goes wrong when the block writes into the folder.

        Raises:
            TrainingError: the disk is full, or the folder can't be written.
        """
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise TrainingError(
                    "The disk is full",
                    subject=self.folder,
                    advice="Free some space and resume the run: its last checkpoint is kept.",
                ) from error
            raise _unwritable(self.folder, error) from error

    def _write(self, settings: RunSettings) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_write(self.settings_path) as file:
                file.write(settings.to_json().encode())
        except OSError as error:
            raise _unwritable(self.folder, error) from error


def _unwritable(folder: Path, error: OSError) -> TrainingError:
    advice = f"Check the folder and its permissions, or choose another one ({error.strerror or error})."
    return TrainingError("The run's folder can't be written", subject=folder, advice=advice)
