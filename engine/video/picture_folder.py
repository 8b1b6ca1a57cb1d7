"""A folder of numbered pictures as a video."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from engine.common.byte_cache import byte_cache
from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.common.names import displayable
from engine.video.decoder_calls import call_noted
from engine.video.fingerprint import pictures_fingerprint
from engine.video.frame import Frame, Pixels
from engine.video.given_rates import given_rate
from engine.video.naming import picture_files, visible_entries
from engine.video.picture_file import decode_picture, read_picture_bytes
from engine.video.source import ASSUMED_FPS, CACHE_BYTES, PICTURES, Rate, VideoInfo, VideoSource, check_number
from engine.video.wall_clock import recording_start


class PictureFolderSource(VideoSource):
    """Every picture is a frame, sorted by the number in its name; missing numbers leave no gap in time."""

    def __init__(self, path: Path, *, cache_bytes: int = CACHE_BYTES) -> None:
        """Open the pictures of a folder; where nobody gave their rate, a usual one is taken.

        Raises:
            VideoError: there are none, or the first can't be read.
        """
        self._path = path
        try:
            self._pictures = picture_files(visible_entries(path))
        except PermissionError as error:
            raise VideoError(
                tr("The folder may not be read"), subject=path, advice=tr("Change its permissions.")
            ) from error
        if not self._pictures:
            raise VideoError(
                tr("There are no pictures in this folder"),
                subject=path,
                advice=tr("Choose a video file, or a folder with numbered JPEG, PNG, BMP or TIFF pictures."),
            )
        self._cache: LRUCache[int, Frame] = byte_cache(cache_bytes, lambda frame: frame.nbytes)
        fingerprint = pictures_fingerprint(self._pictures)
        given = given_rate(fingerprint)
        rate: Rate = "given" if given else "assumed"
        fps = given or ASSUMED_FPS
        self._times = np.arange(len(self._pictures)) / fps
        self._times.flags.writeable = False
        height, width = read_picture(self._pictures[0]).shape[:2]
        self._info = VideoInfo(
            path=path,
            name=displayable(path.name),
            width_px=width,
            height_px=height,
            frame_count=len(self._pictures),
            duration_seconds=len(self._pictures) / fps,
            average_fps=fps,
            codec=PICTURES,
            fingerprint=fingerprint,
            start=recording_start(path, {}),
            rate=rate,
        )

    @property
    def info(self) -> VideoInfo:
        """Size, frame count and duration of the folder's pictures."""
        return self._info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] in seconds, evenly spaced."""
        return self._times

    def is_changed(self) -> bool:
        """Whether there are other pictures by now than those that were opened."""
        with suppress(OSError):
            return pictures_fingerprint(picture_files(visible_entries(self._path))) != self._info.fingerprint
        return False

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        """Picture number `index` of the folder.

        Raises:
            IndexError: there is no such frame.
            VideoError: the picture can't be read, or has another size than the first.
            Cancelled: `should_stop` said yes.
        """
        check_number(index, self)
        frame = self._cache.get(index)
        if frame is None:
            if should_stop():
                raise Cancelled
            frame = self._load(index)
            self._cache[index] = frame
        return frame

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        """Pictures [start, stop) in order.

        Raises:
            VideoError: a picture can't be read, or has another size than the first.
            Cancelled: `should_stop` said yes.
        """
        for index in range(start, len(self) if stop is None else min(stop, len(self))):
            if should_stop():
                raise Cancelled
            yield self._load(index)

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Read pictures [start, stop) into the cache that `read` uses; returns early when `should_stop` is True."""
        with suppress(Cancelled, VideoError):
            for index in range(max(start, 0), min(stop, len(self))):
                self.read(index, should_stop)

    def close(self) -> None:
        """Free the cache."""
        self._cache.clear()

    def _load(self, index: int) -> Frame:
        picture = read_picture(self._pictures[index])
        if picture.shape[:2] != (self._info.height_px, self._info.width_px):
            raise VideoError(
                tr("A picture is {width}x{height} pixels large, the first one {first_width}x{first_height}").format(
                    width=picture.shape[1],
                    height=picture.shape[0],
                    first_width=self._info.width_px,
                    first_height=self._info.height_px,
                ),
                subject=self._pictures[index],
                advice=tr("Keep the pictures of one camera and one size in a folder."),
            )
        return Frame(picture, index, float(self._times[index]))


def read_picture(file: Path) -> Pixels:
    """One picture as RGB uint8 [H, W, 3], read-only.

    Raises:
        VideoError: it can't be read or decoded.
    """
    # Decoded from memory, because imread can't open non-ASCII paths on Windows.
    try:
        with call_noted(file.parent):
            content = read_picture_bytes(file)
        picture = decode_picture(content, cv2.IMREAD_COLOR_RGB)
    except OSError as error:
        raise VideoError(tr("A picture can't be read"), subject=file, advice=f"{error.strerror}.") from error
    except ValueError as error:
        advice = tr("Replace it or take it out: {error}.").format(error=error)
        raise VideoError(tr("A picture can't be decoded"), subject=file, advice=advice) from error
    picture.flags.writeable = False
    return np.asarray(picture, np.uint8)
