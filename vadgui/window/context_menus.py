"""Context menus of panels, timeline and segments: the window's own actions, where they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from engine.common.language import tr
from vadgui.model.session import ReviewSession
from vadgui.panels.content import Panel
from vadgui.panels.grid import PanelGrid
from vadgui.segments.view import SegmentList
from vadgui.timeline.view import TimelineView


def add_context_menus(
    session: ReviewSession,
    panels: PanelGrid,
    timeline: TimelineView,
    segments: SegmentList,
    actions: Mapping[str, QAction],
) -> None:
    """Give the views their context menus, with the window's actions by name."""
    for panel in Panel:
        _add(panels.panel(panel), partial(_panel_menu, panels, panel))
    _add(timeline.plot, partial(_timeline_menu, session, timeline, actions["play"]))
    _add(segments.list, partial(_segment_menu, session, segments, actions["export"]))


def _add(widget: QWidget, make: Callable[[QPoint], QMenu | None]) -> None:
    def show(at: QPoint) -> None:
        menu = make(at)
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            # Of what scrolls, Qt tells the place within the viewport.
            inside = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
            menu.popup(inside.mapToGlobal(at))

    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(show)


def _panel_menu(panels: PanelGrid, panel: Panel, _at: QPoint) -> QMenu:
    menu = QMenu(panels)
    is_alone = panels.enlarged is panel
    alone = tr("Show all panels") if is_alone else tr("Show this panel alone")
    menu.addAction(alone, lambda: panels.toggle_enlarged(panel))
    menu.addAction(tr("Hide this panel"), lambda: panels.set_panel_shown(panel, False)).setEnabled(
        len(panels.shown_panels()) > 1
    )
    menu.addAction(tr("Put this panel first"), lambda: panels.put_first(panel)).setEnabled(
        panels.shown_panels()[0] is not panel
    )
    menu.addAction(panels.overlay_action)
    menu.addSeparator()
    copy = tr("Copy “{text}”").format(text=panels.header.text())
    menu.addAction(copy, lambda: _copy(panels.header.text()))
    return menu


def _timeline_menu(session: ReviewSession, timeline: TimelineView, play: QAction, at: QPoint) -> QMenu | None:
    if not session.frame_count:
        return None
    frame = session.index_at(timeline.plot.box.seconds_at(timeline.plot.mapToScene(at)))
    reading = timeline.reading_at(frame)
    menu = QMenu(timeline)
    menu.addAction(tr("Go to frame {frame}").format(frame=frame), lambda: session.seek(frame))
    menu.addAction(play)
    menu.addSeparator()
    menu.addAction(tr("Zoom in"), lambda: timeline.zoom(2.0))
    menu.addAction(tr("Zoom out"), lambda: timeline.zoom(0.5))
    menu.addAction(tr("Show the whole recording"), timeline.zoom_to_all)
    menu.addSeparator()
    menu.addAction(tr("Copy what is known of this frame"), lambda: _copy(reading))
    return menu


def _segment_menu(session: ReviewSession, segments: SegmentList, export: QAction, at: QPoint) -> QMenu | None:
    index = segments.list.indexAt(at)
    if not index.isValid():
        return None
    segment = segments.model.segment(index.row())
    session.navigation.select(segment)
    words = index.data(Qt.ItemDataRole.ToolTipRole)
    menu = QMenu(segments)
    menu.addAction(tr("Play segment"), lambda: segments.play_requested.emit(segment))
    menu.addAction(export)
    menu.addSeparator()
    menu.addAction(tr("Copy times and score"), lambda: _copy(words))
    return menu


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
