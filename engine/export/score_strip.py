"""The strip below a clip: its anomaly scores and those around it, the threshold and a moving playhead."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.language import number_text
from engine.export.drawing import (
    ACCENT,
    ALERT,
    BACKGROUND,
    MUTED,
    SURFACE,
    TEXT,
    Colour,
    draw_dashes,
    draw_text,
    text_width,
)
from engine.video.frame import Pixels
from engine.video.timing import frame_ends, gaps, without_gaps

_CONTEXT_SECONDS = 5.0
_CONTEXT_SHARE = 0.5  # of the clip's length, if that is more than _CONTEXT_SECONDS
_TEXT_PX = 13
_AXIS_PX = 22  # height of the times below the plot
_SCALE_PX = 34  # width of labels such as "4.6" left of the plot
_SHIFT_BITS = 4  # fractional bits of coordinates for cv2: 1/16 px
_SHIFT = 1 << _SHIFT_BITS
_CLIP_FILL: Colour = (66, 56, 38)
_CONTEXT_CURVE: Colour = (70, 116, 144)


class ScoreStrip:
    """Anomaly scores over the clip and some time around it; the plot is drawn once, each frame only the playhead."""

    def __init__(
        self,
        width_px: int,
        height_px: int,
        scores: npt.NDArray[np.floating],
        seconds: npt.NDArray[np.floating],
        start: int,
        stop: int,
        threshold: float | None,
    ) -> None:
        """Plot `scores` [N] (NaN where not analysed) at times `seconds` [N]; the clip is frames [start, stop).

        Gaps in time take no room: a dashed line stands where one is.
        """
        labelled = (float(seconds[start]), float(frame_ends(seconds[: stop + 1])[stop - 1]))
        self._after_gaps = [gap.frame for gap in gaps(seconds)]
        seconds = without_gaps(seconds)
        end = float(seconds[stop] if stop < len(seconds) else seconds[-1])
        context = max(_CONTEXT_SECONDS, _CONTEXT_SHARE * (end - seconds[start]))
        self._view_start = max(float(seconds[start] - context), float(seconds[0]))
        self._view_end = max(min(end + context, float(seconds[-1])), self._view_start + 1e-3)
        self.threshold = threshold
        self._scores, self._seconds = scores, seconds
        shown = scores[(seconds >= self._view_start) & (seconds <= self._view_end)]
        finite = shown[~np.isnan(shown)]
        self._top = max(1.0, float(finite.max(initial=0.0)), threshold or 0.0)
        self._plot_width = width_px - _SCALE_PX
        self._plot_height = height_px - _AXIS_PX
        self._base = np.empty((height_px, width_px, 3), np.uint8)
        self._base[:] = BACKGROUND
        self._draw_base(float(seconds[start]), end, start, stop, labelled)

    def draw(self, picture: Pixels, index: int) -> None:
        """Draw the strip with its playhead at frame `index` into a picture of the strip's size."""
        picture[:] = self._base
        x = round(float(self._x(self._seconds[index])))
        cv2.line(picture, (x, 0), (x, self._plot_height), TEXT, 2)
        score = self._scores[index]
        if np.isfinite(score):
            centre = (x << _SHIFT_BITS, round(float(self._y(score)) * _SHIFT))
            for radius, colour in ((6, BACKGROUND), (4, TEXT)):
                cv2.circle(picture, centre, radius * _SHIFT, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT_BITS)

    def _x(self, seconds: npt.ArrayLike) -> npt.NDArray[np.float64]:
        fraction = (np.asarray(seconds, np.float64) - self._view_start) / (self._view_end - self._view_start)
        # Leave space for half the playhead's width at both ends.
        return np.asarray(_SCALE_PX + 1 + fraction * (self._plot_width - 3))

    def _y(self, score: npt.ArrayLike) -> npt.NDArray[np.float64]:
        margin = 8  # space for the playhead's dot at the lowest and highest score
        return np.asarray(self._plot_height - margin - np.asarray(score) / self._top * (self._plot_height - 2 * margin))

    def _draw_base(
        self, clip_start: float, clip_end: float, start: int, stop: int, labelled: tuple[float, float]
    ) -> None:
        plot = self._base[: self._plot_height, _SCALE_PX:]
        plot[:] = SURFACE
        left, right = round(float(self._x(clip_start))), round(float(self._x(min(clip_end, self._view_end))))
        self._base[: self._plot_height, left : right + 1] = _CLIP_FILL
        if self.threshold is not None:
            draw_dashes(self._base, _SCALE_PX, self._base.shape[1], round(float(self._y(self.threshold))), ALERT)
        self._draw_curve(0, len(self._scores), _CONTEXT_CURVE, 1)
        self._draw_curve(start, stop, ACCENT, 2)
        for frame in self._after_gaps:
            if self._view_start < self._seconds[frame] < self._view_end:
                draw_dashes(
                    self._base[: self._plot_height].transpose(1, 0, 2),
                    0,
                    self._plot_height,
                    round(float(self._x(self._seconds[frame]))),
                    MUTED,
                )
        for mark in (0.0, self._top):
            draw_text(
                self._base,
                number_text(float(mark), ".2g"),
                _SCALE_PX - 7,
                float(self._y(mark)),
                _TEXT_PX,
                MUTED,
                align=1,
            )
        self._draw_times(left, right, *labelled)

    def _draw_curve(self, start: int, stop: int, colour: Colour, thickness: int) -> None:
        """Draw the visible scores of frames [start, stop), with gaps at frames without a score."""
        first = max(start, int(np.searchsorted(self._seconds, self._view_start)))
        last = min(stop, int(np.searchsorted(self._seconds, self._view_end, side="right")))
        finite = np.flatnonzero(~np.isnan(self._scores[first:last])) + first
        for run in np.split(finite, np.flatnonzero(np.diff(finite) > 1) + 1):
            points = np.stack([self._x(self._seconds[run]), self._y(self._scores[run])], axis=1)
            scaled = np.round(points * _SHIFT).astype(np.int32)
            cv2.polylines(self._base, [scaled], False, colour, thickness, cv2.LINE_AA, _SHIFT_BITS)

    def _draw_times(self, left: int, right: int, clip_start: float, clip_end: float) -> None:
        """Label start and end of the clip, outside its span where the text fits, else inside."""
        middle = self._plot_height + _AXIS_PX / 2 + 2
        width = self._base.shape[1]
        begin, end = clock_text(clip_start, 1), clock_text(clip_end, 1)
        begin_align = 1 if left - text_width(begin, _TEXT_PX) >= 0 else 0
        end_align = 0 if right + text_width(end, _TEXT_PX) <= width else 1
        draw_text(self._base, begin, left, middle, _TEXT_PX, MUTED, align=begin_align)
        draw_text(self._base, end, right, middle, _TEXT_PX, MUTED, align=end_align)


def clock_text(seconds: float, decimals: int) -> str:
    """ "hh:mm:ss.mmm", of constant width so that the text does not move from frame to frame."""
    ticks = round(seconds * 10**decimals)
    whole, fraction = divmod(ticks, 10**decimals)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{fraction:0{decimals}d}"
