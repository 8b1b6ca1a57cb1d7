"""The loop of the engine worker's thread. It owns video, detector and analysis; no other thread uses them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import resources
from engine.analysis.clock import find_clock
from engine.common.errors import Cancelled, VadError, VideoError
from engine.common.language import tr
from engine.common.names import displayable
from engine.review.files import SUFFIX, OpenedReview, read_review, reviewed_video
from engine.review.store import FoundReview, look_up
from engine.scoring.zones import Zones
from engine.video.decoder_calls import call_noted
from engine.video.frame import Frame
from engine.video.source import VideoInfo, VideoSource
from vadgui.jobs.analysis_run import AnalysisRun
from vadgui.jobs.before_loading import known_before_loading
from vadgui.jobs.detector_loader import DetectorLoader, summary_of
from vadgui.jobs.messages import (
    ClockFound,
    DetectorClosed,
    DetectorOpened,
    JobFailed,
    Message,
    Opening,
    PlacesFound,
    SourceChanged,
    ThumbnailMade,
    VideoClosed,
    VideoOpened,
)
from vadgui.jobs.openers import PredictorOpener, VideoOpener
from vadgui.jobs.priority import lower_thread_priority
from vadgui.jobs.queued_analysis import QueuedAnalysis
from vadgui.jobs.request_queue import (
    AnalyseQueued,
    CloseDetector,
    CloseVideo,
    ContinueAnalysis,
    ControlAnalysis,
    DetectorLoaded,
    FindClock,
    FindPlaces,
    LookAtSource,
    MakeThumbnail,
    OpenDetector,
    OpenVideo,
    Quit,
    RequestQueue,
    SetZones,
    ShowFrame,
    Task,
    TraceWindow,
    WantedFrame,
)
from vadgui.jobs.source_guard import SourceGuard
from vadgui.jobs.view_maker import ViewMaker, frame_only
from vadgui.model.frame_view import NO_DETECTOR, PREDICTING, FrameView

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_SHOWING_SECONDS = 0.3
"""For the window to show what it was told, before the import of torch keeps its thread from running for a second."""
_ANALYSIS_DUE_SECONDS = 0.25  # during playback, the analysis gets a step this often


class EngineLoop:
    """Does one task after another and posts the results."""

    def __init__(
        self,
        requests: RequestQueue,
        post: Callable[[Message], None],
        put_view: Callable[[int, FrameView], None],
        *,
        video_opener: VideoOpener,
        predictor_opener: PredictorOpener,
        analyses_folder: Path,
    ) -> None:
        """May be called in any thread; afterwards only the thread that calls `work` may use the object."""
        self._requests = requests
        self._post = post
        self._put_view = put_view
        self._video_opener = video_opener
        self._analyses_folder = analyses_folder
        self._generation = 0
        self._source: VideoSource | None = None
        self._guard: SourceGuard | None = None
        self._predictor: Predictor | None = None
        self._loaded: tuple[Path, Predictor] | None = None
        """The same, with its path."""
        self._view_maker: ViewMaker | None = None
        self._analysis: AnalysisRun | None = None
        self._loader = DetectorLoader(predictor_opener, requests.add)
        self._opening = 0
        """Number of the opening that succeeded last."""
        self._queued = QueuedAnalysis(video_opener, predictor_opener, analyses_folder, post, requests)
        self._zones: Zones = ()
        self._view_failure_reported = False
        self.busy_since: float | None = None
        """When the present task began, by time.monotonic; None where there is none. Any thread may read it."""

    def work(self) -> None:
        """Do the requested tasks until Quit."""
        lower_thread_priority()
        while not isinstance(task := self._next_task(), Quit):
            self.busy_since = time.monotonic()
            try:
                self._do(task)
            except Cancelled:
                pass
            except Exception as error:
                # Catches everything: otherwise one bad task would end the thread, and the window would have no engine.
                self._post(JobFailed(error, task if isinstance(task, OpenVideo) else None))
            finally:
                self.busy_since = None
        self._close_analysis()
        self._loader.close()
        self._queued.close()
        if self._source:
            self._source.close()

    def _next_task(self) -> Task:
        analysis = self._analysis
        if self._loader.is_busy:
            # Nothing is analysed meanwhile: it would take the processor from the loading, of another detector perhaps.
            return self._requests.next(analysing=False, analysis_is_due=False, loading=True)
        if analysis is None or not (analysis.running or analysis.is_behind):
            return self._requests.next(
                analysing=self._queued.wants_step(self._source.info.path if self._source else None),
                analysis_is_due=False,
            )
        due = time.monotonic() - analysis.last_step > _ANALYSIS_DUE_SECONDS
        return self._requests.next(analysing=True, analysis_is_due=due)

    def _do(self, task: Task) -> None:
        match task:
            case OpenVideo():
                self._open_video(task)
            case CloseVideo():
                self._replace_source(None)
                self._post(VideoClosed(task, self._generation))
            case OpenDetector() if task.opening >= self._opening:
                self._load_detector(task)
            case DetectorLoaded() if task.is_queued:
                self._queued.take_detector(task)
            case DetectorLoaded():
                self._take_detector(task)
            case CloseDetector():
                self._close_detector()
            case ShowFrame():
                self._show(task)
            case MakeThumbnail():
                self._make_thumbnail(task)
            case LookAtSource() if self._guard and (change := self._guard.look()):
                self._post(SourceChanged(change))
            case FindClock() if task.generation == self._generation:
                self._find_clock(task)
            case FindPlaces() if self._analysis and task.generation == self._generation:
                self._post(PlacesFound(task, self._analysis.places(task.start, task.stop, task.threshold)))
            case SetZones() if task.generation == self._generation:
                self._zones = task.zones
                if self._analysis:
                    self._analysis.set_zones(task.zones)
            case TraceWindow() if task.generation == self._generation and self._analysis:
                self._analysis.trace(task.window)
            case ControlAnalysis():
                self._control_analysis(task)
            case AnalyseQueued():
                self._queued.take(task.job)
            case ContinueAnalysis() if self._analysis and (self._analysis.running or self._analysis.is_behind):
                self._analysis.step()
            case ContinueAnalysis():
                self._queued.step(self._loaded)

    # Video and detector

    def _open_video(self, request: OpenVideo) -> None:
        path = request.path
        with call_noted(path):
            opened = read_review(path) if path.name.endswith(SUFFIX) else None
            if opened:
                path = reviewed_video(opened)
        should_stop = self._requests.opening_is_outdated
        name = displayable(path.name)
        self._post(Opening(name))
        try:
            source = self._video_opener(
                path, should_stop=should_stop, on_progress=lambda share: self._post(Opening(name, share))
            )
            try:
                review = self._review_of(source.info, opened)
                first = self._first_view(source, review, request.wanted)
            except BaseException:
                source.close()
                raise
            self._replace_source(source)
            self._opening = request.number
            self._loader.leave(request.number)
        finally:
            self._tell_loading()
        self._post(VideoOpened(request, self._generation, source.info, source.times, first, review))

    def _first_view(self, source: VideoSource, review: FoundReview, wanted: WantedFrame | None) -> FrameView:
        """The frame at which the recording is to be shown: another one before it would flash up."""
        kept = review.opened.review.recording_of(source.info.fingerprint) if review.opened else None
        index = wanted(source.times) if wanted else kept.playhead if kept else 0
        index = min(max(index, 0), len(source.times) - 1)
        maker, should_stop = ViewMaker(source, None), self._requests.opening_is_outdated
        views: list[FrameView] = []
        try:
            maker.make(index, False, views.append, should_stop)
        except VideoError as error:
            if index == 0:
                raise
            maker.make(0, False, views.append, should_stop)  # if that fails too, nothing of it can be shown
            views = [FrameView(index, maker.seconds(index), None, missing=f"{error.what}.")]
        (view,) = views
        return replace(view, missing=PREDICTING) if self._predictor and view.missing == NO_DETECTOR else view

    def _review_of(self, info: VideoInfo, opened: OpenedReview | None) -> FoundReview:
        """What was decided of a recording earlier: in the review that was opened, else where it is usually kept."""
        if opened and opened.review.recording_of(info.fingerprint):
            return FoundReview(info.path, info.fingerprint, opened=opened, notice=opened.notice)
        found = look_up(info.path, info.fingerprint, may_be_beside=not resources.contains(info.path))
        if opened:
            changed = tr("{name} is not the recording that {review} is about: its content is another.").format(
                name=info.name, review=opened.path.name
            )
            return replace(found, notice="\n".join(filter(None, (changed, found.notice))))
        return found

    def _replace_source(self, source: VideoSource | None) -> None:
        self._close_analysis()
        self._queued.let_go()  # it may be the one that is opened
        if self._source:
            self._source.close()
        self._source = source
        self._guard = SourceGuard(source) if source else None
        self._zones = ()
        self._begin_generation()

    def _load_detector(self, request: OpenDetector) -> None:
        told = False
        try:
            if self._source and self._predictor is None:
                # The first detector waits for torch, which takes seconds.
                told = self._tell_before_loading(self._source, request.path)
        finally:
            self._loader.ask(request, _SHOWING_SECONDS if told else 0.0)
            self._tell_loading()

    def _tell_loading(self) -> None:
        wanted = self._loader.wanted
        self._post(Opening(displayable(wanted.path.stem) if wanted else ""))

    def _tell_before_loading(self, source: VideoSource, detector: Path) -> bool:
        """Tell what is known of the recording by a detector's file; whether that is anything."""
        told = False
        for message in known_before_loading(source, detector, self._analyses_folder, self._zones):
            self._post(message)
            told = True
        return told

    def _take_detector(self, loaded: DetectorLoaded) -> None:
        taken = self._loader.take(loaded)
        self._tell_loading()
        if taken is None:
            return
        if taken.predictor is None:
            assert taken.error is not None
            self._post(JobFailed(taken.error, detector=taken.request))
            return
        predictor, path = taken.predictor, taken.request.path
        self._close_analysis()
        self._queued.let_go()  # it goes on with this detector if it is the same
        self._predictor, self._loaded = predictor, (path, predictor)
        self._begin_generation()
        self._post(DetectorOpened(taken.request, self._generation, summary_of(path, predictor)))

    def _close_detector(self) -> None:
        self._loader.forget()
        self._tell_loading()
        self._close_analysis()
        self._predictor, self._loaded = None, None
        self._begin_generation()
        self._post(DetectorClosed(self._generation))

    def _begin_generation(self) -> None:
        self._generation += 1
        self._view_failure_reported = False
        self._view_maker = ViewMaker(self._source, self._predictor) if self._source else None

    # Views and thumbnails

    def _show(self, request: ShowFrame) -> None:
        if not self._view_maker or request.generation != self._generation:
            return

        def deliver(view: FrameView) -> None:
            where = self._analysis.where(view.index) if self._analysis else None
            self._put_view(request.generation, replace(view, where=where) if where else view)

        if request.frames:
            self._make_pictures(*request.frames, deliver)
            return
        try:
            self._view_maker.make(request.index, request.pictures, deliver, self._requests.view_is_outdated)
            self._view_maker.prefetch_next(self._requests.view_is_outdated)
        except Cancelled:
            # Another recording is being opened. If that fails, this one stays and still needs the view.
            self._requests.put_back(request)
        except VadError as error:
            # Deliver a view without a frame, so that playback goes on; its panels say why they are empty.
            deliver(FrameView(request.index, self._view_maker.seconds(request.index), None, missing=f"{error.what}."))
            self._report_view_failure(error)

    def _make_pictures(self, previous: Frame, frame: Frame, deliver: Callable[[FrameView], None]) -> None:
        assert self._view_maker is not None
        try:
            self._view_maker.make_pictures(previous, frame, deliver)
        except VadError as error:
            deliver(frame_only(frame, f"{error.what}."))
            self._report_view_failure(error)

    def _report_view_failure(self, error: VadError) -> None:
        # Playing a damaged stretch fails at every frame: report the first failure only.
        if not self._view_failure_reported:
            self._view_failure_reported = True
            self._post(JobFailed(error))

    def _make_thumbnail(self, request: MakeThumbnail) -> None:
        if not self._view_maker or request.generation != self._generation:
            return
        try:
            where = self._analysis.where(request.index) if self._analysis else None
            # Thumbnails are of segments' peaks: something stands out, whatever the threshold is.
            outlines = where.outlines(math.inf, at_least=1) if where else []
            picture = self._view_maker.thumbnail(request.index, self._requests.small_work_is_outdated, outlines)
        except Cancelled:
            self._requests.put_back(request)
        except VadError:
            return  # the list shows no thumbnail; showing the frame itself reports the error
        else:
            self._post(ThumbnailMade(request.index, picture))

    def _find_clock(self, request: FindClock) -> None:
        if self._source is None:
            return
        try:
            zone = find_clock(self._source, self._requests.small_work_is_outdated)
        except Cancelled:
            self._requests.put_back(request)
        except VadError:
            return  # the analysis comes to what can't be decoded, and tells it
        else:
            if zone:
                self._post(ClockFound(request.generation, zone))

    # The analysis

    def _control_analysis(self, request: ControlAnalysis) -> None:
        match request:
            case ControlAnalysis.RUN if self._source and self._predictor:
                if self._analysis is None:
                    self._analysis = AnalysisRun(
                        self._source,
                        self._predictor,
                        self._analyses_folder,
                        self._post,
                        self._requests.analysis_is_outdated,
                        self._zones,
                    )
                self._analysis.run()
            case ControlAnalysis.PAUSE if self._analysis:
                self._analysis.pause()
            case ControlAnalysis.CANCEL if self._analysis:
                self._analysis.cancel()
                self._close_analysis()

    def _close_analysis(self) -> None:
        analysis, self._analysis = self._analysis, None
        if analysis:
            analysis.close()
