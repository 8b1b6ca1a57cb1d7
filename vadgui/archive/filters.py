"""What the segments of a ranking have to be: camera, time, score, reason, verdict, part of the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from engine.archive.entering import moment_of, region_of
from engine.archive.searching import Query
from engine.common.language import tr
from engine.review.document import Verdict
from vadgui.ui.number_boxes import parse_number
from vadgui.ui.widgets import tool_button

_SETTLE_MS = 300
T = TypeVar("T")


class ChoiceButton(QToolButton):
    """A button with a menu of which any number can be chosen; none means all."""

    changed = Signal()

    def __init__(self, name: str, all_words: str) -> None:
        super().__init__()
        self._all_words = all_words
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(QMenu(self))
        self._show()

    @property
    def chosen(self) -> list[str]:
        """What is chosen."""
        return [action.data() for action in self.menu().actions() if action.isChecked()]

    def offer(self, choices: Mapping[str, str]) -> None:
        """Offer choices, with what people see of them; what was chosen stays so where it is offered."""
        before = {action.data(): action.text() for action in self.menu().actions()}
        words = {choice: text.replace("&", "&&") for choice, text in choices.items()}
        if before == words:
            return
        chosen = set(self.chosen)
        self.menu().clear()
        for choice, text in words.items():
            action = self.menu().addAction(text)
            action.setData(choice)
            action.setCheckable(True)
            action.setChecked(choice in chosen)
            action.toggled.connect(self._tell)
        self._show()

    def clear(self) -> None:
        """Choose all."""
        for action in self.menu().actions():
            action.setChecked(False)

    def _tell(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        chosen = [action.text() for action in self.menu().actions() if action.isChecked()]
        many = tr("{count} chosen").format(count=len(chosen))
        self.setText(self._all_words if not chosen else chosen[0] if len(chosen) == 1 else many)


class CheckedField(QLineEdit):
    """A field whose text means something, or nothing where it is empty; what means nothing else is said so."""

    def __init__(
        self, name: str, example: str, width_characters: int, parse: Callable[[str], object], hint: str = ""
    ) -> None:
        """`hint` explains it; by default name and example do."""
        super().__init__()
        self._hint = hint or tr("{name}, such as {example}").format(name=name, example=example)
        self._refusal = tr("This is not understood. Enter it as {example}.").format(example=example)
        self._parse = parse
        self.setAccessibleName(name)
        self.setPlaceholderText(name)
        self.setMaximumWidth(self.fontMetrics().averageCharWidth() * width_characters + 20)
        self.textChanged.connect(lambda _: self._check())
        self._check()

    @property
    def is_wrong(self) -> bool:
        """Whether what is typed means nothing."""
        try:
            return bool(self.text().strip()) and self._parse(self.text()) is None
        except ValueError:
            return True

    def _check(self) -> None:
        self.setToolTip(self._refusal if self.is_wrong else self._hint)
        self.setProperty("wrong", self.is_wrong)
        self.style().unpolish(self)
        self.style().polish(self)


class FilterBar(QWidget):
    """Makes a Query of what is chosen and typed, a moment after the last change."""

    changed = Signal(object)
    """A Query."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cameras = ChoiceButton(tr("Cameras"), tr("All cameras"))
        self.verdicts = ChoiceButton(tr("Verdicts"), tr("All verdicts"))
        self.verdicts.offer({str(verdict): tr(verdict) for verdict in Verdict})
        self.reason = QComboBox()
        self.reason.setEditable(True)
        # The box's own one makes a whole reason of the part that is typed.
        completer = QCompleter(self.reason.model(), self.reason)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.reason.setCompleter(completer)
        self.reason.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.reason.setAccessibleName(tr("Why it was flagged, or a part of that"))
        self.reason.setToolTip(self.reason.accessibleName())
        self.reason.setMinimumWidth(130)
        self._reason_field.setPlaceholderText(tr("Any reason"))
        self.score = CheckedField(tr("Score from"), "4.5", 10, parse_number)
        self.begins_from = CheckedField(tr("From"), "2026-03-28 22:00", 17, moment_of)
        self.begins_before = CheckedField(tr("To"), "2026-03-29", 17, _end_of)
        sides = tr("Left, top, right and bottom as shares of the picture, such as 0.5,0,1,1")
        self.region = CheckedField(tr("Part of the picture"), "0.5,0,1,1", 18, region_of, sides)
        self.day_button = tool_button(tr("This day"))
        self.day_button.setToolTip(tr("Only the day that is chosen in the calendar"))
        self.clear_button = tool_button(tr("Clear"))
        self.clear_button.setToolTip(tr("List everything"))
        self._day = date.today()
        self._settled = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settled.timeout.connect(self._tell)
        self._told = Query()
        self.setFocusProxy(self.reason)
        self._lay_out()
        for button in (self.cameras, self.verdicts):
            button.changed.connect(self._settled.start)
        for field in self._fields:
            field.textChanged.connect(lambda _: self._settled.start())
        self.day_button.clicked.connect(self._only_day)
        self.clear_button.clicked.connect(self.clear)

    @property
    def _reason_field(self) -> QLineEdit:
        field = self.reason.lineEdit()
        assert field is not None
        return field

    @property
    def _fields(self) -> Sequence[QLineEdit]:
        return (self._reason_field, self.score, self.begins_from, self.begins_before, self.region)

    def offer(self, cameras: Sequence[str], reasons: Sequence[str]) -> None:
        """Offer what there is in the archive."""
        self.cameras.offer({camera: camera for camera in cameras})
        typed = self.reason.currentText()
        if [self.reason.itemData(row) for row in range(self.reason.count())] != list(reasons):
            self.reason.clear()
            for reason in reasons:
                self.reason.addItem(tr(reason), reason)
            self.reason.setCurrentIndex(-1)
            self.reason.setEditText(typed)

    def use_day(self, day: date) -> None:
        """The day that "This day" means."""
        self._day = day

    def clear(self) -> None:
        """Ask for nothing in particular."""
        for button in (self.cameras, self.verdicts):
            button.clear()
        for field in self._fields:
            field.clear()

    def query(self) -> Query:
        """What is asked for; what is not understood counts for nothing."""
        return Query(
            cameras=tuple(self.cameras.chosen),
            begins_from=_meant(self.begins_from, moment_of),
            begins_before=_meant(self.begins_before, _end_of),
            min_score=_meant(self.score, parse_number),
            reasons=self._reasons(),
            region=_meant(self.region, region_of),
            verdicts=tuple(Verdict(each) for each in self.verdicts.chosen),
        )

    def _reasons(self) -> Sequence[str]:
        """Of the reasons in the archive those that have what is typed in the words that people see; else what is typed.

        The archive has them in English, whatever the language of the window.
        """
        typed = self.reason.currentText().strip()
        if not typed:
            return ()
        offered = {self.reason.itemText(row): str(self.reason.itemData(row)) for row in range(self.reason.count())}
        if typed in offered:
            return (offered[typed],)
        fit = [reason for words, reason in offered.items() if typed.casefold() in words.casefold()]
        return tuple(fit) or (typed,)

    def _only_day(self) -> None:
        for field in (self.begins_from, self.begins_before):
            field.setText(self._day.isoformat())

    def _tell(self) -> None:
        query = self.query()
        if query != self._told:
            self._told = query
            self.changed.emit(query)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(6)
        for widget in (self.cameras, self.verdicts, self.reason, *self._fields[1:4], self.day_button, self.region):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.clear_button)


def _end_of(text: str) -> datetime:
    return moment_of(text, ends_day=True)


def _meant(field: CheckedField, parse: Callable[[str], T]) -> T | None:
    return None if field.is_wrong or not field.text().strip() else parse(field.text())
