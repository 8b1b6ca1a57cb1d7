"""Small widgets shared by window, dialogs and wizard."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from vadgui.ui import theme
from vadgui.ui.failure import Failure
from vadgui.ui.icons import icon

_ICON_PX = 16
_MAY_BREAK = "\u200b"
_LONG_WORD = re.compile(r"\S{24,}")
_WORD_PART = re.compile(r"[^/\\_.-]{1,15}[/\\_.-]?|[/\\_.-]")


def text_label(text: str = "", role: str = "") -> QLabel:
    """A label that wraps, in plain text, so that file names are not interpreted as markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label


def breakable(text: str) -> str:
    """The text, with places where its long words may be broken: a label cuts off what is wider than itself."""
    return _LONG_WORD.sub(lambda word: _WORD_PART.sub(lambda part: part[0] + _MAY_BREAK, word[0]), text)


def set_role(label: QLabel, role: str) -> None:
    """Change a label's role in the style sheet, which overrides palette and font, and apply its style again."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


def button(text: str, tip: str = "") -> QPushButton:
    """A push button that is not pressed by Return in a field (autoDefault is off)."""
    push_button = QPushButton(text)
    push_button.setAutoDefault(False)
    if tip:
        push_button.setToolTip(tip)
    return push_button


def tool_button(text: str, *, checkable: bool = False) -> QToolButton:
    """A button of a bar over the picture: text alone, and no focus by the mouse."""
    made = QToolButton()
    made.setText(text)
    made.setCheckable(checkable)
    # Flat, so that the chosen one stands out.
    made.setAutoRaise(checkable)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    # The panel keeps the keyboard, for Delete and Escape.
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def row_of_data(box: QComboBox, data: object) -> int:
    """The row of a box that stands for this, -1 where none does; Qt's findData takes no paths as equal."""
    return next((row for row in range(box.count()) if box.itemData(row) == data), -1)


class ElidedLabel(QLabel):
    """Insists on little room or none: what it says must not make the window wider."""

    def __init__(
        self,
        policy: QSizePolicy.Policy,
        least_px: int = 0,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        """`policy` is the one of its width; `least_px` of it are kept, where the text is as long."""
        super().__init__()
        self._least_px = least_px
        self._mode = mode
        self._brief = ""
        self.setSizePolicy(policy, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as a line."""
        return QSize(min(self._least_px, self.sizeHint().width()), super().minimumSizeHint().height())

    def set_brief(self, brief: str) -> None:
        """What is said instead where there is no room for the whole text; empty for its beginning."""
        self._brief = brief
        self.update()

    def shown_text(self) -> str:
        """What is drawn, as far as there is room."""
        fits = self.fontMetrics().horizontalAdvance(self.text()) <= self.width()
        return self.text() if fits or not self._brief else self._brief

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw as much of the text as there is room for."""
        del event
        elided = self.fontMetrics().elidedText(self.shown_text(), self._mode, self.width())
        painter = QPainter(self)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
        painter.end()


class IconLine(QWidget):
    """An icon and a sentence, so that a state is not shown by colour alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = self._shown = ""
        self._icon = QLabel()
        self._icon.setFixedSize(_ICON_PX + 2, _ICON_PX)
        self._text = text_label()
        # Centre the first line of the text at the icon, however many lines there are.
        self._text.setContentsMargins(0, max((_ICON_PX - self._text.fontMetrics().height()) // 2, 0), 0, 0)
        self._text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        theme.changed.connect(self._tint)

    def text(self) -> str:
        """The sentence on screen."""
        return self._shown

    def show_line(self, icon_name: str, text: str, *, alert: bool = False) -> None:
        """Show an icon of resources/icons and a sentence; without a sentence the widget is hidden."""
        self._name, self._shown = icon_name, text
        self._text.setText(breakable(text))
        set_role(self._text, "alert" if alert else "")
        self.setVisible(bool(text))
        self._tint()

    def show_failure(self, failure: Failure | None) -> None:
        """Show a failure; None hides the widget."""
        parts = (f"{failure.what}.", failure.subject, failure.advice) if failure else ()
        text = "\n".join(filter(None, parts))
        self.show_line("error", text, alert=True)

    def _tint(self) -> None:
        if self._name:
            self._icon.setPixmap(icon(self._name).pixmap(QSize(_ICON_PX, _ICON_PX)))


class FactCard(QFrame):
    """Rows of names and values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._facts: dict[str, str] = {}
        # A grid in place of QFormLayout, which gives wrapped values too little height.
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 14, 16, 14)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)

    @property
    def facts(self) -> dict[str, str]:
        """The shown values by name."""
        return self._facts

    def show_facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these names and values in place of the present ones."""
        if self._facts == dict(rows):
            return
        self._facts = dict(rows)
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item else None
            if widget:
                widget.hide()
                widget.deleteLater()
        for row, (name, text) in enumerate(rows):
            self._grid.addWidget(text_label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text_label(text), row, 1)
