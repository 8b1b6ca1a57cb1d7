"""What only the wizard's pages are made of."""

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
"""Of titles of pictures: they lie on a page, not on a canvas."""

_CORNER_PX = 6
_RADIO_PX = 19  # circle and gap, as the style sheet has them: what is below a title begins where the title does
_MARK_PX = 18


class Page(QWizardPage):
    """A page of the wizard: what it asks as its title, why in a sentence below."""

    def __init__(self, short: str, title: str, sentence: str) -> None:
        """`short` names it in the list of steps."""
        super().__init__()
        self.short = short
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        heading = QVBoxLayout()
        heading.setSpacing(4)
        # Not the wizard's own header: its looks can't be made to match the window's.
        heading.addWidget(text_label(title, "title"))
        heading.addWidget(text_label(sentence, "muted"))
        self.body = QVBoxLayout()
        """Where the page itself goes."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 10, 18, 8)
        layout.setSpacing(14)
        layout.addLayout(heading)
        layout.addLayout(self.body, 1)

    def cleanupPage(self) -> None:  # noqa: N802 - Qt's name
        """Going back loses nothing: Qt would empty the fields."""


class OptionCard(QFrame):
    """One of several ways to choose from: a title, a sentence, and below what that choice needs."""

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
        """What the choice needs; a page may hide it until it is chosen."""
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
        """All of the card chooses, not only its little circle."""
        if event.button() == Qt.MouseButton.LeftButton and self.radio.isEnabled():
            self.radio.setChecked(True)

    def set_sentence(self, text: str) -> None:
        """Say something else below the title."""
        self._sentence.setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The chosen one has a stronger edge."""
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
    """Let one of the cards be chosen; their circles have different parents, so Qt would not see the group."""
    group = QButtonGroup(parent)
    for number, card in enumerate(cards):
        group.addButton(card.radio, number)
    return group


class StepList(QWidget):
    """The wizard's pages beside the page: done, here, to come."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("steps")
        self._marks = [QLabel() for _ in names]
        self._lines = [QLabel(name) for name in names]
        layout = QGridLayout(self)
        layout.setContentsMargins(20, 22, 22, 18)
        layout.setHorizontalSpacing(0)
        layout.setVerticalSpacing(12)
        # Names stand in one line below each other, whatever is before them.
        layout.setColumnMinimumWidth(0, _MARK_PX)
        layout.setColumnStretch(1, 1)
        for row, (mark, line) in enumerate(zip(self._marks, self._lines, strict=True)):
            layout.addWidget(mark, row, 0)
            layout.addWidget(line, row, 1)
        layout.setRowStretch(len(names), 1)
        self.setFixedWidth(max(line.sizeHint().width() for line in self._lines) + 84)

    def show_step(self, current: int) -> None:
        """Mark a page as the present one."""
        for index, (mark, line) in enumerate(zip(self._marks, self._lines, strict=True)):
            role = "here" if index == current else "muted"
            mark.setText("✓" if index < current else "▸" if index == current else "")
            set_role(mark, role)
            set_role(line, role)
