"""The score curve as a picture: one column a pixel, whatever the number of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from vadgui.timeline.pyramid import Floats, Indices, MinMaxPyramid, Stretches
from vadgui.ui.theme import Theme

_NOTHING, _PENDING, _PENDING_STRIPE, _AREA, _CURVE, _FLAGGED, _ROUGH = range(7)
"""Of two in one place, the later one is seen."""
_BYTE = 255
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
    """Lowest and highest score on screen during each pixel column's stretch of time, NaN for none.

    Each field is [C, W]: all curves that are drawn over the same time are made at once, a row each.
    """

    low: Floats
    high: Floats
    pending: npt.NDArray[np.bool_]
    """Columns within the recording of which no frame has a final score yet."""
    rough: Floats
    """Score of pending columns that the overview has been near; NaN for none."""

    def on_scale(self, bottom: Floats, top: Floats) -> Columns:
        """Values from `bottom` to `top` [C, 1], whichever is the larger, as distances from `bottom`, cut to there."""
        sign, length = np.sign(top - bottom), np.abs(top - bottom)
        one, other = (np.clip(sign * (each - bottom), 0, length) for each in (self.low, self.high))
        return replace(self, low=np.fmin(one, other), high=np.fmax(one, other))

    def without(self, starts: Floats, stops: Floats, begin: float, stop: float) -> Columns:
        """Nothing in the columns of the time range [begin, stop) that lie in gaps [starts, stops): no frame is on."""
        if not len(starts):
            return self
        edges = begin + (stop - begin) * np.arange(self.low.shape[-1] + 1) / self.low.shape[-1]
        nearest = np.searchsorted(starts, edges[:-1] + 1e-9, side="right") - 1
        empty = (nearest >= 0) & (edges[1:] <= stops[nearest] + 1e-9)
        low, high, rough = (np.where(empty, np.nan, each) for each in (self.low, self.high, self.rough))
        return Columns(low, high, self.pending & ~empty, rough)


@dataclass(frozen=True)
class ColumnFrames:
    """Which frames are on screen during each pixel column's stretch of time; the same for every curve drawn there."""

    inside: npt.NDArray[np.bool_]
    """Columns [W] within the recording; the others are of those alone."""
    stretches: Stretches
    """Of those inside: their frames."""
    middles: Floats

    @classmethod
    def of(cls, times: Floats, end_seconds: float, begin: float, stop: float, width: int) -> ColumnFrames:
        """Of the time range [begin, stop) seconds; frame t is on screen from times[t] until times[t + 1]."""
        edges = begin + (stop - begin) * np.arange(width + 1) / width
        inside = (edges[1:] > 0) & (edges[:-1] < end_seconds)
        lefts, rights = edges[:-1][inside], edges[1:][inside]
        # Among those that are near: in a day's times each search would take a third longer.
        near = max(int(np.searchsorted(times, begin, side="right")) - 1, 0)
        times = times[near : int(np.searchsorted(times, stop, side="right")) + 1]
        first = near + np.maximum(np.searchsorted(times, lefts, side="right") - 1, 0)
        beyond = np.maximum(near + np.searchsorted(times, rights, side="left"), first + 1)
        return cls(inside, Stretches(first, beyond), (lefts + rights) / 2)


def sample_columns(
    pyramids: Sequence[MinMaxPyramid], frames: ColumnFrames, rough: RoughScores | None = None
) -> Columns:
    """Columns of values of all frames, a row for each series; `rough` holds scores that can still change."""
    inside = frames.inside
    low, high, rough_high = (np.full((len(pyramids), len(inside)), np.nan, np.float32) for _ in range(3))
    for row, pyramid in enumerate(pyramids):
        if len(pyramid) and inside.any():
            low[row, inside], high[row, inside] = pyramid.extremes(frames.stretches)
    if rough is not None:
        rough_high[:, inside] = rough.at(frames.middles)
    pending = inside & np.isnan(high)
    return Columns(low, high, pending, np.where(pending, rough_high, np.nan))


def draw_traces(
    columns: Columns, height: int, tops: Floats, thresholds: Floats, theme: Theme, *, is_muted: bool = False
) -> QImage:
    """Curves, one below the other: each with the area under it, its flagged part in another colour; stripes where no
    score is final yet.

    Rough scores are a grey line on the stripes: nothing is flagged by them.

    Grey throughout where it is muted. Of each curve's `height` rows, 0 is on the lowest, its score of `tops` [C] on the
    highest; one image pixel is one column.
    """
    count, width = columns.low.shape
    # In bytes where there are few rows, and by the larger of two codes: a day's timeline is drawn anew at every step of
    # a pan, and to choose by `np.where` takes several times as long.
    rows: npt.NDArray[Any] = np.arange(height)[:, None].astype(np.uint8 if height < _BYTE else np.uint16)
    scale = ((height - 2) / tops)[:, None]
    low, high = _connected(columns)
    top = height - 1.5 - high * scale
    beneath = height + 0.5 - low * scale
    # QImage wants rows of whole 32-bit words.
    padded = np.zeros((count, height, width + -width % 4), np.uint8)
    codes = padded[:, :, :width]
    is_area = rows >= _rows(np.ceil(top), rows)
    np.multiply(is_area.view(np.uint8), np.uint8(_PENDING if is_muted else _AREA), out=codes)
    on_curve = rows >= _rows(top, rows)
    on_curve &= rows < _rows(beneath, rows)
    is_flagged = (rows < np.floor(height - thresholds * scale[:, 0])[:, None, None]) & (not is_muted)
    curve_codes = np.where(is_flagged, np.uint8(_FLAGGED), np.uint8(_ROUGH if is_muted else _CURVE))
    np.maximum(codes, on_curve.view(np.uint8) * curve_codes, out=codes)
    for row in np.flatnonzero(columns.pending.any(axis=1)):
        middles = height - 1.5 - np.minimum(columns.rough[row], tops[row]) * scale[row]
        _draw_pending(codes[row], np.flatnonzero(columns.pending[row]), middles)
    image = QImage(padded.data, width, count * height, padded.shape[2], QImage.Format.Format_Indexed8)
    image.setColorTable(_colours(theme))
    # Painted ten times as fast as one with a table of colours.
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def draw_trace(
    columns: Columns, height: int, top_score: float, threshold: float, theme: Theme, *, is_muted: bool = False
) -> QImage:
    """The same of a single curve."""
    return draw_traces(columns, height, np.array([top_score]), np.array([threshold]), theme, is_muted=is_muted)


def _draw_pending(codes: npt.NDArray[np.uint8], pending: Indices, middles: Floats) -> None:
    """Draw stripes in the pending columns of one curve [H, W], and rough scores where their middles [W] are known."""
    rows = np.arange(len(codes))[:, None]
    is_stripe = (rows + pending) % _STRIPE_PERIOD_PX < 2
    codes[:, pending] = np.where(is_stripe, np.uint8(_PENDING_STRIPE), np.uint8(_PENDING))
    with np.errstate(invalid="ignore"):
        on_rough, across = np.nonzero(np.abs(rows - middles[pending]) < _ROUGH_HALF_WIDTH_PX)
    codes[on_rough, pending[across]] = _ROUGH


def _rows(places: Floats, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of places [C, W] the rows [C, 1, W] of an image that they lie in, as bounds: the first for those above all rows,
    one more than there are for those beneath and where nothing is known."""
    # fmin takes the number where the other is none; for what is not negative, to cut off is to round down.
    return np.fmin(np.maximum(places, 0), len(rows)).astype(rows.dtype)[:, None]


def _connected(columns: Columns) -> tuple[Floats, Floats]:
    """Reach from each column to its left neighbour, so that a jump between frames is drawn as a line."""
    low, high = columns.low.copy(), columns.high.copy()
    low[:, 1:] = np.where(np.isnan(low[:, 1:]), np.nan, np.fmin(low[:, 1:], columns.high[:, :-1]))
    high[:, 1:] = np.where(np.isnan(high[:, 1:]), np.nan, np.fmax(high[:, 1:], columns.low[:, :-1]))
    return low, high


@cache
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
