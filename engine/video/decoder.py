"""Decodes a video file from the position of the last seek and turns FFmpeg's errors into VideoError."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from engine.common.errors import VideoError
from engine.common.language import tr
from engine.common.memory import is_memory_short, out_of_memory_error
from engine.common.remote_path import RemoteFile, RemotePath
from engine.video.announced import announced_seconds
from engine.video.decoder_calls import DecoderCalls
from engine.video.frame_index import EntryPoint
from engine.video.local_file import BUFFER_BYTES, LocalFile
from engine.video.naming import PICTURE_SUFFIXES
from engine.video.picture_file import MAX_PIXELS
from engine.video.trust import (
    MP4,
    PICTURE_CODECS,
    SOUND_CODECS,
    UntrustedFileError,
    require_trusted,
    trusted_format,
    trusts_all,
)

OnPacket = Callable[["av.Packet[VideoStream]"], None]

_START_BYTES = 1 << 16  # tell a file's kind, and how long it says that it lasts
_NO_TIMESTAMPS = 0x80  # FFmpeg's AVFMT_NOTIMESTAMPS

# Formats that keep all they hold in the one file. Playlists (hls, concat, dash, imf), numbered pictures (image2),
# recordings in several parts (mlv) and devices name other files or hosts, and FFmpeg would follow them.
_FORMATS = (
    "3g2 3gp amv apng asf asf_o av1 avi avs2 avs3 cavsvideo cine dhav dirac dnxhd dv dxa evc flic flv gif gxf h261 h263"
    " h264 hevc hxvs ifv ingenient ipmovie ivf ivr iv8 kux live_flv lmlm4 luodat lvf lxf m4v matroska,webm mjpeg"
    " mjpeg_2000 mov,mp4,m4a,3gp,3g2,mj2 mpeg mpegts mpegvideo mpjpeg mtv mxf nc nsv nut nuv obu ogg pmp pva rm ser"
    " siff smjpeg swf ty vc1 vc1test vivo vvc webp wtv xmv yuv4mpegpipe"
    " bmp_pipe gif_pipe j2k_pipe jpeg_pipe png_pipe tiff_pipe webp_pipe"
)
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(_FORMATS.split()),
    "max_pixels": str(MAX_PIXELS),
}
_TRUSTED_CODECS = {"codec_whitelist": ",".join(sorted(PICTURE_CODECS | SOUND_CODECS))}
"""What may decode in this process, also while FFmpeg looks at streams that nobody asked for."""
_STILL = Disposition.attached_pic | Disposition.timed_thumbnails
_STILL_CODECS = {"mjpeg", "png", "bmp", "gif", "webp", "tiff"}
_PLAYLIST_STARTS = (b"#extm3u", b"ffconcat", b"file ", b"<?xml", b"<mpd", b"[playlist]", b"<asx")
_MAX_DECODER_PIXELS = 1 << 29  # of the pictures that the threads of a decoder hold
_MANY_THREADS = 16  # FFmpeg starts no more by itself


class Decoder:
    """One pass over a file's first video stream."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Open a file at its start; `threads` is the number of decoder threads, 0 lets FFmpeg choose.

        Raises:
            VideoError: the file can't be read, holds no video, or its codec is unknown.
            UntrustedFileError: it is to be read in a helper process.
        """
        self._path = path
        self._threads = threads
        self._calls = DecoderCalls(path)
        self._file, self._container, self.stream = self._opened()

    @property
    def has_timestamps(self) -> bool:
        """False for raw streams: FFmpeg invents the times of their frames, which differ after a seek."""
        return not self._container.format.flags & _NO_TIMESTAMPS

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself, such as when it was made."""
        return dict(self.stream.metadata) | dict(self._container.metadata)

    @property
    def has_sound(self) -> bool:
        """Whether the file has sound, too."""
        return bool(self._container.streams.audio)

    @property
    def announced_seconds(self) -> float:
        """How long the file's header says that it lasts; 0 where it does not."""
        return announced_seconds(self._container, self.stream, self._file.start)

    @property
    def unread_bytes(self) -> int:
        """How much of the file is skipped as FFmpeg can't read it."""
        parts = self._file.unread if isinstance(self._file, LocalFile) else ()
        return sum(part.stop - part.start for part in parts)

    @property
    def other_videos(self) -> int:
        """How many more videos there are in the file; pictures that stand still are none."""
        return sum(each is not self.stream and not _is_still(each) for each in self._container.streams.video)

    @property
    def size_bytes(self) -> int:
        """The file's size, at least 1."""
        return max(self._container.size, 1)

    @property
    def duration_seconds(self) -> float | None:
        """How long the file says it lasts; None where it does not."""
        if not self.has_timestamps or self._container.duration is None:
            return None
        return self._container.duration / av.time_base

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """The compressed frames in file order; a truncated file ends early without an error.

        Raises:
            VideoError: a read failed, or memory does not suffice.
        """
        demuxed = self._container.demux(self.stream)
        calls = self._calls
        latest: int | None = None
        while True:
            calls.since = time.monotonic()
            try:
                packet = next(demuxed)
            except IndexError:
                # PyAV raises IndexError once on streams that begin in the middle of a broadcast; reading goes on.
                demuxed = self._container.demux(self.stream)
                continue
            except (StopIteration, av.error.FFmpegError, OSError, MemoryError) as error:
                check_memory(self._path, error)
                self.check_reads()
                return
            finally:
                calls.since = None
            if self._file.error:
                self.check_reads()
            if (time_read := packet.dts) is not None:
                # FFmpeg discards fragments of an MP4 whose times start over, for what was read before is shown then.
                if packet.is_discard and latest is not None and time_read <= latest:
                    packet = shown_packet(packet)
                latest = time_read if latest is None else max(latest, time_read)
            yield packet

    def frames(
        self, on_packet: OnPacket | None = None, on_failure: Callable[[], None] | None = None
    ) -> Iterator[VideoFrame]:
        """Frames in presentation order; damaged packets are skipped, with a call of `on_failure`.

        Raises:
            VideoError: as `packets`.
        """
        calls = self._calls
        for packet in self.packets():
            if on_packet and packet.size:
                on_packet(packet)
            calls.since = time.monotonic()
            try:
                pictures = packet.decode()
            except (av.error.FFmpegError, OSError, MemoryError) as error:
                check_memory(self._path, error)
                if not isinstance(error, av.error.FFmpegError):
                    raise
                pictures = []
                if on_failure:
                    on_failure()
            finally:
                calls.since = None
            yield from pictures

    def restart(self) -> None:
        """Go back to the start by opening the file again, the only rewind that works for every format."""
        opened = self._opened()  # where that fails, what is open can still be used
        self.close()
        self._file, self._container, self.stream = opened

    def seek(self, entry: int, kind: EntryPoint) -> bool:
        """Seek to an entry point or an earlier one; False when the seek fails."""
        self._calls.since = time.monotonic()
        try:
            self._container.seek(entry, stream=self.stream, unsupported_byte_offset=kind is EntryPoint.BYTE)
        except (av.error.FFmpegError, OverflowError, OSError, MemoryError) as error:
            check_memory(self._path, error)
            self.check_reads()
            return False
        finally:
            self._calls.since = None
        return True

    def _opened(self) -> tuple[LocalFile | RemoteFile, InputContainer, VideoStream]:
        self._calls.since = time.monotonic()
        try:
            return _open(self._path, self._threads)
        finally:
            self._calls.since = None

    def close(self) -> None:
        """Free the file; closing twice is fine."""
        self._container.close()
        self._file.close()

    @property
    def container(self) -> InputContainer:
        """The file itself, for whoever copies packets of all its streams."""
        return self._container

    def check_reads(self) -> None:
        """Tell the end of a file from that of its connection or disk.

        Raises:
            VideoError: a read failed, so that packets ended before the file does.
        """
        if self._file.error:
            raise unreadable(self._path, self._file.error) from self._file.error


def shown_packet(packet: av.Packet[VideoStream]) -> av.Packet[VideoStream]:
    """The same compressed frame without the word that it is not to be shown."""
    # Not av.Packet(bytes(packet)): threads of the decoder would wait for the interpreter's lock to free those bytes,
    # and who closes it waits for its threads with that lock.
    kept: av.Packet[VideoStream] = av.Packet(packet.size)  # type: ignore[assignment]
    kept.update(bytes(packet))
    kept.stream, kept.time_base = packet.stream, packet.time_base
    kept.pts, kept.dts, kept.duration, kept.is_keyframe = packet.pts, packet.dts, packet.duration, packet.is_keyframe
    return kept


def check_memory(path: Path, error: BaseException) -> None:
    """Tell damage and the end of a file from memory that ran out, which says nothing of the file.

    FFmpeg says the same of a damaged number that asks for more than there ever is: where memory is left, it is damage.

    Raises:
        VideoError: memory does not suffice.
    """
    if not isinstance(error, MemoryError) and getattr(error, "errno", None) != errno.ENOMEM:
        return
    if is_memory_short() or not isinstance(error, av.error.FFmpegError):
        told = out_of_memory_error(path)
        raise VideoError(told.what, subject=path, advice=told.advice) from error


def undecodable(path: Path) -> VideoError:
    """The error of a file that opens, but of which no picture can be decoded."""
    return VideoError(
        tr("No picture of this video can be decoded"),
        subject=path,
        advice=tr(
            "The file may be damaged or cut short: copy it again from where it came from. Pictures of more "
            "than {count:.0f} million pixels are not opened."
        ).format(count=MAX_PIXELS / 1e6),
    )


def undecodable_frame(path: Path, index: int) -> VideoError:
    """The error of a frame that is in a file but gives no picture."""
    return VideoError(
        tr("Frame {frame} can't be decoded").format(frame=index),
        subject=path,
        advice=tr("The file is damaged there: continue at another frame, or copy the file again."),
    )


def unreadable(path: Path, error: OSError) -> VideoError:
    """The error of a recording whose disk, share or server fails."""
    advice = tr("Check the connection and that you may read there, then try again ({reason}).")
    if error.errno == errno.EIO and not isinstance(path, RemotePath):
        advice = tr(
            "Check its disk or share ({reason}). If the disk is failing, copy the file with a tool that skips what "
            "can't be read, and open the copy."
        )
    return VideoError(
        tr("The recording can't be read from where it is"),
        subject=path,
        advice=advice.format(reason=error.strerror),
    )


def _options(start: bytes, path: Path) -> dict[str, str]:
    """What FFmpeg is held to with a file; outside of helpers, to the one trusted format that its start tells.

    Raises:
        UntrustedFileError: it tells none, or can't be read.
    """
    if trusts_all():
        return _OPTIONS
    if not (name := trusted_format(start)):
        raise UntrustedFileError(path)
    return _OPTIONS | {"format_whitelist": name} | _TRUSTED_CODECS


def _open(path: Path, threads: int) -> tuple[LocalFile | RemoteFile, InputContainer, VideoStream]:
    try:
        file = RemoteFile(path) if isinstance(path, RemotePath) else LocalFile(path)
    except PermissionError as error:
        if isinstance(path, RemotePath):
            raise unreadable(path, error) from error
        raise VideoError(tr("The video may not be read"), subject=path, advice=tr("Change its permissions.")) from error
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        container, stream = _opened_video(path, file, threads)
    except VideoError:
        file.close()
        if file.error:
            raise unreadable(path, file.error) from None
        raise
    if file.error:
        container.close()
        file.close()
        raise unreadable(path, file.error) from file.error
    return file, container, stream


def _opened_video(path: Path, file: LocalFile | RemoteFile, threads: int) -> tuple[InputContainer, VideoStream]:
    with suppress(OSError):  # the file keeps what it was
        file.start = file.read(_START_BYTES)
        file.seek(0)
    options = _options(file.start, path)
    if isinstance(file, LocalFile) and trusted_format(file.start) == MP4:
        with suppress(OSError):  # FFmpeg will meet the same
            file.skip_damaged_boxes()
    try:
        container = av.open(file, mode="r", metadata_errors="replace", options=options, buffer_size=BUFFER_BYTES)
    except (av.error.FFmpegError, OSError) as error:
        if error.errno == errno.EINVAL and not trusts_all():
            raise UntrustedFileError(path) from error  # it is of another format than its start says
        if _names_other_files(path):
            raise VideoError(
                tr("This file names other files instead of holding pictures"),
                subject=path,
                advice=tr("Open the recordings that it lists, or the folder of the pictures."),
            ) from error
        raise VideoError(
            tr("This file can't be opened as a video"),
            subject=path,
            advice=tr("Choose a video file, or copy it again if it is damaged ({reason}).").format(
                reason=error.strerror
            ),
        ) from error
    streams = [stream for stream in container.streams.video if not stream.disposition & _STILL]
    decodable = [stream for stream in streams if stream.codec_context is not None]
    if not decodable:
        container.close()
        if streams:
            advice = tr("Convert it to H.264 with the program that made it, or copy it again if it is damaged.")
            raise VideoError(tr("This video's codec is unknown"), subject=path, advice=advice)
        raise VideoError(tr("This file holds no video"), subject=path, advice=tr("Choose a file with pictures in it."))
    stream = _first_moving(container, decodable)
    context = stream.codec_context
    try:
        require_trusted(path, context.name, PICTURE_CODECS)
    except UntrustedFileError:
        container.close()
        raise
    context.options = {"max_pixels": str(MAX_PIXELS)}
    stream.thread_type = "AUTO"
    # Each thread holds a picture of its own.
    most = max(_MAX_DECODER_PIXELS // max(context.width * context.height, 1), 1)
    context.thread_count = min(threads or os.cpu_count() or 1, most) if most < _MANY_THREADS else threads
    return container, stream


def _first_moving(container: InputContainer, decodable: list[VideoStream]) -> VideoStream:
    """The first stream, unless it is a preview of another, which not all files say."""
    first = decodable[0]
    moving = next((each for each in decodable if not _is_still(each)), first)
    # How many frames there are is known of MP4; elsewhere FFmpeg has counted those near the start.
    return moving if first.frames == 1 or container.streams.best("video") is moving else first


def _is_still(stream: VideoStream) -> bool:
    """Whether a stream may be a picture that stands still: a song's cover, or a preview."""
    return bool(stream.disposition & _STILL) or (
        stream.codec_context is not None and stream.codec_context.name in _STILL_CODECS
    )


def _names_other_files(path: Path) -> bool:
    """Whether a file that FFmpeg refuses is a playlist, or has the name of a pattern of pictures."""
    with suppress(OSError), path.open("rb") as file:
        start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith(_PLAYLIST_STARTS) or ("%" in path.name and path.suffix.lower() in PICTURE_SUFFIXES)
    return False
