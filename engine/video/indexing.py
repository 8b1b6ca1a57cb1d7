"""Makes the index of a file's frames: from what its container lists, or by decoding all of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from av.packet import Packet
from av.video.stream import VideoStream

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from engine.video.cursor import Cursor
from engine.video.decoder import Decoder
from engine.video.frame_index import DecodedIndexBuilder, FrameIndex, PacketIndexBuilder

OnProgress = Callable[[float], None]
"""Called with the fraction done, 0 to 1."""

_REPORT_EVERY_PACKETS = 100
_INTRA_REFRESHING = {"h264", "hevc", "mpeg2video"}  # encoders that can renew the picture in parts, without keyframes


def listed_index(
    path: Path, first_shown: list[int | None], should_stop: ShouldStop, on_progress: OnProgress | None
) -> FrameIndex | None:
    """The index by the container's packets, whose first decoded frames have these times; None where they don't tell.

    Raises:
        VideoError: the file can't be read.
        Cancelled: `should_stop` said yes.
    """
    with closing(Decoder(path)) as decoder:
        if not decoder.has_timestamps or decoder.stream.time_base is None:
            return None
        builder = PacketIndexBuilder(decoder.stream.time_base)
        report = _ProgressReporter(decoder, should_stop, on_progress)
        for packet in decoder.packets():
            report.add_packet(packet)
            if not builder.add(packet):
                return None
    return builder.index(first_shown)


def lands_on_keyframes(path: Path, index: FrameIndex, codec: str) -> bool:
    """Whether decoding can start at the index's keyframes."""
    if codec not in _INTRA_REFRESHING:
        return True
    with closing(Cursor(path, index)) as cursor:
        return cursor.lands_on_keyframes()


def decoded_index(
    path: Path, frame_seconds: float, should_stop: ShouldStop, on_progress: OnProgress | None
) -> FrameIndex:
    """The index by decoding all; frames without times last `frame_seconds`.

    Raises:
        VideoError: the file can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    with closing(Decoder(path)) as decoder:
        builder = decoded_index_builder(decoder, frame_seconds)
        report = _ProgressReporter(decoder, should_stop, on_progress)

        def add_packet(packet: Packet[VideoStream]) -> None:
            report.add_packet(packet)
            builder.add_packet(packet)

        for frame in decoder.frames(add_packet, builder.add_failure):
            builder.add(frame)
    return builder.index()


def decoded_index_builder(decoder: Decoder, frame_seconds: float) -> DecodedIndexBuilder:
    """Builds the index of what a decoder decodes."""
    assert decoder.stream.time_base is not None
    return DecodedIndexBuilder(decoder.stream.time_base, frame_seconds, decoder.has_timestamps)


class _ProgressReporter:
    """Reports the progress of a pass over a file's packets and cancels it when `should_stop` is True."""

    def __init__(self, decoder: Decoder, should_stop: ShouldStop, on_progress: OnProgress | None) -> None:
        self._size_bytes = decoder.size_bytes
        self._should_stop = should_stop
        self._on_progress = on_progress
        self._packets = 0
        self._farthest = 0

    def add_packet(self, packet: Packet[VideoStream]) -> None:
        """Count a packet and report progress every 100 packets.

        Raises:
            Cancelled: `should_stop` said yes.
        """
        if self._should_stop():
            raise Cancelled
        self._packets += 1
        self._farthest = max(self._farthest, packet.pos or 0)
        if self._on_progress and self._packets % _REPORT_EVERY_PACKETS == 0:
            self._on_progress(min(self._farthest / self._size_bytes, 1.0))
