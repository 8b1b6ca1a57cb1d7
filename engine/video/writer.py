"""Writes clips with the source's timing; a clip appears under its name only when it is complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import cv2
from av.audio.stream import AudioStream
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from engine.common.atomic_write import may_write, sync_folder, temporary_path
from engine.common.errors import ExportError
from engine.common.language import tr
from engine.common.names import MAX_NAME_BYTES, fitting_name, name_bytes
from engine.video.encoding import FORMATS, SOUND_BIT_RATE, USUAL_ENCODING, ClipFormat, Encoding, converter
from engine.video.exported import mark_exported
from engine.video.frame import Pixels
from engine.video.sound import ClipSound

_MAX_FPS = 1000.0
_KEYFRAME_SECONDS = 2.0  # distance between keyframes, short so that players seek quickly
_BT709 = 1  # FFmpeg's number for BT.709 in its primaries, transfer and matrix enumerations alike


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


def refuse_target(target: Path, clip_format: ClipFormat = ClipFormat.MP4) -> None:
    """Check that a clip can have this name.

    Raises:
        ExportError: there is such a file already, its name has another ending or is too long, or its folder can't be
            written.
    """
    facts = FORMATS[clip_format]
    if facts.suffix and target.suffix.lower() != facts.suffix:
        raise ExportError(
            tr("The name does not fit the format ({label})").format(label=tr(facts.label)),
            subject=target,
            advice=tr("Give the file a name that ends in {suffix}.").format(suffix=facts.suffix),
        )
    if name_bytes(target.name) > MAX_NAME_BYTES:
        raise cannot_write_clip(target, OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)))
    try:
        if os.path.lexists(target):
            raise already_exists(target)
        target.absolute().parent.stat()
    except OSError as error:
        raise cannot_write_clip(target, error) from error
    if not may_write(target.absolute().parent):
        raise cannot_write_clip(target, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


class ClipWriter:
    """Encodes pictures into a file that appears under its name only once it is complete.

    Use it as a context manager: a normal exit finishes the file, an exception removes the temporary file.
    """

    def __init__(
        self,
        target: Path,
        width_px: int,
        height_px: int,
        *,
        encoding: Encoding = USUAL_ENCODING,
        average_fps: float = 25.0,
        frames: int = 0,
        seconds: float = 0.0,
        sound: ClipSound | None = None,
    ) -> None:
        """Begin a clip of pictures of one size; where 4:2:0 needs even ones, odd ones are padded by a pixel.

        `average_fps` sets only keyframe distance and rate control; each frame brings its own time. `frames` and
        `seconds` need be known only where the file has to fit a size. `sound` starts with the first picture; formats
        without sound leave it out.

        Raises:
            ExportError: `target` exists, has another ending, its folder can't be written, or it can't fit the size.
        """
        self._encoding = encoding
        facts = encoding.facts
        refuse_target(target, encoding.format)
        if encoding.encoder == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # otherwise it prints its settings on stderr
        self._target = target
        self._size = (height_px, width_px)
        self._tick = facts.tick
        is_halved = facts.pixel_format == "yuv420p"
        self._padding = (height_px % 2, width_px % 2) if is_halved else (0, 0)
        self._convert = converter(
            facts.pixel_format, width_px + self._padding[1], height_px + self._padding[0], self._tick
        )
        self._sound = sound if facts.sound else None
        codec, options = encoding.codec(frames, seconds, has_sound=self._sound is not None)
        self._temporary = temporary_path(target)
        self._durations: dict[int, int] = {}
        self._last_pts = -facts.least_ticks
        try:
            self._temporary.touch(exist_ok=False)  # FFmpeg would report an unwritable folder only at the first packet
            self._container = av.open(str(self._temporary), "w", format=facts.muxer, options=dict(facts.options))
            mark_exported(self._container.metadata)
            self._stream = self._add_stream(codec, options, average_fps)
            self._sound_stream = self._add_sound_stream(facts.sound) if self._sound else None
        except BaseException as error:  # Ctrl+C before the block is entered, too, leaves nothing
            self._remove_temporary()
            if isinstance(error, (av.FFmpegError, OSError)):
                raise cannot_write_clip(self._target, error) from error
            raise

    def _add_stream(self, codec: str, options: dict[str, str], average_fps: float) -> VideoStream:
        # The rate is only a hint; encoders refuse rates near zero, as of time-lapse footage, and absurd ones.
        average_fps = min(max(average_fps, 1.0), _MAX_FPS)
        rate = Fraction(average_fps).limit_denominator(1001)
        stream = cast(VideoStream, self._container.add_stream(codec, rate, options))
        stream.height, stream.width = (side + more for side, more in zip(self._size, self._padding, strict=True))
        stream.pix_fmt = self._encoding.facts.pixel_format
        stream.time_base = self._tick
        context = stream.codec_context
        context.time_base = self._tick
        context.gop_size = max(round(_KEYFRAME_SECONDS * average_fps), 1)
        if self._encoding.format is ClipFormat.MP4:
            # Without these tags, players guess BT.601 or BT.709 from the size of the picture.
            context.color_primaries = context.color_trc = context.colorspace = _BT709
            context.color_range = ColorRange.MPEG
        return stream

    def _add_sound_stream(self, codec: str) -> AudioStream:
        assert self._sound
        stream = self._container.add_stream(codec, rate=self._sound.rate_hz, layout=self._sound.layout)
        sound_stream = cast(AudioStream, stream)
        sound_stream.codec_context.bit_rate = SOUND_BIT_RATE
        return sound_stream

    def write(self, pixels: Pixels, pts_seconds: float, duration_seconds: float) -> None:
        """Add the next picture, shown from `pts_seconds` after the clip's start for `duration_seconds`.

        Raises:
            ExportError: the disk is full or the file can't be written.
            ValueError: the picture's size is not the clip's.
        """
        if pixels.shape[:2] != self._size:
            raise ValueError(f"a picture of {self._size} was promised, this is {pixels.shape[:2]}")
        least = self._encoding.facts.least_ticks
        pts = round(pts_seconds / self._tick)
        if least > 1 and pts < self._last_pts + least:
            return  # this format shows no more frames a second
        # Frames may be closer together than a tick, but their times must differ.
        pts = max(pts, self._last_pts + 1)
        self._last_pts = pts
        self._durations[pts] = max(round((pts_seconds + duration_seconds) / self._tick) - pts, 1)
        if any(self._padding):
            more = (0, self._padding[0], 0, self._padding[1])
            pixels = cv2.copyMakeBorder(pixels, *more, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        try:
            self._mux(self._stream.encode(self._convert(pixels, pts)))
            self._add_sound(pts_seconds + duration_seconds)
        except (av.FFmpegError, OSError) as error:
            raise cannot_write_clip(self._target, error) from error

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
            raise ExportError(
                tr("The clip has no frames"), subject=self._target, advice=tr("Choose at least one frame.")
            )
        try:
            self._mux(self._stream.encode(None))
            if self._sound_stream:
                self._container.mux(self._sound_stream.encode(None))
            self._container.close()
            with self._temporary.open("rb+") as file:
                os.fsync(file.fileno())
            self._refuse_large()
            rename_to_new(self._temporary, self._target)
        except FileExistsError as error:
            raise already_exists(self._target) from error
        except (av.FFmpegError, OSError) as error:
            self._abandon()
            raise cannot_write_clip(self._target, error) from error

    def _refuse_large(self) -> None:
        limit = self._encoding.max_bytes
        if limit is not None and self._temporary.stat().st_size > limit:
            raise ExportError(
                tr("The clip became larger than {size:g} MB").format(size=limit / 1e6),
                subject=self._target,
                advice=tr("Its pictures hold too much for that: allow a larger file, or export a shorter part."),
            )

    def _remove_temporary(self) -> None:
        # A folder that may not be written, or has gone, must not hide why the clip failed.
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _abandon(self) -> None:
        with suppress(
            av.FFmpegError, OSError
        ):  # closing may fail again for the same reason; the file is deleted anyway
            self._container.close()


def already_exists(target: Path) -> ExportError:
    """What to tell where a clip's name is taken."""
    return ExportError(
        tr("There is a file of this name already"),
        subject=target,
        advice=tr("Choose another name, or move the file away."),
    )


def cannot_write_clip(target: Path, error: Exception) -> ExportError:
    """What to tell where a clip can't be written, and what helps."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        advice = tr("The disk is full: free some space or choose another folder.")
    elif number in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = tr("You may not write in this folder: choose another one.")
    elif number in (errno.ENOENT, errno.ENOTDIR):
        advice = tr("There is no such folder: create it or choose another one.")
    elif number == errno.ENAMETOOLONG:
        advice = tr("The name is too long: choose a shorter one.")
    else:
        advice = tr("Try another folder or encoder ({error}).").format(error=error)
    return ExportError(tr("The clip can't be written"), subject=target, advice=advice)


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
