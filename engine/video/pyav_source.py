"""Video files through PyAV: exact frames, whatever container and codec."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from cachetools import LRUCache

from engine.common.byte_cache import byte_cache
from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.video.chosen_frames import ChosenFrames
from engine.video.cursor import Cursor
from engine.video.decoder import Decoder
from engine.video.fingerprint import file_fingerprint
from engine.video.frame import Frame
from engine.video.frame_index import AnnouncedIndex, FrameIndex, IndexBuilder
from engine.video.index_store import load_index, save_index
from engine.video.pixels import PixelReader, SquareReader
from engine.video.source import CACHE_BYTES, VideoInfo, VideoSource, checked_numbers

OnProgress = Callable[[float], None]
"""Told the share that is done, 0 to 1."""

_KEYFRAMES_TRIED = 2  # before decoding starts over at the beginning of the file
_KEPT_BEFORE_TARGET = 48  # decoded anyway on the way to a frame; keeping them makes stepping back instant
_REPORT_EVERY_PACKETS = 100
_FALLBACK_FPS = 25.0
_PROBED_FRAMES = 16  # decoded at opening; more than any codec reorders


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
        # As decoded, until somebody reads them: half the bytes of RGB, and frames only passed need no conversion.
        self._cache: LRUCache[int, VideoFrame | Frame] = byte_cache(cache_bytes, _size_bytes)
        with closing(Decoder(path)) as probe:
            first = list(islice(probe.frames(), _PROBED_FRAMES))
            stream = probe.stream
            self._codec = stream.codec_context.name
            fps = float(stream.average_rate or stream.guessed_rate or 0)
        if not first:
            raise VideoError(
                "No picture of this video can be decoded",
                subject=path,
                advice="The file may be damaged or cut short: copy it again from where it came from.",
            )
        self._frame_seconds = 1 / fps if fps > 0 else 1 / _FALLBACK_FPS
        self._first = first[0]
        self._pixels = PixelReader(self._first)
        self._height_px, self._width_px = self._pixels.read(self._first).shape[:2]
        self._fingerprint = file_fingerprint(path)
        index = load_index(self._fingerprint)
        if index is None:
            index = self._announced_index([frame.pts for frame in first], should_stop, on_progress)
        if index is None:
            index = self._decoded_index(should_stop, on_progress)
        self._use_index(index)

    @property
    def info(self) -> VideoInfo:
        """Facts of the file; a full pass of `frames` may correct count and duration."""
        return self._info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] in seconds since the first frame's; another array once a full pass corrected it."""
        return self._times

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """Numbers [K] of frames that decoding can start at, ascending from 0: the quickest ones to read."""
        return self._index.keyframes

    @property
    def numbers_are_certain(self) -> bool:
        """True once a full pass has checked what the file announces."""
        return self._index.checksums is not None

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        """Exactly frame `index`, from the cache or decoded from the keyframe before it.

        Raises:
            IndexError: there is no such frame.
            VideoError: the frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"{self._path.name} has no frame {index}, only 0 to {len(self) - 1}")
        kept = self._cache.get(index)
        if isinstance(kept, Frame):
            return kept
        # Frames are kept unchecked, as most of them are never looked at.
        if kept is None or not self._index.is_genuine(kept, index):
            kept = self._decode(index, should_stop)
        frame = Frame(self._pixels.read(kept), index, float(self._times[index]))
        self._cache[index] = frame
        return frame

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        """Frames [start, stop) in order, in one pass of a decoder of its own; the first whole pass checks the index.

        Raises:
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        if start == 0 and self._index.checksums is None:
            yield from self._learning_pass(stop, should_stop)
            return
        following = start
        for from_start in (start == 0, True):
            if from_start and self._index.checksums is None:
                # The jump landed elsewhere, or a frame is missing or damaged: only a full decode knows the truth.
                self._learn_index(self._decoded_index(should_stop, None))
            end = len(self) if stop is None else min(stop, len(self))
            for frame in self._pass(following, end, should_stop, from_start=from_start):
                yield frame
                following = frame.index + 1
            if following >= end:
                return
        raise self._undecodable(following)

    def pictures(
        self, wanted: Sequence[int] | npt.NDArray[np.integer], size: int, should_stop: ShouldStop = never_stop
    ) -> Iterator[Frame]:
        """Exactly the `wanted` frames as squares [size, size, 3]; numbered by their times, and checked after jumps.

        Raises:
            IndexError: there is no such frame.
            ValueError: the numbers don't ascend.
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        numbers = checked_numbers(wanted, self)
        for jumps in (True, False):
            numbers, has_jumped = yield from self._chosen_pass(numbers, size, should_stop, jumps=jumps)
            if not numbers:
                return
            if not has_jumped:
                break
        if self._index.checksums is not None:
            raise self._undecodable(numbers[0])
        # A frame is missing or damaged: only a full decode knows the truth.
        self._learn_index(self._decoded_index(should_stop, None))
        yield from self.pictures([number for number in numbers if number < len(self)], size, should_stop)

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Decode frames [start, stop) into the cache `read` looks in; just returns early when asked to stop."""
        with suppress(Cancelled, VideoError):
            for index in range(max(start, 0), min(stop, len(self))):
                if index not in self._cache:
                    self.read(index, should_stop)

    def close(self) -> None:
        """Free decoder and cache; closing twice is fine."""
        self._cursor.close()
        self._cache.clear()

    # Indexing

    def _announced_index(
        self, first_shown: list[int | None], should_stop: ShouldStop, on_progress: OnProgress | None
    ) -> FrameIndex | None:
        with closing(Decoder(self._path)) as decoder:
            if not decoder.has_timestamps or decoder.stream.time_base is None:
                return None
            announced = AnnouncedIndex(decoder.stream.time_base)
            report = _Reporter(decoder, should_stop, on_progress)
            for packet in decoder.packets():
                report.passed(packet)
                if not announced.add(packet):
                    return None
        return announced.index(first_shown)

    def _decoded_index(self, should_stop: ShouldStop, on_progress: OnProgress | None) -> FrameIndex:
        """The canonical index, by a full decode; kept for the next time the file is opened."""
        with closing(Decoder(self._path)) as decoder:
            builder = self._builder(decoder)
            report = _Reporter(decoder, should_stop, on_progress)

            def take_down(packet: Packet[VideoStream]) -> None:
                report.passed(packet)
                builder.add_packet(packet)

            for frame in decoder.frames(take_down):
                builder.add(frame)
        index = builder.index()
        save_index(self._fingerprint, index)
        return index

    def _builder(self, decoder: Decoder) -> IndexBuilder:
        assert decoder.stream.time_base is not None
        return IndexBuilder(decoder.stream.time_base, self._frame_seconds, decoder.has_timestamps)

    def _use_index(self, index: FrameIndex) -> None:
        self._index = index
        self._times = index.times
        self._cursor = Cursor(self._path, index)
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
        """Take over what a full decode found; what was cached was not checked against it and goes."""
        self._cache.clear()
        self._cursor.close()
        times = self._times
        self._use_index(found)
        if np.array_equal(times, self._times):
            self._times = times  # the same array says that nothing changed

    def _learning_pass(self, stop: int | None, should_stop: ShouldStop) -> Iterator[Frame]:
        """Frames from the first on, as they are and not as announced; at the end that is the canonical index."""
        pixels = PixelReader(self._first)
        with closing(Decoder(self._path)) as decoder:
            builder = self._builder(decoder)
            for number, decoded in enumerate(decoder.frames(builder.add_packet)):
                if stop is not None and number >= stop:
                    return
                if should_stop():
                    raise Cancelled
                builder.add(decoded)
                yield Frame(pixels.read(decoded), number, builder.seconds_of_last)
        # Another pass may have been quicker.
        if len(builder) and self._index.checksums is None:
            index = builder.index()
            self._learn_index(index)
            save_index(self._fingerprint, index)

    # Decoding

    def _pass(self, start: int, stop: int, should_stop: ShouldStop, *, from_start: bool) -> Iterator[Frame]:
        """Frames [start, stop) by a cursor of their own, ending early at one that is not what it must be."""
        pixels = PixelReader(self._first)
        following = start
        with closing(Cursor(self._path, self._index)) as cursor:
            if not from_start and not cursor.jump(self._index.place_before(start)):
                return
            while following < stop and (decoded := cursor.next()) is not None:
                if should_stop():
                    raise Cancelled
                if cursor.position < following:
                    continue
                if cursor.position > following or not (from_start or self._index.is_genuine(decoded, following)):
                    return
                yield Frame(pixels.read(decoded), following, float(self._times[following]))
                following += 1

    def _chosen_pass(
        self, numbers: list[int], size: int, should_stop: ShouldStop, *, jumps: bool
    ) -> Generator[Frame, None, tuple[list[int], bool]]:
        """Frames `numbers` as squares, ending early at one that is not what it must be.

        Returns the numbers that are left then, and whether that may be for a jump.
        """
        squares = SquareReader(self._first, size)
        index, times = self._index, self._times
        passed = 0
        with closing(Cursor(self._path, index, _threads_beside_networks())) as cursor:
            chosen = ChosenFrames(cursor, index, should_stop, jumps=jumps)
            for decoded in chosen.find(numbers):
                number = numbers[passed]
                yield Frame(squares.read(decoded), number, float(times[number]))
                passed += 1
        return numbers[passed:], chosen.has_jumped

    def _decode(self, index: int, should_stop: ShouldStop) -> VideoFrame:
        """Frame `index` by the shortest way that leads to it."""
        if self._cursor.leads_to(index):
            decoded = self._run_to(index, should_stop)
            if decoded:
                return decoded
        nearest = self._index.place_before(index)
        for place in range(nearest, max(nearest - _KEYFRAMES_TRIED, -1), -1):
            if self._cursor.jump(place):
                decoded = self._run_to(index, should_stop)
                if decoded:
                    return decoded
        self._cursor.restart()
        decoded = self._run_to(index, should_stop)
        if decoded:
            return decoded
        raise self._undecodable(index)

    def _run_to(self, index: int, should_stop: ShouldStop) -> VideoFrame | None:
        """Decode on to frame `index`, keeping those shortly before it; None where it does not come as it must be."""
        cursor = self._cursor
        while (decoded := cursor.next()) is not None and cursor.position <= index:
            here = cursor.position
            if here > index - _KEPT_BEFORE_TARGET and not isinstance(self._cache.get(here), Frame):
                self._cache[here] = decoded
            if here == index:
                return decoded if cursor.from_start or self._index.is_genuine(decoded, index) else None
            if should_stop():
                raise Cancelled
        return None

    def _undecodable(self, index: int) -> VideoError:
        return VideoError(
            f"Frame {index} can't be decoded",
            subject=self._path,
            advice="The file is damaged there: continue at another frame, or copy the file again.",
        )


def _size_bytes(kept: VideoFrame | Frame) -> int:
    return kept.pixels.nbytes if isinstance(kept, Frame) else sum(plane.buffer_size for plane in kept.planes)


def _threads_beside_networks() -> int:
    """Half of the cores; each thread decodes frames ahead that a jump throws away, so two cores are best with one."""
    return max((os.cpu_count() or 1) // 2, 1)


class _Reporter:
    """Tells how far a pass over a file's packets has come, and ends it when asked to."""

    def __init__(self, decoder: Decoder, should_stop: ShouldStop, on_progress: OnProgress | None) -> None:
        self._size_bytes = decoder.size_bytes
        self._should_stop = should_stop
        self._on_progress = on_progress
        self._packets = 0
        self._farthest = 0

    def passed(self, packet: Packet[VideoStream]) -> None:
        """Count a packet in."""
        if self._should_stop():
            raise Cancelled
        self._packets += 1
        self._farthest = max(self._farthest, packet.pos or 0)
        if self._on_progress and self._packets % _REPORT_EVERY_PACKETS == 0:
            self._on_progress(min(self._farthest / self._size_bytes, 1.0))
