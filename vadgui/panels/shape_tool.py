"""Draws, selects, moves and reshapes polygons by mouse and keys, on the panel of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter

from engine.common.language import tr, tr_noop
from engine.scoring.zones import Point, Points, moved_points, rectangle_points, reshaped_points
from vadgui.panels.picture import PicturePanel
from vadgui.panels.shapes import corners, paint_crosshair, paint_draft, polygon

_NEAR_PX = 9
"""A click this near to a polygon's first corner closes it; a drag from this near to a corner moves it."""
_MIN_DRAG_PX = 4
_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)
}  # fmt: skip
_STEP, _LARGE_STEP, _SMALL_STEP = 0.01, 0.1, 0.001
"""How far an arrow moves the cursor, in shares of the picture: alone, with Shift, with Ctrl."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_BY_KEYS = tr_noop("Enter: draw by keys.")
_KEYS = tr_noop("Arrows move the cursor, with Shift far, with Ctrl finely; Enter sets a corner, Esc leaves.")


class MouseMode(Enum):
    """What the mouse does; the value is its English name."""

    RECTANGLE = tr_noop("Rectangle")
    POLYGON = tr_noop("Polygon")
    MOVE = tr_noop("Move")


class ShapeTool(QObject):
    """Mouse and keys on one panel while polygons are edited; what they are is for subclasses to say."""

    changed = Signal()
    """Something else is on screen or can be done: a draft, the selected one, the mode."""
    told = Signal(str)
    """What can be done now, or where the cursor is, in a line; empty once nothing is edited any more."""

    def __init__(self, panel: PicturePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._mode = MouseMode.RECTANGLE
        self._selected: int | None = None
        self._draft: list[Point] = []
        self._cursor: Point | None = None
        """Where the side that is being drawn ends."""
        self._crosshair: Point | None = None
        """The cursor that keys move; None while the mouse draws."""
        self._grabbed: Point | None = None
        self._grabbed_corner: int | None = None
        self._moved: Points | None = None

    # What subclasses say

    def shapes(self) -> Sequence[Points]:
        """The polygons on screen; one that is not there in this frame has no corners."""
        raise NotImplementedError

    def add(self, points: Points) -> None:
        """Take a polygon that was drawn."""
        raise NotImplementedError

    def put(self, number: int, points: Points) -> None:
        """Take the new place of a polygon."""
        raise NotImplementedError

    def delete_selected(self) -> None:
        """Remove the selected polygon."""
        raise NotImplementedError

    @property
    def hint(self) -> str:
        """What to do next, for people."""
        raise NotImplementedError

    # What the mouse does

    @property
    def is_on(self) -> bool:
        """Whether the mouse edits these polygons."""
        return self._panel.tool is self

    @property
    def mode(self) -> MouseMode:
        """What the mouse does."""
        return self._mode

    @property
    def selected(self) -> int | None:
        """The number of the polygon that Delete removes."""
        return self._selected if self.is_on else None

    def turn_on(self, on: bool) -> None:
        """Edit polygons, or leave the mouse to others again."""
        was_on = self.is_on
        if on != was_on:
            self._panel.set_tool(self if on else None)
        self._crosshair = None
        self.forget()  # also where another tool has taken the mouse
        if on:
            self.told.emit(f"{self.hint} {tr(_BY_KEYS)}")
        elif was_on:
            self.told.emit("")

    def use_mode(self, mode: MouseMode) -> None:
        """Choose what the mouse does."""
        self._mode = mode
        self._draft, self._cursor = [], None
        self.changed.emit()

    def forget(self) -> None:
        """Polygons may be others: what was begun is void."""
        self._selected = None
        self._drop()
        self.changed.emit()

    def shown_shapes(self) -> list[Points]:
        """The polygons as they are, or would be if the mouse let go here."""
        shapes = list(self.shapes())
        if self._moved and self._selected is not None:
            shapes[self._selected] = self._moved
        return shapes

    def paint_drawn(self, painter: QPainter, picture: QRect, colour: QColor) -> None:
        """Paint what is being drawn."""
        if self._draft:
            points = [*self._draft, *([self._cursor] if self._cursor else [])]
            if self._mode is MouseMode.RECTANGLE and self._cursor:
                rectangle = rectangle_points(self._draft[0], self._cursor)
                points = [*rectangle, rectangle[0]]
            paint_draft(painter, picture, points, colour)
        if self._crosshair:
            paint_crosshair(painter, picture, self._crosshair, colour)

    def press(self, event: QMouseEvent) -> None:
        """Begin to drag, or set a corner."""
        self._crosshair = None
        if event.button() == Qt.MouseButton.RightButton:
            self._draft = self._draft[:-1]
            self.changed.emit()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._begin(self._share(event.position()), event.position())

    def _begin(self, point: Point, position: QPointF) -> None:
        """Take hold of a polygon, or set a corner, at a point of the picture and its position on the panel."""
        if self._mode is MouseMode.MOVE:
            self._grab(position, point)
        elif self._mode is MouseMode.RECTANGLE:
            self._draft, self._cursor = [point], point
        elif len(self._draft) > 2 and self._is_near(self._draft[0], position):
            self._finish(tuple(self._draft))
            return
        elif not self._draft or point != self._draft[-1]:
            self._draft.append(point)
        self.changed.emit()

    def move(self, event: QMouseEvent) -> None:
        """Go on with what was begun."""
        if self._crosshair is None:  # else keys draw, and the mouse only lies there
            self._go_on(self._share(event.position()))

    def _go_on(self, point: Point) -> None:
        if self._grabbed and self._selected is not None:
            points = self.shapes()[self._selected]
            if self._grabbed_corner is not None:
                self._moved = reshaped_points(points, self._grabbed_corner, point)
            else:
                self._moved = moved_points(points, point[0] - self._grabbed[0], point[1] - self._grabbed[1])
        elif self._draft:
            self._cursor = point
        else:
            return
        self.changed.emit()

    def release(self, event: QMouseEvent) -> None:
        """End a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._end(self._share(event.position()))

    def _end(self, point: Point) -> None:
        moved, self._moved, self._grabbed = self._moved, None, None
        if moved and self._selected is not None:
            if self.shapes()[self._selected] != moved:
                self.put(self._selected, moved)
        elif self._mode is MouseMode.RECTANGLE and self._draft:
            one, other = self._draft[0], point
            rect = self._panel.whole_rect()
            across, down = abs(one[0] - other[0]) * rect.width(), abs(one[1] - other[1]) * rect.height()
            self._draft = []
            if min(across, down) >= _MIN_DRAG_PX:
                self._finish(rectangle_points(one, other))
        self.changed.emit()

    def double_click(self, event: QMouseEvent) -> None:
        """Set the last corner of a polygon; the first click of the two has set it already."""
        if event.button() == Qt.MouseButton.LeftButton and self._mode is MouseMode.POLYGON and len(self._draft) > 2:
            self._finish(tuple(self._draft))

    # What keys do

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here, and not what the window has it for."""
        key = event.key()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            return self._selected is not None
        if key == Qt.Key.Key_Escape:
            return bool(self._draft) or self._crosshair is not None
        if key in _ARROWS or key == Qt.Key.Key_Space:
            return self._crosshair is not None
        return key in _ENTER

    def key(self, event: QKeyEvent) -> None:
        """Do what a key means."""
        key = event.key()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_selected()
        elif key in _ARROWS:
            self._move_crosshair(_ARROWS[key], event.modifiers())
        elif key == Qt.Key.Key_Escape:
            if not self._draft and not self._grabbed:
                self._crosshair = None
            self._drop()
            self.changed.emit()
        elif self._crosshair is None and len(self._draft) > 2:
            self._finish(tuple(self._draft))
        elif self._crosshair is None:
            self._crosshair = self._share(QRectF(self._panel.picture_rect()).center())
            self.told.emit(tr(_KEYS))
            self.changed.emit()
        else:
            self._set_corner(self._crosshair)

    def _move_crosshair(self, way: tuple[int, int], modifiers: Qt.KeyboardModifier) -> None:
        if self._crosshair is None:
            return
        step = _LARGE_STEP if modifiers & Qt.KeyboardModifier.ShiftModifier else _STEP
        step = _SMALL_STEP if modifiers & Qt.KeyboardModifier.ControlModifier else step
        x, y = (round(min(max(at + step * there, 0.0), 1.0), 4) for at, there in zip(self._crosshair, way, strict=True))
        self._crosshair = x, y
        self._go_on(self._crosshair)
        self.told.emit(tr("Cursor at {x:.1%} from the left, {y:.1%} from the top").format(x=x, y=y))
        self.changed.emit()

    def _set_corner(self, point: Point) -> None:
        """What a click does; where it is the second one of a rectangle or a move, what letting go does."""
        is_second = self._grabbed or (self._draft and self._mode is MouseMode.RECTANGLE)
        if is_second:
            self._end(point)
        elif len(self._draft) > 2 and point == self._draft[-1]:
            self._finish(tuple(self._draft))
        else:
            (position,) = corners([point], self._panel.whole_rect())
            self._begin(point, position)

    def select(self, number: int | None) -> None:
        """Select a polygon after a change, or none."""
        self._selected = number
        self.changed.emit()

    def _finish(self, points: Points) -> None:
        self._draft, self._cursor = [], None
        self.add(points)

    def _drop(self) -> None:
        self._draft, self._cursor = [], None
        self._grabbed, self._grabbed_corner, self._moved = None, None, None

    def _grab(self, position: QPointF, point: Point) -> None:
        """Take hold of a corner of the selected polygon, or of the polygon under the mouse."""
        selected = self.shapes()[self._selected] if self._selected is not None else ()
        near = (number for number, corner in enumerate(selected) if self._is_near(corner, position))
        self._grabbed_corner = next(near, None)
        if self._grabbed_corner is None:
            self._selected = self._shape_at(position)
        self._grabbed = point if self._selected is not None else None

    def _share(self, position: QPointF) -> Point:
        rect = self._panel.whole_rect()
        x, y = (position.x() - rect.left()) / rect.width(), (position.y() - rect.top()) / rect.height()
        return round(min(max(x, 0.0), 1.0), 4), round(min(max(y, 0.0), 1.0), 4)

    def _is_near(self, corner: Point, position: QPointF) -> bool:
        (place,) = corners([corner], self._panel.whole_rect())
        return bool((place - position).manhattanLength() <= _NEAR_PX)

    def _shape_at(self, position: QPointF) -> int | None:
        """The polygon under the mouse; of several the one drawn last."""
        rect, fill = self._panel.whole_rect(), Qt.FillRule.OddEvenFill
        shapes = self.shapes()
        hits = (n for n in reversed(range(len(shapes))) if polygon(shapes[n], rect).containsPoint(position, fill))
        return next(hits, None)
