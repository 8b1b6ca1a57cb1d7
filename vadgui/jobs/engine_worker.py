"""Runs the engine in a thread of its own: opens, shows, analyses; the GUI thread never waits for it.

During playback in real time, a second thread reads the frames.
"""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine.scoring.zones import Zones
from engine.video.decoder_calls import LongCall, long_calls
from engine.video.frame import Frame
from vadgui.jobs.engine_loop import EngineLoop
from vadgui.jobs.frame_reader import FrameReader, FrameRequest
from vadgui.jobs.latest_value import LatestValue
from vadgui.jobs.messages import (
    ClockFound,
    DetectorClosed,
    DetectorOpened,
    DetectorRead,
    JobFailed,
    Message,
    Opening,
    PlacesFound,
    QueueDone,
    QueueFailed,
    QueueProgress,
    SignalsMeasured,
    SourceChanged,
    ThumbnailMade,
    TimesRevised,
    VideoClosed,
    VideoOpened,
    WindowTraced,
)
from vadgui.jobs.openers import PredictorOpener, VideoOpener
from vadgui.jobs.request_queue import (
    AnalyseQueued,
    CloseDetector,
    CloseVideo,
    ControlAnalysis,
    FindClock,
    FindPlaces,
    LookAtSource,
    MakeThumbnail,
    OpenDetector,
    OpenVideo,
    QueueJob,
    Quit,
    RequestQueue,
    SetZones,
    ShowFrame,
    TraceWindow,
    WantedFrame,
)
from vadgui.model.engine_state import AnalysisState
from vadgui.model.frame_view import NO_DETECTOR, NO_TRANSITION, PREDICTING, FrameView

_AHEAD_SECONDS = 5.0  # the analysis may have pictures for so long
_HANGS_SECONDS = 3.0
"""In the same call into FFmpeg: who closes the window has no reason to wait any longer."""
_JOIN_SECONDS = 0.1
_LOOK_MS = 2000
"""How often the recording's file is looked at, by its size and time alone: microseconds."""


class EngineWorker(QObject):
    """The GUI thread's side: takes requests and emits their results in order."""

    opening_changed = Signal(object)
    """Opening."""
    video_opened = Signal(object)
    """VideoOpened."""
    video_closed = Signal()
    source_changed = Signal(object)
    """SourceChange: what became of the open recording's file."""
    detector_closed = Signal()
    detector_read = Signal(object)
    """DetectorSummary of a detector that is still being loaded; stored signals of it follow."""
    detector_opened = Signal(object)
    """DetectorSummary."""
    view_ready = Signal(object)
    """FrameView; those that a newer one overtook are left out."""
    thumbnail_ready = Signal(int, object)
    """Frame number and Bgra."""
    places_ready = Signal(object, object)
    """The FindPlaces that was asked for, and Seconds."""
    clock_found = Signal(object)
    """An ignored Zone over a clock that is burnt into the pictures."""
    signals_ready = Signal(object, object)
    """Numbers of judged frames [K], and their RawSignals [K]."""
    window_traced = Signal(object, object, object)
    """Row and column of a window, numbers of frames [K], and their scores by that window alone [K]."""
    times_revised = Signal(object, object)
    """VideoInfo and times [N]."""
    analysis_changed = Signal(object)
    """AnalysisState."""
    queue_changed = Signal(object)
    """QueueProgress, QueueDone or QueueFailed of a recording that is not open."""
    opening_failed = Signal(object, object)
    """Path of a recording that could not be opened, and the Exception."""
    failed = Signal(object)
    """The Exception that another task ended with."""
    restarted = Signal(object)
    """Path of a recording with which the threads hung: the new ones have nothing to do yet."""

    _posted = Signal(object, object)
    _view_waiting = Signal()
    _frame_waiting = Signal()

    def __init__(self, video_opener: VideoOpener, predictor_opener: PredictorOpener, analyses_folder: Path) -> None:
        """Start the thread; it ends with `close`."""
        super().__init__()
        self._openers = video_opener, predictor_opener
        self._analyses_folder = analyses_folder
        self._frames_first = False
        self._openings = 0
        self._looks = QTimer(self, interval=_LOOK_MS)
        self._looks.timeout.connect(lambda: self._requests.add(LookAtSource()))
        self._posted.connect(self._receive)
        self._view_waiting.connect(self._receive_view)
        self._frame_waiting.connect(self._receive_frame)
        self._start()

    def _start(self) -> None:
        video_opener, predictor_opener = self._openers
        requests = self._requests = RequestQueue()
        self._views: LatestValue[tuple[int, FrameView]] = LatestValue()
        self._frames: LatestValue[tuple[int, FrameView]] = LatestValue()
        self._has_detector = False
        self._generation = 0
        self._asked: OpenVideo | CloseVideo | None = None
        self._asked_detector: OpenDetector | None = None
        self._opened: int | None = None
        """Number of the opening of the recording that is open; None where there is none."""
        self._reader = FrameReader(
            video_opener,
            partial(self._put_frame, self._frames),
            partial(self._hand_on, requests),
            lambda error: self._posted.emit(requests, JobFailed(error)),
        )
        loop = self._loop = EngineLoop(
            requests,
            lambda message: self._posted.emit(requests, message),
            partial(self._put_view, self._views),
            video_opener=video_opener,
            predictor_opener=predictor_opener,
            analyses_folder=self._analyses_folder,
        )
        # It is joined, unless it hangs in a decoder: then the program must be able to end without it.
        self._thread = threading.Thread(target=loop.work, name="vadgui-engine", daemon=True)
        self._thread.start()

    def waits_for(self, call: LongCall) -> bool:
        """Whether a call into FFmpeg keeps the recording that is open, or being opened, from going on."""
        if call.thread_id in (self._thread.ident, self._reader.thread_id):
            return True
        # The analysis decodes in a thread of its own, for which the engine's waits.
        busy_since = self._loop.busy_since
        return busy_since is not None and busy_since <= call.since + _AHEAD_SECONDS

    def abandon(self, hanging: Path) -> None:
        """Go on with new threads, without recording and detector: the old ones hang, and end when they come back."""
        self._requests.add(Quit())
        self._reader.leave()
        self._looks.stop()
        self._start()
        self.opening_changed.emit(Opening())
        self.video_closed.emit()
        self.detector_closed.emit()
        self.restarted.emit(hanging)

    @property
    def awaited(self) -> Path | None:
        """The recording that was asked for last, until it is there or can't be opened."""
        return self._asked.path if isinstance(self._asked, OpenVideo) else None

    @property
    def awaited_detector(self) -> Path | None:
        """The detector that was asked for last, until it is there or can't be loaded."""
        return self._asked_detector.path if self._asked_detector else None

    def open_video(self, path: Path, wanted: WantedFrame | None = None) -> None:
        """Open a recording, at the frame that `wanted` tells; the present one stays if that fails."""
        self._openings += 1
        self._ask(OpenVideo(path, wanted, self._openings))

    def close_video(self) -> None:
        """Let go of the recording."""
        self._ask(CloseVideo())

    def _ask(self, request: OpenVideo | CloseVideo) -> None:
        self._asked = request
        self._requests.add(request)

    def _note_answer(self, request: OpenVideo | CloseVideo) -> None:
        if request is self._asked:  # else another one was asked for meanwhile
            self._asked = None

    def _note_detector(self, request: OpenDetector) -> None:
        if request is self._asked_detector:
            self._asked_detector = None

    def open_detector(self, path: Path, device: str) -> None:
        """Load a detector; the present one stays if that fails, and until then.

        Where another recording is opened meanwhile, it is to be asked for again.
        """
        # Not the last that was asked for: that may be of another folder, and says itself what it needs.
        meant = self._openings if self._opened is None else self._opened
        self._asked_detector = OpenDetector(path, device, meant)
        self._requests.add(self._asked_detector)

    def close_detector(self) -> None:
        """Do without a detector."""
        self._asked_detector = None
        self._requests.add(CloseDetector())

    def show(self, index: int, pictures: bool) -> None:
        """Make the view of a frame; an older request is forgotten."""
        if self._frames_first:
            missing = PREDICTING if pictures else ""
            missing = NO_TRANSITION if index == 0 else missing if self._has_detector else NO_DETECTOR
            self._reader.request(FrameRequest(self._generation, index, missing))
        else:
            self._requests.add(ShowFrame(self._generation, index, pictures))

    def set_frames_first(self, frames_first: bool) -> None:
        """From now on, a frame comes at once, and pictures of as many as can be made meanwhile: for playback."""
        self._frames_first = frames_first
        if frames_first:
            self._requests.begin_playback()

    def make_thumbnail(self, index: int) -> None:
        """Make a small picture of a frame, when nobody waits for a view."""
        self._requests.add(MakeThumbnail(self._generation, index))

    def find_clock(self) -> None:
        """Look for a clock in the pictures, when nobody waits for a view."""
        self._requests.add(FindClock(self._generation))

    def find_places(self, start: int, stop: int, threshold: float) -> None:
        """Find where something stood out in frames [start, stop), when nobody waits for a view."""
        self._requests.add(FindPlaces(self._generation, start, stop, threshold))

    def set_zones(self, zones: Zones) -> None:
        """Tell signals of what counts in these zones, also of what was told before."""
        self._requests.add(SetZones(self._generation, zones))

    def trace_window(self, window: tuple[int, int] | None) -> None:
        """Tell what one window of the picture, by row and column, says over time; None tells of none."""
        self._requests.add(TraceWindow(self._generation, window))

    def run_analysis(self) -> None:
        """Begin the analysis or go on with it; nothing happens without a video or detector."""
        self._requests.add(ControlAnalysis.RUN)

    def pause_analysis(self) -> None:
        """Interrupt the analysis."""
        self._requests.add(ControlAnalysis.PAUSE)

    def cancel_analysis(self) -> None:
        """Give the analysis up; what was measured stays and is taken up by the next run."""
        self._requests.add(ControlAnalysis.CANCEL)

    def analyse_queued(self, job: QueueJob | None) -> None:
        """Analyse a recording that is not open whenever there is nothing else to do; None: no more."""
        self._requests.add(AnalyseQueued(job))

    def close(self) -> None:
        """Abandon everything and wait for the threads' end, unless a decoder hangs; closing twice is fine."""
        self._looks.stop()
        self._requests.add(Quit())
        self._reader.leave()
        while self._thread.is_alive() or not self._reader.join(_JOIN_SECONDS):
            if any(self.waits_for(call) for call in long_calls(_HANGS_SECONDS)):
                return
            self._thread.join(_JOIN_SECONDS)

    # These run in the engine's and in the reader's thread; everything else here in the GUI thread.

    def _put_view(self, views: LatestValue[tuple[int, FrameView]], generation: int, view: FrameView) -> None:
        if views.put((generation, view)):
            self._view_waiting.emit()

    def _put_frame(self, frames: LatestValue[tuple[int, FrameView]], generation: int, view: FrameView) -> None:
        # Not through the same mailbox: the pictures of an earlier frame must not push out the frame that is due.
        if frames.put((generation, view)):
            self._frame_waiting.emit()

    @staticmethod
    def _hand_on(requests: RequestQueue, generation: int, previous: Frame, frame: Frame) -> None:
        requests.add(ShowFrame(generation, frame.index, True, (previous, frame)))

    # What arrives

    def _receive_frame(self) -> None:
        found = self._frames.take()
        if found and found[0] == self._generation:
            self.view_ready.emit(found[1])

    def _receive_view(self) -> None:
        found = self._views.take()
        # A view of something that is open but not announced yet is dropped: the session asks again once told.
        if found and found[0] == self._generation:
            self.view_ready.emit(found[1])

    def _receive(self, requests: RequestQueue, message: Message) -> None:
        if requests is not self._requests:
            return  # it comes from threads that were abandoned
        match message:
            case Opening():
                self.opening_changed.emit(message)
            case VideoOpened():
                self._note_answer(message.request)
                self._opened = message.request.number
                self._generation = message.generation
                self._reader.use(message.info.path)
                self._looks.start()
                self.video_opened.emit(message)
            case VideoClosed():
                self._note_answer(message.request)
                self._opened = None
                self._generation = message.generation
                self._reader.use(None)
                self._looks.stop()
                self.video_closed.emit()
            case SourceChanged():
                self.source_changed.emit(message.change)
            case DetectorOpened():
                self._note_detector(message.request)
                self._generation = message.generation
                self._has_detector = True
                self.detector_opened.emit(message.summary)
            case DetectorClosed():
                self._generation = message.generation
                self._has_detector = False
                self.detector_closed.emit()
            case DetectorRead():
                self.detector_read.emit(message.summary)
            case ThumbnailMade():
                self.thumbnail_ready.emit(message.index, message.picture)
            case PlacesFound():
                if message.request.generation == self._generation:
                    self.places_ready.emit(message.request, message.seconds)
            case ClockFound():
                if message.generation == self._generation:
                    self.clock_found.emit(message.zone)
            case SignalsMeasured():
                self.signals_ready.emit(message.frames, message.rows)
            case WindowTraced():
                self.window_traced.emit(message.window, message.frames, message.scores)
            case TimesRevised():
                self._reader.use(message.info.path)
                self.times_revised.emit(message.info, message.times)
            case AnalysisState():
                self.analysis_changed.emit(message)
            case QueueProgress() | QueueDone() | QueueFailed():
                self.queue_changed.emit(message)
            case JobFailed() if message.opening:
                self._note_answer(message.opening)
                self.opening_failed.emit(message.opening.path, message.error)
            case JobFailed():
                if message.detector:
                    self._note_detector(message.detector)
                self.failed.emit(message.error)
