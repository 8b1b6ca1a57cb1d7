"""Widgets of the wizard's pages: page, option card and step list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from vadgui.ui import theme
from vadgui.ui.widgets import set_role, text_label

TITLE_INSET_PX = 6
"""Margin left and right of the titles of picture panels, which are on a page here, not on a canvas."""

_CORNER_PX = 6
_RADIO_PX = 19  # width of a radio button's circle and gap in the style sheet: the text below is indented by it
_MARK_PX = 18


class Page(QWizardPage):
    """A page of the wizard, with a question as its title and an explanation below."""

    def __init__(self, short: str, title: str, sentence: str) -> None:
        """`short` is the page's name in the list of steps."""
        super().__init__()
        self.short = short
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        heading = QVBoxLayout()
        heading.setSpacing(4)
        # QWizard's own header can't be styled to match the window.
        heading.addWidget(text_label(title, "title"))
        heading.addWidget(text_label(sentence, "muted"))
        self.body = QVBoxLayout()
        """Layout for the page's widgets."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 10, 18, 8)
        layout.setSpacing(14)
        layout.addLayout(heading)
        layout.addLayout(self.body, 1)

    def cleanupPage(self) -> None:  # noqa: N802 - Qt's name
        """Do nothing when the person goes back: Qt's implementation would reset the fields."""


class OptionCard(QFrame):
    """A card with a radio button: a title, a sentence, and below the widgets that the choice needs."""

    chosen = Signal()

    def __init__(self, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.radio = QRadioButton(title)
        self.radio.toggled.connect(self._toggled)
        font = self.radio.font()
        font.setBold(True)
        self.radio.setFont(font)
        self.radio.setAccessibleDescription(sentence)
        self._sentence = text_label(sentence, "muted")
        self.details = QWidget()
        """Container of the widgets that the choice needs; a page may hide it until the card is chosen."""
        self.body = QVBoxLayout(self.details)
        self.body.setContentsMargins(0, 4, 0, 0)
        self.body.setSpacing(6)
        indented = QVBoxLayout()
        indented.setContentsMargins(_RADIO_PX, 0, 0, 0)
        indented.setSpacing(2)
        indented.addWidget(self._sentence)
        indented.addWidget(self.details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(4)
        layout.addWidget(self.radio)
        layout.addLayout(indented, 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose the card by a click anywhere on it, not only on its radio button."""
        if event.button() == Qt.MouseButton.LeftButton and self.radio.isEnabled():
            self.radio.setChecked(True)

    def set_sentence(self, text: str) -> None:
        """Set the sentence below the title."""
        self._sentence.setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the card, with a thicker border if it is chosen."""
        super().paintEvent(event)
        if self.radio.isChecked():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.current().accent), 2))
            painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), _CORNER_PX, _CORNER_PX)

    def _toggled(self, checked: bool) -> None:
        self.update()
        if checked:
            self.chosen.emit()


def group_cards(cards: Sequence[OptionCard], parent: QWidget) -> QButtonGroup:
    """Make the cards exclusive: radio buttons with different parents are not exclusive by themselves in Qt."""
    group = QButtonGroup(parent)
    for number, card in enumerate(cards):
        group.addButton(card.radio, number)
    return group


class StepList(QWidget):
    """Lists the wizard's pages at its side, and marks those done and the present one."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("steps")
        self._marks = [QLabel() for _ in names]
        self._lines = [QLabel(name) for name in names]
        layout = QGridLayout(self)
        layout.setContentsMargins(20, 22, 22, 18)
        layout.setHorizontalSpacing(0)
        layout.setVerticalSpacing(12)
        # A fixed width for the marks, so that all names begin at the same x.
        layout.setColumnMinimumWidth(0, _MARK_PX)
        layout.setColumnStretch(1, 1)
        for row, (mark, line) in enumerate(zip(self._marks, self._lines, strict=True)):
            layout.addWidget(mark, row, 0)
            layout.addWidget(line, row, 1)
        layout.setRowStretch(len(names), 1)
        self.setFixedWidth(max(line.sizeHint().width() for line in self._lines) + 84)

    def show_step(self, current: int) -> None:
        """Mark the page with this index as the present one."""
        for index, (mark, line) in enumerate(zip(self._marks, self._lines, strict=True)):
            role = "here" if index == current else "muted"
            mark.setText("✓" if index < current else "▸" if index == current else "")
            set_role(mark, role)
            set_role(line, role)
