"""What the engine worker tells the GUI thread, in the order of events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.review.recording_list import FoundSegment
from engine.review.store import FoundReview
from engine.scoring.heat_map import Seconds
from engine.scoring.sampling import Frames
from engine.scoring.signals import RawSignals
from engine.scoring.zones import Zone
from engine.video.source import VideoInfo
from vadgui.jobs.request_queue import CloseVideo, FindPlaces, OpenDetector, OpenVideo
from vadgui.jobs.source_guard import SourceChange
from vadgui.model.engine_state import AnalysisState, DetectorSummary
from vadgui.model.frame_view import Bgra, FrameView


@dataclass(frozen=True)
class Opening:
    """What is being opened and how far that is, from 0 to 1; None where that can't be told. An empty name: nothing."""

    name: str = ""
    share: float | None = None


@dataclass(frozen=True, eq=False)
class VideoOpened:
    """A recording is open, the frame at hand at which it is to be shown."""

    request: OpenVideo
    generation: int
    """Counts the openings of videos and detectors; a frame number means something only together with it."""
    info: VideoInfo
    times: npt.NDArray[np.float64]
    first_view: FrameView
    review: FoundReview
    """What was decided of it earlier."""


@dataclass(frozen=True)
class VideoClosed:
    """There is no recording any more."""

    request: CloseVideo
    generation: int


@dataclass(frozen=True)
class SourceChanged:
    """The file of the open recording is another by now."""

    change: SourceChange


@dataclass(frozen=True)
class DetectorOpened:
    """A detector is ready."""

    request: OpenDetector
    generation: int
    summary: DetectorSummary


@dataclass(frozen=True)
class DetectorClosed:
    """There is no detector any more."""

    generation: int


@dataclass(frozen=True)
class DetectorRead:
    """What a detector's file says of it; it is still being loaded, so `device` is empty."""

    summary: DetectorSummary


@dataclass(frozen=True, eq=False)
class ThumbnailMade:
    """A small picture of a frame."""

    index: int
    picture: Bgra


@dataclass(frozen=True, eq=False)
class PlacesFound:
    """What was asked for by `FindPlaces`."""

    request: FindPlaces
    seconds: Seconds


@dataclass(frozen=True)
class ClockFound:
    """A clock is burnt into the recording's pictures."""

    generation: int
    zone: Zone


@dataclass(frozen=True, eq=False)
class SignalsMeasured:
    """Raw signals [K] of judged frames [K]."""

    frames: Frames
    rows: RawSignals


@dataclass(frozen=True, eq=False)
class WindowTraced:
    """The scores [K] that frames [K] would have for one window of the picture alone."""

    window: tuple[int, int]
    """Row and column."""
    frames: Frames
    scores: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TimesRevised:
    """The full pass found other frames than were announced."""

    info: VideoInfo
    times: npt.NDArray[np.float64]


@dataclass(frozen=True)
class QueueProgress:
    """How far a recording is analysed that is not open, from 0 to 1."""

    path: Path
    share: float


@dataclass(frozen=True)
class QueueDone:
    """A recording that is not open is analysed."""

    path: Path
    fingerprint: str
    detector: str
    """Name of the detector that did it."""
    score: str
    segments: tuple[FoundSegment, ...]
    is_other_scene: bool


@dataclass(frozen=True)
class QueueFailed:
    """A recording that is not open can't be analysed."""

    path: Path
    error: Exception
    is_out_of_reach: bool = False
    """Whether its disk or share is away for a while, so that it is no fault of the recording's."""


@dataclass(frozen=True)
class JobFailed:
    """A task ended with an error."""

    error: Exception
    opening: OpenVideo | None = None
    """The recording that could not be opened, if that was the task."""
    detector: OpenDetector | None = None
    """The detector that could not be loaded, if that was the task."""


Message = (
    Opening
    | VideoOpened
    | VideoClosed
    | SourceChanged
    | DetectorOpened
    | DetectorClosed
    | DetectorRead
    | ThumbnailMade
    | PlacesFound
    | ClockFound
    | SignalsMeasured
    | WindowTraced
    | TimesRevised
    | AnalysisState
    | QueueProgress
    | QueueDone
    | QueueFailed
    | JobFailed
)
