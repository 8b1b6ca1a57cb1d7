"""Makes what the panels paint, and keeps what was made lately."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
from cachetools import LRUCache

from engine.analysis.pipeline import Inspection, inspect_pair
from engine.common.byte_cache import byte_cache
from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource
from vadgui.model.frame_view import NO_DETECTOR, NO_TRANSITION, PREDICTING, Bgra, FrameView

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_THUMBNAIL_WIDTH_PX = 160
_CACHE_BYTES = 192 * 2**20
# Pictures that come within this are worth waiting for: a frame shown alone before them would flicker. While playing,
# the panels would show little else than "Predicting" if every frame came alone first.
_TIMEOUT_SECONDS = 0.1
_TIMEOUT_WHILE_PLAYING_SECONDS = 0.5
_PLAYING_STRIDE = 8
_FRAMES_AHEAD = 8


def to_bgra(pixels: Pixels) -> Bgra:
    """RGB [H, W, 3] as what Qt paints fastest, [H, W, 4]."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA), np.uint8)


def _size_bytes(view: FrameView) -> int:
    pictures = (view.frame, view.predicted_flow, view.teacher_flow, view.predicted_frame)
    return sum(picture.nbytes for picture in pictures if picture is not None)


class ViewMaker:
    """Makes the views of one video with one detector, or with none."""

    def __init__(self, source: VideoSource, predictor: Predictor | None) -> None:
        self._source = source
        self._predictor = predictor
        self._cache: LRUCache[int, FrameView] = byte_cache(_CACHE_BYTES, _size_bytes)
        self._seconds_to_inspect = _TIMEOUT_SECONDS
        self._last_asked = -1
        self._plays = False

    def make(self, index: int, pictures: bool, deliver: Callable[[FrameView], None], should_stop: ShouldStop) -> None:
        """Deliver the view of a frame, where its pictures take long first without them.

        Raises:
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        started = time.perf_counter()
        self._plays = 0 < index - self._last_asked <= _PLAYING_STRIDE
        self._last_asked = index
        cached = self._cache.get(index)
        if cached:
            deliver(cached)
            return
        frame = self._source.read(index, should_stop)
        missing = NO_TRANSITION if index == 0 else "" if self._predictor else NO_DETECTOR
        if missing or not pictures or self._predictor is None:
            deliver(_frame_alone(frame, missing))
            return
        patience = _TIMEOUT_WHILE_PLAYING_SECONDS if self._plays else _TIMEOUT_SECONDS
        if time.perf_counter() - started + self._seconds_to_inspect > patience:
            deliver(_frame_alone(frame, PREDICTING))
            if should_stop():
                raise Cancelled
        previous = self._source.read(index - 1, should_stop)
        deliver(self._complete(previous, frame, self._predictor))

    def seconds(self, index: int) -> float:
        """When a frame is shown."""
        return float(self._source.times[index])

    def look_ahead(self, should_stop: ShouldStop) -> None:
        """Where somebody plays, decode the next frames before they are asked for."""
        if self._plays:
            self._source.prefetch(self._last_asked + 1, self._last_asked + 1 + _FRAMES_AHEAD, should_stop)

    def thumbnail(self, index: int, should_stop: ShouldStop) -> Bgra:
        """A small picture of a frame in its own aspect.

        Raises:
            VideoError: the frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        pixels = self._source.read(index, should_stop).pixels
        height, width = pixels.shape[:2]
        size = (_THUMBNAIL_WIDTH_PX, max(round(height * _THUMBNAIL_WIDTH_PX / width), 1))
        return to_bgra(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8))

    def _complete(self, previous: Frame, frame: Frame, predictor: Predictor) -> FrameView:
        started = time.perf_counter()
        view = _with_pictures(inspect_pair(previous, frame, predictor))
        # Halfway to the latest: one slow frame must not make the next ones flicker.
        self._seconds_to_inspect += 0.5 * (time.perf_counter() - started - self._seconds_to_inspect)
        self._cache[view.index] = view
        return view


def _frame_alone(frame: Frame, missing: str) -> FrameView:
    return FrameView(frame.index, frame.pts_seconds, to_bgra(frame.pixels), missing=missing)


def _with_pictures(inspection: Inspection) -> FrameView:
    return FrameView(
        index=inspection.frame.index,
        pts_seconds=inspection.frame.pts_seconds,
        frame=to_bgra(inspection.frame.pixels),
        predicted_flow=to_bgra(inspection.predicted_flow),
        teacher_flow=to_bgra(inspection.teacher_flow),
        predicted_frame=to_bgra(inspection.predicted_frame),
        signals=inspection.signals,
    )
