"""The scores over time in the form that is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.scoring.conditions import EDGE_SECONDS, Condition
from engine.scoring.segments import Segment
from engine.video.integrity import Integrity
from engine.video.source import frame_at
from engine.video.timing import gaps, last_seconds
from vadgui.model.session import ReviewSession
from vadgui.timeline.holes import Hole, holes
from vadgui.timeline.pyramid import Floats, Indices, MinMaxPyramid
from vadgui.timeline.timescale import Timescale
from vadgui.timeline.trace import ColumnFrames, Columns, RoughScores, sample_columns


class ScoreSeries:
    """The session's scores and times; plot and overview share one, so that its pyramid is built once."""

    def __init__(self, session: ReviewSession) -> None:
        self._session = session
        self._pyramid: MinMaxPyramid | None = None
        self._rough: RoughScores | None = None
        self._top: float | None = None
        self._version = 0
        self._session_times: Floats | None = None
        self._session_integrity: Integrity | None = None
        self._column_key: tuple[float, float, int] | None = None
        self._column_frames = ColumnFrames.of(np.empty(0), 0.0, 0.0, 1.0, 1)
        """Of the stretch drawn last: all lanes ask for the same one."""
        self._starts: Floats = np.empty(0)
        self._ends: Floats = np.empty(0)

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

    def forget_scale(self) -> None:
        """The end of the scale may be another; the scores are the same."""
        self._top = None

    @property
    def top(self) -> float:
        """The end of the scores' scale."""
        if self._top is None:
            self._top = self._session.scoring.top
        return self._top

    def _use_times(self) -> None:
        session = self._session
        if session.times is self._session_times and session.integrity is self._session_integrity:
            return
        self._session_times, self._session_integrity = session.times, session.integrity
        self._column_key = None
        if not session.frame_count:
            self._scale, self._starts, self._ends = Timescale((), 0.0), np.empty(0), np.empty(0)
            self._holes = []
            return
        ends = session.ends.copy()
        # The last frame must have some width even where the container's duration is too short.
        ends[-1] = max(ends[-1], session.times[-1] + 0.5 * (last_seconds(session.times) or 0.04))
        self._scale = Timescale(gaps(session.times), float(ends[-1]))
        self._starts, self._ends = self._scale.drawn(session.times), self._scale.drawn(ends)
        self._holes = holes(session.integrity, self._scale)

    @property
    def scale(self) -> Timescale:
        """Where times are drawn; all other seconds here are as drawn."""
        self._use_times()
        return self._scale

    @property
    def end_seconds(self) -> float:
        """When the last frame leaves the screen; 0 without a recording."""
        self._use_times()
        return float(self._ends[-1]) if len(self._ends) else 0.0

    def frame_at(self, seconds: float) -> int:
        """The frame that is drawn there; in a gap, the one before it."""
        self._use_times()
        return frame_at(self._starts, seconds)

    def starts_of(self, frames: Sequence[int] | Indices) -> Floats:
        """When each frame comes on screen; 0 without a recording."""
        self._use_times()
        return self._starts[frames] if len(self._starts) else np.zeros(len(frames))

    def ends_of(self, frames: Sequence[int] | Indices) -> Floats:
        """When each frame leaves the screen."""
        self._use_times()
        return self._ends[frames] if len(self._ends) else np.zeros(len(frames))

    def spans_of(self, segments: Sequence[Segment]) -> tuple[Floats, Floats]:
        """When each segment begins and ends."""
        count = len(segments)
        starts = np.fromiter((segment.start for segment in segments), np.intp, count)
        stops = np.fromiter((segment.stop for segment in segments), np.intp, count)
        return self.starts_of(starts), self.ends_of(stops - 1)

    @property
    def holes(self) -> list[Hole]:
        """Where there are no pictures, in the order of time."""
        self._use_times()
        return self._holes

    def rough_at(self, frame: int) -> float | None:
        """The rough score that is drawn at a frame; None where there is none."""
        self._built()
        if self._rough is None:
            return None
        score = float(self._rough.at(self._starts[[frame]])[0])
        return None if np.isnan(score) else score

    def _built(self) -> MinMaxPyramid:
        self._use_times()
        if self._pyramid is None:
            self._pyramid = MinMaxPyramid(self._session.scoring.scores)
            rough = self._session.scoring.rough_scores
            known = np.flatnonzero(~np.isnan(rough))
            if len(known):
                self._rough = RoughScores(self._starts[known], rough[known])
        return self._pyramid

    def columns(self, begin: float, stop: float, width: int) -> Columns:
        """What is drawn of the time range [begin, stop) in `width` pixels."""
        columns = self.columns_of([self._built()], begin, stop, width, self._rough)
        # What is beyond the scale runs along its end.
        low, high, rough = (np.minimum(each, self.top) for each in (columns.low, columns.high, columns.rough))
        return replace(columns, low=low, high=high, rough=rough)

    def columns_of(
        self, pyramids: Sequence[MinMaxPyramid], begin: float, stop: float, width: int, rough: RoughScores | None = None
    ) -> Columns:
        """The same of other values of all frames, a row each."""
        self._use_times()
        key = (begin, stop, width)
        if key != self._column_key:
            self._column_key = key
            self._column_frames = ColumnFrames.of(self._starts, self.end_seconds, begin, stop, width)
        columns = sample_columns(pyramids, self._column_frames, rough)
        columns = columns.without(self._scale.gap_starts, self._scale.gap_stops, begin, stop)
        return self._without_failures(columns, begin, stop, width)

    def _without_failures(self, columns: Columns, begin: float, stop: float, width: int) -> Columns:
        """Where the camera fails, or the file is damaged, there is no score: nothing is pending."""
        damaged = [(hole.start, hole.stop + EDGE_SECONDS) for hole in self._holes if hole.is_damaged]
        spans = [*self.condition_spans(), *damaged]
        if not spans:
            return columns
        middles = begin + (stop - begin) * (np.arange(width) + 0.5) / width
        pending = columns.pending.copy()
        for start_seconds, stop_seconds in spans:
            first, beyond = np.searchsorted(middles, [start_seconds, stop_seconds])
            pending[:, first:beyond] = False
        return replace(columns, pending=pending, rough=np.where(pending, columns.rough, np.nan))

    @property
    def conditions(self) -> list[Condition]:
        """Those in which there is no score."""
        return [each for each in self._session.scoring.conditions if not each.is_judged]

    def condition_spans(self) -> list[tuple[float, float]]:
        """When the camera fails, with what is not scored beside it."""
        spans = []
        for each in self.conditions:
            start, stop = self.scale.drawn([each.start_seconds, each.stop_seconds])
            spans.append((max(float(start) - EDGE_SECONDS, 0.0), min(float(stop) + EDGE_SECONDS, self.end_seconds)))
        return spans

    @property
    def is_muted(self) -> bool:
        """Whether scores flag nothing, as they speak of another scene."""
        return self._session.scoring.is_other_scene
