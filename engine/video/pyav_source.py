"""Video files read through PyAV, with exact frame numbers for every container and codec."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from cachetools import LRUCache

from engine.common.byte_cache import byte_cache
from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.names import displayable
from engine.common.remote_path import RemotePath
from engine.video.chosen_frames import ChosenFrames
from engine.video.cursor import Cursor
from engine.video.decoder import Decoder, undecodable, undecodable_frame, unreadable
from engine.video.fingerprint import file_fingerprint, is_another_file
from engine.video.frame import Frame
from engine.video.frame_index import EntryPoint, FrameIndex
from engine.video.given_rates import given_rate
from engine.video.index_store import load_index, save_index
from engine.video.indexing import OnProgress, decoded_index, decoded_index_builder, lands_on_keyframes, listed_index
from engine.video.pixels import PixelReader, SquareReader
from engine.video.planes import PALETTE
from engine.video.source import ASSUMED_FPS, CACHE_BYTES, Rate, VideoInfo, VideoSource, check_number, checked_numbers
from engine.video.timing import last_seconds, shown_seconds
from engine.video.wall_clock import recording_start

_MAX_SEEKS = 2  # seeks to earlier and earlier keyframes before decoding from the start of the file
_CACHED_BEFORE_TARGET = 48  # frames on the way to the target; caching them makes stepping back instant
_ROUNDING_SECONDS = 0.002  # many containers store whole milliseconds
_PROBED_FRAMES = 16  # frames decoded at opening; more than any codec reorders
_PROBED_BYTES = 1 << 30


class PyAvSource(VideoSource):
    """Frames of a video file; every seek checks the index made at opening, and a full pass corrects it."""

    def __init__(
        self,
        path: Path,
        *,
        should_stop: ShouldStop = never_stop,
        on_progress: OnProgress | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Open a file and index it from its container or, when that can not be trusted, by decoding all of it.

        Raises:
            VideoError: the file can't be read as a video.
            Cancelled: `should_stop` said yes.
        """
        self._path = path
        # Frames stay as decoded (half the bytes of RGB) until they are read, so frames on the way are never converted.
        self._cache: LRUCache[int, VideoFrame | Frame] = byte_cache(cache_bytes, _size_bytes)
        with closing(Decoder(path)) as probe:
            first = list(_probed(probe.frames()))
            stream = probe.stream
            self._codec = stream.codec_context.name
            self._start = recording_start(path, probe.metadata)
            self._has_sound = probe.has_sound
            self._unseen = (probe.announced_seconds, probe.unread_bytes, probe.other_videos)
            # Of a raw stream, the container only knows FFmpeg's default.
            stored = (
                stream.average_rate or stream.guessed_rate if probe.has_timestamps else stream.codec_context.framerate
            )
            stored_fps = float(stored or 0)
            # FFmpeg's guess, as in players: the container's word comes before the codec's.
            self._pixel_aspect = stream.sample_aspect_ratio
            knows_rate = stored_fps > 0 or probe.has_timestamps
        if not first:
            raise undecodable(path)
        self._first = first[0]
        self._pixels = self._pixel_reader()
        shown = self._pixels.frame(self._first, 0, 0.0)
        self._shown_px = shown.shown_px or shown.stored_px
        self._unstretched_px = shown.stored_px if shown.shown_px else None
        try:
            self._fingerprint = file_fingerprint(path)
        except OSError as error:
            raise unreadable(path, error) from error
        given = None if knows_rate else given_rate(self._fingerprint)
        self._rate: Rate = "stored" if knows_rate else "given" if given else "assumed"
        self._frame_seconds = 1 / (stored_fps or given or ASSUMED_FPS)
        index = load_index(self._fingerprint)
        # A palette may come once, at the start of the file: only checksums tell whether a seek has lost it.
        if index is None and self._first.format.name != PALETTE:
            index = listed_index(path, [frame.pts for frame in first], should_stop, on_progress)
            if index is not None and isinstance(path, RemotePath):
                self._keep_index(index)  # listing its packets has fetched the whole file
        if index is None or (index.checksums is None and not lands_on_keyframes(path, index, self._codec)):
            index = decoded_index(path, self._frame_seconds, should_stop, on_progress)
            self._keep_index(index)
        self._use_index(index)

    @property
    def info(self) -> VideoInfo:
        """Facts of the file; a full pass of `frames` may correct count and duration."""
        return self._info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] in seconds since the first frame's; a new array after a full pass corrected them."""
        return self._times

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """Numbers [K] of the keyframes, ascending from 0: decoding can start there, so they are the fastest to read."""
        return self._index.keyframes

    @property
    def numbers_are_certain(self) -> bool:
        """True once a full pass has checked the container's index."""
        return self._index.checksums is not None

    def verify(self, should_stop: ShouldStop = never_stop) -> None:
        """Decode all once, unless that was done before.

        Raises:
            Cancelled: `should_stop` said yes.
        """
        if self._index.checksums is None:
            index = decoded_index(self._path, self._frame_seconds, should_stop, None)
            self._keep_index(index)
            self._replace_index(index)

    def is_changed(self) -> bool:
        """Whether the file's content is another by now than what was opened."""
        return is_another_file(self._path, self._fingerprint)

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        """Exactly frame `index`, from the cache or decoded from the keyframe before it.

        Raises:
            IndexError: there is no such frame.
            VideoError: the frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        check_number(index, self)
        cached = self._cache.get(index)
        if isinstance(cached, Frame):
            return cached
        # Checksums of cached frames are checked only here, because most cached frames are never read.
        if cached is None or not self._index.checksum_matches(cached, index):
            cached = self._decode(index, should_stop)
        frame = self._pixels.frame(cached, index, float(self._times[index]))
        self._cache[index] = frame
        return frame

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        """Frames [start, stop) in order, from a separate decoder; the first full pass checks the index.

        Raises:
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        if start == 0 and self._index.checksums is None:
            yield from self._indexing_pass(stop, should_stop)
            return
        next_number = start
        for from_start in (start == 0, True):
            if from_start:
                # The seek missed, or a frame is missing or damaged: only a full decode gives the right index.
                self.verify(should_stop)
            end = len(self) if stop is None else min(stop, len(self))
            for frame in self._pass(next_number, end, should_stop, from_start=from_start):
                yield frame
                next_number = frame.index + 1
            if next_number >= end:
                return
        raise undecodable_frame(self._path, next_number)

    def pictures(
        self, wanted: Sequence[int] | npt.NDArray[np.integer], size: int, should_stop: ShouldStop = never_stop
    ) -> Iterator[Frame]:
        """Exactly the `wanted` frames as squares [size, size, 3], each checked by time or checksum after a seek.

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
            raise undecodable_frame(self._path, numbers[0])
        # A frame is missing or damaged: only a full decode gives the right index.
        self.verify(should_stop)
        yield from self.pictures([number for number in numbers if number < len(self)], size, should_stop)

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Decode frames [start, stop) into the cache that `read` uses; returns early when `should_stop` is True."""
        with suppress(Cancelled, VideoError):
            for index in range(max(start, 0), min(stop, len(self))):
                if index not in self._cache:
                    self.read(index, should_stop)

    def close(self) -> None:
        """Free decoder and cache; closing twice is fine."""
        self._cursor.close()
        self._cache.clear()

    # Index

    def _keep_index(self, index: FrameIndex) -> None:
        """Store the index for the next time, unless it is of a file that is another meanwhile."""
        if not self.is_changed():
            save_index(self._fingerprint, index)

    def _use_index(self, index: FrameIndex) -> None:
        self._index = index
        self._times = self._timed(index)
        self._cursor = Cursor(self._path, index)
        count = len(index)
        last = self._last_frame_seconds()
        announced_seconds, unread_bytes, other_videos = self._unseen
        self._info = VideoInfo(
            path=self._path,
            name=displayable(self._path.name),
            width_px=self._shown_px[0],
            height_px=self._shown_px[1],
            frame_count=count,
            duration_seconds=float(self._times[-1]) + last,
            average_fps=count / (shown_seconds(self._times, last)),
            codec=self._codec,
            fingerprint=self._fingerprint,
            start=self._start,
            has_sound=self._has_sound,
            rate=self._rate,
            times_are_made=index.entry_kind is not EntryPoint.PTS,
            lost=index.lost,
            concealed=index.concealed,
            replaced_times=tuple(index.replaced.tolist()),
            announced_seconds=announced_seconds,
            unread_bytes=unread_bytes,
            other_videos=other_videos,
            unstretched_px=self._unstretched_px,
        )

    def _timed(self, index: FrameIndex) -> npt.NDArray[np.float64]:
        """Times [N] of an index's frames; it may have been made and stored when a raw stream's rate was not given."""
        if self._rate == "stored":
            return index.times
        ticks = min(np.diff(index.pts), default=1)
        times = np.asarray(np.round(index.pts / ticks) * self._frame_seconds, np.float64)
        times.flags.writeable = False
        return times

    def _last_frame_seconds(self) -> float:
        """How long the last frame stays: by the container's rate, unless frames near the end say otherwise."""
        by_times = last_seconds(self._times)
        is_as_stored = abs(by_times - self._frame_seconds) <= _ROUNDING_SECONDS
        return self._frame_seconds if is_as_stored or not by_times else by_times

    def _replace_index(self, index: FrameIndex) -> None:
        """Use the index of a full decode and clear the cache, whose frames were numbered by the old index."""
        self._cache.clear()
        self._cursor.close()
        times = self._times
        self._use_index(index)
        if np.array_equal(times, self._times):
            self._times = times  # callers compare by identity: the same array means unchanged times

    def _indexing_pass(self, stop: int | None, should_stop: ShouldStop) -> Iterator[Frame]:
        """Frames [0, stop) numbered as decoded; when the pass reaches the end, its index becomes the canonical one."""
        pixels = self._pixel_reader()
        with closing(Decoder(self._path)) as decoder:
            builder = decoded_index_builder(decoder, self._frame_seconds)
            for number, decoded in enumerate(decoder.frames(builder.add_packet, builder.add_failure)):
                if stop is not None and number >= stop:
                    return
                if should_stop():
                    raise Cancelled
                builder.add(decoded)
                yield pixels.frame(decoded, number, builder.last_seconds)
        # A concurrent pass may have set the canonical index already.
        if len(builder) and self._index.checksums is None:
            index = builder.index()
            self._replace_index(index)
            self._keep_index(index)

    # Decoding

    def _pixel_reader(self) -> PixelReader:
        return PixelReader(self._first, self._pixel_aspect)

    def _pass(self, start: int, stop: int, should_stop: ShouldStop, *, from_start: bool) -> Iterator[Frame]:
        """Frames [start, stop) from a separate cursor; ends early when a decoded frame is not the expected one."""
        pixels = self._pixel_reader()
        next_number = start
        with closing(Cursor(self._path, self._index)) as cursor:
            if not from_start and not cursor.jump(self._index.keyframe_index_before(start)):
                return
            while next_number < stop and (decoded := cursor.next()) is not None:
                if should_stop():
                    raise Cancelled
                if cursor.position < next_number:
                    continue
                if cursor.position > next_number or not (
                    from_start or self._index.checksum_matches(decoded, next_number)
                ):
                    return
                yield pixels.frame(decoded, next_number, float(self._times[next_number]))
                next_number += 1

    def _chosen_pass(
        self, numbers: list[int], size: int, should_stop: ShouldStop, *, jumps: bool
    ) -> Generator[Frame, None, tuple[list[int], bool]]:
        """Frames `numbers` as squares; ends early when a decoded frame is not the expected one.

        Returns the remaining numbers, and whether a seek may be the cause.
        """
        squares = SquareReader(self._first, size)
        index, times = self._index, self._times
        yielded = 0
        with closing(Cursor(self._path, index, _decoder_threads())) as cursor:
            chosen = ChosenFrames(cursor, index, should_stop, jumps=jumps)
            for decoded in chosen.find(numbers):
                number = numbers[yielded]
                yield Frame(squares.read(decoded), number, float(times[number]))
                yielded += 1
        return numbers[yielded:], chosen.has_jumped

    def _decode(self, index: int, should_stop: ShouldStop) -> VideoFrame:
        """Decode frame `index` from the current position, from a keyframe, or from the start of the file."""
        if self._cursor.reaches_without_seek(index):
            decoded = self._decode_to(index, should_stop)
            if decoded:
                return decoded
        nearest = self._index.keyframe_index_before(index)
        for keyframe_index in range(nearest, max(nearest - _MAX_SEEKS, -1), -1):
            if self._cursor.jump(keyframe_index):
                decoded = self._decode_to(index, should_stop)
                if decoded:
                    return decoded
        self._cursor.restart()
        decoded = self._decode_to(index, should_stop)
        if decoded:
            return decoded
        raise undecodable_frame(self._path, index)

    def _decode_to(self, index: int, should_stop: ShouldStop) -> VideoFrame | None:
        """Decode on to frame `index` and cache the frames shortly before it; None when it is not the expected frame."""
        cursor = self._cursor
        while (decoded := cursor.next()) is not None and cursor.position <= index:
            position = cursor.position
            if position > index - _CACHED_BEFORE_TARGET and not isinstance(self._cache.get(position), Frame):
                self._cache[position] = decoded
            if position == index:
                return decoded if cursor.from_start or self._index.checksum_matches(decoded, index) else None
            if should_stop():
                raise Cancelled
        return None


def _probed(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """The first frames: as many as any codec reorders, or of huge pictures as memory allows."""
    size_bytes = 0
    for frame in islice(frames, _PROBED_FRAMES):
        yield frame
        size_bytes += _size_bytes(frame)
        if size_bytes > _PROBED_BYTES:
            return


def _size_bytes(cached: VideoFrame | Frame) -> int:
    return cached.nbytes if isinstance(cached, Frame) else sum(plane.buffer_size for plane in cached.planes)


def _decoder_threads() -> int:
    """Decoder threads: half of the cores, because a seek discards the frames that each thread decodes ahead."""
    return max((os.cpu_count() or 1) // 2, 1)
