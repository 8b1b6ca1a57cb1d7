"""What the raw signals of a recording say while they come in pieces: each costs what it is long, not what all is."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from engine.scoring.conditions import Condition, Flags, conditions_of, kinds_of_samples, without_conditions
from engine.scoring.drift import Drift, DriftKind, References, differences, lasting_drifts, scene_frames
from engine.scoring.lights import held_lights, unjudged
from engine.scoring.sampling import Frames
from engine.scoring.scorer import Scorer
from engine.scoring.signals import RawSignals, missing_signals

Times = npt.NDArray[np.floating]

_ROWS_A_RUN = 400
"""What a run costs besides its rows, in rows: samples of an overview are runs of one."""


class IncrementalScores:
    """What `Scorer.scores` and `find_drifts` say of all rows that came, derived in steps."""

    def __init__(
        self, scorer: Scorer, seconds: Times, references: References = (), damaged: Flags | None = None
    ) -> None:
        """A recording with frames at times [N], ascending from 0, of which nothing is analysed yet.

        There are no drifts without `references`. What comes of `damaged` frames [N] counts for nothing.
        """
        self._scorer = scorer
        self._seconds = seconds
        self._references = references
        self.signals: RawSignals = missing_signals(len(seconds))
        """Raw signals [N] of all that came; NaN where not analysed yet."""
        self._raw_scores = np.full(len(seconds), np.nan)
        self._rough_scores = np.full(len(seconds), np.nan)
        # Of samples, a score is told where none that it depends on is missing.
        self._missing = np.zeros(len(seconds), np.bool_)
        if not scorer.sampling.is_every_frame:
            self._missing[scorer.sampling.frames(seconds)] = True
        self._damaged = np.zeros(len(seconds), np.bool_) if damaged is None else damaged
        self._missing[self._damaged] = False
        self._waiting: deque[tuple[int, int]] = deque()
        # For drifts: each second that has frames, and in what it differs.
        whole = np.floor(seconds)
        self._block_starts = np.flatnonzero(np.diff(whole, prepend=-np.inf))
        self._blocks = whole[self._block_starts]
        self._analysed = np.zeros(len(self._blocks), np.bool_)
        self._differs = np.zeros((len(DriftKind), len(self._blocks)), np.bool_)
        # For conditions and the scene.
        self._judged = np.zeros(len(seconds), np.bool_)
        self._kinds = np.zeros(len(seconds), np.uint16)

    def add(self, frames: Frames, rows: RawSignals) -> None:
        """Take over raw signals [K] of frames [K], as far as there are such; `derive` does the rest."""
        frames, rows = frames[frames < len(self.signals)], rows[frames < len(self.signals)]
        if not len(frames):
            return
        self.signals[frames] = without_conditions(rows, self._damaged[frames])
        self._missing[frames] &= np.isnan(rows["speed_px"])
        ordered = np.sort(frames)
        # What lies this near is derived at once: its neighbours would have to be looked at all the same.
        apart = np.diff(self._seconds[ordered]) > self._scorer.reach_seconds
        if not self._scorer.reach_seconds:
            apart = np.diff(ordered) > 1
        starts = ordered[np.concatenate([[True], apart])]
        stops = ordered[np.concatenate([apart, [True]])] + 1
        runs = list(zip(starts.tolist(), stops.tolist(), strict=True))
        if self._waiting and self._waiting[-1][1] == runs[0][0]:
            runs[0] = (self._waiting.pop()[0], runs[0][1])
        self._waiting.extend(runs)

    @property
    def is_up_to_date(self) -> bool:
        """Whether scores and drifts say all that can be said of the rows."""
        return not self._waiting

    def derive(self, at_most: int) -> None:
        """Derive what `at_most` of the rows that wait mean."""
        while self._waiting and at_most > 0:
            start, stop = self._waiting.popleft()
            until = min(stop, start + at_most)
            if until < stop:
                self._waiting.appendleft((until, stop))
            at_most -= until - start + _ROWS_A_RUN
            self._derive_raw_scores(start, until)
            self._derive_differences(start, until)
            self._derive_kinds(start, until)

    def scores(self) -> npt.NDArray[np.float64]:
        """Anomaly scores [N] as people see them, of what was derived; NaN elsewhere."""
        return self._scorer.display_scores(self._raw_scores)

    def rough_scores(self) -> npt.NDArray[np.float64]:
        """Scores [N] as people see them where they can still change, for want of samples nearby; NaN elsewhere."""
        return self._scorer.display_scores(self._rough_scores)

    def conditions(self) -> list[Condition]:
        """When the camera fails, of what was derived."""
        return conditions_of(self._kinds, self._seconds)

    def in_condition(self) -> npt.NDArray[np.bool_]:
        """Which frames [N] are not to be flagged, as the camera fails or its light changes there."""
        return unjudged(self._kinds, self._seconds)

    def light_of(self, frame: int) -> int:
        """The number of a frame's light, of what was derived; 0 where nothing is known of several."""
        begin, stop = self._near(frame, frame + 1)
        return int(held_lights(self._kinds[begin:stop], self._seconds[begin:stop])[frame - begin])

    def is_other_scene(self) -> bool:
        """Whether the recording shows another scene than the calibration's, by some of the frames that came."""
        return self._scorer.is_other_scene(self.signals[scene_frames(np.flatnonzero(self._judged))])

    def drifts(self) -> list[Drift]:
        """Where the recording does not look like the calibration's footage, of what was derived."""
        if not len(self._seconds):
            return []
        length_seconds = float(self._seconds[-1] - self._seconds[0])
        return lasting_drifts(self._blocks[self._analysed], self._differs[:, self._analysed], length_seconds)

    def _derive_raw_scores(self, start: int, stop: int) -> None:
        seconds = self._seconds
        first, beyond = self._near(start, stop)
        if first <= 1:
            first = 0  # it takes frame 1's
        begin, end = self._near(first, beyond)
        # The first frame of a part may take its neighbour's score, as frame 0 does: it has to be one that is not kept,
        # and frame 0 has to have its neighbour.
        begin, end = max(begin - 1, 0), max(end, 2)
        found = self._scorer.raw_scores(self.signals[begin:end], seconds[begin:end])
        found = found[first - begin : beyond - begin]
        is_rough = self._is_missing_nearby(first, beyond)
        self._raw_scores[first:beyond] = np.where(is_rough, np.nan, found)
        self._rough_scores[first:beyond] = np.where(is_rough, found, np.nan)

    def _is_missing_nearby(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Whether a sample is missing near each of frames [start, stop)."""
        begin, end = self._near(start, stop)
        missing = np.concatenate([[0], np.cumsum(self._missing[begin:end])])
        seconds, reach = self._seconds[start:stop], self._scorer.reach_seconds
        first = np.searchsorted(self._seconds[begin:end], seconds - reach)
        beyond = np.searchsorted(self._seconds[begin:end], seconds + reach, "right")
        return np.asarray(missing[beyond] > missing[first])

    def _near(self, start: int, stop: int) -> tuple[int, int]:
        """The half-open run of frames that are near to some of [start, stop)."""
        reach = self._scorer.reach_seconds
        earliest, latest = self._seconds[start] - reach, self._seconds[stop - 1] + reach
        return int(np.searchsorted(self._seconds, earliest)), int(np.searchsorted(self._seconds, latest, "right"))

    def _derive_kinds(self, start: int, stop: int) -> None:
        # Whether the first of some frames is a sample hangs on the one before it.
        part = slice(max(start - 1, 0), max(stop, 2))
        scorer = self._scorer
        kinds = kinds_of_samples(self.signals[part], self._seconds[part], scorer.references, scorer.sampling)
        self._kinds[start:stop] = kinds[start - part.start : stop - part.start]
        self._judged[start:stop] = ~np.isnan(self.signals["sharpness"][start:stop])

    def _derive_differences(self, start: int, stop: int) -> None:
        if not self._references:
            return
        first, last = (int(np.searchsorted(self._block_starts, each, "right")) - 1 for each in (start, stop - 1))
        begin = self._block_starts[first]
        end = self._block_starts[last + 1] if last + 1 < len(self._blocks) else len(self._seconds)
        blocks, differs = differences(self._references, self.signals[begin:end], self._seconds[begin:end])
        self._analysed[first : last + 1] = False
        at = np.searchsorted(self._blocks, blocks)
        self._analysed[at] = True
        self._differs[:, at] = differs
