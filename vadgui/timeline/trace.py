"""The score curve as a picture: one column a pixel, whatever the number of frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from vadgui.timeline.pyramid import Floats, Indices, MinMaxPyramid
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

    def on_scale(self, bottom: float, top: float) -> Columns:
        """Values from `bottom` to `top`, whichever is the larger, as distances from `bottom`, cut to that range."""
        one, other = (
            np.clip(np.sign(top - bottom) * (each - bottom), 0, abs(top - bottom)) for each in (self.low, self.high)
        )
        return replace(self, low=np.fmin(one, other), high=np.fmax(one, other))

    def without(self, starts: Floats, stops: Floats, begin: float, stop: float) -> Columns:
        """Nothing in the columns of the time range [begin, stop) that lie in gaps [starts, stops): no frame is on."""
        if not len(starts):
            return self
        edges = begin + (stop - begin) * np.arange(len(self.low) + 1) / len(self.low)
        nearest = np.searchsorted(starts, edges[:-1] + 1e-9, side="right") - 1
        empty = (nearest >= 0) & (edges[1:] <= stops[nearest] + 1e-9)
        low, high, rough = (np.where(empty, np.nan, each) for each in (self.low, self.high, self.rough))
        return Columns(low, high, self.pending & ~empty, rough)


@dataclass(frozen=True)
class ColumnFrames:
    """Which frames are on screen during each pixel column's stretch of time; the same for every curve drawn there."""

    inside: npt.NDArray[np.bool_]
    """Columns [W] within the recording; the others are of those alone."""
    first: Indices
    beyond: Indices
    middles: Floats

    @classmethod
    def of(cls, times: Floats, end_seconds: float, begin: float, stop: float, width: int) -> ColumnFrames:
        """Of the time range [begin, stop) seconds; frame t is on screen from times[t] until times[t + 1]."""
        edges = begin + (stop - begin) * np.arange(width + 1) / width
        inside = (edges[1:] > 0) & (edges[:-1] < end_seconds)
        lefts, rights = edges[:-1][inside], edges[1:][inside]
        first = np.maximum(np.searchsorted(times, lefts, side="right") - 1, 0)
        beyond = np.maximum(np.searchsorted(times, rights, side="left"), first + 1)
        return cls(inside, first, beyond, (lefts + rights) / 2)


def sample_columns(pyramid: MinMaxPyramid, frames: ColumnFrames, rough: RoughScores | None = None) -> Columns:
    """Columns of values of all frames; `rough` holds scores that can still change."""
    inside = frames.inside
    low, high, rough_high = (np.full(len(inside), np.nan) for _ in range(3))
    if len(pyramid) and inside.any():
        low[inside], high[inside] = pyramid.extremes(frames.first, frames.beyond)
        if rough is not None:
            rough_high[inside] = rough.at(frames.middles)
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
    # Whole numbers of rows in few bytes: a day's timeline is drawn anew at every step of a pan.
    rows = np.arange(height, dtype=np.int16)[:, None]
    scale = (height - 2) / top_score
    low, high = _connected(columns)
    top = height - 1.5 - high * scale
    bottom = height - 0.5 - low * scale
    curve_rows = np.full((height, 1), _ROUGH if is_muted else _CURVE, np.uint8)
    if not is_muted:
        curve_rows[: _row(np.array([height - threshold * scale]), 0, height)[0]] = _FLAGGED
    area = np.uint8(_PENDING if is_muted else _AREA)
    codes = np.where(rows >= _row(np.ceil(top), height, height), area, np.uint8(_NOTHING))
    on_curve = (rows >= _row(top, height, height)) & (rows <= _row(bottom, height, height))
    codes = np.where(on_curve, curve_rows, codes)
    pending = np.flatnonzero(columns.pending)
    if len(pending):
        is_stripe = (rows + pending) % _STRIPE_PERIOD_PX < 2
        codes[:, pending] = np.where(is_stripe, np.uint8(_PENDING_STRIPE), np.uint8(_PENDING))
        middle = height - 1.5 - np.minimum(columns.rough[pending], top_score) * scale
        with np.errstate(invalid="ignore"):
            on_rough, across = np.nonzero(np.abs(rows - middle) < _ROUGH_HALF_WIDTH_PX)
        codes[on_rough, pending[across]] = _ROUGH
    # QImage wants rows of whole 32-bit words.
    padded = np.zeros((height, len(high) + -len(high) % 4), np.uint8)
    padded[:, : len(high)] = codes
    image = QImage(padded.data, len(high), height, padded.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable(_colours(theme))
    # Painted ten times as fast as one with a table of colours.
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _row(places: Floats, unknown: int, height: int) -> npt.NDArray[np.int16]:
    """The rows of an image that these places lie in."""
    return np.floor(np.where(np.isnan(places), unknown, places)).clip(-1, height).astype(np.int16)


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
