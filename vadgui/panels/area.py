"""Where the panels stand: those that are shown, in their order, or one alone."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.common.language import tr, tr_noop
from vadgui.panels.arrangement import GAP_PX, arrange
from vadgui.panels.content import SHOWN_AT_FIRST, Panel
from vadgui.panels.picture import PicturePanel
from vadgui.panels.zoom import PictureZoom
from vadgui.ui import theme

_MOUSE = tr_noop(
    "Wheel: zoom all panels, drag: move them. Double click: all of the picture, then this panel alone, and back. "
    "Drag its title: another place."
)


class PanelArea(QWidget):
    """Contains the panels and sets their geometry itself: no Qt layout keeps an aspect ratio."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.zoom = PictureZoom(self)
        self.panels = {panel: PicturePanel(panel.title, self, zoom=self.zoom) for panel in Panel}
        self.order: list[Panel] = list(Panel)
        self.chosen: set[Panel] = set(SHOWN_AT_FIRST)
        self.enlarged: Panel | None = None
        self._aspect = 16 / 9
        for panel, widget in self.panels.items():
            widget.setToolTip(f"{panel.explanation}\n{tr(_MOUSE)}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The smallest size in which the pictures are still useful."""
        return QSize(320, 200)

    def shown(self) -> list[Panel]:
        """The panels on screen, in their order."""
        return [self.enlarged] if self.enlarged else [panel for panel in self.order if panel in self.chosen]

    def set_aspect(self, aspect: float) -> bool:
        """Arrange panels for pictures of this width / height; whether it was another."""
        if aspect == self._aspect:
            return False
        self._aspect = aspect
        self.arrange()
        return True

    def arrange(self) -> None:
        """Give each panel its place."""
        shown = self.shown()
        title_px = self.panels[Panel.FRAME].title_height()
        available = self.size() - QSize(2 * GAP_PX, 2 * GAP_PX)
        rects = arrange(available, self._aspect, title_px, len(shown), large_first=self.order[0] in shown)
        by_panel = {panel: rect.translated(GAP_PX, GAP_PX) for panel, rect in zip(shown, rects, strict=True)}
        for panel, widget in self.panels.items():
            widget.set_aspect(self._aspect)
            widget.setGeometry(by_panel.get(panel, QRect()))
            widget.setVisible(panel in by_panel)

    def needed_height(self, width: int, at_most: int) -> int:
        """The height beyond which panels of this width would not become larger."""
        shown = self.shown()
        title_px = self.panels[Panel.FRAME].title_height()
        area = QSize(width, at_most) - QSize(2 * GAP_PX, 2 * GAP_PX)
        used = QRect()
        for rect in arrange(area, self._aspect, title_px, len(shown), large_first=self.order[0] in shown):
            used = used.united(rect)
        return min(used.height() + 2 * GAP_PX, at_most)

    def repaint_all(self) -> None:
        """Paint all panels anew."""
        self.update()
        for widget in self.panels.values():
            widget.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802, D102
        self.arrange()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802, D102
        QPainter(self).fillRect(self.rect(), QColor(theme.current().canvas))
