"""The score curve as a picture: one column a pixel, whatever the number of frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from vadgui.timeline.pyramid import Floats, MinMaxPyramid
from vadgui.ui.theme import Theme

_NOTHING, _PENDING, _PENDING_STRIPE, _AREA, _CURVE, _FLAGGED, _ROUGH = range(7)
_STRIPE_PERIOD_PX = 9
_ROUGH_HALF_WIDTH_PX = 1.0
_MAX_HELD_SECONDS = 12.0
"""Half of how far apart samples of an overview are at most."""


@dataclass(frozen=True, eq=False)
class RoughScores:
    """Scores of few frames, which can still change."""

    times: Floats
    """When these frames appear [K], ascending; at least one."""
    scores: Floats

    def at(self, seconds: Floats) -> Floats:
        """The nearest one to each time [W], NaN where none is near."""
        after = np.minimum(np.searchsorted(self.times, seconds), len(self.times) - 1)
        before = np.maximum(after - 1, 0)
        is_before = seconds - self.times[before] < self.times[after] - seconds
        nearest = np.where(is_before, before, after)
        return np.where(np.abs(seconds - self.times[nearest]) <= _MAX_HELD_SECONDS, self.scores[nearest], np.nan)


@dataclass(frozen=True)
class Columns:
    """Lowest and highest score on screen during each pixel column's stretch of time, [W] each; NaN for none."""

    low: Floats
    high: Floats
    pending: npt.NDArray[np.bool_]
    """Columns within the recording of which no frame has a final score yet."""
    rough: Floats
    """Score [W] of pending columns that the overview has been near; NaN for none."""

    def without(self, starts: Floats, stops: Floats, begin: float, stop: float) -> Columns:
        """Nothing in the columns of the time range [begin, stop) that lie in gaps [starts, stops): no frame is on."""
        if not len(starts):
            return self
        edges = begin + (stop - begin) * np.arange(len(self.low) + 1) / len(self.low)
        nearest = np.searchsorted(starts, edges[:-1] + 1e-9, side="right") - 1
        empty = (nearest >= 0) & (edges[1:] <= stops[nearest] + 1e-9)
        low, high, rough = (np.where(empty, np.nan, each) for each in (self.low, self.high, self.rough))
        return Columns(low, high, self.pending & ~empty, rough)


def sample_columns(
    pyramid: MinMaxPyramid,
    times: Floats,
    end_seconds: float,
    begin: float,
    stop: float,
    width: int,
    rough: RoughScores | None = None,
) -> Columns:
    """Columns of the time range [begin, stop) seconds; frame t is on screen from times[t] until times[t + 1].

    `rough` holds scores that can still change.
    """
    low, high, rough_high = (np.full(width, np.nan) for _ in range(3))
    edges = begin + (stop - begin) * np.arange(width + 1) / width
    inside = (edges[1:] > 0) & (edges[:-1] < end_seconds)
    if len(pyramid) and inside.any():
        first = np.maximum(np.searchsorted(times, edges[:-1][inside], side="right") - 1, 0)
        beyond = np.maximum(np.searchsorted(times, edges[1:][inside], side="left"), first + 1)
        low[inside], high[inside] = pyramid.extremes(first, beyond)
        if rough is not None:
            rough_high[inside] = rough.at((edges[1:][inside] + edges[:-1][inside]) / 2)
    pending = inside & np.isnan(high)
    return Columns(low, high, pending, np.where(pending, rough_high, np.nan))


def draw_trace(
    columns: Columns, height: int, top_score: float, threshold: float, theme: Theme, *, is_muted: bool = False
) -> QImage:
    """Curve with the area under it, its flagged part in another colour; stripes where no score is final yet.

    Rough scores are a grey line on the stripes: nothing is flagged by them.

    Grey throughout where it is muted. Score 0 is on the lowest row, `top_score` on the highest; one image pixel is one
    column.
    """
    rows = np.arange(height)[:, None]
    scale = (height - 2) / top_score
    low, high = _connected(columns)
    top = height - 1.5 - high * scale
    bottom = height - 0.5 - low * scale
    codes = np.zeros((height, len(high)), np.uint8)
    with np.errstate(invalid="ignore"):
        codes[rows >= top] = _PENDING if is_muted else _AREA
        on_curve = (rows >= np.floor(top)) & (rows <= bottom)
    codes[on_curve] = _CURVE
    if is_muted:
        codes[on_curve] = _ROUGH
    else:
        codes[on_curve & (rows <= height - 1 - threshold * scale)] = _FLAGGED
    diagonal = (rows + np.arange(len(high))) % _STRIPE_PERIOD_PX
    codes = np.where(columns.pending, np.where(diagonal < 2, _PENDING_STRIPE, _PENDING), codes).astype(np.uint8)
    with np.errstate(invalid="ignore"):
        on_rough = np.abs(rows - (height - 1.5 - np.minimum(columns.rough, top_score) * scale)) < _ROUGH_HALF_WIDTH_PX
    codes[on_rough] = _ROUGH
    # QImage wants rows of whole 32-bit words; the copy frees it from the array.
    padded = np.pad(codes, ((0, 0), (0, -len(high) % 4)))
    image = QImage(padded.data, len(high), height, padded.shape[1], QImage.Format.Format_Indexed8).copy()
    image.setColorTable(_colours(theme))
    return image


def _connected(columns: Columns) -> tuple[Floats, Floats]:
    """Reach from each column to its left neighbour, so that a jump between frames is drawn as a line."""
    low, high = columns.low.copy(), columns.high.copy()
    low[1:] = np.where(np.isnan(low[1:]), np.nan, np.fmin(low[1:], columns.high[:-1]))
    high[1:] = np.where(np.isnan(high[1:]), np.nan, np.fmax(high[1:], columns.low[:-1]))
    return low, high


def _colours(theme: Theme) -> list[int]:
    area, stripe = QColor(theme.accent), QColor(theme.border)
    area.setAlpha(45)
    table = {
        _NOTHING: QColor(0, 0, 0, 0),
        _PENDING: QColor(theme.pending),
        _PENDING_STRIPE: stripe,
        _AREA: area,
        _CURVE: QColor(theme.accent),
        _FLAGGED: QColor(theme.alert),
        _ROUGH: QColor(theme.muted_text),
    }
    return [table[code].rgba() for code in sorted(table)]
