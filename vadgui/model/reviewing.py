"""What a person does while reviewing: verdicts on the current segment, its frames, and on to the next one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.common.language import tr, tr_n
from engine.review.attaching import ReviewedSegment
from engine.review.document import Step, Verdict
from engine.review.edits import Editor
from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession


class Reviewing(QObject):
    """Turns keys and buttons into changes of the session's review; starts no work and draws nothing."""

    told = Signal(str)
    """What a person should know now, in a line."""

    def __init__(self, session: ReviewSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._begun_at: int | None = None
        self.go_elsewhere: Callable[[int], bool] = lambda _: False
        """Goes to what is unreviewed in a later recording (1) or an earlier one (-1); whether there is something."""
        self.count_unanalysed: Callable[[], int] = lambda: 0
        """Counts the recordings in which segments may still be found."""
        session.review.refused.connect(self.told)
        session.video_changed.connect(self._forget_begin)

    @property
    def current(self) -> ReviewedSegment | None:
        """The segment that a key means."""
        segment = self._session.navigation.current
        return segment if isinstance(segment, ReviewedSegment) else None

    def next_unreviewed(self) -> None:
        """The next segment without a verdict, here or in the next recording of the list that has one."""
        self._go_on(self._session.navigation.select_next_unreviewed, 1)

    def previous_unreviewed(self) -> None:
        """The previous segment without a verdict, here or in a recording before this one."""
        self._go_on(self._session.navigation.select_previous_unreviewed, -1)

    def confirm(self) -> None:
        """Confirm the current segment and go on to the next unreviewed one."""
        self._judge(Verdict.CONFIRMED, goes_on=True)

    def dismiss(self, reason: str) -> None:
        """Dismiss the current segment and go on to the next unreviewed one."""
        self._judge(Verdict.DISMISSED, reason, goes_on=True)

    def mark_unsure(self) -> None:
        """Leave the current segment for later; it stays on screen."""
        self._judge(Verdict.UNSURE)

    def bookmark(self) -> None:
        """Set or remove the current segment's bookmark."""
        self._edit(lambda editor, current: editor.bookmark(current))

    def write_note(self, segment: Segment, note: str) -> None:
        """Replace a segment's note."""
        segments = self._session.review.segments
        present = next((each for each in segments if each.start <= segment.peak_frame < each.stop), None)
        if present and note.strip() != (present.judged.note if present.judged else ""):
            self._session.review.edit(lambda editor: editor.write_note(present, note))

    def forget(self) -> None:
        """Take back all that was said of the current segment."""
        self._edit(lambda editor, current: editor.forget(current))

    def begin_here(self) -> None:
        """The current segment begins with the frame under the playhead; without one, a new one does."""
        here = self._session.playhead
        if not self._session.review.may_change():
            return
        if self._trims():
            self._edit(lambda editor, current: editor.trim(current, here, current.stop))
        else:
            self._begun_at = here
            words = tr("A new segment begins at frame {frame}. Go to its last frame and end it there.")
            self.told.emit(words.format(frame=here))

    def end_here(self) -> None:
        """The current segment, or the new one, ends with the frame under the playhead."""
        end = self._session.playhead + 1
        begun_at = self._begun_at
        if begun_at is None:
            self._edit(lambda editor, current: editor.trim(current, current.start, end))
        elif end <= begun_at:
            words = tr("The new segment begins at frame {frame}: go to a later frame to end it.")
            self.told.emit(words.format(frame=begun_at))
        elif self._session.review.edit(lambda editor: editor.draw(begun_at, end)):
            self._begun_at = None
            self._session.scoring.select(self._session.navigation.at(begun_at))
            words = tr("Frames {first} to {last} are a segment now, as missed by the detector.")
            self.told.emit(words.format(first=begun_at, last=end - 1))

    def trim(self, start: int, stop: int) -> None:
        """The current segment has these frames."""
        self._edit(lambda editor, current: editor.trim(current, start, stop))

    def split(self) -> None:
        """Split the current segment before the frame under the playhead; the first part is the current one then.

        So it does not depend on where the peak is which part a key means next: to merge takes the split back.
        """
        before = self.current
        if self._edit(lambda editor, current: editor.split(current, self._session.playhead)) and before:
            self._session.scoring.select(self._session.navigation.at(before.start))

    def merge(self) -> None:
        """Make one of the current segment and the next one."""
        current, segments = self.current, self._session.review.segments
        place = segments.index(current) if current in segments else len(segments)
        if place + 1 < len(segments):
            self._edit(lambda editor, current: editor.merge(current, segments[place + 1]))
        else:
            self.told.emit(tr("There is no next segment to merge with."))

    def deselect(self) -> None:
        """No segment is the current one any more, and no new one has begun."""
        if self._begun_at is not None:
            self._begun_at = None
            self.told.emit("")  # where it began, and what to do next, is no longer true
        self._session.scoring.select(None)

    def _judge(self, verdict: Verdict, reason: str = "", *, goes_on: bool = False) -> None:
        judged = self._edit(lambda editor, current: editor.judge(current, verdict, reason))
        if judged and goes_on:
            self.next_unreviewed()
        elif judged and not self._session.review.unreviewed:
            self._tell_none_left()

    def _go_on(self, select: Callable[..., bool], direction: int) -> None:
        """Leave the recording before beginning again with it."""
        if not (select(wraps=False) or self.go_elsewhere(direction) or select()):
            self._tell_none_left()

    def _tell_none_left(self) -> None:
        count = self.count_unanalysed()
        words = tr_n(
            "Every segment found so far has a verdict. {count} recording is still to be analysed.",
            "Every segment found so far has a verdict. {count} recordings are still to be analysed.",
            count,
        )
        self.told.emit(words.format(count=count) if count else tr("Every segment has a verdict."))

    def _edit(self, make: Callable[[Editor, ReviewedSegment], Step]) -> bool:
        current = self.current
        if current is None:
            self.told.emit(tr("No segment is selected."))
            return False
        scoring = self._session.scoring
        scoring.select(current)
        done = self._session.review.edit(lambda editor: make(editor, current))
        if done and scoring.selected is None:
            # Trimmed to frames without its peak: it is still the current one.
            scoring.select(next((s for s in self._session.review.segments if s.span.overlaps(current.span)), None))
        return done

    def _trims(self) -> bool:
        return self.current is not None and self._begun_at is None

    def _forget_begin(self) -> None:
        self._begun_at = None
