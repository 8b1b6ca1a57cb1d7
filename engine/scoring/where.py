"""Where in a frame its evidence lies: every window on the calibrated score's scale, and outlines of what stands out.

docs/research/where.md says how the choices here were made, and what they are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.language import tr, tr_noop
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import WEIGHTS, in_words, measured, transformed
from engine.scoring.motion import PLACES
from engine.scoring.places import PlaceMaps, placed_signals
from engine.scoring.windows import CELL_PX, PICTURE_CELLS, WINDOW_CELLS
from engine.scoring.zones import Windows

Floats = npt.NDArray[np.float64]

REACH_SECONDS = 0.3
"""Windows are seen together with those around this much earlier and later: a single moment's values flicker."""
_SECONDS_A_WINDOW = 0.2
"""How long a thing takes at most to the next window: so far afield is it looked for at other moments."""
REACH_WINDOWS = 2
"""How many windows farther another moment of that time can change what one says."""
_SHARE_OF_PEAK = 0.5
"""A thing is the windows around that of the strongest evidence which have at least half of it."""
_MAX_OUTLINES = 6
_MARGIN = 0.3
"""Outlines lie where the things' blurred windows fall to this: a little outside, so that the line hides nothing."""
_VALUES = {
    "speed_px": tr_noop("{seen:.1f} px a frame, here usually {usual:.1f} at most"),
    "speed_excess_px": tr_noop("{seen:.1f} px a frame more than predicted, here usually {usual:.1f} at most"),
    "velocity_error_px": tr_noop("{seen:.1f} px a frame off the predicted, here usually {usual:.1f} at most"),
}
_RARE = tr_noop("once in {seen:,} normal moments, here usually once in {usual:,} at the rarest")
_UNSEEN = tr_noop("less than once in a million normal moments, here usually once in {usual:,} at the rarest")
_RARITIES = ("direction_rarity", "speed_rarity")
_RAREST = 1e6
"""Beyond that, how rarely normal things move so is the motion prior's guess alone."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A thing that stands out in a frame."""

    contour: npt.NDArray[np.float32]
    """[M, 2]: x and y of a closed line, as shares of the frame's width and height."""
    score: float
    """The calibrated score that the frame would have for this alone."""
    reason: str
    """Why it stands out, in words."""
    values: str
    """What was measured and what is usual, in words; empty where the signal has no unit."""

    @property
    def in_words(self) -> str:
        """The reason with its values."""
        return f"{self.reason}: {self.values}" if self.values else self.reason

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, as shares of the frame's width and height."""
        (left, top), (right, bottom) = self.contour.min(axis=0), self.contour.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


@dataclass(frozen=True)
class WindowReading:
    """What a single window of a frame says."""

    score: float
    """The calibrated score that the frame would have for this alone; below 0 what is calmer than all normal footage."""
    reason: str
    """What speaks most for it, in words; empty where nothing was measured."""
    values: str
    """As in `Outline`."""


@dataclass(frozen=True, eq=False)
class WindowEvidence:
    """The evidence of every window of a frame."""

    calibration: Calibration
    strengths: Floats
    """[PLACES, PLACES]: the strongest evidence less its median, over its spread; what is still lies far below 0."""
    strongest: npt.NDArray[np.intp]
    """[PLACES, PLACES]: which of the placed signals that is."""
    now: PlaceMaps
    """What was measured of the moment itself."""

    @classmethod
    def of(cls, calibration: Calibration, maps: Mapping[float, PlaceMaps]) -> WindowEvidence:
        """From the values of windows at moments so many seconds after the frame; one of them is the frame's own, at 0.

        Where the frame was not judged, that of a moment very near.
        """
        names = placed_signals(calibration)
        rows = [calibration.evidence.index(name) for name in names]
        standard = calibration.offline.standard
        medians, spreads = (np.array(each)[rows][:, None, None] for each in (standard.medians, standard.spreads))
        nearest = min(maps, key=abs)
        known = {offset: _transformed(names, values) for offset, values in maps.items()}
        around = _mean([_spread(values, abs(offset)) for offset, values in known.items()])
        strengths = (_mean([known[nearest], around]) - medians) / spreads
        strengths = np.nan_to_num(strengths, nan=-np.inf)
        return cls(calibration, strengths.max(axis=0), strengths.argmax(axis=0), maps[nearest])

    def within(self, windows: Windows) -> WindowEvidence:
        """The evidence of those windows alone; no other can have an outline."""
        return replace(self, strengths=np.where(windows, self.strengths, -np.inf))

    @property
    def scores(self) -> Floats:
        """[PLACES, PLACES]: the calibrated score that the frame would have for each window alone."""
        return self.calibration.offline.tail.neg_log10_p(self.strengths.ravel()).reshape(self.strengths.shape)

    def outlines(self, threshold: float, at_least: int = 0) -> list[Outline]:
        """What reaches a score, the strongest evidence first; `at_least` so many, whatever they reach."""
        left = self.strengths.copy()
        found: list[Outline] = []
        while len(found) < _MAX_OUTLINES:
            row, column = map(int, np.unravel_index(left.argmax(), left.shape))
            peak = left[row, column]
            score = float(self.calibration.offline.tail.neg_log10_p(np.array([peak]))[0])
            if not peak > 0 or (score < threshold and len(found) >= at_least):
                break
            _, labels = cv2.connectedComponents((left >= _SHARE_OF_PEAK * peak).astype(np.uint8))
            thing = labels == labels[row, column]
            found.append(self._outline(thing, int(self.strongest[row, column]), score, stands_out=score >= threshold))
            # Its rim belongs to no other thing.
            left[cv2.dilate(thing.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = -np.inf
        return found

    def window(self, row: int, column: int) -> WindowReading:
        """What one window says."""
        layer = int(self.strongest[row, column])
        name = placed_signals(self.calibration)[layer]
        if not np.isfinite(self.strengths[row, column]):
            return WindowReading(0.0, "", "")
        score = float(self.scores[row, column])
        return WindowReading(score, tr(in_words(name)), self._values(name, float(self.now[layer, row, column])))

    def _outline(self, thing: npt.NDArray[np.bool_], layer: int, score: float, *, stands_out: bool) -> Outline:
        name = placed_signals(self.calibration)[layer]
        seen = float(np.nanmax(self.now[layer][thing]))
        # What was asked for whatever it reaches may be as usual as anything.
        is_usual = not stands_out and seen <= self._usual(name)
        reason = tr("stands out most, but is usual") if is_usual else tr(in_words(name))
        return Outline(_contour(thing), score, reason, self._values(name, seen))

    def _values(self, name: str, seen: float) -> str:
        """What was measured and what is usual; empty where the signal has no unit, or was not measured."""
        if np.isnan(seen):
            return ""
        if name in _RARITIES:
            moments = [_moments_apart(nats) for nats in (seen, self._usual(name))]
            return tr(_RARE if moments[0] < _RAREST else _UNSEEN).format(seen=moments[0], usual=moments[1])
        text = _VALUES.get(name)
        return tr(text).format(seen=seen, usual=self._usual(name)) if text else ""

    def _usual(self, name: str) -> float:
        """What the worst window of normal footage reaches one time in twenty, in the signal's unit."""
        standard, row = self.calibration.offline.standard, self.calibration.evidence.index(name)
        upper = standard.medians[row] + standard.spreads[row] * WEIGHTS.get(name, 1.0)
        return measured(name, upper)


def _moments_apart(nats: float) -> int:
    """In how many moments so rare a motion comes once, to two digits."""
    count = min(np.exp(nats), _RAREST)
    return int(float(f"{count:.2g}"))


def _transformed(names: tuple[str, ...], maps: PlaceMaps) -> Floats:
    return np.stack([transformed(name, values.astype(np.float64)) for name, values in zip(names, maps, strict=True)])


def _mean(maps: list[Floats]) -> Floats:
    """The mean of what was measured; NaN where nothing was."""
    values = np.stack(maps)
    count = (~np.isnan(values)).sum(axis=0)
    return np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), np.nan)


def _spread(maps: Floats, seconds: float) -> Floats:
    """The greatest value [L, PLACES, PLACES] within as many windows as a thing goes in that time."""
    side = 2 * int(np.ceil(seconds / _SECONDS_A_WINDOW - 1e-3)) + 1
    kernel = np.ones((side, side), np.uint8)
    return np.stack([cv2.dilate(each, kernel) if side > 1 else each for each in maps])


def _contour(thing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """The line [M, 2] round the middle cells of a thing's windows [PLACES, PLACES], in shares of the picture."""
    cells = np.zeros((PICTURE_CELLS, PICTURE_CELLS), np.float32)
    first = WINDOW_CELLS // 2
    cells[first : first + PLACES, first : first + PLACES] = thing
    side = PICTURE_CELLS * CELL_PX
    picture = cv2.GaussianBlur(cv2.resize(cells, (side, side), interpolation=cv2.INTER_NEAREST), (0, 0), CELL_PX / 2)
    lines, _ = cv2.findContours((picture >= _MARGIN).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = cv2.approxPolyDP(max(lines, key=len), 0.7, closed=True)
    return np.asarray((line[:, 0] + 0.5) / side, np.float32)
