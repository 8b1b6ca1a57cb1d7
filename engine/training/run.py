"""The folder of a training run, and how other processes read it and send requests to the trainer."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.common.atomic_write import atomic_write
from engine.common.errors import TrainingError
from engine.common.events import Event
from engine.common.language import tr
from engine.common.paths import read_regular
from engine.training.event_log import read_event_log
from engine.training.footage_cache import METADATA_FILE, load_held_out
from engine.training.lock import folder_lock, lock_holder
from engine.training.settings import RunSettings
from engine.training.stop_control import Request

AMENDABLE = ("batch_size", "cache_max_bytes", "calibrate", "device", "frame_learning_rate", "motion_learning_rate")
"""Settings that may change when a run is resumed."""


class Run:
    """A training run's folder: settings, prepared footage, events, pictures, checkpoints and the finished detector.

    Reading it does not import torch and does not disturb a process that trains in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings_path = folder / "settings.json"
        self.events_path = folder / "events.jsonl"
        self.lock_path = folder / "lock"
        self._is_locked = False
        self.request_path = folder / "request"
        """Another process writes "stop" or "finish" into this file; the trainer reads and deletes it."""
        self.footage_folder = folder / "footage"
        """Safe to delete once the run has finished; an unfinished run would read the footage again."""
        self.curves_path = folder / "curves.png"
        self.samples_folder = folder / "samples"
        self.checkpoint_path = folder / "checkpoint-last.pt"
        self.previous_checkpoint_path = folder / "checkpoint-previous.pt"
        self.best_checkpoint_path = folder / "checkpoint-best.pt"
        self.held_out_signals_path = folder / "judged.npz"
        """Signals that the detector's calibration was computed from; the file name is that of earlier versions."""
        self.comparison_path = folder / "comparison.json"
        """What training added over calibration alone."""
        self.detector_path = folder / "detector.safetensors"

    @classmethod
    def create(cls, folder: Path, settings: RunSettings) -> Run:
        """Create a run in a folder that holds none, or only one that has not trained yet.

        Raises:
            TrainingError: the folder holds a run already or can't be written, or the settings contradict each other.
        """
        run = cls(folder)
        with run.created(settings):
            return run

    @contextmanager
    def created(self, settings: RunSettings) -> Iterator[None]:
        """Create the run like `create`, and keep the folder locked: nobody else may create one in its place.

        Raises:
            TrainingError: as `create`.
        """
        settings.check()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        with self.lock():
            # A run that failed before it read its footage, because of a wrong video or option, may be replaced.
            if self.settings_path.exists() and (self.footage_is_ready or self.checkpoint_path.exists()):
                raise TrainingError(
                    tr("This folder already holds a training run"),
                    subject=self.folder,
                    advice=tr("Resume it by naming the folder alone, or choose another folder."),
                )
            self._write(settings)
            with self.disk_errors():
                self.events_path.unlink(missing_ok=True)  # the log of such a failed attempt
            yield

    @property
    def footage_is_ready(self) -> bool:
        """Whether all footage has been read."""
        return (self.footage_folder / METADATA_FILE).exists()

    @property
    def settings(self) -> RunSettings:
        """The run's settings.

        Raises:
            TrainingError: the folder holds no run.
        """
        try:
            return RunSettings.from_json(read_regular(self.settings_path).decode())
        except (OSError, ValueError) as error:
            raise TrainingError(
                tr("This folder holds no training run"),
                subject=self.folder,
                advice=tr("Choose another, or begin one in it (by command: `vad train FOLDER --footage VIDEO ...`)."),
            ) from error

    def amend(self, **changes: Any) -> None:
        """Change AMENDABLE settings before resuming, for example after running out of memory or a diverging loss.

        Raises:
            TrainingError: the folder holds no run, can't be written, or is being trained in.
        """
        if not set(changes) <= set(AMENDABLE):
            raise ValueError(f"only {AMENDABLE} can change, not {sorted(changes)}")
        with self.lock():
            self._write(replace(self.settings, **changes))

    def events(self) -> list[Event]:
        """All events so far, oldest first, from every process that trained in this folder."""
        return list(read_event_log(self.events_path))

    @property
    def process_id(self) -> int | None:
        """Id of the process that trains in this folder now; None if none does."""
        return lock_holder(self.lock_path)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder for this process, see `folder_lock`; while it is, this object may do so again."""
        if self._is_locked:
            yield
            return
        with folder_lock(self.lock_path):
            self._is_locked = True
            try:
                yield
            finally:
                self._is_locked = False

    def request(self, request: Request) -> None:
        """Ask the process that trains in this folder to stop, or to finish its current stage.

        Raises:
            TrainingError: the folder can't be written.
        """
        try:
            with atomic_write(self.request_path) as file:
                file.write(request.encode())
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def forget_request(self) -> None:
        """Delete a request that was meant for an earlier process; call it before this process trains in the folder.

        It asks no clock, which may have been set meanwhile.
        """
        if self.process_id is None:
            with suppress(OSError):
                self.request_path.unlink()

    @property
    def held_out_videos(self) -> tuple[str, ...]:
        """Videos that are held out in whole or in part; available once the footage has been read."""
        return load_held_out(self.footage_folder)[0]

    @property
    def held_out_since(self) -> dict[str, float]:
        """Start in seconds of the held-out end of a video whose beginning is trained on; see `held_out_videos`."""
        return load_held_out(self.footage_folder)[1]

    def remove_partial_files(self) -> None:
        """Delete incomplete files of a killed process; call it while holding the lock."""
        for folder in (self.folder, self.footage_folder, self.samples_folder):
            for unfinished in folder.glob(".vadgui-*.partial"):
                unfinished.unlink()

    @contextmanager
    def disk_errors(self) -> Iterator[None]:
        """Turn an OSError of the block, which writes into the folder, into a TrainingError with advice.

        Raises:
            TrainingError: the disk is full, or the folder can't be written.
        """
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise TrainingError(
                    tr("The disk is full"),
                    subject=self.folder,
                    advice=tr("Free some space and resume the run: its last checkpoint is kept."),
                ) from error
            raise _unwritable(self.folder, error) from error

    def _write(self, settings: RunSettings) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_write(self.settings_path) as file:
                file.write(settings.to_json().encode(errors="backslashreplace"))
        except OSError as error:
            raise _unwritable(self.folder, error) from error


def _unwritable(folder: Path, error: OSError) -> TrainingError:
    advice = tr("Check the folder and its permissions, or choose another one ({reason}).").format(
        reason=error.strerror or error
    )
    return TrainingError(tr("The run's folder can't be written"), subject=folder, advice=advice)
