"""The Qt model of the segments, which changes as few rows as possible while an analysis runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.common.language import tr, tr_noop, with_capital
from engine.review.attaching import ReviewedSegment
from engine.review.document import JudgedSegment, Verdict
from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession
from vadgui.ui.clock_text import clock_text

SEGMENT_ROLE = Qt.ItemDataRole.UserRole

_NO_PARENT = QModelIndex()


class SegmentOrder(Enum):
    """How the list is sorted; the value is the text shown to the person, in English."""

    TIME = tr_noop("By time")
    SCORE = tr_noop("By score")
    VERDICT = tr_noop("By verdict")
    REASON = tr_noop("By reason")


class SegmentFilter(Enum):
    """Which segments are listed; the value is the text shown to the person, in English."""

    ALL = tr_noop("All")
    UNREVIEWED = tr_noop("Unreviewed")
    CONFIRMED = tr_noop("Confirmed")
    DISMISSED = tr_noop("Dismissed")
    UNSURE = tr_noop("Unsure")
    BOOKMARKED = tr_noop("Bookmarked")
    NOTED = tr_noop("With a note")

    def lets_through(self, segment: Segment) -> bool:
        """Whether a segment is listed."""
        judged = judged_of(segment)
        match self:
            case SegmentFilter.ALL:
                return True
            case SegmentFilter.BOOKMARKED:
                return judged is not None and judged.bookmark
            case SegmentFilter.NOTED:
                return judged is not None and bool(judged.note)
            case _:
                wanted: str = self.value.lower()
                return verdict_of(segment) == wanted


@dataclass(frozen=True)
class Reason:
    """Lists the segments that were flagged, or dismissed, for one reason; it stands in English."""

    words: str
    is_of_dismissal: bool = False

    @property
    def in_words(self) -> str:
        """As it is offered to the person."""
        words = tr(self.words)
        return tr("Dismissed: {reason}").format(reason=words) if self.is_of_dismissal else with_capital(words)


@dataclass(frozen=True)
class Hours:
    """A part of every day, from one time of day up to another; over midnight where that is the earlier one."""

    begin: time
    stop: time

    def overlap(self, first: datetime, last: datetime) -> bool:
        """Whether some moment from `first` up to `last`, by the clock, lies in it."""
        if last - first >= timedelta(days=1) or self.begin == self.stop:
            return True
        if self._holds(first.time()):
            return True
        # Else it has to begin in between.
        reached = datetime.combine(first.date(), self.begin)
        if self.begin < first.time():
            reached += timedelta(days=1)
        return reached <= last.replace(tzinfo=None)

    def _holds(self, moment: time) -> bool:
        if self.begin < self.stop:
            return self.begin <= moment < self.stop
        return moment >= self.begin or moment < self.stop


_VERDICT_ORDER = (Verdict.UNREVIEWED, Verdict.UNSURE, Verdict.CONFIRMED, Verdict.DISMISSED)
_VERDICT_WORDS = {
    Verdict.CONFIRMED: tr_noop("Confirmed"),
    Verdict.DISMISSED: tr_noop("Dismissed"),
    Verdict.UNSURE: tr_noop("Unsure"),
}


def judged_of(segment: Segment) -> JudgedSegment | None:
    """What a person has said of a segment."""
    return segment.judged if isinstance(segment, ReviewedSegment) else None


def verdict_of(segment: Segment) -> Verdict:
    """A person's verdict."""
    judged = judged_of(segment)
    return judged.verdict if judged else Verdict.UNREVIEWED


def verdict_reason(segment: Segment) -> str:
    """Why a person judged so, in the language in use; empty where that is not said."""
    judged = judged_of(segment)
    return tr(judged.reason) if judged else ""


def verdict_words(segment: Segment) -> str:
    """The verdict with its reason; empty where there is none."""
    words = tr(_VERDICT_WORDS.get(verdict_of(segment), ""))
    reason = verdict_reason(segment)
    return f"{words}: {reason}" if words and reason else words


class SegmentModel(QAbstractListModel):
    """One row for each segment, in the chosen order."""

    def __init__(self, session: ReviewSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._order = SegmentOrder.TIME
        self._filter: SegmentFilter | Reason = SegmentFilter.ALL
        self._shows_time_of_day = False
        self._hours: Hours | None = None
        self._rows: list[Segment] = []
        self._highest = 0.0

    @property
    def filter(self) -> SegmentFilter | Reason:
        """Which segments have rows."""
        return self._filter

    @property
    def order(self) -> SegmentOrder:
        """How the rows are sorted."""
        return self._order

    @property
    def score_top(self) -> float:
        """The largest score on the scale of the bars: that of the timeline, or the highest peak beyond it."""
        return max(self._session.scoring.top, self._highest)

    def arrange(self, order: SegmentOrder, which: SegmentFilter | Reason) -> None:
        """Sort the rows, and leave out what the filter does not let through."""
        self._order, self._filter = order, which
        self.update()

    def update(self) -> None:
        """Copy the session's segments; unchanged rows at both ends are not touched."""
        new_rows = self.wanted()
        highest = max((segment.peak_score for segment in new_rows), default=0.0)
        if highest != self._highest:
            self._highest = highest
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))
        if self._order is SegmentOrder.SCORE:
            new_rows.sort(key=lambda segment: -segment.peak_score)
        elif self._order is SegmentOrder.VERDICT:
            new_rows.sort(key=lambda segment: _VERDICT_ORDER.index(verdict_of(segment)))
        elif self._order is SegmentOrder.REASON:
            new_rows.sort(key=self.reason)
        head = _common(self._rows, new_rows)
        tail = _common(self._rows[head:][::-1], new_rows[head:][::-1])
        removed, added = len(self._rows) - head - tail, len(new_rows) - head - tail
        shared = min(removed, added)
        # Replace rows in place where possible, so that the view keeps its scroll position.
        self._rows[head : head + shared] = new_rows[head : head + shared]
        if shared:
            self.dataChanged.emit(self.index(head), self.index(head + shared - 1))
        at = head + shared
        if removed > shared:
            self.beginRemoveRows(_NO_PARENT, at, at + removed - shared - 1)
            del self._rows[at : at + removed - shared]
            self.endRemoveRows()
        if added > shared:
            self.beginInsertRows(_NO_PARENT, at, at + added - shared - 1)
            self._rows[at:at] = new_rows[at : at + added - shared]
            self.endInsertRows()

    def wanted(self) -> list[Segment]:
        """The segments that rows are of, in order of time."""
        places = self._session.places
        chosen = [
            each for each in self._session.scoring.segments if self._lets_through(each) and places.lets_through(each)
        ]
        start, hours = self._session.start, self._hours
        if start is None or hours is None:
            return chosen
        times, ends = self._session.times, self._session.ends
        return [
            each
            for each in chosen
            if hours.overlap(start.at(float(times[each.start])), start.at(float(ends[each.stop - 1])))
        ]

    def _lets_through(self, segment: Segment) -> bool:
        if isinstance(self._filter, SegmentFilter):
            return self._filter.lets_through(segment)
        return self._filter in self._reasons_of(segment)

    def _reasons_of(self, segment: Segment) -> list[Reason]:
        judged = judged_of(segment)
        found = [Reason(self._session.scoring.reason(segment))]
        if judged and judged.verdict is Verdict.DISMISSED:
            found.append(Reason(judged.reason, is_of_dismissal=True))
        return [each for each in found if each.words]

    def reasons(self) -> list[Reason]:
        """For what segments of the recording were flagged and dismissed, as the person reads it in order."""
        found = {each for segment in self._session.scoring.segments for each in self._reasons_of(segment)}
        return sorted(found, key=lambda each: (each.is_of_dismissal, each.in_words))

    def show_time_of_day(self, shown: bool) -> None:
        """Show when segments were by the clock on the wall, where that is known."""
        self._shows_time_of_day = shown
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    @property
    def hours(self) -> Hours | None:
        """Of which hours of the day segments have rows; None for all."""
        return self._hours

    def set_hours(self, hours: Hours | None) -> None:
        """List the segments of these hours of the day alone; None lists all."""
        self._hours = hours
        self.update()

    def detail(self, segment: Segment) -> str:
        """What a row says of a segment that has no verdict."""
        return frame_range(segment)

    def segment(self, row: int) -> Segment:
        """The segment in a row."""
        return self._rows[row]

    def row_of(self, segment: Segment | None) -> int | None:
        """The row of a segment; None where it is not in the list."""
        return self._rows.index(segment) if segment in self._rows else None

    def row_holding(self, frame: int) -> int | None:
        """The row of the segment that contains a frame; None where no segment does."""
        return next((row for row, segment in enumerate(self._rows) if segment.start <= frame < segment.stop), None)

    def repaint_peak(self, frame: int) -> None:
        """Repaint the rows of segments that peak at a frame, whose thumbnail has arrived."""
        for row, segment in enumerate(self._rows):
            if segment.peak_frame == frame:
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Number of segments; a list model has no children."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The Segment for SEGMENT_ROLE, its times for display, and a sentence for screen readers and tool tips."""
        if not index.isValid():
            return None
        segment = self._rows[index.row()]
        if role == SEGMENT_ROLE:
            return segment
        if role == Qt.ItemDataRole.DisplayRole:
            return self.time_range(segment)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.sentence(segment)
        return None

    def sentence(self, segment: Segment) -> str:
        """All that is known of a segment, for tool tips, screen readers and the clipboard."""
        reason = self.reason(segment)
        judged = judged_of(segment)
        said = [verdict_words(segment)]
        if judged:
            said += [tr("Bookmarked") if judged.bookmark else "", judged.note]
            said += [f"{judged.who}, {judged.when[:16].replace('T', ' ')} UTC" if judged.who else ""]
        began, end = float(self._session.times[segment.start]), float(self._session.ends[segment.stop - 1])
        if self._session.start:
            said.insert(0, f"{self._session.start.at(began):%Y-%m-%d}, {self._time_of_day(began, end)}")
        peak = tr("{times}, {frames}, not analysed yet")
        if self.is_scored(segment):
            peak = tr("{times}, {frames}, peak score {score:.2f} at frame {peak}")
        peak = peak.format(
            times=self.time_range(segment),
            frames=frame_range(segment),
            score=segment.peak_score,
            peak=segment.peak_frame,
        )
        return "\n".join([f"{peak}{reason and f': {reason}'}", *filter(None, said)])

    @property
    def has_reasons(self) -> bool:
        """Whether the score combines several signals, so that each segment has a reason."""
        return self._session.scoring.scorer.has_reasons

    def reason(self, segment: Segment) -> str:
        """Why a segment was flagged, in words; empty where scores have no reasons, or are not known yet."""
        return tr(self._session.scoring.reason(segment)) if self.is_scored(segment) else ""

    def is_scored(self, segment: Segment) -> bool:
        """Whether any score of it is known: what was judged earlier is listed before its analysis."""
        return bool(np.isfinite(self._session.scoring.scores[segment.start : segment.stop]).any())

    def time_range(self, segment: Segment) -> str:
        """The time of the first frame, and the time at which the last frame ends."""
        began, end = float(self._session.times[segment.start]), float(self._session.ends[segment.stop - 1])
        if self._shows_time_of_day and self._session.start:
            return self._time_of_day(began, end)
        return f"{clock_text(began, 1)} – {clock_text(end, 1)}"

    def _time_of_day(self, began: float, end: float) -> str:
        start = self._session.start
        return f"{start.at(began):%H:%M:%S} – {start.at(end):%H:%M:%S}" if start else ""


def frame_range(segment: Segment) -> str:
    """Numbers of the first and the last frame, and how many frames there are."""
    if len(segment) == 1:
        return tr("frame {frame}").format(frame=segment.start)
    return tr("frames {first}–{last} ({count})").format(first=segment.start, last=segment.stop - 1, count=len(segment))


def _common(a: list[Segment], b: list[Segment]) -> int:
    pairs = zip(a, b, strict=False)
    return next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(a), len(b)))
