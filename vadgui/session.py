"""The review of one recording: what is open, where the playhead is, what the scores say."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from engine.scoring.calibration import Calibration
from engine.scoring.drift import Drift
from engine.scoring.scores import ScoreKind, best_kind, segment_rule, shown_scores
from engine.scoring.segments import Segment, SegmentRule, find_segments
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.tail import false_alarms_at
from engine.video.source import VideoInfo, frame_at
from vadgui.jobs.frame_view import Bgra, FrameView

_RESCORE_INTERVAL_MS = 200  # min-max scores change with every batch; deriving them more often than this helps nobody
_LEAST_TOP, _MOST_TOP = 6.0, 10.0  # beyond, a score is "once in centuries", and would flatten all others
_RESCORE_SHARE = 0.05  # of the GUI thread's time at most: a day of video has two million frames


@dataclass(frozen=True)
class DetectorSummary:
    """What a person sees of the detector in use."""

    name: str
    path: Path
    preset: str
    teacher: str
    flow_radius_px: float
    """Speed, in pixels of the 256x256 picture a frame, at full saturation of both flow panels."""
    device: str
    """Where and how it runs, in words: "CPU, bfloat16"."""
    calibration: Calibration | None = None
    """What its scores mean on its camera; None where nobody has taught it."""


class AnalysisPhase(Enum):
    """Where the analysis of the whole recording stands."""

    IDLE = auto()
    RUNNING = auto()
    PAUSED = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


@dataclass(frozen=True)
class AnalysisState:
    """Phase and progress of the analysis."""

    phase: AnalysisPhase = AnalysisPhase.IDLE
    done: int = 0
    total: int = 0
    frames_per_second: float = 0.0
    seconds_left: float | None = None


class ReviewSession(QObject):
    """Knows everything the views show; views ask it for changes, jobs answer what it wants; it starts no work."""

    video_changed = Signal()
    """Another recording, none, or the same one after its times were revised."""
    detector_changed = Signal()
    """Another detector, or one is on its way."""
    playhead_changed = Signal(int)
    view_changed = Signal()
    scores_changed = Signal()
    """Scores or times changed; `segments_changed` follows when the segments did too."""
    segments_changed = Signal()
    selection_changed = Signal()
    drifts_changed = Signal()
    """How the recording differs from the calibration's footage changed."""
    rule_changed = Signal()
    analysis_changed = Signal()
    thumbnail_arrived = Signal(int)

    view_wanted = Signal(int, bool)
    """Frame number, and whether its transition's pictures are wanted too; the latest request replaces older ones."""
    thumbnail_wanted = Signal(int)

    def __init__(self, rule: SegmentRule | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._video: VideoInfo | None = None
        self._times = np.empty(0)
        self._detector: DetectorSummary | None = None
        self._detector_is_coming = False
        self._kind = ScoreKind.PAPER
        self._rules = {kind: segment_rule(kind) for kind in ScoreKind} | ({self._kind: rule} if rule else {})
        self._playhead = 0
        self._view: FrameView | None = None
        self._signals: RawSignals = missing_signals(0)
        self._scores: npt.NDArray[np.floating] = np.empty(0, np.float32)
        self._highest = 0.0
        self._segments: list[Segment] = []
        self._drifts: list[Drift] = []
        self._selected: Segment | None = None
        self._analysis = AnalysisState()
        self._thumbnails: dict[int, Bgra] = {}
        self._thumbnails_asked: set[int] = set()
        self._pictures_wanted = True
        self._rescore_timer = QTimer(self, singleShot=True, interval=_RESCORE_INTERVAL_MS)
        self._rescore_timer.timeout.connect(self._rescore)

    # What is open

    @property
    def video(self) -> VideoInfo | None:
        """The recording under review; None in the empty state."""
        return self._video

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] in seconds since the first frame's."""
        return self._times

    @property
    def frame_count(self) -> int:
        """Frames of the recording; 0 in the empty state."""
        return len(self._times)

    @property
    def detector(self) -> DetectorSummary | None:
        """The detector in use; None until one has been opened."""
        return self._detector

    def open_video(self, video: VideoInfo, times: npt.NDArray[np.float64]) -> None:
        """Begin the review of another recording at its first frame."""
        self._start_over(video, times)
        self.view_wanted.emit(0, self._pictures_wanted)

    def close_video(self) -> None:
        """Back to the empty state."""
        self._start_over(None, np.empty(0))

    def _start_over(self, video: VideoInfo | None, times: npt.NDArray[np.float64]) -> None:
        # Everything changes before the first signal: a view that asks back must never see two recordings mixed.
        self._video = video
        self._times = times
        self._playhead = 0
        self._view = None
        self._thumbnails.clear()
        self._thumbnails_asked.clear()
        self._signals = missing_signals(len(times))
        self._scores = self._scored()
        self._segments = []
        self._drifts = []
        self._selected = None
        self._analysis = AnalysisState()
        self._rescore_timer.stop()
        for changed in (self.video_changed, self.analysis_changed, self.scores_changed, self.segments_changed):
            changed.emit()
        self.drifts_changed.emit()
        self.selection_changed.emit()
        self.playhead_changed.emit(0)
        self.view_changed.emit()

    def revise_times(self, video: VideoInfo, times: npt.NDArray[np.float64]) -> None:
        """Take over what a full decode found: damaged files hold fewer frames than they announce."""
        kept = missing_signals(len(times))
        overlap = min(len(times), len(self._signals))
        kept[:overlap] = self._signals[:overlap]
        self._video, self._times, self._signals = video, times, kept
        self._scores = self._scored()
        beyond_end = self._playhead >= len(times)
        self._playhead = max(min(self._playhead, len(times) - 1), 0)
        self.video_changed.emit()
        self._rescore()
        if beyond_end:
            self.playhead_changed.emit(self._playhead)
            self.view_wanted.emit(self._playhead, self._pictures_wanted)

    @property
    def detector_is_coming(self) -> bool:
        """Whether a detector is being loaded: asking for one would be wrong."""
        return self._detector_is_coming

    def expect_detector(self, coming: bool) -> None:
        """A detector is being loaded, or that came to nothing."""
        if coming != self._detector_is_coming:
            self._detector_is_coming = coming
            self.detector_changed.emit()

    def use_detector(self, detector: DetectorSummary) -> None:
        """Scores of another detector are forgotten; the frame on screen is asked for anew."""
        self._detector = detector
        self._detector_is_coming = False
        kind = best_kind(detector.calibration)
        is_other_kind, self._kind = kind is not self._kind, kind
        # The worker drops what was asked of it before: thumbnails that are still missing are asked for anew.
        self._thumbnails_asked.intersection_update(self._thumbnails)
        self.detector_changed.emit()
        if is_other_kind:
            self.rule_changed.emit()
        self.forget_scores()
        if self._video:
            self.view_wanted.emit(self._playhead, self._pictures_wanted)

    # The playhead and what is on screen

    @property
    def playhead(self) -> int:
        """Number of the frame that the person wants to see."""
        return self._playhead

    @property
    def view(self) -> FrameView | None:
        """What the panels show now; its index trails the playhead until the engine has caught up."""
        return self._view

    def seek(self, index: int) -> None:
        """Move the playhead to a frame, clamped to the recording."""
        if not self.frame_count:
            return
        index = min(max(index, 0), self.frame_count - 1)
        if index != self._playhead:
            self._playhead = index
            self.playhead_changed.emit(index)
            self.view_wanted.emit(index, self._pictures_wanted)

    def step(self, frames: int) -> None:
        """Move the playhead by frames, forward or back."""
        self.seek(self._playhead + frames)

    def step_seconds(self, seconds: float) -> None:
        """Jump by time; at least one frame, whatever the rate."""
        if not self.frame_count:
            return
        target = self.index_at(float(self._times[self._playhead]) + seconds)
        if target == self._playhead:
            target += 1 if seconds > 0 else -1
        self.seek(target)

    def index_at(self, seconds: float) -> int:
        """Number of the frame on screen at a time, clamped to the recording."""
        return frame_at(self._times, seconds)

    def show(self, view: FrameView) -> None:
        """Put what the engine made on screen; its signals count even before the analysis gets there."""
        self._view = view
        unknown = view.index < len(self._signals) and np.isnan(self._signals["psnr_db"][view.index])
        if view.signals is not None and unknown:
            self._signals[view.index] = view.signals
            self._rescore_soon()
        self.view_changed.emit()

    def view_is_settled(self) -> bool:
        """Whether everything that was wanted of the frame under the playhead is on screen, or the reason why not."""
        view = self._view
        if view is None or view.index != self._playhead:
            return False
        return view.complete or not (view.predicting or (self._pictures_wanted and not view.missing))

    def set_pictures_wanted(self, wanted: bool) -> None:
        """Panels say whether any of them shows the transition's pictures; without them playing is much faster."""
        if wanted != self._pictures_wanted:
            self._pictures_wanted = wanted
            if wanted and self._video:
                self.view_wanted.emit(self._playhead, True)

    # Scores and segments

    @property
    def signals(self) -> RawSignals:
        """Raw signals [N]; NaN where not analysed yet."""
        return self._signals

    @property
    def scores(self) -> npt.NDArray[np.floating]:
        """Anomaly scores [N] of `score_kind`; NaN where not analysed yet."""
        return self._scores

    @property
    def score_kind(self) -> ScoreKind:
        """What the scores are: the best that the detector in use has."""
        return self._kind

    @property
    def score_top(self) -> float:
        """The end of the scores' scale: 1, or what calibrated ones reach, in whole steps from six to ten."""
        if not self._kind.is_calibrated:
            return 1.0
        return float(max(_LEAST_TOP, np.ceil(min(self._highest, _MOST_TOP)), np.ceil(self.rule.enter)))

    @property
    def scores_go_beyond(self) -> bool:
        """Whether some score is above the end of the scale."""
        return self._highest > self.score_top

    def expected_alarms(self) -> tuple[int, int] | None:
        """How many of the recording's segments are false alarms at the threshold, at the least and at the most.

        Nine times in ten; None where the detector is not calibrated.
        """
        calibration = self._calibration
        if calibration is None or self._video is None:
            return None
        hours = self._video.duration_seconds / 3600
        return calibration.expected_alarms(false_alarms_at(self.rule.enter), hours)

    @property
    def rule(self) -> SegmentRule:
        """How scores become segments."""
        return self._rules[self._kind]

    @property
    def segments(self) -> list[Segment]:
        """Segments in order of time, of the frames analysed so far."""
        return self._segments

    @property
    def selected_segment(self) -> Segment | None:
        """The current segment: what "export" means."""
        return self._selected

    @property
    def drifts(self) -> list[Drift]:
        """Where the recording does not look like the calibration's footage, as far as it is analysed."""
        return self._drifts

    def forget_scores(self) -> None:
        """Every frame counts as not analysed again."""
        self._signals = missing_signals(self.frame_count)
        self.set_analysis(AnalysisState())
        self._rescore()

    def add_signals(self, start: int, rows: RawSignals) -> None:
        """Take over raw signals [start, start + len(rows)); scores follow a moment later."""
        stop = min(start + len(rows), len(self._signals))
        self._signals[start:stop] = rows[: stop - start]
        self._rescore_soon()

    def finish_scores(self) -> None:
        """Derive scores and segments now: the analysis has ended."""
        self._rescore()

    def set_rule(self, rule: SegmentRule) -> None:
        """Find segments by another rule; each kind of score keeps its own."""
        if rule != self.rule:
            self._rules[self._kind] = rule
            self.rule_changed.emit()
            self._find_segments()

    def select_segment(self, segment: Segment | None) -> None:
        """Make a segment the current one and put the playhead on its peak."""
        if segment != self._selected:
            self._selected = segment
            self.selection_changed.emit()
        if segment:
            self.seek(segment.peak_frame)

    def select_next_segment(self) -> None:
        """The first segment that starts after the current one, or at or after the playhead where that has left it."""
        here = self._review_position()
        later = (s for s in self._segments if s.start >= here and s != self._selected)
        self.select_segment(next(later, self._selected))

    def select_previous_segment(self) -> None:
        """The last segment that starts before the current one, or before the playhead where that has left it."""
        here = self._review_position()
        self.select_segment(next((s for s in reversed(self._segments) if s.start < here), self._selected))

    def _review_position(self) -> int:
        current = self._selected
        return current.start if current and current.start <= self._playhead < current.stop else self._playhead

    def _rescore_soon(self) -> None:
        if not self._rescore_timer.isActive():
            self._rescore_timer.start()

    def _rescore(self) -> None:
        self._rescore_timer.stop()
        started = time.perf_counter()
        self._scores = self._scored()
        self.scores_changed.emit()
        self._find_segments()
        self._find_drifts()
        cost_ms = (time.perf_counter() - started) * 1000
        self._rescore_timer.setInterval(max(_RESCORE_INTERVAL_MS, round(cost_ms / _RESCORE_SHARE)))

    @property
    def _calibration(self) -> Calibration | None:
        return self._detector.calibration if self._detector else None

    def _scored(self) -> npt.NDArray[np.floating]:
        scores = shown_scores(self._kind, self._signals, self._times, self._calibration)
        self._highest = float(np.max(scores, initial=0.0, where=~np.isnan(scores)))
        return scores

    def _find_segments(self) -> None:
        segments = find_segments(self._scores, self._times, self.rule)
        if segments != self._segments:
            self._segments = segments
            self.segments_changed.emit()
        if self._selected and self._selected not in segments:
            # The segment grew, moved or went while scores came in: follow the one that holds its peak.
            peak = self._selected.peak_frame
            self._selected = next((s for s in segments if s.start <= peak < s.stop), None)
            self.selection_changed.emit()

    def _find_drifts(self) -> None:
        calibration = self._calibration
        drifts = calibration.drifts(self._signals, self._times) if calibration else []
        if drifts != self._drifts:
            self._drifts = drifts
            self.drifts_changed.emit()

    # The analysis

    @property
    def analysis(self) -> AnalysisState:
        """Where the analysis of the whole recording stands."""
        return self._analysis

    def set_analysis(self, state: AnalysisState) -> None:
        """Take over what the analysis reports of itself; when it is done, so are scores and segments."""
        if state.phase is AnalysisPhase.DONE and self._rescore_timer.isActive():
            self._rescore()
        if state != self._analysis:
            self._analysis = state
            self.analysis_changed.emit()

    # Thumbnails of segments

    def thumbnail(self, index: int) -> Bgra | None:
        """A small picture of a frame, or None and `thumbnail_arrived` later."""
        if index not in self._thumbnails and index not in self._thumbnails_asked:
            self._thumbnails_asked.add(index)
            self.thumbnail_wanted.emit(index)
        return self._thumbnails.get(index)

    def add_thumbnail(self, index: int, picture: Bgra) -> None:
        """Take over a small picture of a frame."""
        self._thumbnails[index] = picture
        self.thumbnail_arrived.emit(index)
