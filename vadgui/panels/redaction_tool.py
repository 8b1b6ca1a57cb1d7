"""Edits redacted regions by mouse and keys, on the panel of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QPainter

from engine.common.language import tr, tr_noop
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.scoring.zones import Points
from vadgui.model.session import ReviewSession
from vadgui.panels.picture import PicturePanel
from vadgui.panels.redaction import LINE, paint_redaction
from vadgui.panels.shape_tool import MouseMode, ShapeTool

_HINTS = {
    MouseMode.RECTANGLE: tr_noop("Drag over what is not to be seen when this is handed over."),
    MouseMode.POLYGON: tr_noop(
        "Click the corners of what is not to be seen, the last one twice. Right click takes one back."
    ),
    MouseMode.MOVE: tr_noop("Drag a region, at other frames too: it moves in between. Delete removes it."),
}
_REDACTED_BY = {
    RedactionMethod.FILL: tr_noop("Redact by fill"),
    RedactionMethod.PIXELATE: tr_noop("Redact by pixelate"),
    RedactionMethod.BLUR: tr_noop("Redact by blur"),
}


class RedactionTool(ShapeTool):
    """Mouse and keys while regions are redacted; a region that is moved at another frame gets a keyframe there."""

    def __init__(self, session: ReviewSession, panel: PicturePanel, parent: QObject | None = None) -> None:
        super().__init__(panel, parent)
        self._session = session
        self._review = session.review
        self._method = RedactionMethod.FILL
        self._shown = self.redaction
        self._review.changed.connect(self._follow)
        self._review.opened.connect(self.forget)
        session.view_changed.connect(self._go_to_frame)

    @property
    def hint(self) -> str:
        """What to do next, for people."""
        return tr(_HINTS[self.mode])

    @property
    def redaction(self) -> Redaction:
        """What is redacted in the open recording."""
        return self._review.redaction

    @property
    def region(self) -> RedactedRegion | None:
        """The selected region."""
        return self.redaction.regions[self.selected] if self.selected is not None else None

    @property
    def frame(self) -> int:
        """The frame on screen."""
        return self._session.view.index if self._session.view else self._session.playhead

    @property
    def method(self) -> RedactionMethod:
        """What the next region shows."""
        return self._method

    def _follow(self) -> None:
        """Regions may be others now; a verdict or a bookmark changes none."""
        if self.redaction != self._shown:
            self._shown = self.redaction
            self.forget()

    def use_method(self, method: RedactionMethod) -> None:
        """Choose what the next region shows, and the selected one."""
        self._method = method
        if self.region and self.region.method is not method:
            self._change(_REDACTED_BY[method], replace(self.region, method=method))

    def blur_picture(self, on: bool) -> None:
        """Blur the whole picture, or no more."""
        if on != self.redaction.blurs_picture:
            name = tr_noop("Blur the whole picture") if on else tr_noop("Blur the whole picture no more")
            self._set(name, replace(self.redaction, blurs_picture=on), self._selected)

    def begin_here(self) -> None:
        """Redact the selected region from the frame on screen on."""
        if self.region:
            stop = self.region.stop if self.region.stop and self.region.stop > self.frame else None
            self._change(tr_noop("Begin redaction"), replace(self.region, start=self.frame, stop=stop))

    def end_here(self) -> None:
        """Redact the selected region up to the frame on screen, including it."""
        if self.region:
            start = min(self.region.start, self.frame)
            self._change(tr_noop("End redaction"), replace(self.region, start=start, stop=self.frame + 1))

    def span_all(self) -> None:
        """Redact the selected region in all frames."""
        if self.region:
            self._change(tr_noop("Redact in all frames"), replace(self.region, start=0, stop=None))

    def remove_keyframe(self) -> None:
        """Let the selected region move through the frame on screen as its other keyframes say."""
        if self.region:
            self._change(tr_noop("Remove keyframe"), self.region.without_keyframe(self.frame))

    def shapes(self) -> Sequence[Points]:
        """Where each region is in the frame on screen."""
        frame = self.frame
        return [each.points_at(frame) if each.covers(frame) else () for each in self.redaction.regions]

    def add(self, points: Points) -> None:
        """Redact a region."""
        region = RedactedRegion(self._method, (Keyframe(self.frame, points),))
        regions = (*self.redaction.regions, region)
        self._set(tr_noop("Redact region"), replace(self.redaction, regions=regions), len(regions) - 1)

    def put(self, number: int, points: Points) -> None:
        """Move or reshape a region in the frame on screen: a keyframe."""
        region = self.redaction.regions[number].with_keyframe(self.frame, points)
        self._change(tr_noop("Move redacted region"), region, number)

    def delete_selected(self) -> None:
        """Remove the selected region."""
        if self._selected is not None:
            regions = list(self.redaction.regions)
            del regions[self._selected]
            self._set(tr_noop("Remove redacted region"), replace(self.redaction, regions=tuple(regions)))

    def paint(self, painter: QPainter, picture: QRect) -> None:
        """Paint the regions of the frame on screen as they are or would be, and what is being drawn."""
        redaction = self.redaction
        paint_redaction(
            painter,
            picture,
            redaction.regions,
            self.shown_shapes(),
            self.frame,
            selected=self.selected,
            blurs_picture=redaction.blurs_picture,
        )
        self.paint_drawn(painter, picture, LINE)

    def _go_to_frame(self) -> None:
        """What was begun on another frame is void, but the selected region stays selected."""
        self._drop()
        if self.is_on:
            self.changed.emit()

    def _change(self, name: str, region: RedactedRegion, number: int | None = None) -> None:
        number = self._selected if number is None else number
        if number is not None:
            regions = list(self.redaction.regions)
            regions[number] = region
            where = f", frame {self.frame}"
            self._set(name + where, replace(self.redaction, regions=tuple(regions)), number)

    def _set(self, name: str, redaction: Redaction, select: int | None = None) -> None:
        if self._review.edit(lambda editor: editor.set_redaction(name, redaction)):
            self._selected = select
        self.changed.emit()
