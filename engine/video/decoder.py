"""Decodes a video file from the position of the last seek and turns FFmpeg's errors into VideoError."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from engine.common.errors import VideoError
from engine.video.frame_index import EntryPoint

OnPacket = Callable[["av.Packet[VideoStream]"], None]

_NO_TIMESTAMPS = 0x80  # FFmpeg's AVFMT_NOTIMESTAMPS

# A playlist disguised as a video must not make FFmpeg fetch anything from the network.
_OPTIONS = {"protocol_whitelist": "file"}


class Decoder:
    """One pass over a file's best video stream."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Open a file at its start; `threads` is the number of decoder threads, 0 lets FFmpeg choose.

        Raises:
            VideoError: the file can't be read, holds no video, or its codec is unknown.
        """
        self._path = path
        self._threads = threads
        self._container, self.stream = _open(path, threads)

    @property
    def has_timestamps(self) -> bool:
        """False for raw streams: FFmpeg invents the times of their frames, which differ after a seek."""
        return not self._container.format.flags & _NO_TIMESTAMPS

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself, such as when it was made."""
        return dict(self.stream.metadata) | dict(self._container.metadata)

    @property
    def size_bytes(self) -> int:
        """The file's size, at least 1."""
        return max(self._container.size, 1)

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """The compressed frames in file order; a truncated file ends early without an error."""
        demuxed = self._container.demux(self.stream)
        while True:
            try:
                packet = next(demuxed)
            except IndexError:
                # PyAV raises IndexError once on streams that begin in the middle of a broadcast; reading goes on.
                demuxed = self._container.demux(self.stream)
                continue
            except (StopIteration, av.error.FFmpegError):
                return
            yield packet

    def frames(self, on_packet: OnPacket | None = None) -> Iterator[VideoFrame]:
        """Frames in presentation order; damaged packets are skipped."""
        for packet in self.packets():
            if on_packet and packet.size:
                on_packet(packet)
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                continue

    def restart(self) -> None:
        """Go back to the start by opening the file again, the only rewind that works for every format."""
        self._container.close()
        self._container, self.stream = _open(self._path, self._threads)

    def seek(self, entry: int, kind: EntryPoint) -> bool:
        """Seek to an entry point or an earlier one; False when the seek fails."""
        try:
            self._container.seek(entry, stream=self.stream, unsupported_byte_offset=kind is EntryPoint.BYTE)
        except (av.error.FFmpegError, OverflowError):
            return False
        return True

    def close(self) -> None:
        """Free the file; closing twice is fine."""
        self._container.close()

    @property
    def container(self) -> InputContainer:
        """The file itself, for whoever copies packets of all its streams."""
        return self._container


def _open(path: Path, threads: int) -> tuple[InputContainer, VideoStream]:
    try:
        # Without the prefix, FFmpeg would read a colon in the file name as the end of a protocol.
        container = av.open(f"file:{path}", mode="r", metadata_errors="replace", options=_OPTIONS)
    except PermissionError as error:
        raise VideoError("The video may not be read", subject=path, advice="Change its permissions.") from error
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(
            "This file can't be opened as a video",
            subject=path,
            advice=f"Choose a video file, or copy it again if it is damaged ({error.strerror}).",
        ) from error
    # FFmpeg reports a song's cover picture as a video stream.
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    decodable = [stream for stream in streams if stream.codec_context is not None]
    if not decodable:
        container.close()
        if streams:
            advice = "Convert it to H.264 with the program that made it, or copy it again if it is damaged."
            raise VideoError("This video's codec is unknown", subject=path, advice=advice)
        raise VideoError("This file holds no video", subject=path, advice="Choose a file with pictures in it.")
    decodable[0].thread_type = "AUTO"
    decodable[0].codec_context.thread_count = threads
    return container, decodable[0]
