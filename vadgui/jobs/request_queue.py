"""A priority queue of the requests to the engine worker: the GUI thread's, and what was loaded for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.scoring.zones import Zones
from engine.video.frame import Frame

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

WantedFrame = Callable[[npt.NDArray[np.float64]], int]
"""Tells which frame is to be shown first, by the times [N] of a recording that is not open yet."""


@dataclass(frozen=True, eq=False)
class OpenVideo:
    """Open a recording in place of the present one."""

    path: Path
    wanted: WantedFrame | None = None
    """None: where its review was left."""
    number: int = 0
    """Counts the openings that were asked for."""


@dataclass(frozen=True, eq=False)
class CloseVideo:
    """Close the recording."""


@dataclass(frozen=True)
class OpenDetector:
    """Load a detector in place of the present one, on one of the devices in engine.common.device.DEVICE_NAMES."""

    path: Path
    device: str
    opening: int = 0
    """Number of the opening whose recording it is for: it is ignored once a later one has succeeded."""


@dataclass(frozen=True)
class CloseDetector:
    """Do without a detector."""


@dataclass(frozen=True, eq=False)
class DetectorLoaded:
    """Take over a detector that has been loaded, or why it could not be."""

    request: OpenDetector
    predictor: Predictor | None = None
    error: Exception | None = None
    is_queued: bool = False
    """Whether it is for a recording that is not open."""


@dataclass(frozen=True)
class ShowFrame:
    """Make the view of a frame, with or without its transition's pictures."""

    generation: int
    """Number of the video and detector that the index refers to; requests of an older generation are ignored."""
    index: int
    pictures: bool
    frames: tuple[Frame, Frame] | None = None
    """The frame before it and the frame itself, where they are read already; only the pictures are missing then."""


@dataclass(frozen=True)
class MakeThumbnail:
    """Make a small picture of a frame."""

    generation: int
    index: int


@dataclass(frozen=True)
class FindPlaces:
    """Find for how long something stood out at each place in frames [start, stop), where scores reach the threshold."""

    generation: int
    """As for ShowFrame."""
    start: int
    stop: int
    threshold: float


@dataclass(frozen=True)
class FindClock:
    """Look for a clock that is burnt into the recording's pictures."""

    generation: int
    """As for ShowFrame."""


@dataclass(frozen=True)
class SetZones:
    """Zones of the recording that is open: what counts in the scores."""

    generation: int
    """As for ShowFrame."""
    zones: Zones


@dataclass(frozen=True)
class TraceWindow:
    """Tell of one window of the picture what it says over time; None tells of none."""

    generation: int
    """As for ShowFrame."""
    window: tuple[int, int] | None


class ControlAnalysis(Enum):
    """Start or resume, pause, or cancel the analysis of the whole recording."""

    RUN = auto()
    PAUSE = auto()
    CANCEL = auto()


@dataclass(frozen=True)
class QueueJob:
    """A recording that is not open, and the detector that is to analyse it."""

    path: Path
    detector: Path
    device: str


@dataclass(frozen=True)
class AnalyseQueued:
    """Analyse a recording when nothing else is to be done; None: no more."""

    job: QueueJob | None


@dataclass(frozen=True)
class LookAtSource:
    """Look whether the recording's file is still the one that was opened."""


@dataclass(frozen=True)
class ContinueAnalysis:
    """Analyse a few frames; the queue returns it where no request is more urgent."""


@dataclass(frozen=True)
class Quit:
    """End the worker's thread."""


Task = (
    OpenVideo
    | CloseVideo
    | OpenDetector
    | CloseDetector
    | DetectorLoaded
    | ShowFrame
    | MakeThumbnail
    | FindPlaces
    | FindClock
    | SetZones
    | TraceWindow
    | ControlAnalysis
    | AnalyseQueued
    | LookAtSource
    | ContinueAnalysis
    | Quit
)


class RequestQueue:
    """Collects requests and gives the worker one task at a time.

    A newer request for a video, a detector, zones, a window or a view replaces the older one, which is out of date.
    Frames of playback that only want pictures are dropped from the moment on that a view is asked for: whoever asks has
    gone elsewhere.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._quit = False
        self._video: OpenVideo | CloseVideo | None = None
        self._detector: OpenDetector | CloseDetector | None = None
        self._loaded: deque[DetectorLoaded] = deque()
        self._zones: SetZones | None = None
        self._window: TraceWindow | None = None
        self._control: ControlAnalysis | None = None
        self._look: LookAtSource | None = None
        self._queued: AnalyseQueued | None = None
        self._view: ShowFrame | None = None
        self._played: ShowFrame | None = None
        self._plays = False
        self._thumbnails: deque[MakeThumbnail] = deque()
        self._places: deque[FindPlaces] = deque()
        self._clock: FindClock | None = None

    def add(self, request: Task) -> None:
        """Add a request; returns at once."""
        with self._changed:
            match request:
                case Quit():
                    self._quit = True
                case OpenVideo() | CloseVideo():
                    self._video = request
                    # It was asked of the recording before, which another detector may know.
                    self._control = None
                case OpenDetector() | CloseDetector():
                    self._detector = request
                case DetectorLoaded():
                    self._loaded.append(request)
                case SetZones():
                    self._zones = request
                case TraceWindow():
                    self._window = request
                case ControlAnalysis():
                    self._control = request
                case AnalyseQueued():
                    self._queued = request
                case LookAtSource():
                    self._look = request
                case ShowFrame() if request.frames:
                    self._played = request if self._plays else None
                case ShowFrame():
                    self._view, self._played, self._plays = request, None, False
                case MakeThumbnail():
                    self._thumbnails.append(request)
                case FindPlaces():
                    self._places.append(request)
                case FindClock():
                    self._clock = request
                case ContinueAnalysis():
                    raise ValueError("the worker goes on by itself; use ControlAnalysis")
            self._changed.notify()

    def begin_playback(self) -> None:
        """From now on frames of playback want pictures, until a view is asked for."""
        with self._changed:
            self._plays = True

    def put_back(self, request: ShowFrame | MakeThumbnail | FindClock) -> None:
        """Put an interrupted request back to the front, unless a newer view has been requested."""
        with self._changed:
            if isinstance(request, MakeThumbnail):
                self._thumbnails.appendleft(request)
            elif isinstance(request, FindClock):
                self._clock = self._clock or request
            elif self._view is None:
                self._view = request

    def next(self, *, analysing: bool, analysis_is_due: bool, loading: bool = False) -> Task:
        """Remove and return the most urgent task; waits for one where there is none.

        With `analysing` there always is one, ContinueAnalysis: it comes after all requests, or, where
        `analysis_is_due`, before views and thumbnails, so that playback does not starve the analysis. While a detector
        is `loading`, an analysis is not begun, and thumbnails, clock and places wait: they would lack what it knows.
        """
        with self._changed:
            while True:
                task = self._take(analysing, analysis_is_due, loading)
                if task is not None:
                    return task
                self._changed.wait()

    def _take(self, analysing: bool, analysis_is_due: bool, loading: bool) -> Task | None:
        if self._quit:
            return Quit()
        if self._video:
            video, self._video = self._video, None
            return video
        if self._zones:
            # Before the analysis is begun that is to tell what counts in them.
            zones, self._zones = self._zones, None
            return zones
        if self._loaded:
            # What is asked for now first: otherwise what was asked for before it would be loaded too.
            return self._take_detector() or self._loaded.popleft()
        if self._control and not loading:
            control, self._control = self._control, None
            return control
        if self._window:
            window, self._window = self._window, None
            return window
        if self._queued:
            queued, self._queued = self._queued, None
            return queued
        if analysing and analysis_is_due:
            return ContinueAnalysis()
        if self._view:
            view, self._view = self._view, None
            return view
        if self._played:
            played, self._played = self._played, None
            return played
        if self._look:
            # After views: a drive may take long to answer.
            look, self._look = self._look, None
            return look
        if detector := self._take_detector():
            return detector
        if loading:
            return None
        if self._thumbnails:
            return self._thumbnails.popleft()
        if self._clock:
            clock, self._clock = self._clock, None
            return clock
        if self._places:
            return self._places.popleft()
        return ContinueAnalysis() if analysing else None

    def _take_detector(self) -> OpenDetector | CloseDetector | None:
        detector, self._detector = self._detector, None
        return detector

    # `should_stop` functions of the current task: whether it is to be interrupted for a newer request.

    def opening_is_outdated(self) -> bool:
        """Whether another video has been requested, or the end."""
        return self._quit or self._video is not None

    def view_is_outdated(self) -> bool:
        """Whether another view or video has been requested, or the end."""
        return self.opening_is_outdated() or self._view is not None

    def small_work_is_outdated(self) -> bool:
        """Whether a view waits, or the pictures of a frame of playback, or the end."""
        return self.view_is_outdated() or self._played is not None

    def analysis_is_outdated(self) -> bool:
        """Whether the running analysis is cancelled, or another video or detector has been requested."""
        return self.opening_is_outdated() or self._detector is not None or self._control is ControlAnalysis.CANCEL

    def queued_opening_is_outdated(self) -> bool:
        """Whether there is anything to do that is more urgent than opening a recording nobody looks at."""
        urgent = (self._video, self._control, self._queued, self._view, self._played, self._detector)
        return self._quit or any(request is not None for request in urgent)

    def queued_analysis_is_outdated(self) -> bool:
        """Whether another recording than this one is to be analysed, or opened, or the detector to be replaced."""
        return self.analysis_is_outdated() or self._queued is not None
