"""Reads frames for playback in a thread of its own, so that neither predictions nor the analysis delay them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import Cancelled, VadError
from engine.common.language import tr
from engine.video.frame import Frame
from engine.video.source import VideoSource
from vadgui.jobs.openers import VideoOpener
from vadgui.jobs.view_maker import frame_only
from vadgui.model.frame_view import PREDICTING, FrameView

_FRAMES_AHEAD = 8


@dataclass(frozen=True)
class FrameRequest:
    """Read a frame; its view has no pictures and says why: `missing`."""

    generation: int
    index: int
    missing: str


class FrameReader:
    """Answers the latest request, hands both frames of its transition on, and reads ahead, the way that playback goes.

    The thread and the second decoder are started by the first request. `leave` ends both.
    """

    def __init__(
        self,
        video_opener: VideoOpener,
        put_view: Callable[[int, FrameView], None],
        hand_on: Callable[[int, Frame, Frame], None],
        report: Callable[[Exception], None],
    ) -> None:
        """The functions are called in the reader's thread; `hand_on` with a generation, the frame before, the frame."""
        self._video_opener = video_opener
        self._put_view = put_view
        self._hand_on = hand_on
        self._report = report
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._quit = False
        self._path: Path | None = None
        self._video_number = 0
        self._request: FrameRequest | None = None
        # What follows belongs to the thread.
        self._source: VideoSource | None = None
        self._opened_number = 0
        self._next_view: FrameView | None = None
        self._last_index = 0
        self._failure_reported = False

    def use(self, path: Path | None) -> None:
        """Read from another recording from now on, or from the same one with its frames counted anew."""
        with self._changed:
            self._path = path
            self._video_number += 1
            self._request = None
            self._changed.notify()

    def request(self, request: FrameRequest) -> None:
        """Read a frame; an older request is forgotten."""
        with self._changed:
            self._request = request
            self._changed.notify()
            if self._thread is None and not self._quit:
                self._thread = threading.Thread(target=self._work, name="vadgui-frames", daemon=True)
                self._thread.start()

    @property
    def thread_id(self) -> int | None:
        """Of the thread, once there is one."""
        return self._thread.ident if self._thread else None

    def leave(self) -> None:
        """End the thread as soon as it comes back from what it does, without waiting for that."""
        with self._changed:
            self._quit = True
            self._changed.notify()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end, so long at most; whether it has ended, or never begun."""
        if self._thread:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    # The methods below run in the reader's thread.

    def _work(self) -> None:
        # At the usual priority, unlike the engine's thread: a frame is due at a moment.
        while (request := self._next()) is not None:
            try:
                self._serve(request)
            except Cancelled:
                pass
            except Exception as error:
                # Catches everything: otherwise one bad frame would end the thread, and playback with it.
                self._put_view(request.generation, FrameView(request.index, 0.0, None, missing=_in_words(error)))
                self._report_once(error)
        self._close_source()

    def _report_once(self, error: Exception) -> None:
        # Playing a damaged stretch fails at every frame.
        if not self._failure_reported:
            self._failure_reported = True
            self._report(error)

    def _next(self) -> FrameRequest | None:
        with self._changed:
            while not self._quit:
                if self._opened_number != self._video_number and self._source:
                    self._close_source()
                if self._request is not None and self._path is not None:
                    request, self._request = self._request, None
                    return request
                self._changed.wait()
        return None

    def _is_outdated(self) -> bool:
        return self._quit or self._request is not None or self._opened_number != self._video_number

    def _serve(self, request: FrameRequest) -> None:
        source, index = self._opened_source(), request.index
        way = -1 if index < self._last_index else 1
        self._last_index = index
        view = self._next_view
        if view is None or view.index != index:
            view = frame_only(source.read(index, self._is_outdated))
        self._put_view(request.generation, view.without_pictures(request.missing))
        if request.missing == PREDICTING:
            try:
                previous = source.read(index - 1, self._is_outdated)
                self._hand_on(request.generation, previous, source.read(index, self._is_outdated))
            except VadError as error:
                self._put_view(request.generation, view.without_pictures(_in_words(error)))
                self._report_once(error)
        with suppress(VadError):  # told when the frame is asked for
            if 0 <= index + way < len(source):
                self._next_view = frame_only(source.read(index + way, self._is_outdated))
            begin = index + 2 if way > 0 else max(index - _FRAMES_AHEAD, 0)
            source.prefetch(begin, begin + _FRAMES_AHEAD - 1, self._is_outdated)

    def _opened_source(self) -> VideoSource:
        with self._changed:
            path, number = self._path, self._video_number
        if self._source is None and path is not None:
            self._opened_number = number
            self._source = self._video_opener(path, self._is_outdated)
        if self._source is None:
            raise Cancelled
        return self._source

    def _close_source(self) -> None:
        self._next_view = None
        self._failure_reported = False
        if self._source:
            self._source.close()
            self._source = None


def _in_words(error: Exception) -> str:
    return f"{error.what}." if isinstance(error, VadError) else tr("This frame can't be read.")
