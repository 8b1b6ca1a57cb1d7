"""Edits zones by mouse and keys, on the panel of the frame."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QPainter

from engine.common.language import tr, tr_noop
from engine.scoring.zones import Points, Zone, ZoneKind
from vadgui.model.review_model import ReviewModel
from vadgui.panels.picture import PicturePanel
from vadgui.panels.shape_tool import MouseMode, ShapeTool
from vadgui.panels.zones import LINES, paint_zones

_HINTS = {
    (MouseMode.RECTANGLE, ZoneKind.IGNORED): tr_noop("Drag over what is to be ignored."),
    (MouseMode.RECTANGLE, ZoneKind.WATCHED): tr_noop("Drag over what is to be watched."),
    (MouseMode.POLYGON, ZoneKind.IGNORED): tr_noop(
        "Click the corners of what is to be ignored, the last one twice. Right click takes one back."
    ),
    (MouseMode.POLYGON, ZoneKind.WATCHED): tr_noop(
        "Click the corners of what is to be watched, the last one twice. Right click takes one back."
    ),
}
_MOVE_HINT = tr_noop("Drag a zone or one of its corners; Delete removes it.")

_DRAWN = {ZoneKind.IGNORED: tr_noop("Draw ignored zone"), ZoneKind.WATCHED: tr_noop("Draw watched zone")}
"""Names of steps of the review: they are stored in English."""


class ZoneTool(ShapeTool):
    """Mouse and keys while zones are edited; every change is a step of the review."""

    def __init__(self, review: ReviewModel, panel: PicturePanel, parent: QObject | None = None) -> None:
        super().__init__(panel, parent)
        self._review = review
        self._kind = ZoneKind.IGNORED
        review.changed.connect(self.forget)
        review.opened.connect(self.forget)

    @property
    def hint(self) -> str:
        """What to do next, for people."""
        return tr(_HINTS.get((self.mode, self._kind), _MOVE_HINT))

    def use_kind(self, kind: ZoneKind) -> None:
        """Choose what the next zone is for."""
        self._kind = kind
        self.changed.emit()

    def shapes(self) -> Sequence[Points]:
        """All zones."""
        return [zone.points for zone in self._review.zones]

    def add(self, points: Points) -> None:
        """Add a zone."""
        zones = [*self._review.zones, Zone(self._kind, points)]
        self._set(_DRAWN[self._kind], zones, select=len(zones) - 1)

    def put(self, number: int, points: Points) -> None:
        """Move or reshape a zone."""
        zones = list(self._review.zones)
        zones[number] = zone = Zone(zones[number].kind, points, zones[number].name)
        self._set(tr_noop("Move zone") + f" ({zone.title})", zones, select=number)

    def delete_selected(self) -> None:
        """Remove the selected zone."""
        if self._selected is not None:
            zones = list(self._review.zones)
            gone = zones.pop(self._selected)
            self._set(tr_noop("Remove zone") + f" ({gone.title})", zones)

    def name_selected(self, name: str) -> None:
        """Call the selected zone by another name."""
        if self._selected is not None:
            zones = list(self._review.zones)
            zone = zones[self._selected]
            if name.strip() != zone.name:
                zones[self._selected] = Zone(zone.kind, zone.points, name.strip())
                self._set(tr_noop("Name zone") + f" ({name.strip()})", zones, select=self._selected)

    def paint(self, painter: QPainter, picture: QRect) -> None:
        """Paint all zones as they are or would be, and what is being drawn."""
        zones = [
            Zone(zone.kind, points, zone.name)
            for zone, points in zip(self._review.zones, self.shown_shapes(), strict=True)
        ]
        paint_zones(painter, picture, zones, self.selected)
        self.paint_drawn(painter, picture, LINES[self._kind])

    def _set(self, name: str, zones: list[Zone], select: int | None = None) -> None:
        if self._review.edit(lambda editor: editor.set_zones(name, tuple(zones))):
            self._selected = select
        self.changed.emit()
