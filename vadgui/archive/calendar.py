"""A month of an archive: days are shaded by the hours recorded, with a bar for the most suspicious moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from PySide6.QtCore import QDate, QLocale, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QTableView, QToolButton, QWidget

from engine.archive.overview import DaySummary
from engine.common.durations import footage_in_words
from engine.common.language import tr, tr_n
from vadgui.archive.texts import day_words
from vadgui.ui import theme
from vadgui.ui.icons import set_icon
from vadgui.ui.language import dates_locale

_WEEKS_SHOWN = 6
_MOST_ALPHA, _LEAST_ALPHA = 150, 30
_BAR_PX = 4


class MonthCalendar(QCalendarWidget):
    """Shows DaySummaries; arrows and page keys go through days and months."""

    day_chosen = Signal(object)
    """A date."""
    month_shown = Signal(object, object)
    """The first and the last day on screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._days: Mapping[date, DaySummary] = {}
        self._most_seconds = self._top_score = 1.0
        self.setAccessibleName(tr("Days of the archive"))
        self.setLocale(dates_locale())
        self.setFirstDayOfWeek(QLocale.system().firstDayOfWeek())
        self.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.setHorizontalHeaderFormat(QCalendarWidget.HorizontalHeaderFormat.ShortDayNames)
        self.setGridVisible(False)
        view = self.findChild(QTableView)
        if view is not None:  # it has the keyboard
            view.setAccessibleName(self.accessibleName())
        for name, drawing, words in (
            ("qt_calendar_prevmonth", "step-back", tr("The month before")),
            ("qt_calendar_nextmonth", "step-forward", tr("The next month")),
        ):
            button = self.findChild(QToolButton, name)
            if button is not None:
                set_icon(button, drawing)
                button.setAccessibleName(words)
                button.setToolTip(words)
        self.currentPageChanged.connect(lambda *_: self._tell_month())
        self.selectionChanged.connect(lambda: self.day_chosen.emit(self.day))
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def day(self) -> date:
        """The day that is chosen."""
        return _date(self.selectedDate())

    def choose(self, day: date) -> None:
        """Choose a day, and show its month."""
        self.setSelectedDate(QDate(day.year, day.month, day.day))

    @property
    def days_on_screen(self) -> tuple[date, date]:
        """The first and the last one: weeks are shown in full."""
        first = QDate(self.yearShown(), self.monthShown(), 1)
        # Qt shows a week of the month before where the month begins with a week.
        back = (first.dayOfWeek() - self.firstDayOfWeek().value) % 7 or 7
        begins = _date(first.addDays(-back))
        return begins, begins + timedelta(days=7 * _WEEKS_SHOWN - 1)

    def show_days(self, days: Sequence[DaySummary]) -> None:
        """Show what there is of the days on screen."""
        self._days = {each.day: each for each in days}
        self._most_seconds = max((each.recorded_seconds for each in days), default=0.0) or 1.0
        self._top_score = max((each.top_score or 0.0 for each in days), default=0.0) or 1.0
        self.setDateTextFormat(QDate(), QTextCharFormat())
        for each in days:
            tip = QTextCharFormat()
            tip.setToolTip(day_sentence(each))
            self.setDateTextFormat(QDate(each.day.year, each.day.month, each.day.day), tip)
        self.updateCells()

    def paintCell(self, painter: QPainter, rect: QRect, date: QDate | date) -> None:  # noqa: N802
        """Paint a day with its shade and its bar."""
        day = _date(date) if isinstance(date, QDate) else date
        colours, found = theme.current(), self._days.get(day)
        cell = rect.adjusted(1, 1, -1, -1)
        is_of_month = (day.year, day.month) == (self.yearShown(), self.monthShown())
        painter.fillRect(rect, QColor(colours.surface))
        if found and found.recorded_seconds:
            shade = QColor(colours.accent)
            share = found.recorded_seconds / self._most_seconds
            shade.setAlpha(round(_LEAST_ALPHA + (_MOST_ALPHA - _LEAST_ALPHA) * share))
            painter.fillRect(cell, shade)
        painter.setPen(QColor(colours.text if is_of_month else colours.muted_text))
        words = cell.adjusted(0, 0, 0, -_BAR_PX)
        font = painter.font()
        font.setBold(bool(found) and is_of_month)
        painter.setFont(font)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, str(day.day))
        if found and found.top_score:
            bar = QRect(cell.left() + 3, cell.bottom() - _BAR_PX, cell.width() - 6, _BAR_PX - 1)
            bar.setWidth(max(round(bar.width() * found.top_score / self._top_score), 2))
            painter.fillRect(bar, QColor(colours.alert))
        if day == self.day:
            painter.setPen(QPen(QColor(colours.text), 2))
            painter.drawRect(cell.adjusted(1, 1, -1, -1))

    def _tell_month(self) -> None:
        self.month_shown.emit(*self.days_on_screen)

    def _restyle(self) -> None:
        header = QTextCharFormat()
        header.setForeground(QColor(theme.current().muted_text))
        self.setHeaderTextFormat(header)
        for day in Qt.DayOfWeek:
            self.setWeekdayTextFormat(day, QTextCharFormat())
        self.updateCells()


def day_sentence(day: DaySummary) -> str:
    """What there is of a day, in a few lines."""
    found = tr_n(
        "{count} segment, {unreviewed} of it unreviewed", "{count} segments, {unreviewed} unreviewed", day.segments
    )
    lines = [
        day_words(day.day),
        tr("{length} recorded").format(length=footage_in_words(day.recorded_seconds)),
        found.format(count=day.segments, unreviewed=day.unreviewed) if day.segments else tr("Nothing found"),
    ]
    if day.top_score is not None:
        lines.append(tr("Highest score {score:.2f}").format(score=day.top_score))
    return "\n".join(lines)


def _date(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())
