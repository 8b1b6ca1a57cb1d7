"""The line above the panels: the frame on screen, the mask's controls, and the choice of panels."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from engine.common.language import tr, tr_noop
from engine.video.wall_clock import BY_HAND, FROM_METADATA, FROM_NAME, RecordingStart
from vadgui.model.frame_view import FrameView
from vadgui.model.session import ReviewSession
from vadgui.ui.clock_text import clock_text
from vadgui.ui.widgets import tool_button

_TOLD_BY = {
    BY_HAND: tr_noop("as you set it"),
    FROM_NAME: tr_noop("by the recording's file name"),
    FROM_METADATA: tr_noop("by the recording's metadata"),
}


class PanelHeader(QWidget):
    """Shows frame number and time of the view on screen, the mask's check box and opacity, and the menu of panels."""

    opacity_changed = Signal()

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: FrameView | None = None
        self._frame_label = QLabel()
        font = self._frame_label.font()
        font.setBold(True)
        self._frame_label.setFont(font)
        self._frame_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._time_of_day = QLabel()
        self._time_of_day.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._pending = QLabel()

        self.overlay_action = QAction(tr("Mask on frame"), self, checkable=True)
        self.overlay_action.setToolTip(tr("Mark the suspicious parts of the frame: hatched, the worst one outlined"))
        self._overlay_box = QCheckBox(self.overlay_action.text())
        self._overlay_box.setToolTip(self.overlay_action.toolTip())
        self._overlay_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._overlay_box.toggled.connect(self.overlay_action.setChecked)
        self.overlay_action.toggled.connect(self._on_overlay_toggled)

        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(10, 100)
        self._opacity.setValue(60)
        self._opacity.setFixedWidth(90)
        self._opacity.hide()
        self._opacity.setAccessibleName(tr("Opacity of the mask on the frame"))
        self._opacity.setToolTip(tr("Opacity of the mask on the frame"))
        self._opacity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._opacity.valueChanged.connect(self.opacity_changed)

        self._panels_button = QToolButton()
        self._panels_button.setText(tr("Panels"))
        self._panels_button.setToolTip(tr("Which panels are shown"))
        self._panels_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._panels_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._panels_button.setAutoRaise(True)

        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 3, 8, 3)
        layout.addWidget(self._frame_label)
        layout.addWidget(self._time_of_day)
        layout.addWidget(self._pending)
        layout.addStretch(1)
        layout.addWidget(self._overlay_box)
        layout.addWidget(self._opacity)
        self._tools = QHBoxLayout()
        self._last_control: QWidget = self._opacity
        layout.addLayout(self._tools)
        layout.addWidget(self._panels_button)
        session.playhead_changed.connect(self._show_pending)
        session.clock_changed.connect(self._show_time_of_day)

    @property
    def overlay_opacity(self) -> float:
        """Opacity of the mask on the frame, in (0, 1]."""
        return self._opacity.value() / 100

    def set_overlay_opacity(self, opacity: float) -> None:
        """Set the opacity of the mask on the frame, in (0, 1]."""
        self._opacity.setValue(round(100 * opacity))

    def set_panel_actions(self, actions: list[QAction]) -> None:
        """Fill the menu of panels."""
        menu = QMenu(self._panels_button)
        menu.addActions(actions)
        self._panels_button.setMenu(menu)

    def add_tool(self, action: QAction) -> None:
        """Show a button by which something is drawn on the frame."""
        made = tool_button("", checkable=True)
        made.setDefaultAction(action)
        self._tools.addWidget(made)
        self.setTabOrder(self._last_control, made)
        self._last_control = made

    def text(self) -> str:
        """Number and time of the frame on screen, as shown."""
        return self._frame_label.text()

    def time_of_day(self) -> str:
        """When the frame on screen was taken, as shown; empty where the recording does not say."""
        return self._time_of_day.text()

    def pending_text(self) -> str:
        """The text about the requested frame while its view is not there yet; empty otherwise."""
        return self._pending.text()

    def show_view(self, view: FrameView | None) -> None:
        """Show number and time of the view's frame."""
        self._shown = view
        self._frame_label.setText(_in_words(view) if view else "")
        self._show_time_of_day()
        self._show_pending()

    def _show_time_of_day(self) -> None:
        start, view = self._session.start, self._shown
        self._time_of_day.setText(f"{start.at(view.pts_seconds):%Y-%m-%d %H:%M:%S}" if start and view else "")
        if start:
            self._time_of_day.setToolTip(_told_by(start))

    def _show_pending(self) -> None:
        is_pending = self._shown is not None and self._shown.index != self._session.playhead
        self._pending.setText(tr("loading frame {frame} …").format(frame=self._session.playhead) if is_pending else "")

    def _on_overlay_toggled(self, on: bool) -> None:
        self._overlay_box.setChecked(on)
        self._opacity.setVisible(on)


def _in_words(view: FrameView) -> str:
    frame = tr("Frame {frame}").format(frame=view.index)
    return f"{frame}   {clock_text(view.pts_seconds)}"


def _told_by(start: RecordingStart) -> str:
    """How it is known when the frame was taken, and in which time zone that is told."""
    told = tr(_TOLD_BY[start.origin])
    zone = tr("in this computer's time zone")
    if start.zone is not None:
        zone = tr("in the time zone {zone}").format(zone=start.zone)
    return tr("When the frame was taken, {told}, {zone}").format(told=told, zone=zone)
