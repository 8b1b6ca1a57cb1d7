"""Goes from one recording of the list to another, and there to the segment that was meant."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.common.language import tr
from engine.common.remote_path import as_path
from engine.review.recording_list import AnalysisStage, FoundSegment, ListedRecording
from engine.video.source import frame_at
from vadgui.jobs.request_queue import WantedFrame
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.session import ReviewSession
from vadgui.recordings.model import RecordingModel, listed_path, name_of

_OPENING_SECONDS = 10.0
"""What takes longer to open may hang: nobody has to wait for it."""


class RecordingNavigation(QObject):
    """Knows which segment is to be selected once its recording is open."""

    open_requested = Signal(object)
    """Path of a recording to be opened."""
    told = Signal(str)
    """What a person should know now, in a line."""

    def __init__(self, session: ReviewSession, model: RecordingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._target: tuple[str, WantedFrame] | None = None
        """Path of a recording that is not open yet, and what tells the frame to be shown of it once it is."""
        self._awaited: int | None = None
        """Peak frame of the open recording's segment that is selected once there are scores."""
        self._on_the_way_until = 0.0
        session.scoring.segments_changed.connect(self._select_awaited)
        session.analysis_changed.connect(self._select_awaited)

    def open_neighbour(self, direction: int) -> None:
        """Open the next recording of the list (1), or the previous one (-1)."""
        count = len(self._model.recordings)
        row = self._model.row_of(self._model.open_path)
        wanted = (0 if direction > 0 else count - 1) if row is None else row + direction
        if 0 <= wanted < count:
            self.open_requested.emit(as_path(self._model.recordings[wanted].path))
        elif count:
            last, first = tr("This is the last recording of the list."), tr("This is the first recording of the list.")
            self.told.emit(last if direction > 0 else first)

    def open_unreviewed(self, direction: int) -> bool:
        """Go to what is unreviewed in the next recording that has something (1), or the previous one (-1).

        While one is being opened or its scores are read, a second press means that one: it is not passed over.
        """
        if self._is_on_the_way():
            return True
        recording = next((each for each in self._others(direction) if _has_work(each)), None)
        if recording is None:
            return False
        left = recording.unreviewed
        self.open_at(recording.path, left[0 if direction > 0 else -1])
        self.told.emit(tr("On to {name}: {count} to review.").format(name=name_of(recording), count=len(left)))
        return True

    def _is_on_the_way(self) -> bool:
        if time.monotonic() >= self._on_the_way_until:
            return False
        return self._target is not None or (self._awaited is not None and not self._session.review.segments)

    def wanted_frame(self, path: Path) -> WantedFrame | None:
        """What tells the frame to be shown of a recording that is about to be opened; None: where it was left."""
        return self._target[1] if self._target and self._target[0] == listed_path(path) else None

    def give_up(self) -> None:
        """What was to be opened can't be."""
        self._target = None

    def open_at(self, path: str, segment: FoundSegment) -> None:
        """Open a recording, unless it is, and select a segment of it."""
        self._open(path, lambda _: segment.peak_frame)

    def open_at_seconds(self, path: Path, seconds: float) -> None:
        """Open a recording, unless it is, at a time of it, and select the segment that is there."""
        self._open(listed_path(path), lambda times: frame_at(times, seconds))

    def _open(self, path: str, frame: WantedFrame) -> None:
        self._target = path, frame
        self._on_the_way_until = time.monotonic() + _OPENING_SECONDS
        if path == self._model.open_path:
            self.video_opened()
        else:
            self.open_requested.emit(as_path(path))

    def video_opened(self) -> None:
        """Show the frame that was meant at once; its segment is selected when there are scores."""
        target, self._target = self._target, None
        video = self._session.video
        is_there = target and video and listed_path(video.path) == target[0]
        self._awaited = target[1](self._session.times) if target and is_there else None
        if self._awaited is not None:
            self._session.seek(self._awaited)
            self._select_awaited()

    def _select_awaited(self) -> None:
        frame = self._awaited
        if frame is None:
            return
        segment = self._session.navigation.at(frame)
        has_left = self._session.playhead != frame
        if segment and not has_left:
            self._session.navigation.select(segment)
        if segment or has_left or self._session.analysis.phase is AnalysisPhase.DONE:
            self._awaited = None

    def _others(self, direction: int) -> list[ListedRecording]:
        """The recordings after the open one, and from the top those before it; backwards with -1."""
        rows, at = list(self._model.recordings), self._model.row_of(self._model.open_path)
        around = rows if at is None else rows[at + 1 :] + rows[:at]
        return around[::direction]


def _has_work(recording: ListedRecording) -> bool:
    return bool(recording.unreviewed) and recording.stage is not AnalysisStage.FAILED
