"""The line under the panels' header while redacted regions are edited: what is shown instead, and when."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox

from engine.common.language import tr, tr_noop
from engine.redaction.regions import RedactedRegion, RedactionMethod
from vadgui.panels.redaction_tool import RedactionTool
from vadgui.panels.shape_bar import ShapeBar

_METHODS = {
    RedactionMethod.FILL: (tr_noop("Fill"), tr_noop("Black")),
    RedactionMethod.PIXELATE: (
        tr_noop("Pixelate"),
        tr_noop("Squares in the colours of what is around the region; nothing of what is in it"),
    ),
    RedactionMethod.BLUR: (
        tr_noop("Blur"),
        tr_noop("The colours of what is around the region; nothing of what is in it"),
    ),
}


class RedactionBar(ShapeBar):
    """Controls of a `RedactionTool`."""

    def __init__(self, tool: RedactionTool) -> None:
        super().__init__(tool, _METHODS, tr("What is shown in place of the region"))
        self._tool = tool
        # Qt gives the method back as the text that it is.
        self.choice_box.activated.connect(lambda: tool.use_method(RedactionMethod(self.choice_box.currentData())))
        self.blur_box = QCheckBox(tr("Blur the whole picture"))
        self.blur_box.setToolTip(tr("Outlines of what stands out stay sharp. Weaker than regions: rough colours stay"))
        self.blur_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.blur_box.toggled.connect(tool.blur_picture)
        self.begin_action = QAction(tr("&Begin with this frame"), self)
        self.end_action = QAction(tr("&End with this frame"), self)
        self.all_action = QAction(tr("&All frames"), self)
        self.keyframe_action = QAction(tr("Remove &keyframe"), self)
        calls = {
            self.begin_action: tool.begin_here,
            self.end_action: tool.end_here,
            self.all_action: tool.span_all,
            self.keyframe_action: tool.remove_keyframe,
        }
        for action, call in calls.items():
            action.triggered.connect(lambda _, call=call: call())
        self.span_button = self._menu_button(tr("Frames"), *calls)
        self.remove_button.setToolTip(tr("Remove the selected region (Delete)"))
        self._lay_out(self.blur_box, self.span_button, self.remove_button, self.done_button)
        tool.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.setVisible(self._tool.is_on)
        region = self._tool.region
        self._tell(_in_words(region) if region else self._tool.hint)
        self.choice_box.setCurrentIndex(list(_METHODS).index(region.method if region else self._tool.method))
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
