"""The scores over time in the form that is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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

    def rough_at(self, frame: int) -> float | None:
        """The rough score that is drawn at a frame; None where there is none."""
        self._built()
        if self._rough is None:
            return None
        score = float(self._rough.at(self._session.times[[frame]])[0])
        return None if np.isnan(score) else score

    def _built(self) -> MinMaxPyramid:
        if self._pyramid is None:
            # What is beyond the scale runs along its end.
            self._pyramid = MinMaxPyramid(np.minimum(self._session.scoring.scores, self.top))
            rough = self._session.scoring.rough_scores
            known = np.flatnonzero(~np.isnan(rough))
            if len(known):
                self._rough = RoughScores(self._session.times[known], np.minimum(rough[known], self.top))
        return self._pyramid

    def columns(self, begin: float, stop: float, width: int) -> Columns:
        """What is drawn of the time range [begin, stop) in `width` pixels."""
        pyramid = self._built()
        return sample_columns(pyramid, self._session.times, self.end_seconds, begin, stop, width, self._rough)
