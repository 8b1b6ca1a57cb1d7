"""The line under the panels' header while zones are edited: what the mouse draws, and the selected zone's name."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QToolButton, QWidget

from engine.common.language import tr, tr_noop
from engine.scoring.zones import ZoneKind
from vadgui.model.session import ReviewSession
from vadgui.panels.mode_buttons import ModeButtons
from vadgui.panels.zone_tool import ZoneTool
from vadgui.ui.widgets import ElidedLabel, tool_button

_KINDS = {ZoneKind.IGNORED: tr_noop("Ignore"), ZoneKind.WATCHED: tr_noop("Watch only")}
_KIND_TIPS = {
    ZoneKind.IGNORED: tr_noop("What happens there does not count: a clock, a road behind the fence, trees"),
    ZoneKind.WATCHED: tr_noop("Where there are such zones, nothing else counts"),
}
_NAME_WIDTH_PX = 110
_NOT_CALIBRATED = tr_noop(
    "This detector's score does not know where in the picture things are: zones change nothing in it."
)


class ZoneBar(QWidget):
    """Controls of a `ZoneTool`; hidden while it is off."""

    done = Signal()
    load_requested = Signal()
    save_requested = Signal()

    def __init__(self, session: ReviewSession, tool: ZoneTool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tool = tool
        self.kind_box = QComboBox()
        for kind, text in _KINDS.items():
            self.kind_box.addItem(tr(text), kind)
            last = self.kind_box.count() - 1
            self.kind_box.setItemData(last, tr(_KIND_TIPS[kind]), Qt.ItemDataRole.ToolTipRole)
        self.kind_box.setAccessibleName(tr("What the next zone is for"))
        self.kind_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.kind_box.activated.connect(self._use)
        self.modes = ModeButtons(tool)
        self.name_edit = QLineEdit()
        self.name_edit.setPlaceholderText(tr("Name"))
        self.name_edit.setMaximumWidth(_NAME_WIDTH_PX)
        self.name_edit.setMaxLength(60)
        self.name_edit.setAccessibleName(tr("Name of the selected zone"))
        self.name_edit.editingFinished.connect(self._name)
        self.remove_button = tool_button(tr("Remove"))
        self.remove_button.setToolTip(tr("Remove the selected zone (Delete)"))
        self.remove_button.clicked.connect(tool.delete_selected)
        self.file_button = tool_button(tr("File"))
        self.file_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.save_action = QAction(tr("&Save zones …"), self)
        self.load_action = QAction(tr("&Load zones …"), self)
        self.save_action.triggered.connect(self.save_requested)
        self.load_action.triggered.connect(self.load_requested)
        menu = QMenu(self.file_button)
        menu.addActions([self.save_action, self.load_action])
        self.file_button.setMenu(menu)
        self.done_button = tool_button(tr("Done"))
        self.done_button.clicked.connect(self.done)
        self._hint = ElidedLabel(QSizePolicy.Policy.Ignored)
        self._hint.setProperty("role", "muted")
        self._hint.setMinimumWidth(60)
        self._lay_out()
        tool.changed.connect(self._show)
        session.detector_changed.connect(self._show)
        self._show()

    def hint(self) -> str:
        """What the person is told to do."""
        return self._hint.text()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 3)
        layout.addWidget(self.kind_box)
        layout.addWidget(self.modes)
        layout.addWidget(self._hint, stretch=1)
        for widget in (self.name_edit, self.remove_button, self.file_button, self.done_button):
            layout.addWidget(widget)

    def _use(self) -> None:
        # Qt gives the kind back as the text that it is.
        self._tool.use_kind(ZoneKind(self.kind_box.currentData()))

    def _name(self) -> None:
        self._tool.name_selected(self.name_edit.text())

    def _show(self) -> None:
        self.setVisible(self._tool.is_on)
        detector, zones = self._session.detector, self._session.review.zones
        knows_where = detector is None or detector.calibration is not None
        self._hint.setText(self._tool.hint if knows_where else tr(_NOT_CALIBRATED))
        self._hint.setToolTip(self._hint.text())
        selected = self._tool.selected
        self.remove_button.setEnabled(selected is not None)
        self.name_edit.setEnabled(selected is not None)
        if not self.name_edit.hasFocus():
            self.name_edit.setText(zones[selected].name if selected is not None else "")
        self.save_action.setEnabled(bool(zones))
