"""The line under the panels' header while redacted regions are edited: what is shown instead, and when."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from engine.common.language import tr, tr_noop
from engine.redaction.regions import RedactedRegion, RedactionMethod
from vadgui.panels.mode_buttons import ModeButtons
from vadgui.panels.redaction_tool import RedactionTool
from vadgui.ui.widgets import ElidedLabel, tool_button

_METHODS = {
    RedactionMethod.FILL: tr_noop("Fill"),
    RedactionMethod.PIXELATE: tr_noop("Pixelate"),
    RedactionMethod.BLUR: tr_noop("Blur"),
}
_METHOD_TIPS = {
    RedactionMethod.FILL: tr_noop("Black"),
    RedactionMethod.PIXELATE: tr_noop("Squares in the colours of what is around the region; nothing of what is in it"),
    RedactionMethod.BLUR: tr_noop("The colours of what is around the region; nothing of what is in it"),
}


class RedactionBar(QWidget):
    """Controls of a `RedactionTool`; hidden while it is off."""

    done = Signal()

    def __init__(self, tool: RedactionTool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool = tool
        self.method_box = QComboBox()
        for method, text in _METHODS.items():
            self.method_box.addItem(tr(text), method)
            tip, last = tr(_METHOD_TIPS[method]), self.method_box.count() - 1
            self.method_box.setItemData(last, tip, Qt.ItemDataRole.ToolTipRole)
        self.method_box.setAccessibleName(tr("What is shown in place of the region"))
        self.method_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # Qt gives the method back as the text that it is.
        self.method_box.activated.connect(lambda: tool.use_method(RedactionMethod(self.method_box.currentData())))
        self.modes = ModeButtons(tool)
        self.blur_box = QCheckBox(tr("Blur the whole picture"))
        self.blur_box.setToolTip(tr("Outlines of what stands out stay sharp. Weaker than regions: rough colours stay"))
        self.blur_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.blur_box.toggled.connect(tool.blur_picture)
        self.span_button = tool_button(tr("Frames"))
        self.span_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.begin_action = QAction(tr("&Begin with this frame"), self)
        self.end_action = QAction(tr("&End with this frame"), self)
        self.all_action = QAction(tr("&All frames"), self)
        self.keyframe_action = QAction(tr("Remove &keyframe"), self)
        for action, call in (
            (self.begin_action, tool.begin_here),
            (self.end_action, tool.end_here),
            (self.all_action, tool.span_all),
            (self.keyframe_action, tool.remove_keyframe),
        ):
            action.triggered.connect(lambda _, call=call: call())
        menu = QMenu(self.span_button)
        menu.addActions([self.begin_action, self.end_action, self.all_action, self.keyframe_action])
        self.span_button.setMenu(menu)
        self.remove_button = tool_button(tr("Remove"))
        self.remove_button.setToolTip(tr("Remove the selected region (Delete)"))
        self.remove_button.clicked.connect(tool.delete_selected)
        self.done_button = tool_button(tr("Done"))
        self.done_button.clicked.connect(self.done)
        self._hint = ElidedLabel(QSizePolicy.Policy.Ignored)
        self._hint.setProperty("role", "muted")
        self._hint.setMinimumWidth(60)
        self._lay_out()
        tool.changed.connect(self._show)
        self._show()

    def hint(self) -> str:
        """What the person is told."""
        return self._hint.text()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 3)
        layout.addWidget(self.method_box)
        layout.addWidget(self.modes)
        layout.addWidget(self._hint, stretch=1)
        for widget in (self.blur_box, self.span_button, self.remove_button, self.done_button):
            layout.addWidget(widget)

    def _show(self) -> None:
        self.setVisible(self._tool.is_on)
        region = self._tool.region
        self._hint.setText(_in_words(region) if region else self._tool.hint)
        self._hint.setToolTip(self._hint.text())
        self.method_box.setCurrentText(tr(_METHODS[region.method if region else self._tool.method]))
        self.blur_box.setChecked(self._tool.redaction.blurs_picture)
        for widget in (self.span_button, self.remove_button):
            widget.setEnabled(region is not None)
        has_keyframe = region is not None and not region.is_fixed and region.has_keyframe(self._tool.frame)
        self.keyframe_action.setEnabled(has_keyframe)


def _in_words(region: RedactedRegion) -> str:
    """When and how a region moves."""
    frames = tr("All frames")
    if region.stop is not None:
        frames = tr("Frames {first} to {last}").format(first=region.start, last=region.stop - 1)
    elif region.start:
        frames = tr("From frame {first} on").format(first=region.start)
    if region.is_fixed:
        text = tr("{frames}, stays in place. Drag it at another frame (Move) to let it move.")
        return text.format(frames=frames)
    keyframes = ", ".join(str(each.frame) for each in region.keyframes)
    return tr("{frames}, keyframes at {keyframes}.").format(frames=frames, keyframes=keyframes)
