"""The line that asks for a detector where none is remembered for a recording's folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from engine.common.language import tr
from vadgui.model.session import ReviewSession
from vadgui.settings import Settings
from vadgui.ui.detector_card import detector_card
from vadgui.ui.widgets import IconLine, button


class DetectorBanner(QWidget):
    """Shown while a recording is open and no detector is chosen for it; offers the one used last."""

    use_requested = Signal(object)
    """Path of the detector used last, to use here too."""
    choose_requested = Signal()

    def __init__(self, session: ReviewSession, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._last: Path | None = None
        self._line = IconLine()
        self.use_button: QPushButton = button("", tr("Use it for this folder's recordings from now on"))
        self.use_button.clicked.connect(lambda: self.use_requested.emit(self._last))
        self.choose_button: QPushButton = button(tr("Choose …"), tr("All detectors of this machine"))
        self.choose_button.clicked.connect(self.choose_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1, Qt.AlignmentFlag.AlignVCenter)
        for each in (self.use_button, self.choose_button):
            each.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(each, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(tr("No detector chosen"))
        session.video_changed.connect(self._show)
        session.detector_changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """The sentence on screen; empty while nothing is asked."""
        return self._line.text() if not self.isHidden() else ""

    def _show(self) -> None:
        session = self._session
        is_asking = session.video is not None and session.detector is None and not session.detector_is_coming
        self.setVisible(is_asking)
        if not is_asking or session.video is None:
            return
        folder = session.video.path.resolve().parent.name
        question = tr("Which detector knows this camera? None was chosen in the folder {folder} yet.")
        self._line.show_line("settings", question.format(folder=folder))
        self._last = self._settings.last_detector
        self.use_button.setVisible(self._last is not None)
        if self._last is not None:
            text = tr("Use {detector}").format(detector=detector_card(self._last).name)
            self.use_button.setText(text.replace("&", "&&"))
