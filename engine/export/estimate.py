"""How much an export will write, before it starts."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.common.paths import existing_folder
from engine.export.clip import ExportOptions, picture_size
from engine.export.list_files import cannot_write
from engine.export.reviewed import ListedSegment, ReviewedRecording
from engine.video.encoding import ClipFormat, Encoding, Quality
from engine.video.source import size_bytes

MANY_CLIPS = 200
MUCH_OF_THE_DISK = 0.1

_BITS_A_PIXEL = {ClipFormat.MP4: 0.1, ClipFormat.FFV1: 4.5, ClipFormat.GIF: 4.5, ClipFormat.PNG: 9.0}
"""Of H.264 as ClipWriter makes it: 0.07 of a calm rendered plaza to 0.13 of UCSD Ped2 with all panels; the others of
the original picture of that plaza and of CUHK Avenue."""
_OF_MEDIUM = {Quality.HIGH: 1.6, Quality.MEDIUM: 1.0, Quality.LOW: 0.4}
"""Size of H.264 by its quality: x264 takes half as much with every six steps of its rate factor."""


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
        return self.clips >= MANY_CLIPS or self.size_bytes >= MUCH_OF_THE_DISK * free_bytes


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
    width, height = picture_size(recording.info, options)
    pixels = width * height * sum(len(each) for each in segments)
    size = round(pixels * _bits_a_pixel(options.encoding) / 8)
    if options.encoding.max_bytes:
        size = min(size, options.encoding.max_bytes * len(segments))
    return Estimate(len(segments), seconds, size)


def _bits_a_pixel(encoding: Encoding) -> float:
    bits = _BITS_A_PIXEL[encoding.format]
    return bits * _OF_MEDIUM[encoding.quality] if encoding.format is ClipFormat.MP4 else bits


def sum_of(estimates: Iterable[Estimate]) -> Estimate:
    """What several come to together."""
    total = Estimate(0, 0.0, 0)
    for each in estimates:
        total = Estimate(total.clips + each.clips, total.seconds + each.seconds, total.size_bytes + each.size_bytes)
    return total


def free_bytes(folder: Path) -> int:
    """How much room there is where a folder is or will be.

    Raises:
        ExportError: nobody can tell.
    """
    try:
        return shutil.disk_usage(existing_folder(folder)).free
    except OSError as error:
        raise cannot_write(folder, error) from error
