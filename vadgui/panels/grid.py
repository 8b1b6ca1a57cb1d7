"""The grid of panels, which always show the same frame."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRect, QTimer, Signal
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.common.language import tr
from engine.scoring.heat_map import Seconds
from vadgui.model.frame_view import Bgra, FrameView
from vadgui.model.session import ReviewSession
from vadgui.panels.area import PanelArea
from vadgui.panels.content import SHOWN_AT_FIRST, Panel, detail_of, message_for, picture_of, signals_of
from vadgui.panels.evidence import evidence_picture, heat_picture, paint_evidence_scale, paint_heat_scale
from vadgui.panels.header import PanelHeader
from vadgui.panels.legend import paint_legend
from vadgui.panels.loupe import Loupe
from vadgui.panels.mask import paint_mask, paint_overlay
from vadgui.panels.outlines import paint_outlines
from vadgui.panels.panel_drag import PanelDrag
from vadgui.panels.picture import Decoration, PicturePanel
from vadgui.panels.redaction_bar import RedactionBar
from vadgui.panels.redaction_tool import RedactionTool
from vadgui.panels.search_tool import SearchTool
from vadgui.panels.shape_tool import ShapeTool
from vadgui.panels.window_mark import (
    paint_window,
    paint_words,
    window_at,
    window_at_most,
    window_in_words,
    worst_window,
)
from vadgui.panels.zone_bar import ZoneBar
from vadgui.panels.zone_tool import ZoneTool
from vadgui.panels.zones import paint_zones
from vadgui.ui import theme

_RANK_INTERVAL_MS = 200  # the rank of a chosen place changes with every moment that is read


class PanelGrid(QWidget):
    """Shows the session's view. All panels are filled from one FrameView, so that they never show different frames."""

    shown_panels_changed = Signal()
    arrangement_changed = Signal()
    """The panels need another height than before for their width."""
    arranged = Signal()
    """The person has put the panels in another order, or shown or hidden one."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._area = PanelArea(self)
        self.header = PanelHeader(session, self)
        self.panel_actions: dict[Panel, QAction] = {}
        """Checkable actions that show or hide a panel; also in the main window's menu."""
        self.overlay_action = self.header.overlay_action
        """Checkable action that shows the PSNR mask on the frame; also in the main window's menu."""
        self.zoom = self._area.zoom
        """What part of the picture all panels show."""
        self.loupe = Loupe(list(self._area.panels.values()), self._area)
        frame = self._area.panels[Panel.FRAME]
        self.zone_tool = ZoneTool(session.review, frame, self)
        self.zone_bar = ZoneBar(session, self.zone_tool)
        self.search_tool = SearchTool(session.places, frame, self)
        self.redaction_tool = RedactionTool(session, frame, self)
        self.redaction_bar = RedactionBar(self.redaction_tool)
        self._outlines_are_shown = False
        self._evidence: tuple[FrameView, float, Bgra] | None = None
        """The picture of the evidence panel, and what it was made of."""
        self._heat: tuple[Seconds, Bgra] | None = None
        """The heat map, and its picture."""
        self._rank_timer = QTimer(self, singleShot=True, interval=_RANK_INTERVAL_MS)
        self._rank_timer.timeout.connect(self._refresh)
        self._add_panels()
        self._lay_out()
        self._connect_session()
        for tool in (self.zone_tool, self.search_tool, self.redaction_tool):
            tool.changed.connect(frame.update)
        theme.changed.connect(self._area.repaint_all)
        self._refresh()

    def _add_panels(self) -> None:
        for panel in Panel:
            action = QAction(panel.title, self, checkable=True, checked=panel in SHOWN_AT_FIRST)
            action.setToolTip(panel.explanation)
            action.toggled.connect(partial(self._on_panel_toggled, panel))
            self.panel_actions[panel] = action
            self._area.panels[panel].enlarge_toggled.connect(partial(self.toggle_enlarged, panel))
            self._area.panels[panel].place_clicked.connect(self._choose_place)
        PanelDrag(self._area.panels, self._area).dropped.connect(self.move_panel)
        self.header.set_panel_actions(list(self.panel_actions.values()))
        self.overlay_action.toggled.connect(self._refresh)
        self.header.opacity_changed.connect(self._refresh)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.zone_bar)
        layout.addWidget(self.redaction_bar)
        layout.addWidget(self._area, stretch=1)

    def _connect_session(self) -> None:
        session = self._session
        session.view_changed.connect(self._refresh)
        session.video_changed.connect(self._refresh)
        session.video_changed.connect(self._show_whole_picture)
        session.detector_changed.connect(self._refresh)
        # The raw signals of the frame on screen may come from the analysis, not only with its view.
        session.scoring.scores_changed.connect(self._refresh)
        session.scoring.segments_changed.connect(self._refresh)
        session.scoring.selection_changed.connect(self._refresh)
        session.review.zones_changed.connect(self._refresh)
        session.review.opened.connect(self._refresh)
        session.trace.window_changed.connect(self._refresh)
        session.trace.scores_added.connect(self._refresh_soon)
        session.places.changed.connect(self._refresh)

    def panel(self, panel: Panel) -> PicturePanel:
        """The widget of one panel."""
        return self._area.panels[panel]

    @property
    def enlarged(self) -> Panel | None:
        """The panel that fills the grid; None while all chosen panels are shown."""
        return self._area.enlarged

    def shown_panels(self) -> list[Panel]:
        """The panels on screen, in their order."""
        return self._area.shown()

    @property
    def order(self) -> list[Panel]:
        """All panels, also hidden ones, in the order in which they are shown; the first is larger than the others."""
        return list(self._area.order)

    def move_panel(self, panel: Panel, place: Panel) -> None:
        """Give a panel another one's place; those between move up."""
        at = self._area.order.index(place)
        self._area.order.remove(panel)
        self._area.order.insert(at, panel)
        self._arrange()
        self.arranged.emit()

    def put_first(self, panel: Panel) -> None:
        """Show a panel before all others, where it is larger."""
        self.set_panel_shown(panel, True)
        self.move_panel(panel, self._area.order[0])

    def use_arrangement(self, order: Iterable[Panel] = (), shown: Iterable[Panel] = SHOWN_AT_FIRST) -> None:
        """Put panels in an order, those that are not named after them, and show only some of them."""
        self._area.order = list(dict.fromkeys((*order, *Panel)))
        wanted = set(shown)
        for panel in sorted(Panel, key=lambda each: each not in wanted):  # the last one shown can't be hidden
            self.set_panel_shown(panel, panel in wanted)
        self._area.enlarged = None
        self._arrange()
        self.arranged.emit()

    def needed_height(self, width: int, at_most: int) -> int:
        """The height beyond which panels of this width would not become larger; `at_most` where that never is."""
        return self.header.sizeHint().height() + self._area.needed_height(
            width, at_most - self.header.sizeHint().height()
        )

    def set_panel_shown(self, panel: Panel, shown: bool) -> None:
        """Show or hide a panel; the last visible one can't be hidden."""
        self.panel_actions[panel].setChecked(shown)

    def show_outlines(self, shown: bool) -> None:
        """Draw lines round what stands out in the frame, or none."""
        self._outlines_are_shown = shown
        self._refresh()

    def edit_zones(self, on: bool) -> None:
        """Give the mouse on the frame to whoever draws zones, or take it back."""
        self._edit_frame(self.zone_tool, on)

    def edit_redaction(self, on: bool) -> None:
        """Give the mouse on the frame to whoever redacts regions, or take it back."""
        self._edit_frame(self.redaction_tool, on)

    def search_place(self, on: bool) -> None:
        """Give the mouse on the frame to whoever searches a place, or take it back."""
        self._edit_frame(self.search_tool, on)

    def _edit_frame(self, tool: ShapeTool, on: bool) -> None:
        if on:
            self.set_panel_shown(Panel.FRAME, True)
            if self.enlarged not in (None, Panel.FRAME):
                self.toggle_enlarged(Panel.FRAME)
        tool.turn_on(on)

    def toggle_enlarged(self, panel: Panel) -> None:
        """Give a panel the whole grid, or bring the others back."""
        self._area.enlarged = None if self._area.enlarged is panel else panel
        self._arrange()

    def show_all(self) -> None:
        """Bring back the panels that were shown before one was alone; where none is, show the hidden ones too."""
        if self.enlarged:
            self.toggle_enlarged(self.enlarged)
        else:
            for panel in Panel:
                self.set_panel_shown(panel, True)

    def choose_worst_window(self) -> None:
        """Follow the window that stands out most in the frame on screen, or none where one is followed."""
        view = self._session.view
        if self._session.trace.window is not None:
            self._session.follow_window(None)
        elif view is not None and view.where is not None:
            self._session.follow_window(worst_window(view.where))

    def move_window(self, rows: int, columns: int) -> None:
        """Follow a window so far from the followed one, or from the middle of the picture where none is followed."""
        view = self._session.view
        if view is not None and view.where is not None:
            row, column = self._session.trace.window or window_at(QPointF(0.5, 0.5))
            self._session.follow_window(window_at_most(row + rows, column + columns))

    def _choose_place(self, place: QPointF) -> None:
        """Follow the window under the mouse; a second click on it ends that."""
        view = self._session.view
        if view is not None and view.where is not None:
            window = window_at(place)
            self._session.follow_window(None if window == self._session.trace.window else window)

    def _show_whole_picture(self) -> None:
        """Another recording begins unzoomed; the same one with revised times stays as it is."""
        if self._session.view is None:
            self.zoom.reset()

    def _on_panel_toggled(self, panel: Panel, shown: bool) -> None:
        chosen = [p for p in Panel if self.panel_actions[p].isChecked()]
        if not chosen:
            self.panel_actions[panel].setChecked(True)
            return
        self._area.chosen = set(chosen)
        if shown or self._area.enlarged not in chosen:
            self._area.enlarged = None
        self._arrange()
        self.arranged.emit()

    def _arrange(self) -> None:
        self._area.arrange()
        self._refresh()  # a panel that was hidden may have no picture yet
        needs_pictures = set(self.shown_panels()) - {Panel.FRAME, Panel.HEAT_MAP}
        self._session.set_pictures_requested(bool(needs_pictures))
        self._session.places.show_heat(Panel.HEAT_MAP in self.shown_panels())
        self.shown_panels_changed.emit()
        self.arrangement_changed.emit()

    def _refresh_soon(self) -> None:
        """Scores of a place come by the hundred."""
        if not self._rank_timer.isActive():
            self._rank_timer.start()

    def _refresh(self) -> None:
        view, video = self._session.view, self._session.video
        if video is not None and self._area.set_aspect(video.width_px / video.height_px):
            self.arrangement_changed.emit()
        signals = signals_of(view, self._session) if view else None
        radius_px = self._session.detector.flow_radius_px if self._session.detector else None
        trailing = view.trailing if view else None
        trailing_signals = signals_of(trailing, self._session) if trailing else None
        for panel, widget in self._area.panels.items():
            # During playback, the pictures of an earlier frame stay until newer ones are made; their titles say so.
            trails = trailing is not None and panel is not Panel.FRAME
            shown, of_shown = (trailing, trailing_signals) if trails else (view, signals)
            picture = self._picture(panel, shown) if shown else None
            decoration = self._decoration(panel, shown, of_shown) if shown else None
            legend = self._legend(panel, shown) if shown else None
            if shown is None or (picture is None and decoration is None):
                widget.show_message(message_for(panel, view, self._session))
            else:
                detail = detail_of(panel, shown, of_shown, radius_px, video)
                if trails:
                    detail = tr("frame {frame}").format(frame=shown.index)
                widget.show_picture(picture, detail=detail, decoration=decoration, legend=legend)
        self.header.show_view(view)

    def _picture(self, panel: Panel, view: FrameView) -> Bgra | None:
        if panel is Panel.HEAT_MAP and panel in self.shown_panels() and view.frame is not None:
            return self._heat_picture(view.frame)
        if panel is not Panel.EVIDENCE or panel not in self.shown_panels() or view.frame is None or view.where is None:
            return picture_of(panel, view)
        top = self._session.scoring.top
        if self._evidence is None or self._evidence[:2] != (view, top):
            self._evidence = (view, top, evidence_picture(view.frame, view.where, top))
        return self._evidence[2]

    def _heat_picture(self, frame: Bgra) -> Bgra | None:
        """Over the frame that was on screen when the map was made: another one needs no new picture."""
        heat = self._session.places.heat()
        if heat is None:
            self._heat = None
        elif self._heat is None or self._heat[1].shape != frame.shape or not np.array_equal(self._heat[0], heat):
            self._heat = (heat, heat_picture(frame, heat))
        return self._heat[1] if self._heat else None

    def _decoration(self, panel: Panel, view: FrameView, signals: np.void | None) -> Decoration | None:
        match panel:
            case Panel.PSNR_MASK if signals is not None:
                return partial(paint_mask, patch_psnr_db=signals["patch_psnr_db"])
            case Panel.FRAME:
                return self._marks(view, signals)
            case Panel.HEAT_MAP if self._heat is not None and panel in self.shown_panels():
                return partial(paint_zones, zones=self._session.review.zones)
            case Panel.EVIDENCE if view.where is not None and view.frame is not None:
                return partial(paint_zones, zones=self._session.review.zones)
            case _:
                return None

    def _legend(self, panel: Panel, view: FrameView) -> Decoration | None:
        match panel:
            case Panel.FRAME if self._session.trace.window is not None:
                return partial(paint_words, words=window_in_words(self._session))
            case Panel.EVIDENCE if view.where is not None and view.frame is not None:
                return self._paint_scale
            case Panel.HEAT_MAP if self._heat is not None and panel in self.shown_panels():
                return partial(paint_heat_scale, heat=self._heat[0])
            case Panel.PREDICTED_FLOW | Panel.TEACHER_FLOW | Panel.FLOW_DIFFERENCE if (
                view.complete and self._session.detector
            ):
                return partial(paint_legend, radius_px=self._session.detector.flow_radius_px)
            case _:
                return None

    def _marks(self, view: FrameView, signals: np.void | None) -> Decoration | None:
        """What is painted on the frame."""
        tools = (self.zone_tool, self.redaction_tool, self.search_tool)
        marks: list[Decoration] = [] if view.frame is None else [tool.paint for tool in tools]
        if signals is not None and self.overlay_action.isChecked():
            opacity = self.header.overlay_opacity
            marks.append(partial(paint_overlay, patch_psnr_db=signals["patch_psnr_db"], opacity=opacity))
        if view.where and self._outlines_are_shown:
            outlines = self._session.scoring.outlines(view.where, view.index)
            marks.append(partial(paint_outlines, outlines=outlines))
        if self._session.trace.window is not None:
            marks.append(partial(paint_window, window=self._session.trace.window))

        def paint(painter: QPainter, picture: QRect) -> None:
            for mark in marks:
                mark(painter, picture)

        return paint if marks else None

    def _paint_scale(self, painter: QPainter, picture: QRect) -> None:
        scoring = self._session.scoring
        paint_evidence_scale(painter, picture, scoring.top, scoring.rule.enter)
