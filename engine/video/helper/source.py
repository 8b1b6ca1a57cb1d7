"""A video that a helper process decodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from weakref import WeakMethod

import numpy as np
import numpy.typing as npt

from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.video.decoder import undecodable_frame
from engine.video.fingerprint import is_another_file
from engine.video.frame import Frame
from engine.video.helper.client import Helper, HelperDiedError, Item
from engine.video.helper.wire import checked_index, info_of
from engine.video.indexing import OnProgress
from engine.video.source import CACHE_BYTES, VideoInfo, VideoSource, check_number, checked_numbers

_KILLS = 2
"""A frame that ends so many helpers is not asked for again."""


class HelperSource(VideoSource):
    """The source that trusted files have, in a process that may crash, hang or run out of memory."""

    def __init__(
        self,
        path: Path,
        *,
        should_stop: ShouldStop = never_stop,
        on_progress: OnProgress | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Start a helper and have it open and index the file.

        Raises:
            VideoError: the file can't be read as a video, or the helper died of it.
            Cancelled: `should_stop` said yes.
        """
        self._path = path
        self._cache_bytes = cache_bytes
        self._kills: Counter[int] = Counter()
        self._known: VideoInfo | None = None
        self._times = np.empty(0)
        self._keyframes = np.empty(0, np.int64)
        self._is_certain = False
        self._on_progress = on_progress
        opens = WeakMethod(self._open)  # no circle: a source that nobody has any more takes its helper with it
        self._helper = Helper(path, lambda should_stop: (opened := opens()) and opened(should_stop))
        try:
            self._finish("settle", should_stop)
        except BaseException:
            self._helper.close()
            raise
        self._on_progress = None

    @property
    def helper_id(self) -> int | None:
        """The id of the helper process; None where none runs."""
        return self._helper.process_id

    @property
    def info(self) -> VideoInfo:
        """Facts of the file; a full pass of `frames` may correct count and duration."""
        assert self._known
        return self._known

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] in seconds since the first frame's; a new array after a full pass corrected them."""
        return self._times

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """Numbers [K] of the keyframes, ascending from 0: decoding can start there, so they are the fastest to read."""
        return self._keyframes

    @property
    def numbers_are_certain(self) -> bool:
        """True once a full pass has checked the container's index."""
        return self._is_certain

    def verify(self, should_stop: ShouldStop = never_stop) -> None:
        """Decode all once, unless that was done before.

        Raises:
            VideoError: the helper died of it.
            Cancelled: `should_stop` said yes.
        """
        if not self._is_certain:
            self._finish("verify", should_stop)

    def is_changed(self) -> bool:
        """Whether the file's content is another by now than what was opened."""
        return is_another_file(self._path, self.info.fingerprint)

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        """Exactly frame `index`, from the helper's cache or decoded from the keyframe before it.

        Raises:
            IndexError: there is no such frame.
            VideoError: the frame can't be decoded, or the helper died of it.
            Cancelled: `should_stop` said yes.
        """
        check_number(index, self)
        for frame in self._frames("read", [index], None, should_stop, index=index):
            return frame
        raise undecodable_frame(self._path, index)

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        """Frames [start, stop) in order, from a separate decoder; the first full pass checks the index.

        Raises:
            VideoError: a frame can't be decoded, or the helper died of it.
            Cancelled: `should_stop` said yes.
        """
        yield from self._frames("frames", range(start, 1 << 62), None, should_stop, start=start, stop=stop)

    def pictures(
        self, wanted: Sequence[int] | npt.NDArray[np.integer], size: int, should_stop: ShouldStop = never_stop
    ) -> Iterator[Frame]:
        """Exactly the `wanted` frames as squares [size, size, 3].

        Raises:
            IndexError: there is no such frame.
            ValueError: the numbers don't ascend.
            VideoError: a frame can't be decoded, or the helper died of it.
            Cancelled: `should_stop` said yes.
        """
        numbers = checked_numbers(wanted, self)
        if numbers:
            yield from self._frames("pictures", numbers, size, should_stop, wanted=numbers, size=size)

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Decode frames [start, stop) into the helper's cache; returns early when `should_stop` is True."""
        with suppress(Cancelled, VideoError):
            for index in range(max(start, 0), min(stop, len(self))):
                list(self._frames("hold", [index], None, should_stop, index=index))

    def close(self) -> None:
        """End the helper; closing twice is fine."""
        self._helper.close()

    def _open(self, should_stop: ShouldStop) -> None:
        """Have a new helper open the file."""
        before, path = self._known, str(self._path)
        opened = self._helper.answers("open", should_stop, path=path, cache_bytes=self._cache_bytes)
        with closing(opened) as answers:
            for message, data in answers:
                if message["kind"] == "state":
                    self._learn(message, data)
                elif self._on_progress:
                    self._on_progress(min(max(float(message.get("fraction", 0)), 0.0), 1.0))
        if before and before.fingerprint != self.info.fingerprint:
            self._known = before
            self._helper.close()
            raise VideoError(
                tr("The recording has changed since it was opened"), subject=self._path, advice=tr("Open it again.")
            )

    def _finish(self, do: str, should_stop: ShouldStop = never_stop) -> None:
        with closing(self._helper.answers(do, should_stop)) as answers:
            for message, data in answers:
                if message["kind"] == "state":
                    self._learn(message, data)

    def _learn(self, message: dict[str, Any], data: npt.NDArray[np.uint8]) -> None:
        try:
            info = info_of(message.get("info"), self._path)
            times, keyframes = checked_index(info, data)
        except (ValueError, TypeError, KeyError, OverflowError):
            raise self._helper.said_nonsense() from None
        self._known, self._keyframes, self._is_certain = info, keyframes, message.get("is_certain") is True
        if not np.array_equal(times, self._times):
            self._times = times  # callers compare by identity: the same array means unchanged times

    def _frames(
        self,
        do: str,
        numbers: Sequence[int],
        square: int | None,
        should_stop: ShouldStop,
        **arguments: Any,
    ) -> Generator[Frame, None, None]:
        """Frames that a helper sends, of which these are awaited one after another; squares of this size, or whole."""
        done = 0
        self._refuse_killer(numbers[0])
        answers = self._helper.answers(do, should_stop, **arguments)
        with closing(answers):
            while True:
                try:
                    item = next(answers, None)
                except HelperDiedError:
                    if done < len(numbers):
                        self._kills[numbers[done]] += 1
                        self._refuse_killer(numbers[done])
                    raise
                if item is None:
                    return
                if item[0]["kind"] == "state":
                    self._learn(*item)
                    continue
                frame = self._frame(item, square)
                yield frame
                done += 1

    def _refuse_killer(self, number: int) -> None:
        if self._kills[number] >= _KILLS:
            raise undecodable_frame(self._path, number)

    def _frame(self, item: Item, square: int | None) -> Frame:
        message, pixels = item
        info = self.info
        width, height = (square, square) if square else info.stored_px
        shown = None if square or info.unstretched_px is None else info.shown_px
        shape = height, width, 3
        index, seconds = message.get("index"), message.get("seconds")
        is_right = (
            type(index) is int and type(seconds) is float and np.isfinite(seconds) and pixels.size == np.prod(shape)
        )
        if not is_right or index < 0:  # type: ignore[operator]
            raise self._helper.said_nonsense()
        pixels = pixels.reshape(shape)
        pixels.flags.writeable = False
        return Frame(pixels, index, seconds, shown)  # type: ignore[arg-type]
