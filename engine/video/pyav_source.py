"""Video files through PyAV: exact frames, whatever container and codec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from engine.errors import Cancelled, VideoError
from engine.events import ShouldStop, never_stop
from engine.video.fingerprint import file_fingerprint
from engine.video.frame import Frame
from engine.video.frame_cache import FrameCache
from engine.video.frame_index import (
    FrameIndex,
    IndexBuilder,
    announced_frames,
    decoded,
    index_by_announcement,
    luma_checksum,
)
from engine.video.index_store import load_index, save_index
from engine.video.pixels import PixelReader
from engine.video.source import VideoInfo, VideoSource

OnProgress = Callable[[float], None]
"""Told the share that is done, 0 to 1."""

CACHE_BYTES = 256 << 20
_KEPT_BEFORE_TARGET = 48  # decoded anyway on the way to a frame; keeping them makes stepping back instant
_REPORT_EVERY_FRAMES = 100
_FALLBACK_FPS = 25.0
_PROBED_FRAMES = 16  # decoded at opening; more than any codec reorders


class _Decoder:
    """One pass of decoding, from wherever the last seek went."""

    def __init__(self, path: Path) -> None:
        self.container = _open(path)
        self.stream = _video_stream(self.container, path)
        self.frames: Iterator[av.VideoFrame] = iter(())
        self.position = -1
        """Number of the frame that came last; -1 where that is not known."""

    def restart(self) -> None:
        """Go on from the first frame; opening anew is the one rewind that every format knows."""
        path = Path(self.container.name)
        self.close()
        self.container = _open(path)
        self.stream = _video_stream(self.container, path)
        self.frames = decoded(self.container, self.stream)
        self.position = -1

    def seek(self, pts: int) -> bool:
        """Go on from the keyframe at or before `pts`; False where the file refuses."""
        try:
            self.container.seek(pts, stream=self.stream, backward=True, any_frame=False)
        except av.error.FFmpegError:
            return False
        self.frames = decoded(self.container, self.stream)
        self.position = -1
        return True

    def close(self) -> None:
        self.frames = iter(())
        self.container.close()


class PyAvSource(VideoSource):
    """Frames of a video file; the index at opening is checked by every seek and corrected by a full pass."""

    def __init__(
        self,
        path: Path,
        *,
        should_stop: ShouldStop = never_stop,
        on_progress: OnProgress | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Open and index a file: at once where its container tells of every frame, else by decoding it all.

        Raises:
            VideoError: the file can't be read as a video.
            Cancelled: `should_stop` said yes.
        """
        self._path = path
        self._fingerprint = file_fingerprint(path)
        # As decoded: half the bytes of RGB, and the frames passed on the way to another need no conversion.
        self._cache: FrameCache[av.VideoFrame] = FrameCache(cache_bytes)
        self._pixels = PixelReader()
        with closing(_Decoder(path)) as probe:
            stream = probe.stream
            self._codec = stream.codec_context.name
            fps = float(stream.average_rate or stream.guessed_rate or _FALLBACK_FPS)
            self._frame_seconds = 1 / fps if fps > 0 else 1 / _FALLBACK_FPS
            first = list(islice(decoded(probe.container, stream), _PROBED_FRAMES))
        if not first:
            raise VideoError(
                "No picture of this video can be decoded",
                subject=path,
                advice="The file may be damaged or cut short: copy it again from where it came from.",
            )
        self._height_px, self._width_px = self._pixels.read(first[0]).shape[:2]
        first_shown = [frame.pts for frame in first]
        self._use_index(load_index(self._fingerprint) or self._build_index(first_shown, should_stop, on_progress))
        self._decoder = _Decoder(path)

    @property
    def info(self) -> VideoInfo:
        """Facts of the file; a full pass of `frames` may correct count and duration."""
        return self._info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] in seconds since the first frame's; another array once a full pass corrected it."""
        return self._times

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        """Exactly frame `index`, from the cache or decoded from the keyframe before it.

        Raises:
            IndexError: there is no such frame.
            VideoError: the frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"{self._path.name} has no frame {index}, only 0 to {len(self) - 1}")
        cached = self._cache.get(index)
        if cached is not None:
            return self._frame(cached, index)
        keyframe = self._index.keyframe_before(index)
        if keyframe - 1 <= self._decoder.position < index and self._decoder.position >= 0:
            frame = self._decode_until(index, should_stop)  # closer than any keyframe: just go on
            if frame:
                return frame
        if self._index.seekable:
            for steps_back in (0, 1):
                keyframe = self._index.keyframe_before(index, steps_back)
                if keyframe == 0:
                    break
                if self._decoder.seek(int(self._index.pts[keyframe])):
                    frame = self._decode_until(index, should_stop)
                    if frame:
                        return frame
        self._decoder.restart()
        frame = self._decode_until(index, should_stop)
        if frame:
            return frame
        raise VideoError(
            f"Frame {index} can't be decoded",
            subject=self._path,
            advice="The file is damaged there: continue at another frame, or copy the file again.",
        )

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        """Frames [start, stop) in order, in one pass of a decoder of its own; a whole pass checks the index.

        Raises:
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        with closing(_Decoder(self._path)) as decoder:
            if start > 0 and self._index.seekable:
                yield from self._frames_from_keyframe(decoder, start, stop, should_stop)
            else:
                yield from self._frames_from_beginning(decoder, start, stop, should_stop)

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Decode frames [start, stop) into the cache `read` looks in; just returns early when asked to stop."""
        with suppress(Cancelled, VideoError):
            for index in range(max(start, 0), min(stop, len(self))):
                if index not in self._cache:
                    self.read(index, should_stop)

    def close(self) -> None:
        """Free decoder and cache; closing twice is fine."""
        self._decoder.close()
        self._cache.clear()

    # Indexing

    def _build_index(
        self, first_shown: list[int | None], should_stop: ShouldStop, on_progress: OnProgress | None
    ) -> FrameIndex:
        with closing(_Decoder(self._path)) as decoder:
            announced = announced_frames(decoder.container, decoder.stream)
            assert decoder.stream.time_base is not None
            index = index_by_announcement(announced, first_shown, decoder.stream.time_base)
            if index:
                return index
        with closing(_Decoder(self._path)) as decoder:
            assert decoder.stream.time_base is not None
            builder = IndexBuilder(decoder.stream.time_base, self._frame_seconds)
            for frame in decoded(decoder.container, decoder.stream):
                if should_stop():
                    raise Cancelled
                builder.add(frame)
                if on_progress and len(builder) % _REPORT_EVERY_FRAMES == 0:
                    on_progress(min(len(builder) / max(len(announced), 1), 1.0))
        index = builder.index()
        save_index(self._fingerprint, index)
        return index

    def _use_index(self, index: FrameIndex) -> None:
        self._index = index
        self._times = index.times
        count = len(index)
        duration = float(self._times[-1]) + self._frame_seconds
        self._info = VideoInfo(
            path=self._path,
            name=self._path.name,
            width_px=self._width_px,
            height_px=self._height_px,
            frame_count=count,
            duration_seconds=duration,
            average_fps=count / duration,
            codec=self._codec,
            fingerprint=self._fingerprint,
        )

    def _learn_index(self, found: FrameIndex) -> None:
        """Take over what a full decode found; what was cached under other numbers goes."""
        if not np.array_equal(found.pts, self._index.pts):
            self._use_index(found)
            self._cache.clear()
            self._decoder.position = -1
        self._index = found
        save_index(self._fingerprint, found)

    # Decoding

    def _decode_until(self, index: int, should_stop: ShouldStop) -> Frame | None:
        """Decode on to frame `index`, keeping those shortly before it; None where it does not come."""
        decoder = self._decoder
        for raw in decoder.frames:
            here = self._number(raw, decoder.position)
            if here < 0 or (here > index and decoder.position < index):
                return None  # not a frame of the index, or the wanted one was skipped: this start was no good
            decoder.position = here
            if here > index - _KEPT_BEFORE_TARGET:
                self._cache.put(here, raw, sum(plane.buffer_size for plane in raw.planes))
            if here == index:
                return self._frame(raw, index)
            if should_stop():
                raise Cancelled
        decoder.position = -1
        return None

    def _number(self, raw: av.VideoFrame, position: int) -> int:
        """Which frame this is, -1 where it is none of the index; counted where times can't tell."""
        if not self._index.seekable:
            return position + 1 if position + 1 < len(self._index) else -1
        here = self._index.find(raw.pts)
        if here >= 0 and self._index.checksums is not None and self._index.checksums[here] != luma_checksum(raw):
            return -1
        return here

    def _frame(self, raw: av.VideoFrame, index: int) -> Frame:
        return Frame(self._pixels.read(raw), index, float(self._times[index]))

    def _frames_from_beginning(
        self, decoder: _Decoder, start: int, stop: int | None, should_stop: ShouldStop
    ) -> Iterator[Frame]:
        assert decoder.stream.time_base is not None
        builder = IndexBuilder(decoder.stream.time_base, self._frame_seconds)
        pixels = PixelReader()
        for number, raw in enumerate(decoded(decoder.container, decoder.stream)):
            if stop is not None and number >= stop:
                return
            if should_stop():
                raise Cancelled
            builder.add(raw)
            if number >= start:
                known = self._index.checksums is not None and number < len(self)
                yield Frame(pixels.read(raw), number, float(self._times[number]) if known else builder.seconds_of_last)
        if len(builder) and self._index.checksums is None:
            self._learn_index(builder.index())

    def _frames_from_keyframe(
        self, decoder: _Decoder, start: int, stop: int | None, should_stop: ShouldStop
    ) -> Iterator[Frame]:
        pixels = PixelReader()
        expected = start
        decoder.seek(int(self._index.pts[self._index.keyframe_before(start)]))
        for raw in decoder.frames:
            if should_stop():
                raise Cancelled
            here = self._index.find(raw.pts)
            if here < expected:
                continue
            if here > expected:
                break
            if stop is not None and here >= stop:
                return
            yield Frame(pixels.read(raw), here, float(self._times[here]))
            expected += 1
        if expected < min(len(self) if stop is None else stop, len(self)):
            # The jump landed elsewhere, or a frame is missing: what a pass from the beginning says is true.
            decoder.restart()
            yield from self._frames_from_beginning(decoder, expected, stop, should_stop)


def _open(path: Path) -> av.container.InputContainer:
    try:
        return av.open(str(path), mode="r", metadata_errors="replace")
    except PermissionError as error:
        raise VideoError("The video may not be read", subject=path, advice="Change its permissions.") from error
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(
            "This file can't be opened as a video",
            subject=path,
            advice=f"Choose a video file, or copy it again if it is damaged ({error.strerror}).",
        ) from error


def _video_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    if not container.streams.video:
        container.close()
        raise VideoError("This file holds no video", subject=path, advice="Choose a file with pictures in it.")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream
