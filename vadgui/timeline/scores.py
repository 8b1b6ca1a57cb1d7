"""The scores over time in the form that is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.scoring.conditions import EDGE_SECONDS
from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession
from vadgui.timeline.pyramid import Floats, Indices, MinMaxPyramid
from vadgui.timeline.trace import Columns, RoughScores, sample_columns


class ScoreSeries:
    """The session's scores and times; plot and overview share one, so that its pyramid is built once."""

    def __init__(self, session: ReviewSession) -> None:
        self._session = session
        self._pyramid: MinMaxPyramid | None = None
        self._rough: RoughScores | None = None
        self._top: float | None = None
        self._version = 0

    @property
    def version(self) -> int:
        """Changes when the scores do."""
        return self._version

    def forget(self) -> None:
        """Scores or times changed."""
        self._pyramid = None
        self._rough = None
        self._top = None
        self._version += 1

    @property
    def top(self) -> float:
        """The end of the scores' scale."""
        if self._top is None:
            self._top = self._session.scoring.top
        return self._top

    @property
    def end_seconds(self) -> float:
        """When the last frame leaves the screen; 0 without a recording."""
        times = self._session.times
        if not len(times):
            return 0.0
        video = self._session.video
        duration = video.duration_seconds if video else 0.0
        # The last frame must have some width even where the container's duration is too short.
        last_gap = float(times[-1] - times[-2]) if len(times) > 1 else 0.04
        return max(duration, float(times[-1]) + 0.5 * last_gap)

    def seconds_of(self, frames: Sequence[int] | Indices) -> Floats:
        """When each frame comes on screen; the frame after the last one stands for the end."""
        times = self._session.times
        indices = np.asarray(frames, np.intp)
        if not len(times):
            return np.zeros(len(indices))
        seconds = times[np.minimum(indices, len(times) - 1)]
        return np.where(indices < len(times), seconds, self.end_seconds)

    def spans_of(self, segments: Sequence[Segment]) -> tuple[Floats, Floats]:
        """When each segment begins and ends."""
        count = len(segments)
        starts = np.fromiter((segment.start for segment in segments), np.intp, count)
        stops = np.fromiter((segment.stop for segment in segments), np.intp, count)
        return self.seconds_of(starts), self.seconds_of(stops)

    def columns(self, begin: float, stop: float, width: int) -> Columns:
        """What is drawn of the time range [begin, stop) in `width` pixels."""
        times = self._session.times
        if self._pyramid is None:
            # What is beyond the scale runs along its end.
            self._pyramid = MinMaxPyramid(np.minimum(self._session.scoring.scores, self.top))
            rough = self._session.scoring.rough_scores
            known = np.flatnonzero(~np.isnan(rough))
            if len(known):
                self._rough = RoughScores(times[known], np.minimum(rough[known], self.top))
        columns = sample_columns(self._pyramid, times, self.end_seconds, begin, stop, width, self._rough)
        return self._without_conditions(columns, begin, stop, width)

    def _without_conditions(self, columns: Columns, begin: float, stop: float, width: int) -> Columns:
        """Where the camera fails there is no score: nothing is pending."""
        middles = begin + (stop - begin) * (np.arange(width) + 0.5) / width
        pending = columns.pending.copy()
        for start_seconds, stop_seconds in self.condition_spans():
            first, beyond = np.searchsorted(middles, [start_seconds, stop_seconds])
            pending[first:beyond] = False
        return replace(columns, pending=pending, rough=np.where(pending, columns.rough, np.nan))

    def condition_spans(self) -> list[tuple[float, float]]:
        """When the camera fails, with what is not scored beside it."""
        return [
            (max(each.start_seconds - EDGE_SECONDS, 0.0), min(each.stop_seconds + EDGE_SECONDS, self.end_seconds))
            for each in self._session.scoring.conditions
        ]

    @property
    def is_muted(self) -> bool:
        """Whether scores flag nothing, as they speak of another scene."""
        return self._session.scoring.is_other_scene
