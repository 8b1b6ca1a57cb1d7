"""The review of one recording: what is open, where the playhead is, what is on screen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from engine.review.document import Review
from engine.scoring.segments import SegmentRule
from engine.video.integrity import Integrity
from engine.video.source import VideoInfo, ends_of, frame_at
from engine.video.timing import without_gaps
from engine.video.wall_clock import RecordingStart
from vadgui.model.engine_state import AnalysisPhase, AnalysisState, DetectorSummary
from vadgui.model.frame_view import FrameView
from vadgui.model.review_model import ReviewModel
from vadgui.model.score_model import ScoreModel
from vadgui.model.segment_navigation import SegmentNavigation
from vadgui.model.segment_places import SegmentPlaces
from vadgui.model.thumbnails import Thumbnails
from vadgui.model.window_trace import Window, WindowTrace

_MAX_TRAIL_SECONDS = 10.0  # of the recording; a jump further than this leaves the pictures behind


class ReviewSession(QObject):
    """Knows everything the views show; views ask it for changes, jobs answer what it wants; it starts no work."""

    video_changed = Signal()
    """Another recording, none, or the same one after its times were revised."""
    detector_changed = Signal()
    """Another detector, or one is on its way."""
    playhead_changed = Signal(int)
    view_changed = Signal()
    analysis_changed = Signal()

    view_requested = Signal(int, bool)
    """Frame number, and whether its transition's pictures are wanted too; the latest request replaces older ones."""
    clock_changed = Signal()
    """The recording's time of day is another, or known no more."""
    frames_first_changed = Signal(bool)
    """Whether frames are wanted at once, without waiting for their pictures."""

    def __init__(self, rule: SegmentRule | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scoring = ScoreModel(rule, self)
        """What the detector's signals say of the recording."""
        self.scoring.caught_up.connect(self._scores_caught_up)
        self.review = ReviewModel(self.scoring, self)
        """What the person says of it."""
        self.review.opened.connect(self._set_clock)
        self.review.clock_changed.connect(self._set_clock)
        self._start: RecordingStart | None = None
        self.trace = WindowTrace(self)
        """A window of the picture over time."""
        self.places = SegmentPlaces(self.scoring, self)
        """Where in the picture its segments happened."""
        self._use_times(None, np.empty(0))
        self._detector: DetectorSummary | None = None
        self._detector_is_coming = False
        self._detector_read: DetectorSummary | None = None
        self._playhead = 0
        self._view: FrameView | None = None
        self._asked_where = -1
        """The frame on screen that was asked for again because its evidence has come."""
        self.scoring.scores_changed.connect(self._ask_where)
        self._analysis = AnalysisState()
        self._done_soon: AnalysisState | None = None
        self.thumbnails = Thumbnails(self)
        """Small pictures of its frames."""
        self._pictures_requested = True
        self._frames_first = False
        self.navigation = SegmentNavigation(self.scoring, self.review, lambda: self._playhead, self.seek)
        """Which segment is looked at, and the next ones."""

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
    def ends(self) -> npt.NDArray[np.float64]:
        """When each frame [N] leaves the screen: before a gap, long before the next one comes."""
        return self._ends

    @property
    def played_times(self) -> npt.NDArray[np.float64]:
        """Times [N] without the gaps in them, by which the recording is played."""
        return self._played_times

    @property
    def integrity(self) -> Integrity:
        """Where frames are lost, where the recording has gaps, which times were replaced."""
        return self._integrity

    @property
    def start(self) -> RecordingStart | None:
        """When the recording began by the clock on the wall, as far as anybody knows."""
        return self._start

    def _set_clock(self) -> None:
        video = self._video
        self._start = self.review.clock.start_of(video.path, video.start) if video else None
        self.clock_changed.emit()

    def _use_times(self, video: VideoInfo | None, times: npt.NDArray[np.float64]) -> None:
        self._video, self._times = video, times
        self._ends = ends_of(video, times) if video else np.empty(0)
        self._played_times = without_gaps(times)
        self._integrity = Integrity.of(video, times) if video else Integrity()

    @property
    def frame_count(self) -> int:
        """Frames of the recording; 0 in the empty state."""
        return len(self._times)

    @property
    def detector(self) -> DetectorSummary | None:
        """The detector in use; None until one has been opened."""
        return self._detector

    def open_video(self, video: VideoInfo, times: npt.NDArray[np.float64], playhead: int = 0) -> None:
        """Begin the review of another recording at a frame."""
        self._start_over(video, times, playhead)
        self.view_requested.emit(playhead, self._pictures_requested)

    def close_video(self) -> None:
        """Back to the empty state."""
        self._start_over(None, np.empty(0))

    def _start_over(self, video: VideoInfo | None, times: npt.NDArray[np.float64], playhead: int = 0) -> None:
        # Everything changes before the first signal: a view that asks back must never see two recordings mixed.
        self._use_times(video, times)
        self._playhead = playhead
        self._asked_where = -1
        self._view = None
        self._detector_read = None
        self.thumbnails.clear()
        self.review.begin(video, len(times))
        self.scoring.forget_rules()
        self.places.start_over()
        self._analyse_anew()
        self.video_changed.emit()
        self.analysis_changed.emit()
        self.scoring.tell_all()
        self.review.tell_opened()
        self.places.changed.emit()
        self.playhead_changed.emit(playhead)
        self.view_changed.emit()

    def resume(self, review: Review, notice: str = "", *, seeks: bool = True) -> None:
        """Go on with what was decided earlier of this recording; if it `seeks`, where it was left."""
        self.review.load(review, notice)
        if seeks and self.review.recording:
            self.seek(self.review.recording.playhead)

    def revise_times(self, video: VideoInfo, times: npt.NDArray[np.float64]) -> None:
        """Take over what a full decode found: damaged files hold fewer frames than they announce."""
        self._use_times(video, times)
        self.follow_window(None)
        self.scoring.revise_times(video, times)
        beyond_end = self._playhead >= len(times)
        self._playhead = max(min(self._playhead, len(times) - 1), 0)
        self.video_changed.emit()
        self.scoring.catch_up()
        if beyond_end:
            self.playhead_changed.emit(self._playhead)
            self.view_requested.emit(self._playhead, self._pictures_requested)

    def _analyse_anew(self) -> None:
        self._analysis, self._done_soon = AnalysisState(), None
        self.follow_window(None)
        self.scoring.start_over(self._video, self._times, self.scored_by.calibration if self.scored_by else None)
        self.places.clear()

    @property
    def detector_is_coming(self) -> bool:
        """Whether a detector is being loaded: asking for one would be wrong."""
        return self._detector_is_coming

    def expect_detector(self, coming: bool) -> None:
        """A detector is being loaded, or that came to nothing."""
        if coming != self._detector_is_coming:
            self._detector_is_coming = coming
            self.detector_changed.emit()

    def read_detector(self, detector: DetectorSummary) -> None:
        """A detector that is still being loaded: what is stored of its analysis can be shown."""
        self._detector_read = detector
        self._analyse_anew()
        self.analysis_changed.emit()
        self.scoring.tell_all()
        self.review.apply_threshold()

    @property
    def scored_by(self) -> DetectorSummary | None:
        """The detector whose scores are shown; it may still be being loaded."""
        return self._detector_read or self._detector

    def drop_detector(self) -> None:
        """Do without a detector; the frame on screen is asked for anew, since its pictures are another's."""
        self._detector = self._detector_read = None
        self._analyse_anew()
        self.thumbnails.forget_requests()
        self.detector_changed.emit()
        self.analysis_changed.emit()
        self.scoring.tell_all()
        if self._video:
            self.view_requested.emit(self._playhead, self._pictures_requested)

    def use_detector(self, detector: DetectorSummary) -> None:
        """Scores of another detector are forgotten; the frame on screen is asked for anew."""
        known = self._detector_read is not None and self._detector_read.path == detector.path
        self._detector, self._detector_read = detector, None
        self._asked_where = -1
        self._detector_is_coming = False
        if not known:
            self._analyse_anew()
        self.thumbnails.forget_requests()
        self.places.forget()
        self.detector_changed.emit()
        self.analysis_changed.emit()
        self.scoring.tell_all()
        self.review.apply_threshold()
        if self._video:
            self.view_requested.emit(self._playhead, self._pictures_requested)

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
            self.view_requested.emit(index, self._pictures_requested)

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
        if self._view is None or view.index != self._view.index:
            self._asked_where = -1
        if view.signals is not None:
            self.scoring.add_if_unknown(view.index, view.signals)
        self._view = self._joined(view)
        self._trace_view()
        self.view_changed.emit()

    def forget_places(self) -> None:
        """Other parts of the picture count: ask anew for what was drawn by where the evidence lay."""
        self.thumbnails.renew()
        self.places.forget()
        if self._video:
            self.view_requested.emit(self._playhead, self._pictures_requested)

    def _ask_where(self) -> None:
        """The analysis has come to the frame on screen: its view knows where the evidence lies only when made again."""
        view, detector = self._view, self._detector
        if view is None or view.where is not None or not detector or not detector.calibration:
            return
        if self._asked_where != view.index == self._playhead and self._is_judged_near(view.index):
            self._asked_where = view.index
            self.view_requested.emit(view.index, self._pictures_requested)

    def _is_judged_near(self, index: int) -> bool:
        reach = self.scoring.scorer.sampling.seconds
        first, stop = np.searchsorted(self._times, [self._times[index] - reach, self._times[index] + reach])
        # Not by the signals that came with a view: those of motion are the analysis's alone.
        return bool(np.isfinite(self.scoring.signals["speed_px"][max(first, 1) : stop + 1]).any())

    def _joined(self, view: FrameView) -> FrameView:
        """The view to show: the playhead's frame, once there, stays; pictures of an earlier one may stand beside it."""
        shown = self._view
        if shown is None:
            return view
        if shown.index == self._playhead != view.index:
            return shown.trailed_by(view) if shown.predicting and view.complete else shown
        if view.predicting and self._frames_first:
            trailing = shown if shown.complete else shown.trailing
            if trailing and 0 <= view.pts_seconds - trailing.pts_seconds <= _MAX_TRAIL_SECONDS:
                return view.trailed_by(trailing)
        return view

    def set_frames_first(self, frames_first: bool) -> None:
        """Whether frames are shown as soon as they are there, under the newest pictures: during playback."""
        if frames_first != self._frames_first:
            self._frames_first = frames_first
            self.frames_first_changed.emit(frames_first)

    def frame_is_shown(self) -> bool:
        """Whether the frame under the playhead is on screen, or the reason why not; its pictures may be to come."""
        return self._view is not None and self._view.index == self._playhead

    def view_is_settled(self) -> bool:
        """Whether everything that was wanted of the frame under the playhead is on screen, or the reason why not."""
        view = self._view
        if view is None or view.index != self._playhead:
            return False
        return view.complete or not (view.predicting or (self._pictures_requested and not view.missing))

    def set_pictures_requested(self, wanted: bool) -> None:
        """Panels say whether any of them shows the transition's pictures; without them playing is much faster."""
        if wanted != self._pictures_requested:
            self._pictures_requested = wanted
            if wanted and self._video:
                self.view_requested.emit(self._playhead, True)

    def follow_window(self, window: Window | None) -> None:
        """Follow a window of the picture over time, or none."""
        self.trace.choose(window, self.frame_count)
        self._trace_view()

    def _trace_view(self) -> None:
        """The lane of a place says of the frame on screen what the picture says of it."""
        view, window = self._view, self.trace.window
        if view is not None and view.where is not None and window is not None:
            reading = view.where.window(*window)
            if reading.reason:  # it counts in the zones
                self.trace.add_frame(view.index, reading.score)

    # The analysis

    @property
    def analysis(self) -> AnalysisState:
        """Where the analysis of the whole recording stands."""
        return self._analysis

    def set_analysis(self, state: AnalysisState) -> None:
        """Take over what the analysis reports of itself; it is not done before scores and segments are."""
        self._done_soon = None
        if state.phase is AnalysisPhase.DONE and not self.scoring.catch_up():
            self._done_soon = state
        elif state != self._analysis:
            self._analysis = state
            if state.phase is AnalysisPhase.DONE:
                self.trace.read_again()
            self.analysis_changed.emit()

    def _scores_caught_up(self) -> None:
        if self._done_soon:
            self.set_analysis(self._done_soon)
