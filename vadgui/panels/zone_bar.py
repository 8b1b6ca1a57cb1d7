"""The line under the panels' header while zones are edited: what the mouse draws, and the selected zone's name."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit

from engine.common.language import tr, tr_noop
from engine.scoring.zones import ZoneKind
from vadgui.model.session import ReviewSession
from vadgui.panels.shape_bar import ShapeBar
from vadgui.panels.zone_tool import ZoneTool

_KINDS = {
    ZoneKind.IGNORED: (
        tr_noop("Ignore"),
        tr_noop("What happens there does not count: a clock, a road behind the fence, trees"),
    ),
    ZoneKind.WATCHED: (tr_noop("Watch only"), tr_noop("Where there are such zones, nothing else counts")),
}
_NAME_WIDTH_PX = 110
_NOT_CALIBRATED = tr_noop(
    "This detector's score does not know where in the picture things are: zones change nothing in it."
)


class ZoneBar(ShapeBar):
    """Controls of a `ZoneTool`."""

    load_requested = Signal()
    save_requested = Signal()

    def __init__(self, session: ReviewSession, tool: ZoneTool) -> None:
        super().__init__(tool, _KINDS, tr("What the next zone is for"))
        self._session = session
        self._tool = tool
        # Qt gives the kind back as the text that it is.
        self.choice_box.activated.connect(lambda: tool.use_kind(ZoneKind(self.choice_box.currentData())))
        self.name_edit = QLineEdit()
        self.name_edit.setPlaceholderText(tr("Name"))
        self.name_edit.setMaximumWidth(_NAME_WIDTH_PX)
        self.name_edit.setMaxLength(60)
        self.name_edit.setAccessibleName(tr("Name of the selected zone"))
        self.name_edit.editingFinished.connect(lambda: tool.name_selected(self.name_edit.text()))
        self.remove_button.setToolTip(tr("Remove the selected zone (Delete)"))
        self.save_action = QAction(tr("&Save zones …"), self)
        self.load_action = QAction(tr("&Load zones …"), self)
        self.save_action.triggered.connect(self.save_requested)
        self.load_action.triggered.connect(self.load_requested)
        self.file_button = self._menu_button(tr("File"), self.save_action, self.load_action)
        self._lay_out(self.name_edit, self.remove_button, self.file_button, self.done_button)
        tool.changed.connect(self._show)
        session.detector_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.setVisible(self._tool.is_on)
        detector, zones = self._session.detector, self._session.review.zones
        knows_where = detector is None or detector.calibration is not None
        self._tell(self._tool.hint if knows_where else tr(_NOT_CALIBRATED))
        selected = self._tool.selected
        self.remove_button.setEnabled(selected is not None)
        self.name_edit.setEnabled(selected is not None)
        if not self.name_edit.hasFocus():
            self.name_edit.setText(zones[selected].name if selected is not None else "")
        self.save_action.setEnabled(bool(zones))
