"""What a video file says of itself at once, without an index of its frames: for listing thousands of files."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.video.decoder import Decoder, undecodable, unreadable
from engine.video.fingerprint import file_fingerprint
from engine.video.wall_clock import RecordingStart, recording_start


@dataclass(frozen=True)
class VideoHeader:
    """Facts of a file; only opening it shows how many frames there are."""

    fingerprint: str
    start: RecordingStart | None
    duration_seconds: float | None
    """As the container says; None where it does not."""


def read_header(path: Path) -> VideoHeader:
    """The facts of a file of which at least one picture can be decoded.

    Raises:
        VideoError: it can't be read as a video.
    """
    with closing(Decoder(path, threads=1)) as decoder:
        if next(decoder.frames(), None) is None:
            raise undecodable(path)
        start, duration = recording_start(path, decoder.metadata), decoder.duration_seconds
    try:
        return VideoHeader(file_fingerprint(path), start, duration)
    except OSError as error:
        raise unreadable(path, error) from error
