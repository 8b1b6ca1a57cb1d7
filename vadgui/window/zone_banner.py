"""The banner above the timeline about zones that nobody drew here: of the camera's other recordings, or found."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from engine.common.language import tr, tr_noop
from engine.review.camera_zones import zones_drawn_with
from engine.scoring.zones import zones_in_words
from vadgui.model.session import ReviewSession
from vadgui.ui.widgets import IconLine

_CLOCK_FOUND = tr_noop("A clock is burnt into the picture. What happens there does not count: it is an ignored zone.")


class ZoneBanner(QWidget):
    """Shown where a recording's zones were never touched: offers those of others, or tells that a clock was found."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._refused: set[str] = set()
        """Fingerprints of recordings for which they are not wanted."""
        self._line = IconLine()
        self.use_button, self.hide_button = _button(tr("Use them")), _button(tr("Hide"))
        self.use_button.clicked.connect(self._use)
        self.hide_button.clicked.connect(self._hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self.use_button, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(tr("Zones of this camera"))
        review = session.review
        for changed in (
            review.opened,
            review.changed,
            review.zones_changed,
            review.access_changed,
            session.detector_changed,
            session.scoring.drifts_changed,
        ):
            changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """What is offered; empty where nothing is."""
        return self._line.text()

    def _use(self) -> None:
        detector, review = self._session.detector, self._session.review
        if review.found_zones:
            review.edit(lambda editor: editor.set_zones(tr_noop("Count the clock"), ()))
        elif detector:
            zones = zones_drawn_with(detector.fingerprint)
            review.edit(lambda editor: editor.set_zones(tr_noop("Use the camera's zones"), zones))

    def _hide(self) -> None:
        if self._session.video:
            self._refused.add(self._session.video.fingerprint)
        self._show()

    def _show(self) -> None:
        text, use = "", tr("Use them")
        if self._is_untouched() and self._session.review.found_zones:
            text, use = tr(_CLOCK_FOUND), tr("Count it")
        elif self._is_untouched() and not self._session.scoring.is_other_scene:
            detector = self._session.detector
            words = zones_in_words(zones_drawn_with(detector.fingerprint)) if detector else ""
            if detector and words:
                text = tr("With {detector}, another recording has {zones}: is this the same camera?")
                text = text.format(detector=detector.name, zones=words)
        self.use_button.setText(use)
        self._line.show_line("note", text)
        self.setVisible(bool(text))

    def _is_untouched(self) -> bool:
        recording, video = self._session.review.recording, self._session.video
        if recording is None or video is None or video.fingerprint in self._refused or self._session.review.read_only:
            return False
        return not self._session.review.zones_are_touched


def _button(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
