"""The line that asks for a detector where a recording's folder has none, and offers one that has learnt since."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from engine.common.language import tr
from engine.common.paths import written_out
from vadgui.model.session import ReviewSession
from vadgui.settings import Settings
from vadgui.ui.detector_card import detector_card
from vadgui.ui.widgets import IconLine, button


class DetectorBanner(QWidget):
    """Shown while no detector is chosen for the open recording, or while there is one that learnt from its verdicts."""

    use_requested = Signal(object)
    """Path of the detector that is offered, to be used here."""
    choose_requested = Signal()

    def __init__(self, session: ReviewSession, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._offered: Path | None = None
        self._line = IconLine()
        self.use_button: QPushButton = button("", tr("Use it for this folder's recordings from now on"))
        self.use_button.clicked.connect(lambda: self.use_requested.emit(self._offered))
        self.choose_button: QPushButton = button(tr("Choose …"), tr("All detectors of this machine"))
        self.choose_button.clicked.connect(self.choose_requested)
        self.keep_button: QPushButton = button(
            tr("Keep the present one"), tr("This is not asked again in this folder until another has learnt")
        )
        self.keep_button.clicked.connect(self._keep)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1, Qt.AlignmentFlag.AlignVCenter)
        for each in (self.use_button, self.choose_button, self.keep_button):
            each.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(each, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(tr("About this recording's detector"))
        session.video_changed.connect(self._show)
        session.detector_changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """The sentence on screen; empty while nothing is asked."""
        return self._line.text() if not self.isHidden() else ""

    def _show(self) -> None:
        session = self._session
        newer = None
        if session.video and session.detector:
            newer = self._settings.newer_detector_for(session.video.path)
        is_lacking = session.video is not None and session.detector is None
        self.setVisible((is_lacking or newer is not None) and not session.detector_is_coming)
        if self.isHidden() or session.video is None:
            return
        self._offered = newer or self._settings.last_detector
        if newer and session.detector:
            words = tr(
                "{newer} has learnt from verdicts and is in use elsewhere. "
                "This recording is still judged by {detector}."
            )
            names = {"newer": detector_card(newer).name, "detector": session.detector.name}
            self._line.show_line("note", words.format(**names))
        else:
            question = tr("Which detector knows this camera? None was chosen for the folder {folder} yet.")
            folder = written_out(session.video.path).parent.name
            self._line.show_line("settings", question.format(folder=folder))
        self.choose_button.setVisible(newer is None)
        self.keep_button.setVisible(newer is not None)
        self.use_button.setVisible(self._offered is not None)
        if self._offered is not None:
            text = tr("Use {detector}").format(detector=detector_card(self._offered).name)
            self.use_button.setText(text.replace("&", "&&"))

    def _keep(self) -> None:
        if self._session.video:
            self._settings.keep_detector(self._session.video.path)
        self._show()
