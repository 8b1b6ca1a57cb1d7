"""What a video file says of itself at once, without an index of its frames: for listing thousands of files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.common.events import ShouldStop, never_stop
from engine.common.remote_path import as_path
from engine.video.decoder import Decoder, undecodable, unreadable
from engine.video.fingerprint import file_fingerprint
from engine.video.helper.tasks import one_answer
from engine.video.trust import UntrustedFileError
from engine.video.wall_clock import RecordingStart, recording_start


@dataclass(frozen=True)
class VideoHeader:
    """Facts of a file; only opening it shows how many frames there are."""

    fingerprint: str
    start: RecordingStart | None
    duration_seconds: float | None
    """As the container says; None where it does not."""


@dataclass(frozen=True)
class ContainerFacts:
    """What a container says, unchecked."""

    metadata: dict[str, str]
    duration_seconds: float | None
    """None where it does not say."""
    frames: int
    """0 where it does not say."""
    stream_seconds: float
    """How long the pictures last; 0 where it does not say."""
    sound_codecs: tuple[str, ...]
    """Of the streams of sound that FFmpeg can decode."""


def read_header(path: Path) -> VideoHeader:
    """The facts of a file of which at least one picture can be decoded.

    Raises:
        VideoError: it can't be read as a video.
    """
    facts = container_facts(path, decodes=True)
    start = recording_start(path, facts.metadata)
    try:
        return VideoHeader(file_fingerprint(path), start, facts.duration_seconds)
    except OSError as error:
        raise unreadable(path, error) from error


def container_facts(path: Path, *, decodes: bool = False, threads: int = 1) -> ContainerFacts:
    """What the container of a file says; with `decodes`, at least one picture has to be decodable.

    Raises:
        VideoError: it can't be read as a video.
    """
    try:
        return _facts(path, decodes, threads)
    except UntrustedFileError:
        return one_answer(path, ContainerFacts, "engine.video.header:facts_task", decodes=decodes, threads=threads)


def facts_task(
    path: str, decodes: bool, threads: int, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[dict[str, Any], None]]:
    """`container_facts` in a helper."""
    del should_stop
    yield asdict(_facts(as_path(path), decodes, threads)), None


def _facts(path: Path, decodes: bool, threads: int) -> ContainerFacts:
    with closing(Decoder(path, threads=threads)) as decoder:
        if decodes and next(decoder.frames(), None) is None:
            raise undecodable(path)
        stream = decoder.stream
        sound = [each.codec_context for each in decoder.container.streams.audio]
        return ContainerFacts(
            decoder.metadata,
            decoder.duration_seconds,
            stream.frames,
            float((stream.duration or 0) * (stream.time_base or 0)),
            tuple(each.name for each in sound if each),
        )
