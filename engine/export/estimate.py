"""How much an export will write, before it starts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.common.paths import existing_folder
from engine.export.clip import ExportOptions, layout_of
from engine.export.list_files import cannot_write
from engine.export.reviewed import ListedSegment, ReviewedRecording
from engine.video.source import size_bytes

MANY_CLIPS = 200
MUCH_OF_THE_DISK = 0.1

_BITS_A_PIXEL = 0.1
"""Of H.264 as ClipWriter makes it: 0.07 of a calm rendered plaza to 0.13 of UCSD Ped2 with all panels."""


@dataclass(frozen=True)
class Estimate:
    """What clips come to."""

    clips: int
    seconds: float
    """How long they are together."""
    size_bytes: int

    def plus_bytes(self, size_bytes: int) -> Estimate:
        """The same with other files."""
        return Estimate(self.clips, self.seconds, self.size_bytes + size_bytes)

    def is_much(self, free_bytes: int) -> bool:
        """Whether a person should be asked first."""
        return self.clips > MANY_CLIPS or self.size_bytes > MUCH_OF_THE_DISK * free_bytes


def estimate_clips(
    recording: ReviewedRecording, segments: Sequence[ListedSegment], options: ExportOptions | None
) -> Estimate:
    """What clips of these segments come to; without options they are cut without re-encoding.

    Raises:
        VideoError: the recording can't be read.
        ExportError: the panels don't fit in a picture.
    """
    seconds = sum(recording.stop_seconds(each) - recording.start_seconds(each) for each in segments)
    if options is None:
        share = seconds / max(recording.info.shown_seconds, 1e-3)
        return Estimate(len(segments), seconds, round(size_bytes(recording.info.path) * share))
    layout = layout_of(recording.info, options)
    frames = sum(len(each) for each in segments)
    return Estimate(len(segments), seconds, round(frames * layout.width * layout.height * _BITS_A_PIXEL / 8))


def free_bytes(folder: Path) -> int:
    """How much room there is where a folder is or will be.

    Raises:
        ExportError: nobody can tell.
    """
    try:
        return shutil.disk_usage(existing_folder(folder)).free
    except OSError as error:
        raise cannot_write(folder, error) from error
