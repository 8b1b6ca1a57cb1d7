"""A day of an archive: its name, ways to the days beside it, its lanes, and what the cursor is on."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.archive.lanes import DayFootage
from engine.archive.searching import Hit, HitKey
from engine.common.language import tr
from vadgui.archive.lanes import DayLanes
from vadgui.archive.legend import LaneLegend
from vadgui.archive.texts import day_words, hit_sentence
from vadgui.ui.icons import set_icon
from vadgui.ui.widgets import set_role, tool_button


class DayView(QWidget):
    """Shows one day; asks for another one."""

    day_wanted = Signal(object)
    """A date."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lanes = DayLanes()
        self._day: DayFootage | None = None
        self.title = QLabel()
        set_role(self.title, "here")
        self.before_button, self.after_button = tool_button(""), tool_button("")
        for button, name, words in (
            (self.before_button, "jump-back", tr("The day before that has footage")),
            (self.after_button, "jump-forward", tr("The next day that has footage")),
        ):
            set_icon(button, name)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setAutoRaise(True)
            button.setToolTip(words)
            button.setAccessibleName(words)
        self.here = QLabel()
        self.here.setTextFormat(Qt.TextFormat.PlainText)
        # A label is never narrower than its text: a long line would widen the window.
        self.here.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_role(self.here, "muted")
        self._lay_out()
        self.before_button.clicked.connect(lambda: self.go(-1))
        self.after_button.clicked.connect(lambda: self.go(1))
        self.lanes.day_wanted.connect(self.go)
        self.lanes.hit_chosen.connect(self._tell)
        self.lanes.moment_marked.connect(lambda words: self._say(_in_a_line(words)))

    @property
    def day(self) -> date | None:
        """The day on screen."""
        return self._day.day if self._day else None

    def show_day(self, day: DayFootage) -> None:
        """Show a day."""
        self._day = day
        self.title.setText(day_words(day.day))
        self.before_button.setEnabled(day.before is not None)
        self.after_button.setEnabled(day.after is not None)
        self.lanes.show_day(day)
        self._tell(self.lanes.cursor_hit)

    def put_cursor(self, key: HitKey) -> None:
        """Put the cursor on a segment, once its day is on screen."""
        self.lanes.put_cursor(key)
        self._tell(self.lanes.cursor_hit)

    def clear(self) -> None:
        """Show nothing: another archive is opened."""
        self._day = None
        self.title.clear()
        self.here.clear()
        for button in (self.before_button, self.after_button):
            button.setEnabled(False)
        self.lanes.clear()

    def go(self, by: int) -> None:
        """Ask for the next day with footage, or for the one before where negative."""
        wanted = self._day and (self._day.after if by > 0 else self._day.before)
        if wanted:
            self.day_wanted.emit(wanted)

    def _tell(self, hit: Hit | None) -> None:
        enter = tr("Enter opens it.")
        words = f"{hit_sentence(hit)}. {enter}" if hit else ""
        if not hit and self._day and self._day.has_hits:
            words = tr("Arrows go through segments and cameras, the wheel zooms.")
        elif not hit and self._day and not self._day.has_footage:
            words = _nothing_words(self._day)
        self._say(words)

    def _say(self, words: str) -> None:
        self.here.setText(words)
        self.here.setToolTip(words)

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(10, 6, 8, 2)
        header.addWidget(self.title)
        header.addStretch(1)
        header.addWidget(self.before_button)
        header.addWidget(self.after_button)
        foot = QHBoxLayout()
        foot.setContentsMargins(10, 2, 8, 2)
        foot.addWidget(self.here)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(header)
        column.addWidget(self.lanes, stretch=1)
        column.addLayout(foot)
        column.addWidget(LaneLegend())


def _in_a_line(words: str) -> str:
    return " · ".join(words.splitlines())


def _nothing_words(day: DayFootage) -> str:
    parts = [tr("Nothing was recorded on this day.")]
    if day.before:
        parts.append(tr("The day before with footage: {day}.").format(day=day_words(day.before)))
    if day.after:
        parts.append(tr("The next one: {day}.").format(day=day_words(day.after)))
    return " ".join(parts)
