"""The view of the selected recording: a frame, the left-out parts, and the check's findings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.common.language import tr
from engine.common.names import displayable
from vadgui.panels.picture import PicturePanel
from vadgui.training.model.footage_draft import Clip, Part
from vadgui.training.model.wizard_state import Preview, WizardState
from vadgui.training.wizard.range_strip import RangeStrip
from vadgui.training.wizard.widgets import TITLE_INSET_PX
from vadgui.ui.clock_text import clock_text
from vadgui.ui.widgets import IconLine, button

_MIN_PICTURE_PX = 150
_FINDINGS_PX = 90
_ICONS = {"error": "error", "warning": "warning", "note": "note"}


class ClipView(QWidget):
    """Shows a preview of the selected recording, marks parts to leave out, and lists its findings."""

    def __init__(self, state: WizardState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._footage = state.draft.footage
        self._path: Path | None = None
        self._aspect = 16 / 9
        self.picture = PicturePanel(tr("Preview"), inset_px=TITLE_INSET_PX)
        self.picture.setMinimumHeight(_MIN_PICTURE_PX)
        self.strip = RangeStrip()
        self.strip.moment_changed.connect(self._request_frame)
        self.mark_button = button(tr("Leave out from here"), tr("Begin a part that the detector shall not learn from"))
        self.mark_button.clicked.connect(self._mark)
        self.take_back_button = button(tr("Take back"), tr("Learn from the part at this moment after all"))
        self.take_back_button.clicked.connect(self._take_back)
        self._findings = QVBoxLayout()
        self._findings.setContentsMargins(0, 4, 0, 0)
        self._lay_out()
        state.frame_shown.connect(self._show_frame)
        self._footage.changed.connect(self._show)
        self.strip.moment_changed.connect(lambda _: self._enable())
        self.show_clip(None)

    def show_clip(self, path: Path | None) -> None:
        """Show another recording, or none."""
        self._path = path
        clip = self._footage.clip(path) if path else None
        self.strip.set_length(clip.report.duration_seconds if clip and clip.report else 0.0)
        self.picture.show_message("" if path else tr("Select a recording to look at it"))
        self._show()
        if clip and path and clip.report and clip.report.frames:
            self._state.frame_requested.emit(path, 0.0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, D102
        super().resizeEvent(event)
        self._fit_picture()

    def _fit_picture(self) -> None:
        """Limit the panel's height to that of its picture, so that the findings get the rest."""
        self.picture.set_aspect(self._aspect)
        self.picture.setMaximumHeight(round(self.picture.width() / self._aspect) + self.picture.title_height())

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.mark_button)
        buttons.addWidget(self.take_back_button)
        buttons.addStretch(1)
        inside = QWidget()
        inside.setLayout(self._findings)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setMinimumHeight(_FINDINGS_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 0)
        layout.addWidget(self.picture, 3)
        layout.addWidget(self.strip)
        layout.addLayout(buttons)
        layout.addWidget(self._scroll, 1)
        layout.addStretch(0)

    def _show(self) -> None:
        clip = self._footage.clip(self._path) if self._path else None
        if clip and clip.report and clip.report.frames and not self.strip.isEnabled():
            # The report has arrived after the recording was selected: now its length is known.
            self.show_clip(self._path)
            return
        self.strip.set_parts(clip.left_out if clip else ())
        self._show_findings(clip)
        if clip and clip.report is None:
            self.picture.show_message(tr("Being checked …"))
        elif clip and clip.report and not clip.report.frames:
            self.picture.show_message(tr("This file can't be shown"))
        self._enable()

    def _show_findings(self, clip: Clip | None) -> None:
        lines: list[tuple[str, str, bool]] = []
        for finding in clip.findings if clip else ():
            prefix = f"{_part_text(finding.seconds)}: " if finding.seconds else ""
            lines.append(
                (_ICONS[finding.severity], f"{prefix}{finding.what}. {finding.advice}", finding.severity == "error")
            )
        if clip and clip.left_out:
            lines.append(
                ("note", tr("Left out: {parts}").format(parts=", ".join(map(_part_text, clip.left_out))), False)
            )
        shown = tuple(lines)
        if shown == getattr(self, "_shown", None):
            return
        self._shown = shown
        while self._findings.count():
            item = self._findings.takeAt(0)
            widget = item.widget() if item else None
            if widget:
                widget.hide()
                widget.deleteLater()
        for name, text, alert in lines:
            line = IconLine()
            self._findings.addWidget(line)
            line.show_line(name, text, alert=alert)
        self._findings.addStretch(1)
        self._scroll.setVisible(bool(lines))

    def _enable(self) -> None:
        clip = self._footage.clip(self._path) if self._path else None
        marking = self.strip.mark is not None
        self.mark_button.setEnabled(self.strip.isEnabled())
        self.mark_button.setText(tr("Leave out up to here") if marking else tr("Leave out from here"))
        moment = self.strip.moment
        inside = bool(clip) and any(begin <= moment <= stop for begin, stop in clip.left_out) if clip else False
        self.take_back_button.setEnabled(inside or marking)
        self.take_back_button.setText(tr("Cancel marking") if marking else tr("Take back"))

    def _mark(self) -> None:
        if self.strip.mark is None:
            self.strip.set_mark(self.strip.moment)
        elif self._path:
            part = (self.strip.mark, self.strip.moment)
            self.strip.set_mark(None)
            self._footage.leave_out(self._path, part)
        self._enable()

    def _take_back(self) -> None:
        if self.strip.mark is not None:
            self.strip.set_mark(None)
        elif self._path:
            self._footage.take_back(self._path, self.strip.moment)
        self._enable()

    def _request_frame(self, seconds: float) -> None:
        if self._path:
            self._state.frame_requested.emit(self._path, seconds)

    def _show_frame(self, preview: Preview) -> None:
        if preview.path != self._path:
            return
        if preview.picture is None:
            self.picture.show_message(preview.failure.what if preview.failure else "")
        else:
            self._aspect = preview.picture.shape[1] / preview.picture.shape[0]
            self._fit_picture()
            self.picture.show_picture(preview.picture, detail=displayable(preview.path.name))


def _part_text(part: Part) -> str:
    return tr("{start} to {stop}").format(start=clock_text(part[0], 1), stop=clock_text(part[1], 1))
