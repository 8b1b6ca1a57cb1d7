"""Makes the views that the panels paint, and caches recent ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from cachetools import LRUCache

from engine.analysis.pipeline import Inspection, inspect_pair
from engine.common.byte_cache import byte_cache
from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from engine.export.drawing import draw_outlines
from engine.flow.colour import flow_to_rgb
from engine.scoring.where import Outline
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource
from vadgui.model.frame_view import NO_DETECTOR, NO_TRANSITION, PREDICTING, Bgra, FrameView

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_THUMBNAIL_WIDTH_PX = 160
_CACHE_BYTES = 192 * 2**20
# Pictures that take less than the timeout are delivered together with their frame: a frame without them would flicker.
# During playback the timeout is longer, or the panels would show "Predicting" most of the time.
_TIMEOUT_SECONDS = 0.1
_TIMEOUT_WHILE_PLAYING_SECONDS = 0.5
_PLAYING_STRIDE = 8
_FRAMES_AHEAD = 8


def to_bgra(pixels: Pixels) -> Bgra:
    """RGB pixels [H, W, 3] as BGRA [H, W, 4], the format that Qt paints fastest."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA), np.uint8)


def _size_bytes(view: FrameView) -> int:
    pictures = (view.frame, view.predicted_flow, view.teacher_flow, view.flow_difference, view.predicted_frame)
    return sum(picture.nbytes for picture in pictures if picture is not None)


class ViewMaker:
    """Makes views of one video, with the pictures of one detector where there is one."""

    def __init__(self, source: VideoSource, predictor: Predictor | None) -> None:
        self._source = source
        self._predictor = predictor
        self._cache: LRUCache[int, FrameView] = byte_cache(_CACHE_BYTES, _size_bytes)
        self._seconds_to_inspect = _TIMEOUT_SECONDS
        self._last_index = -1
        self._is_playing = False

    def make(self, index: int, pictures: bool, deliver: Callable[[FrameView], None], should_stop: ShouldStop) -> None:
        """Deliver the view of a frame; where its pictures take long, deliver a view without them first.

        Raises:
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        started = time.perf_counter()
        self._is_playing = 0 < index - self._last_index <= _PLAYING_STRIDE
        self._last_index = index
        cached = self._cache.get(index)
        if cached:
            deliver(cached)
            return
        frame = self._source.read(index, should_stop)
        missing = NO_TRANSITION if index == 0 else "" if self._predictor else NO_DETECTOR
        if missing or not pictures or self._predictor is None:
            deliver(frame_only(frame, missing))
            return
        timeout = _TIMEOUT_WHILE_PLAYING_SECONDS if self._is_playing else _TIMEOUT_SECONDS
        if time.perf_counter() - started + self._seconds_to_inspect > timeout:
            deliver(frame_only(frame, PREDICTING))
            if should_stop():
                raise Cancelled
        previous = self._source.read(index - 1, should_stop)
        deliver(self._make_complete(previous, frame, self._predictor))

    def make_pictures(self, previous: Frame, frame: Frame, deliver: Callable[[FrameView], None]) -> None:
        """Deliver the complete view of a frame that somebody else has read."""
        assert self._predictor is not None
        deliver(self._cache.get(frame.index) or self._make_complete(previous, frame, self._predictor))

    def seconds(self, index: int) -> float:
        """Presentation time of a frame in seconds."""
        return float(self._source.times[index])

    def prefetch_next(self, should_stop: ShouldStop) -> None:
        """During playback, decode the next frames before they are requested."""
        if self._is_playing:
            self._source.prefetch(self._last_index + 1, self._last_index + 1 + _FRAMES_AHEAD, should_stop)

    def thumbnail(self, index: int, should_stop: ShouldStop, outlines: Sequence[Outline] = ()) -> Bgra:
        """A small BGRA picture [H, W, 4] of a frame in the video's aspect ratio, with outlines on it.

        Raises:
            VideoError: the frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        pixels = self._source.read(index, should_stop).pixels
        height, width = pixels.shape[:2]
        size = (_THUMBNAIL_WIDTH_PX, max(round(height * _THUMBNAIL_WIDTH_PX / width), 1))
        picture = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        draw_outlines(picture, outlines)
        return to_bgra(picture)

    def _make_complete(self, previous: Frame, frame: Frame, predictor: Predictor) -> FrameView:
        started = time.perf_counter()
        view = _with_pictures(inspect_pair(previous, frame, predictor), predictor.settings.flow_radius_px)
        # An exponential moving average: one slow frame must not make the next ones flicker.
        self._seconds_to_inspect += 0.5 * (time.perf_counter() - started - self._seconds_to_inspect)
        self._cache[view.index] = view
        return view


def frame_only(frame: Frame, missing: str = "") -> FrameView:
    """The view of a frame without its transition's pictures, and why they are missing."""
    return FrameView(frame.index, frame.pts_seconds, to_bgra(frame.pixels), missing=missing)


def _with_pictures(inspection: Inspection, flow_radius_px: float) -> FrameView:
    return FrameView(
        index=inspection.frame.index,
        pts_seconds=inspection.frame.pts_seconds,
        frame=to_bgra(inspection.frame.pixels),
        predicted_flow=to_bgra(inspection.predicted_flow),
        teacher_flow=to_bgra(inspection.teacher_flow),
        flow_difference=to_bgra(flow_to_rgb(inspection.flow_difference, flow_radius_px)),
        predicted_frame=to_bgra(inspection.predicted_frame),
        signals=inspection.signals,
    )
