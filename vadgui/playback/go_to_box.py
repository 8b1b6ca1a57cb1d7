"""The box in which a person types where to go."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from engine.common.language import tr
from vadgui.model.session import ReviewSession
from vadgui.playback.destination import Destination, NoDestinationError, describe_frame, find_destination
from vadgui.ui.overlay import Overlay
from vadgui.ui.widgets import set_role, text_label

_WIDTH_PX = 420


class GoToBox(Overlay):
    """Says while one types which frame is meant, or why none; Enter goes there."""

    def __init__(self, session: ReviewSession, window: QWidget) -> None:
        super().__init__(window, _WIDTH_PX)
        self._session = session
        self.field = QLineEdit()
        self.field.setAccessibleName(tr("Go to"))
        self.field.setPlaceholderText(tr("Frame, running time or time of day"))
        self._answer = text_label(role="muted")
        self._examples = text_label("120   +10   1:05   90 s   14:03:20   2024-05-01 14:03:20", "muted")
        for widget in (self.field, self._answer, self._examples):
            self.column.addWidget(widget)
        self.field.textChanged.connect(self._answer_text)
        self.field.returnPressed.connect(self._go)
        session.video_changed.connect(self.close_box)

    def answer(self) -> str:
        """What is said of the text in the field."""
        return self._answer.text()

    def open_box(self) -> None:
        """Ask where to go."""
        self.field.clear()
        here = describe_frame(self._session.playhead, self._session)
        self._say(tr("Now: {place}").format(place=here), "muted")
        self.open_over_window(self.field)

    def _destination(self) -> Destination | None:
        try:
            destination = find_destination(self.field.text(), self._session)
        except NoDestinationError as error:
            self._say(str(error), "alert")
            return None
        self._say(destination.words, "")
        return destination

    def _answer_text(self) -> None:
        if self.field.text().strip():
            self._destination()

    def _go(self) -> None:
        if not self.field.text().strip():
            self.close_box()
        elif destination := self._destination():
            self.close_box()
            self._session.seek(destination.frame)

    def _say(self, text: str, role: str) -> None:
        self._answer.setText(text)
        self._answer.setAccessibleName(text)
        set_role(self._answer, role)
        if self.isVisible():
            self.place()
