"""Writes MP4 clips with the source's timing; a clip appears under its name only when it is complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import cv2
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from engine.common.atomic_write import may_write, sync_folder, temporary_path
from engine.common.errors import ExportError
from engine.common.names import MAX_NAME_BYTES, fitting_name, name_bytes
from engine.video.frame import Pixels
from engine.video.sound import ClipSound

TIME_BASE = Fraction(1, 90_000)
"""Holds every common frame rate exactly, and variable ones to 11 microseconds."""

_MAX_FPS = 1000.0
_KEYFRAME_SECONDS = 2.0  # distance between keyframes, short so that players seek quickly
_BT709 = 1  # FFmpeg's number for BT.709 in its primaries, transfer and matrix enumerations alike


@dataclass(frozen=True)
class Encoder:
    """A codec that PyAV's wheels contain, with its options."""

    label: str
    """Name shown to people."""
    options: tuple[tuple[str, str], ...]
    """Options passed to FFmpeg."""


ENCODERS = {
    # Without B-frames, MP4 stores every frame's duration exactly, including the last one's.
    "libx264": Encoder("H.264 (plays everywhere)", (("preset", "veryfast"), ("crf", "20"), ("bf", "0"))),
    "libsvtav1": Encoder("AV1 (small files)", (("preset", "10"), ("crf", "32"))),
    "libvpx-vp9": Encoder(
        "VP9", (("deadline", "realtime"), ("cpu-used", "6"), ("row-mt", "1"), ("crf", "30"), ("b", "0"))
    ),
}
DEFAULT_ENCODER = "libx264"


def free_path(path: Path, beside: Sequence[str] = ()) -> Path:
    """`path`, or if it exists the first free one of "name-2.mp4", "name-3.mp4" and so on.

    The names with the suffixes `beside` in place of its own are free, too.
    """

    def is_free(candidate: Path) -> bool:
        names = (candidate, *map(candidate.with_suffix, beside))
        return not any(map(os.path.lexists, names))

    if is_free(path):
        return path
    numbered = (path.with_name(fitting_name(path.stem, f"-{number}{path.suffix}")) for number in count(2))
    return next(candidate for candidate in numbered if is_free(candidate))


def refuse_target(target: Path) -> None:
    """Check that a clip can have this name.

    Raises:
        ExportError: there is such a file already, it is no .mp4, its name is too long, or its folder can't be written.
    """
    if target.suffix.lower() != ".mp4":
        raise ExportError("Clips are MP4 files", subject=target, advice="Give the file a name that ends in .mp4.")
    if name_bytes(target.name) > MAX_NAME_BYTES:
        raise _cannot_write(target, OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)))
    try:
        if os.path.lexists(target):
            raise _already_exists(target)
        target.absolute().parent.stat()
    except OSError as error:
        raise _cannot_write(target, error) from error
    if not may_write(target.absolute().parent):
        raise _cannot_write(target, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


class ClipWriter:
    """Encodes pictures into an MP4 file that appears under its name only once it is complete.

    Use it as a context manager: a normal exit finishes the file, an exception removes the temporary file.
    """

    def __init__(
        self,
        target: Path,
        width_px: int,
        height_px: int,
        *,
        encoder: str = DEFAULT_ENCODER,
        average_fps: float = 25.0,
        sound: ClipSound | None = None,
    ) -> None:
        """Begin a clip of pictures of one size; odd sizes are padded by a pixel, because 4:2:0 needs even ones.

        `average_fps` sets only keyframe distance and rate control; each frame brings its own time. `sound` starts with
        the first picture.

        Raises:
            ExportError: `target` exists, is no .mp4, its folder can't be written, or the encoder is unknown.
        """
        if encoder not in ENCODERS:
            advice = f"Choose one of {', '.join(ENCODERS)}."
            raise ExportError("There is no such encoder", subject=encoder, advice=advice)
        refuse_target(target)
        if encoder == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # otherwise it prints its settings on stderr
        self._target = target
        self._size = (height_px, width_px)
        self._temporary = temporary_path(target)
        self._reformatter = VideoReformatter()
        self._durations: dict[int, int] = {}
        self._last_pts = -1
        try:
            self._temporary.touch(exist_ok=False)  # FFmpeg would report an unwritable folder only at the first packet
            self._container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
            self._stream = self._add_stream(encoder, average_fps)
            self._sound = sound
            self._sound_stream = (
                self._container.add_stream("aac", rate=sound.rate_hz, layout=sound.layout) if sound else None
            )
        except (av.FFmpegError, OSError) as error:
            self._remove_temporary()
            raise _cannot_write(self._target, error) from error

    def _add_stream(self, encoder: str, average_fps: float) -> VideoStream:
        # The rate is only a hint; encoders refuse rates near zero, as of time-lapse footage, and absurd ones.
        average_fps = min(max(average_fps, 1.0), _MAX_FPS)
        rate = Fraction(average_fps).limit_denominator(1001)
        stream = cast(VideoStream, self._container.add_stream(encoder, rate, dict(ENCODERS[encoder].options)))
        height, width = self._size
        stream.width = width + width % 2
        stream.height = height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.time_base = TIME_BASE
        context = stream.codec_context
        context.time_base = TIME_BASE
        context.gop_size = max(round(_KEYFRAME_SECONDS * average_fps), 1)
        # Without these tags, players guess BT.601 or BT.709 from the size of the picture.
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = ColorRange.MPEG
        return stream

    def write(self, pixels: Pixels, pts_seconds: float, duration_seconds: float) -> None:
        """Add the next picture, shown from `pts_seconds` after the clip's start for `duration_seconds`.

        Raises:
            ExportError: the disk is full or the file can't be written.
            ValueError: the picture's size is not the clip's.
        """
        if pixels.shape[:2] != self._size:
            raise ValueError(f"a picture of {self._size} was promised, this is {pixels.shape[:2]}")
        height, width = self._size
        if height % 2 or width % 2:
            pixels = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        picture = self._reformatter.reformat(
            av.VideoFrame.from_ndarray(pixels, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        # Frames may be closer together than a tick, but their times must differ.
        pts = max(round(pts_seconds / TIME_BASE), self._last_pts + 1)
        self._last_pts = pts
        self._durations[pts] = max(round(duration_seconds / TIME_BASE), 1)
        picture.pts = pts
        picture.time_base = TIME_BASE
        try:
            self._mux(self._stream.encode(picture))
            self._add_sound(pts_seconds + duration_seconds)
        except (av.FFmpegError, OSError) as error:
            raise _cannot_write(self._target, error) from error

    def _add_sound(self, until_seconds: float) -> None:
        if self._sound and self._sound_stream:
            for block in self._sound.until(until_seconds):
                self._container.mux(self._sound_stream.encode(block))

    def _mux(self, packets: Iterable[av.Packet[VideoStream]]) -> None:
        for packet in packets:
            # Encoders drop or guess durations, which matters for the last frame: no next frame follows it.
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, packet.duration)
            self._container.mux(packet)

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
            else:
                self._abandon()
        finally:
            self._remove_temporary()

    def _finish(self) -> None:
        if self._last_pts < 0:
            self._abandon()
            raise ExportError("The clip has no frames", subject=self._target, advice="Choose at least one frame.")
        try:
            self._mux(self._stream.encode(None))
            if self._sound_stream:
                self._container.mux(self._sound_stream.encode(None))
            self._container.close()
            with self._temporary.open("rb+") as file:
                os.fsync(file.fileno())
            rename_to_new(self._temporary, self._target)
        except FileExistsError as error:
            raise _already_exists(self._target) from error
        except (av.FFmpegError, OSError) as error:
            self._abandon()
            raise _cannot_write(self._target, error) from error

    def _remove_temporary(self) -> None:
        # A folder that may not be written, or has gone, must not hide why the clip failed.
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _abandon(self) -> None:
        with suppress(
            av.FFmpegError, OSError
        ):  # closing may fail again for the same reason; the file is deleted anyway
            self._container.close()


def _already_exists(target: Path) -> ExportError:
    return ExportError(
        "There is a file of this name already", subject=target, advice="Choose another name, or move the file away."
    )


def _cannot_write(target: Path, error: Exception) -> ExportError:
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        advice = "The disk is full: free some space or choose another folder."
    elif number in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "You may not write in this folder: choose another one."
    elif number in (errno.ENOENT, errno.ENOTDIR):
        advice = "There is no such folder: create it or choose another one."
    elif number == errno.ENAMETOOLONG:
        advice = "The name is too long: choose a shorter one."
    else:
        advice = f"Try another folder or encoder ({error})."
    return ExportError("The clip can't be written", subject=target, advice=advice)


def rename_to_new(temporary: Path, target: Path) -> None:
    """Give a finished file its name in one step, never replacing another file.

    Raises:
        FileExistsError: the name was taken in the meantime.
    """
    if os.name == "nt":
        temporary.rename(target)  # on Windows, rename never replaces a file
        return
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links (FAT, some network shares).
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        temporary.replace(target)
    sync_folder(target.absolute().parent)
