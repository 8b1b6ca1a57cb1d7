"""Draws, selects, moves and deletes zones by the mouse, on the panel of the frame."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from engine.scoring.zones import Point, Zone, ZoneKind
from vadgui.model.review_model import ReviewModel
from vadgui.panels.picture import PicturePanel
from vadgui.panels.zones import corners, paint_draft, paint_zones, polygon, share_of

_NEAR_PX = 9
"""A click this near to a polygon's first corner closes it."""
_MIN_DRAG_PX = 4


class ZoneShape(Enum):
    """What the mouse does; the value is what people see."""

    RECTANGLE = "Rectangle"
    POLYGON = "Polygon"
    MOVE = "Move"


_HINTS = {
    ZoneShape.RECTANGLE: "Drag over what is to be {kind}.",
    ZoneShape.POLYGON: "Click the corners of what is to be {kind}, the last one twice. Right click takes one back.",
    ZoneShape.MOVE: "Drag a zone to move it; Delete removes it.",
}


class ZoneTool(QObject):
    """The mouse on one panel while zones are edited; every change is a step of the review."""

    changed = Signal()
    """Something else is on screen or can be done: a draft, the selected zone, the shape."""

    def __init__(self, review: ReviewModel, panel: PicturePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._review = review
        self._panel = panel
        self._kind, self._shape = ZoneKind.IGNORED, ZoneShape.RECTANGLE
        self._selected: int | None = None
        self._draft: list[Point] = []
        self._cursor: Point | None = None
        self._grabbed: Point | None = None
        self._moved: Zone | None = None
        review.changed.connect(self._forget)
        review.opened.connect(self._forget)

    @property
    def is_on(self) -> bool:
        """Whether the mouse edits zones."""
        return self._panel.tool is self

    @property
    def shape(self) -> ZoneShape:
        """What the mouse does."""
        return self._shape

    @property
    def selected(self) -> int | None:
        """The number of the zone that Delete removes."""
        return self._selected if self.is_on else None

    @property
    def hint(self) -> str:
        """What to do next, for people."""
        return _HINTS[self._shape].format(kind=self._kind.value)

    def turn_on(self, on: bool) -> None:
        """Edit zones, or leave the mouse to others again."""
        if on != self.is_on:
            self._panel.set_tool(self if on else None)
            self._forget()

    def use(self, shape: ZoneShape, kind: ZoneKind | None = None) -> None:
        """Choose what the mouse does."""
        self._shape, self._kind = shape, kind or self._kind
        self._draft, self._cursor = [], None
        self.changed.emit()

    def delete_selected(self) -> None:
        """Remove the selected zone."""
        if self._selected is not None:
            zones = list(self._review.zones)
            gone = zones.pop(self._selected)
            self._set(f"Remove zone ({gone.title})", zones)

    def name_selected(self, name: str) -> None:
        """Call the selected zone by another name."""
        if self._selected is not None:
            zones = list(self._review.zones)
            zone = zones[self._selected]
            if name.strip() != zone.name:
                zones[self._selected] = Zone(zone.kind, zone.points, name.strip())
                self._set(f"Name zone “{name.strip()}”", zones, select=self._selected)

    def paint(self, painter: QPainter, picture: QRect) -> None:
        """Paint all zones as they are or would be, and what is being drawn."""
        zones = list(self._review.zones)
        if self._moved and self._selected is not None:
            zones[self._selected] = self._moved
        paint_zones(painter, picture, zones, self.selected)
        if self._draft:
            points = [*self._draft, *([self._cursor] if self._cursor else [])]
            if self._shape is ZoneShape.RECTANGLE and self._cursor:
                rectangle = Zone.rectangle(self._kind, self._draft[0], self._cursor).points
                points = [*rectangle, rectangle[0]]
            paint_draft(painter, picture, points, self._kind)

    # The mouse, and keys while the panel has the focus

    def press(self, event: QMouseEvent) -> None:
        """Begin to drag, or set a corner."""
        point = self._share(event.position())
        if event.button() == Qt.MouseButton.RightButton:
            self._draft = self._draft[:-1]
        elif event.button() != Qt.MouseButton.LeftButton:
            return
        elif self._shape is ZoneShape.MOVE:
            self._selected = self._zone_at(event.position())
            self._grabbed = point if self._selected is not None else None
        elif self._shape is ZoneShape.RECTANGLE:
            self._draft, self._cursor = [point], point
        elif len(self._draft) > 2 and self._is_near_first(event.position()):
            self._finish(self._draft)
            return
        elif not self._draft or point != self._draft[-1]:
            self._draft.append(point)
        self.changed.emit()

    def move(self, event: QMouseEvent) -> None:
        """Go on with what was begun."""
        point = self._share(event.position())
        if self._grabbed and self._selected is not None:
            zone = self._review.zones[self._selected]
            self._moved = zone.moved(point[0] - self._grabbed[0], point[1] - self._grabbed[1])
        elif self._draft:
            self._cursor = point
        else:
            return
        self.changed.emit()

    def release(self, event: QMouseEvent) -> None:
        """End a drag."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        moved, self._moved, self._grabbed = self._moved, None, None
        if moved and self._selected is not None:
            zones = list(self._review.zones)
            if zones[self._selected] != moved:
                zones[self._selected] = moved
                self._set(f"Move zone ({moved.title})", zones, select=self._selected)
        elif self._shape is ZoneShape.RECTANGLE and self._draft:
            one, other = self._draft[0], self._share(event.position())
            rect = self._panel.picture_rect()
            across, down = abs(one[0] - other[0]) * rect.width(), abs(one[1] - other[1]) * rect.height()
            self._draft = []
            if min(across, down) >= _MIN_DRAG_PX:
                self._finish(list(Zone.rectangle(self._kind, one, other).points))
        self.changed.emit()

    def double_click(self, event: QMouseEvent) -> None:
        """Set the last corner of a polygon; the first click of the two has set it already."""
        if event.button() == Qt.MouseButton.LeftButton and self._shape is ZoneShape.POLYGON and len(self._draft) > 2:
            self._finish(self._draft)

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here, and not what the window has it for."""
        match event.key():
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                return self._selected is not None
            case Qt.Key.Key_Escape | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                return bool(self._draft)
        return False

    def key(self, event: QKeyEvent) -> None:
        """Do what a key means."""
        match event.key():
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.delete_selected()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if len(self._draft) > 2:
                self._finish(self._draft)
            case Qt.Key.Key_Escape:
                self._draft = []
                self.changed.emit()

    def _finish(self, points: list[Point]) -> None:
        zone = Zone(self._kind, tuple(points))
        zones = [*self._review.zones, zone]
        self._draft, self._cursor = [], None
        self._set(f"Draw {zone.kind.value} zone", zones, select=len(zones) - 1)

    def _set(self, name: str, zones: list[Zone], select: int | None = None) -> None:
        if self._review.edit(lambda editor: editor.set_zones(name, tuple(zones))):
            self._selected = select
        self.changed.emit()

    def _forget(self) -> None:
        """Zones may be others: what was begun is void."""
        self._selected = None
        self._draft, self._cursor, self._grabbed, self._moved = [], None, None, None
        self.changed.emit()

    def _share(self, position: QPointF) -> Point:
        return share_of(position, self._panel.picture_rect())

    def _is_near_first(self, position: QPointF) -> bool:
        (first,) = corners(self._draft[:1], self._panel.picture_rect())
        return bool((first - position).manhattanLength() <= _NEAR_PX)

    def _zone_at(self, position: QPointF) -> int | None:
        """The zone under the mouse; of several the one drawn last."""
        rect = self._panel.picture_rect()
        zones = self._review.zones
        fill = Qt.FillRule.OddEvenFill
        hits = (n for n in reversed(range(len(zones))) if polygon(zones[n].points, rect).containsPoint(position, fill))
        return next(hits, None)
