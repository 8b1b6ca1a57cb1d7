"""Scores and drifts of a recording whose raw signals come in pieces: each costs what it is long, not what all is."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from engine.scoring.drift import Drift, DriftKind, Reference, lasting_drifts
from engine.scoring.scorer import Scorer
from engine.scoring.signals import RawSignals, missing_signals

Times = npt.NDArray[np.floating]


class IncrementalScores:
    """What `Scorer.scores` and `Reference.drifts` say of all rows that came, derived in steps."""

    def __init__(self, scorer: Scorer, seconds: Times, reference: Reference | None = None) -> None:
        """A recording with frames at times [N], ascending from 0, of which nothing is analysed yet.

        There are no drifts without a `reference`.
        """
        self._scorer = scorer
        self._seconds = seconds
        self._reference = reference
        self.signals: RawSignals = missing_signals(len(seconds))
        """Raw signals [N] of all that came; NaN where not analysed yet."""
        self._raw_scores = np.full(len(seconds), np.nan)
        self._waiting: deque[tuple[int, int]] = deque()
        # For drifts: each second that has frames, and in what it differs.
        whole = np.floor(seconds)
        self._block_starts = np.flatnonzero(np.diff(whole, prepend=-np.inf))
        self._blocks = whole[self._block_starts]
        self._analysed = np.zeros(len(self._blocks), np.bool_)
        self._differs = np.zeros((len(DriftKind), len(self._blocks)), np.bool_)

    def add(self, start: int, rows: RawSignals) -> None:
        """Take over raw signals [start, start + len(rows)), as far as there are frames; `derive` does the rest."""
        stop = min(start + len(rows), len(self.signals))
        if start >= stop:
            return
        self.signals[start:stop] = rows[: stop - start]
        if self._waiting and self._waiting[-1][1] == start:
            start, _ = self._waiting.pop()
        self._waiting.append((start, stop))

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
            at_most -= until - start
            self._derive_raw_scores(start, until)
            self._derive_differences(start, until)

    def scores(self) -> npt.NDArray[np.float64]:
        """Anomaly scores [N] as people see them, of what was derived; NaN elsewhere."""
        return self._scorer.display_scores(self._raw_scores)

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
        self._raw_scores[first:beyond] = found[first - begin : beyond - begin]

    def _near(self, start: int, stop: int) -> tuple[int, int]:
        """The half-open run of frames that are near to some of [start, stop)."""
        reach = self._scorer.reach_seconds
        earliest, latest = self._seconds[start] - reach, self._seconds[stop - 1] + reach
        return int(np.searchsorted(self._seconds, earliest)), int(np.searchsorted(self._seconds, latest, "right"))

    def _derive_differences(self, start: int, stop: int) -> None:
        if self._reference is None:
            return
        first, last = (int(np.searchsorted(self._block_starts, each, "right")) - 1 for each in (start, stop - 1))
        begin = self._block_starts[first]
        end = self._block_starts[last + 1] if last + 1 < len(self._blocks) else len(self._seconds)
        blocks, differs = self._reference.differences(self.signals[begin:end], self._seconds[begin:end])
        self._analysed[first : last + 1] = False
        at = np.searchsorted(self._blocks, blocks)
        self._analysed[at] = True
        self._differs[:, at] = differs
