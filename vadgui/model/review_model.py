"""What the person has said of the open recording: verdicts, threshold and history, and how they are changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

import numpy as np
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.common.errors import ReviewError
from engine.redaction.regions import NOTHING_REDACTED, Redaction
from engine.review.attaching import ReviewedSegment, attach, hidden
from engine.review.clock import NO_CLOCK, Clock
from engine.review.document import DetectorUsed, Recording, Review, Step, Threshold, Verdict
from engine.review.edits import Editor, now, person
from engine.review.history import HISTORY_STEPS, redone, undone, with_step, with_step_in_last
from engine.scoring.segments import Segment
from engine.scoring.zones import Zone, Zones
from engine.video.source import VideoInfo
from vadgui.model.score_model import ScoreModel

_ONE_DRAG_SECONDS = 2.0
"""A threshold that moves again within this time is still being dragged: one step of the history."""
_THRESHOLD_COMMAND, _OTHER_COMMAND = 1, -1  # commands that may become one need an id that Qt compares


class ReviewModel(QObject):
    """Holds the review's document. Every change is a step that can be undone, and is told by `changed`."""

    changed = Signal()
    """Something was decided, or taken back: it is to be saved, and verdicts on screen may be others."""
    opened = Signal()
    """The review of another recording, or of none."""
    access_changed = Signal()
    """Another notice, or it may not be changed any more."""
    zones_changed = Signal()
    """The person has changed the zones of the picture, or taken that back."""
    clock_changed = Signal()
    """The person has set the clock, or taken that back."""
    refused = Signal(str)
    """A change was not possible; why, in a line for the person."""

    def __init__(self, scoring: ScoreModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scoring = scoring
        self._review: Review | None = None
        self._recording: Recording | None = None
        self._notice = ""
        self._read_only = ""
        self._wait = ""
        self._dragged_at = float("-inf")
        self._is_mirroring = False
        self._found_zones: Zones = ()
        self._is_changed = False
        """Whether something was decided since the recording was opened."""
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(HISTORY_STEPS)
        scoring.arrange = self._arrange

    # What is known

    @property
    def recording(self) -> Recording | None:
        """The open recording's part of the document; None where nothing is open."""
        return self._recording

    @property
    def segments(self) -> list[ReviewedSegment]:
        """The segments on screen, in order of time."""
        return cast(list[ReviewedSegment], self._scoring.segments) if self._recording else []

    @property
    def unreviewed(self) -> list[ReviewedSegment]:
        """The segments on screen without a verdict."""
        return [segment for segment in self.segments if segment.verdict is Verdict.UNREVIEWED]

    @property
    def zones(self) -> Zones:
        """Zones of the picture: what counts in the scores."""
        return self._recording.zones if self._recording else ()

    @property
    def clock(self) -> Clock:
        """What the person said of the recording's time of day."""
        return self._recording.clock if self._recording else NO_CLOCK

    @property
    def redaction(self) -> Redaction:
        """What is not to be seen in anything that is handed over."""
        return self._recording.redaction if self._recording else NOTHING_REDACTED

    @property
    def hidden_count(self) -> int:
        """How many judged segments the threshold hides."""
        return len(hidden(self._recording.segments, self.segments)) if self._recording else 0

    @property
    def undo_name(self) -> str:
        """What `undo` takes back; empty if nothing."""
        recording = self._recording
        return recording.history[recording.done - 1].in_words if recording and recording.done else ""

    @property
    def redo_name(self) -> str:
        """What `redo` does again; empty if nothing."""
        recording = self._recording
        is_undone = recording is not None and recording.done < len(recording.history)
        return recording.history[recording.done].in_words if recording and is_undone else ""

    @property
    def notice(self) -> str:
        """What the person should know of how this review was opened."""
        return self._notice

    @property
    def read_only(self) -> str:
        """Why nothing can be decided here; empty where it can."""
        return self._read_only

    @property
    def is_waiting(self) -> bool:
        """Whether another recording is on its way: what is decided now would be said of the one before."""
        return bool(self._wait)

    def may_change(self) -> bool:
        """Whether something can be decided now; if not, `refused` tells why."""
        why = self._read_only or self._wait
        if why:
            self.refused.emit(why)
        return not why

    def document(self, playhead: int, detector: DetectorUsed | None) -> Review | None:
        """All that is to be saved; None where nothing was decided and nothing is kept yet."""
        return None if self._review is None and self._is_untouched else self.keep(playhead, detector)

    def keep(self, playhead: int, detector: DetectorUsed | None) -> Review | None:
        """All of it, which is saved from now on also where nothing was decided; None where nothing can be."""
        if self._recording is None or self._read_only:
            return None
        self._review = self._with_recording(self._recording, playhead, detector)
        return self._review

    def copy(self, playhead: int, detector: DetectorUsed | None) -> Review | None:
        """All that there is to hand over, also of a review that may not be changed here; None where nothing is open."""
        return self._with_recording(self._recording, playhead, detector) if self._recording else None

    def _with_recording(self, recording: Recording, playhead: int, detector: DetectorUsed | None) -> Review:
        score = self._scoring.scorer.name if detector else recording.score
        used = recording.detector
        if detector and (used is None or self._is_changed):
            used = detector
        recording = replace(recording, playhead=playhead, detector=used, score=score)
        return (self._review or Review(recordings=())).with_recording(recording)

    @property
    def found_zones(self) -> Zones:
        """Those that the program has set by itself, while nobody has drawn others."""
        return self._found_zones if self.zones == self._found_zones else ()

    @property
    def zones_are_touched(self) -> bool:
        """Whether the person has drawn zones, or removed them."""
        recording = self._recording
        return recording is not None and (self.zones != self._found_zones or any(s.zones for s in recording.history))

    @property
    def _is_untouched(self) -> bool:
        recording = self._recording
        return recording is None or replace(recording, zones=() if self.found_zones else recording.zones).is_untouched

    def take_found_zone(self, zone: Zone) -> None:
        """Set a zone that was found in the picture, unless the person has drawn any; nothing is saved because of it."""
        if self._recording is not None and not self._read_only and not self.zones_are_touched and not self.zones:
            self._found_zones = (zone,)
            self._recording = replace(self._recording, zones=self._found_zones)
            self.zones_changed.emit()
            self.access_changed.emit()

    def detector_before(self, fingerprint: str) -> DetectorUsed | None:
        """The detector with which the person decided earlier, where it is another than that of this fingerprint."""
        recording = self._recording
        if recording is None or recording.is_untouched or recording.detector is None:
            return None
        return recording.detector if recording.detector.fingerprint != fingerprint else None

    def holds(self, fingerprint: str) -> bool:
        """Whether the review that is open here has a recording of this content."""
        return self._review is not None and self._review.recording_of(fingerprint) is not None

    # What is open

    def begin(self, video: VideoInfo | None, frame_count: int) -> None:
        """Begin with a recording of which nothing is known; tells nobody before `tell_opened`."""
        self._review, self._notice, self._read_only = None, "", ""
        self._recording, self._is_changed, self._found_zones = None, False, ()
        self._dragged_at = float("-inf")
        if video:
            self._recording = Recording(
                name=video.name,
                path=str(video.path.absolute()),
                fingerprint=video.fingerprint,
                frame_count=frame_count,
            )
        self._mirror_history()

    def tell_opened(self) -> None:
        """Tell that everything is another."""
        self.opened.emit()
        self.access_changed.emit()

    def load(self, review: Review, notice: str = "") -> None:
        """Go on with what was decided earlier of the open recording."""
        if self._recording is None:
            return
        known = review.recording_of(self._recording.fingerprint)
        if known:
            self._review = review
            self._recording = replace(
                known,
                name=self._recording.name,
                path=self._recording.path,
                frame_count=self._recording.frame_count,
            )
        self._notice = notice
        self._mirror_history()
        self.apply_threshold()
        self._scoring.rearrange()
        self.tell_opened()

    def set_access(self, notice: str, read_only: str) -> None:
        """Say what the person should know, and why nothing can be decided here, if so."""
        self._notice, self._read_only = notice, read_only
        self.access_changed.emit()

    def wait(self, why: str) -> None:
        """Let nothing be decided while another recording is on its way, and say why; with an empty text, let it."""
        if why != self._wait:
            self._wait = why
            self.access_changed.emit()

    # Changes

    def edit(self, make: Callable[[Editor], Step]) -> bool:
        """Do a step that `make` makes of an editor; whether that was possible."""
        if self._recording is None or not self.may_change():
            return False
        try:
            step = make(Editor(self._recording, self.segments, who=person(), when=now()))
            recording = with_step(self._recording, step)
        except ReviewError as error:
            self.refused.emit(" ".join(filter(None, (f"{error.what}.", error.advice))))
            return False
        self.stack.push(_Change(self, step.in_words, recording))
        return True

    def set_threshold(self, enter: float) -> None:
        """Choose what is flagged in this recording; it is kept with the review."""
        if self._wait:
            self.refused.emit(self._wait)
            return
        if self._recording is None or self._read_only:
            self._scoring.set_threshold(enter)  # to look at; nothing is kept of it
            return
        if enter == self._scoring.rule.enter:
            return
        scorer = self._scoring.scorer
        per_hour = scorer.false_alarms_at(enter)
        finite = per_hour if per_hour is not None and np.isfinite(per_hour) else None
        editor = Editor(self._recording, (), who=person(), when=now())
        step = editor.set_threshold(scorer.name, Threshold(enter, finite))
        here = time.monotonic()
        goes_on = here - self._dragged_at < _ONE_DRAG_SECONDS and self._last_is_threshold_of(scorer.name)
        self._dragged_at = here
        after = (with_step_in_last if goes_on else with_step)(self._recording, step)
        self.stack.push(_Change(self, step.in_words, after, _THRESHOLD_COMMAND, goes_on=goes_on))

    def take(self, recording: Recording) -> None:
        """Take over another state of the document, as a step or its inverse has left it."""
        before, self._recording, self._is_changed = self._recording, recording, True
        if before is None or before.thresholds != recording.thresholds:
            if self._scoring.scorer.name not in recording.thresholds:
                self._scoring.reset_rule()
            self.apply_threshold()
        self._scoring.rearrange()
        if before is None or before.zones != recording.zones:
            self.zones_changed.emit()
        if before is None or before.clock != recording.clock:
            self.clock_changed.emit()
        self.changed.emit()

    def step_back(self, make: Callable[[Recording], Recording]) -> None:
        """Undo or redo, unless the stack is only being made to look like the history."""
        if self._is_mirroring or self._recording is None:
            return
        self._dragged_at = float("-inf")
        try:
            self.take(make(self._recording))
        except ReviewError as error:
            self.refused.emit(str(error))

    def undo(self) -> None:
        """Take the last step back."""
        self._turn(self.stack.undo)

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        self._turn(self.stack.redo)

    def _turn(self, call: Callable[[], None]) -> None:
        if self.may_change():
            call()

    def _last_is_threshold_of(self, score: str) -> bool:
        recording = self._recording
        if not recording or not recording.done or recording.done != len(recording.history):
            return False
        change = recording.history[-1].threshold
        return change is not None and change.score == score

    # What follows

    def _arrange(self, flagged: list[Segment]) -> list[Segment]:
        if self._recording is None:
            return flagged
        scoring = self._scoring
        judged = self._recording.segments
        return list(attach(flagged, judged, scoring.scores, scoring.rule.enter, scoring.flaggable))

    def apply_threshold(self) -> None:
        """Flag by the threshold that the document has for the present score, if it has one."""
        kept = self._recording.thresholds.get(self._scoring.scorer.name) if self._recording else None
        if kept and kept.enter != self._scoring.rule.enter:
            self._scoring.set_threshold(kept.enter)

    def _mirror_history(self) -> None:
        """Make the stack of commands look like the document's history."""
        self._is_mirroring = True
        self.stack.clear()
        if self._recording:
            for step in self._recording.history:
                self.stack.push(_Change(self, step.in_words, None))
            self.stack.setIndex(self._recording.done)
        self._is_mirroring = False


class _Change(QUndoCommand):
    """One step of the document's history as Qt's stack knows it; the document itself says what it is."""

    def __init__(
        self,
        model: ReviewModel,
        name: str,
        after: Recording | None,
        command_id: int = _OTHER_COMMAND,
        *,
        goes_on: bool = False,
    ) -> None:
        super().__init__(name)
        self._model = model
        self._after = after
        self._id = command_id
        self._goes_on = goes_on

    def id(self) -> int:
        """Commands with an id may become one."""
        return self._id

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 - Qt's name
        """Take over a command that goes on with this one; the document has made one step of both already."""
        if isinstance(other, _Change) and other._goes_on:
            self.setText(other.text())
            return True
        return False

    def redo(self) -> None:
        """Do it, for the first time or again."""
        after, self._after = self._after, None
        if after:
            self._model.take(after)
        else:
            self._model.step_back(redone)

    def undo(self) -> None:
        """Take it back."""
        self._model.step_back(undone)
