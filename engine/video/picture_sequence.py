"""Writes clips as PNG pictures in a folder, with their times in a table beside them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType

import cv2

from engine.common.atomic_write import sync_folder, temporary_path
from engine.common.errors import ExportError
from engine.common.language import tr
from engine.video.encoding import ClipFormat
from engine.video.exported import COLUMNS, TABLE
from engine.video.frame import Pixels
from engine.video.timing import Times
from engine.video.writer import already_exists, cannot_write_clip, refuse_target

_FAST_COMPRESSION = 1


class PictureSequence:
    """Writes pictures into a folder that appears under its name only once it is complete.

    Use it as a context manager: a normal exit finishes the folder, an exception removes what was written.
    """

    def __init__(self, target: Path, first: int, recorded: Times) -> None:
        """Begin a clip whose first frame has the number `first` in the recording, and frames the times `recorded` [N].

        Raises:
            ExportError: `target` exists, or its folder can't be written.
        """
        refuse_target(target, ClipFormat.PNG)
        self._target = target
        self._first = first
        self._recorded = recorded
        self._lines = [",".join(COLUMNS)]
        self._temporary = temporary_path(target)
        try:
            self._temporary.mkdir()
        except OSError as error:
            raise cannot_write_clip(target, error) from error

    def write(self, pixels: Pixels, pts_seconds: float, duration_seconds: float) -> None:
        """Add the next picture, shown from `pts_seconds` after the clip's start for `duration_seconds`.

        Raises:
            ExportError: the disk is full or the folder can't be written.
        """
        place = len(self._lines) - 1
        number = self._first + place
        name = f"frame-{number:06}.png"
        _, data = cv2.imencode(
            ".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, _FAST_COMPRESSION]
        )
        self._write(name, data.tobytes())
        times = (pts_seconds, duration_seconds, float(self._recorded[place]))
        self._lines.append(",".join([name, str(number), *(f"{each:.6f}" for each in times)]))

    def __enter__(self) -> PictureSequence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _finish(self) -> None:
        if len(self._lines) == 1:
            raise ExportError(
                tr("The clip has no frames"), subject=self._target, advice=tr("Choose at least one frame.")
            )
        self._write(TABLE, ("\n".join(self._lines) + "\n").encode())
        if os.path.lexists(self._target):
            raise already_exists(self._target)
        try:
            sync_folder(self._temporary)
            self._temporary.rename(self._target)
            sync_folder(self._target.absolute().parent)
        except OSError as error:
            raise cannot_write_clip(self._target, error) from error

    def _write(self, name: str, content: bytes) -> None:
        try:
            with (self._temporary / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write_clip(self._target, error) from error
