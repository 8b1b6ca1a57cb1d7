"""A day's timeline over cameras: a lane each, zoomed by the wheel, gone through by mouse and keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from engine.archive.lanes import DayFootage, Footage, Lane
from engine.archive.searching import Hit, HitKey
from engine.common.language import tr
from vadgui.archive.lane_painter import AXIS_PX, LANE_PX, LanePainter, LaneStyle
from vadgui.archive.lane_scale import LaneScale
from vadgui.archive.texts import footage_sentence, hit_sentence, hour_words
from vadgui.ui import theme
from vadgui.ui.list_view import OPENING_KEYS

_NAMES_PX = (70, 170)
_NAME_ROOM_PX = 24
_WHEEL_FACTOR = 0.8
_ZOOM = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_ROWS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_DAYS = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_NEAR_PX = 4
_MARK_STEP = 0.02
"""Of the time span shown."""
_LONG_AGO_DAY = datetime(2000, 1, 1).astimezone()


class DayLanes(QAbstractScrollArea):
    """Shows a DayFootage; arrows go from segment to segment, with Shift through time, Enter or a double click opens."""

    hit_chosen = Signal(object)
    """The Hit that the cursor was put on."""
    hit_opened = Signal(object)
    """A Hit to be reviewed."""
    footage_opened = Signal(object, float)
    """A Footage to be looked at, from so many seconds on."""
    moment_marked = Signal(str)
    """What there is at the moment that the mark was put on, in words."""
    day_wanted = Signal(int)
    """1 for the next day with footage, -1 for the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lanes: Sequence[Lane] = ()
        self.scale = LaneScale(_LONG_AGO_DAY, _LONG_AGO_DAY + timedelta(days=1), 1)
        self._style = LaneStyle(_NAMES_PX[0], 1.0)
        self._row = 0
        self._cursor: HitKey | None = None
        self._moment: datetime | None = None
        """The moment of the current lane that the mark is on, where keys have put it."""
        self._pressed: QPointF | None = None
        self._has_moved = False
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Footage of the day, a lane for each camera"))
        self.viewport().setMouseTracking(True)
        theme.changed.connect(self.viewport().update)

    @property
    def cursor_hit(self) -> Hit | None:
        """The segment that the cursor is on."""
        found = self._found(self._cursor)
        return found[1] if found else None

    def show_day(self, day: DayFootage) -> None:
        """Show a day; of the same day as before, the same part of it."""
        current = self.lanes[self._row].camera if self.lanes else ""
        self.lanes = day.lanes
        if (self.scale.start, self.scale.stop) != (day.start, day.stop):
            self.scale = LaneScale(day.start, day.stop, 1)
            self._moment = None
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(lane.camera) for lane in self.lanes), default=0) + _NAME_ROOM_PX
        self._style = LaneStyle(min(max(widest, _NAMES_PX[0]), _NAMES_PX[1]), day.top_score)
        last = max(len(self.lanes) - 1, 0)
        self._row = next((row for row, lane in enumerate(self.lanes) if lane.camera == current), min(self._row, last))
        self._measure()
        self._describe()
        self.viewport().update()

    def clear(self) -> None:
        """Show nothing: another archive is opened."""
        self.lanes, self._row, self._cursor, self._moment = (), 0, None, None
        self.scale.show_all()
        self._measure()
        self._describe()
        self.viewport().update()

    def put_cursor(self, key: HitKey) -> None:
        """Put the cursor on a segment, once its day is shown."""
        self._cursor, self._moment = key, None
        if found := self._found(key):
            self._row, hit = found
            self.scale.reveal(_begun(hit))
            self._reveal_row()
        self._describe()
        self.viewport().update()

    def row_rect(self, row: int) -> QRect:
        """Where a lane is on screen."""
        top = AXIS_PX + row * LANE_PX - self.verticalScrollBar().value()
        return QRect(0, top, self.viewport().width(), LANE_PX)

    def x_of(self, moment: datetime) -> int:
        """Where a moment is on screen."""
        return round(self._style.names_px + self.scale.x(moment))

    # Through the segments

    def _choose(self, hit: Hit) -> None:
        self.put_cursor(hit.key)
        self.hit_chosen.emit(hit)

    def _step(self, by: int) -> None:
        if not self.lanes or not (hits := self.lanes[self._row].hits):
            return
        at = self.lanes[self._row].number_of(self._cursor)
        if at is None:
            at = -1 if by > 0 else len(hits)
        self._choose(hits[min(max(at + by, 0), len(hits) - 1)])

    def _move_mark(self, by: int) -> None:
        """Go through time, from the segment that the cursor is on or from the middle of what is shown."""
        if not self.lanes:
            return
        scale, hit = self.scale, self.cursor_hit
        before = self._moment or (_begun(hit) if hit else scale.at(scale.width_px / 2))
        wanted = before + by * _MARK_STEP * (scale.shown_stop - scale.shown_start)
        self._mark(min(max(wanted, scale.start), scale.stop - timedelta(seconds=1)))

    def _mark(self, moment: datetime) -> None:
        self._moment = moment
        self.scale.reveal(moment)
        self._describe()
        self.moment_marked.emit(self.accessibleDescription())

    def _open(self) -> None:
        lane = self.lanes[self._row] if self.lanes else None
        if lane and self._moment:
            if footage := lane.footage_at(self._moment):
                self.footage_opened.emit(footage, (self._moment - footage.start).total_seconds())
        elif hit := self.cursor_hit:
            self.hit_opened.emit(hit)

    def _change_row(self, by: int) -> None:
        before = self.cursor_hit if self._moment is None else None
        self._row = min(max(self._row + by, 0), max(len(self.lanes) - 1, 0))
        self._reveal_row()
        if before and (near := self.lanes[self._row].nearest(_begun(before))):
            self._choose(near)
        if self._moment:
            self._mark(self._moment)
        self._describe()
        self.viewport().update()

    def _reveal_row(self) -> None:
        bar, top = self.verticalScrollBar(), self._row * LANE_PX
        room = self.viewport().height() - AXIS_PX
        bar.setValue(min(max(bar.value(), top + LANE_PX - room), top))

    def _describe(self) -> None:
        """Tell screen readers where the cursor is."""
        hit = self.cursor_hit
        words = hit_sentence(hit) if hit else self.lanes[self._row].camera if self.lanes else ""
        if self._moment and self.lanes:
            words = _moment_sentence(self.lanes[self._row], self._moment)
        self.setAccessibleDescription(words)

    def _found(self, key: HitKey | None) -> tuple[int, Hit] | None:
        """The row of a segment's lane, and the segment; None where it is not of this day."""
        for row, lane in enumerate(self.lanes):
            if (number := lane.number_of(key)) is not None:
                return row, lane.hits[number]
        return None

    # What is under the mouse

    def _row_at(self, at: QPoint) -> int | None:
        row = (at.y() - AXIS_PX + self.verticalScrollBar().value()) // LANE_PX
        return row if at.y() >= AXIS_PX and 0 <= row < len(self.lanes) else None

    def _moment_at(self, x: float) -> datetime:
        return self.scale.at(x - self._style.names_px)

    def hit_at(self, at: QPoint) -> Hit | None:
        """The segment at a place; of several the highest."""
        row = self._row_at(at)
        if row is None or at.x() < self._style.names_px:
            return None
        return self.lanes[row].hit_at(self._moment_at(at.x()), _NEAR_PX / self.scale.px_a_second)

    def footage_at(self, at: QPoint) -> Footage | None:
        """The recording at a place."""
        row = self._row_at(at)
        if row is None or at.x() < self._style.names_px:
            return None
        return self.lanes[row].footage_at(self._moment_at(at.x()))

    def _tip(self, at: QPoint) -> str:
        if hit := self.hit_at(at):
            return hit_sentence(hit)
        row = self._row_at(at)
        if row is None or at.x() < self._style.names_px:
            return self.lanes[row].camera if row is not None else ""
        return _moment_sentence(self.lanes[row], self._moment_at(at.x()))

    # Qt's side

    def _measure(self) -> None:
        self.scale.width_px = max(self.viewport().width() - self._style.names_px, 1)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height() - AXIS_PX)
        bar.setSingleStep(LANE_PX)
        bar.setRange(0, max(len(self.lanes) * LANE_PX - bar.pageStep(), 0))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, D102
        super().resizeEvent(event)
        self._measure()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802, D102
        painter = QPainter(self.viewport())
        colours = theme.current()
        painter.fillRect(self.viewport().rect(), colours.surface)
        painting = LanePainter(painter, self.scale, self._style)
        bottom = min(self.row_rect(len(self.lanes)).top(), self.viewport().height())
        painter.setClipRect(0, AXIS_PX, self.viewport().width(), self.viewport().height())
        for row, lane in enumerate(self.lanes):
            place = self.row_rect(row)
            if place.bottom() >= AXIS_PX and place.top() <= self.viewport().height():
                painting.lane(lane, place, is_current=row == self._row and self.hasFocus())
        if found := self._found(self._cursor):
            row, cursor = found
            painter.setClipRect(self._style.names_px, AXIS_PX, self.viewport().width(), self.viewport().height())
            painting.cursor(cursor, self.row_rect(row))
        if self._moment and self.lanes:
            painting.mark(self._moment, self.row_rect(self._row))
        painter.setClipping(False)
        painting.axis(bottom)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802, D102
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip(event.pos()), self)
            return True
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802, D102
        steps = event.angleDelta().y() / 120
        if event.position().x() < self._style.names_px or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - round(steps * LANE_PX))
        elif steps:
            self.scale.zoom(_WHEEL_FACTOR**steps, self._moment_at(event.position().x()))
            self.viewport().update()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._pressed, self._has_moved = event.position(), False
        row = self._row_at(event.position().toPoint())
        if row is not None:
            self._row = row
        self._moment = None
        if hit := self.hit_at(event.position().toPoint()):
            self._choose(hit)
        self._describe()
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        by = event.position() - self._pressed
        if self._has_moved or abs(by.x()) >= _NEAR_PX:
            self._has_moved, self._pressed = True, event.position()
            self.scale.move(self.scale.at(0) - self.scale.at(by.x()))
            self.viewport().update()

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:  # noqa: N802, D102
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102
        at = event.position().toPoint()
        if hit := self.hit_at(at):
            self.hit_opened.emit(hit)
        elif footage := self.footage_at(at):
            self.footage_opened.emit(footage, (self._moment_at(at.x()) - footage.start).total_seconds())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, D102
        key = Qt.Key(event.key())
        if key in _STEPS and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._move_mark(_STEPS[key])
        elif key in _STEPS:
            self._step(_STEPS[key])
        elif key in _ROWS:
            self._change_row(_ROWS[key])
        elif key in _DAYS:
            self.day_wanted.emit(_DAYS[key])
        elif key in _ZOOM:
            hit = self.cursor_hit
            chosen = self._moment or (_begun(hit) if hit else None)
            self.scale.zoom(_ZOOM[key], chosen or self.scale.at(self.scale.width_px / 2))
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.scale.show_all()
        elif key in OPENING_KEYS:
            self._open()
        else:
            super().keyPressEvent(event)
            return
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802, D102
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802, D102
        super().focusOutEvent(event)
        self.viewport().update()


def _moment_sentence(lane: Lane, moment: datetime) -> str:
    """What a camera has recorded at a moment."""
    if footage := lane.footage_at(moment):
        return f"{hour_words(moment)}\n{footage_sentence(footage)}"
    return tr("{time}: nothing recorded by {camera}").format(time=hour_words(moment), camera=lane.camera)


def _begun(hit: Hit) -> datetime:
    assert hit.start_time is not None  # segments without a time are on no lane
    return hit.start_time
