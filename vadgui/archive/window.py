"""The window of an archive: calendar, a day's lanes, and the ranking of everything. It requests work but does none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.archive.database import without_password
from engine.archive.lanes import DayFootage
from engine.archive.overview import DaySummary, Overview
from engine.archive.searching import Hit, HitKey
from engine.common.language import tr
from engine.common.names import displayable
from vadgui.archive.actions import ArchiveActions, ArchiveParts
from vadgui.archive.calendar import MonthCalendar
from vadgui.archive.day_view import DayView
from vadgui.archive.lists import ArchiveLists
from vadgui.archive.status import status_lines
from vadgui.errors import describe_error
from vadgui.settings import Settings
from vadgui.ui.actions import explain_button
from vadgui.ui.failure import Failure
from vadgui.ui.icons import set_icon
from vadgui.ui.keymap import Keymap
from vadgui.ui.widgets import IconLine, button, set_role, text_label
from vadgui.window.dropping import dropped_archives

_CALENDAR_PX = 290
_CALENDAR_HEIGHT_PX = 250
_HEIGHTS_PX = (300, 380)
_FOLLOW_MS = 150
"""The day follows the cursor of the list once it rests: keys that are held down need no day read for each row."""


class ArchiveWindow(QWidget):
    """Shows an archive that is read elsewhere, and emits signals for what the person wants."""

    place_chosen = Signal(str)
    """File or URL of an archive to be opened."""
    choose_requested = Signal()
    refresh_requested = Signal()
    month_wanted = Signal(object, object)
    """The first and the last day."""
    day_wanted = Signal(object)
    """A date."""
    closed = Signal()

    def __init__(self, settings: Settings, keymap: Keymap) -> None:
        super().__init__()
        self._settings = settings
        self._place = ""
        self._is_new = True
        """Whether nothing of the archive was shown yet."""
        self.calendar = MonthCalendar()
        self.day = DayView()
        self.lists = ArchiveLists()
        self.state = text_label()
        self.failure = IconLine()
        self.message = text_label()
        self.retry_button = button(tr("Try again"))
        self.other_button = button(tr("Open another archive …"))
        self._pages = QStackedWidget()
        self._columns, self._rows = QSplitter(Qt.Orientation.Horizontal), QSplitter(Qt.Orientation.Vertical)
        self._follow = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._wanted_day: date | None = None
        self.actions_by_name = ArchiveActions(self, ArchiveParts(self.calendar, self.day, self.lists), settings, keymap)
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        self.resize(1280, 720)
        self.restoreGeometry(settings.archive_geometry)
        self._columns.restoreState(settings.archive_columns)
        self._rows.restoreState(settings.archive_rows)

    def begin(self, place: str) -> None:
        """The archive in this file or at this URL is being opened."""
        self._place, self._is_new = place, True
        shown = displayable(without_password(place))
        self.setWindowTitle(tr("{archive} — vadgui archive").format(archive=Path(shown).name.partition("?")[0]))
        self.lists.begin(shown)
        self.day.clear()
        self.failure.show_failure(None)
        self._tell(tr("Opening {archive} …").format(archive=shown), is_failure=False)

    # What was read

    def show_overview(self, overview: Overview) -> None:
        """Show how far the archive is; at first go to its last day."""
        self.state.setText("\n".join(status_lines(overview.cameras)))
        self.lists.show_overview(overview)
        self._pages.setCurrentIndex(0)
        if self._is_new:
            self._is_new = False
            self._settings.remember_archive(without_password(self._place))
            self.calendar.choose(overview.last_day or date.today())
            self.day_wanted.emit(self.calendar.day)
            self.month_wanted.emit(*self.calendar.days_on_screen)
            (self.day.lanes if overview.last_day else self.lists.segments).setFocus()

    def show_days(self, days: Sequence[DaySummary]) -> None:
        """Show what there is of the days of the month."""
        self.calendar.show_days(days)

    def show_day(self, day: DayFootage) -> None:
        """Show a day's footage."""
        if day.day == self.calendar.day:
            self.day.show_day(day)

    def show_ranking(self, keys: Sequence[HitKey]) -> None:
        """Show which segments fit."""
        self.lists.show_ranking(keys)

    def show_hits(self, hits: Mapping[HitKey, Hit]) -> None:
        """Show what segments are."""
        self.lists.show_hits(hits)

    def show_failure(self, error: Exception) -> None:
        """Say why the archive can't be read; what is on screen stays there."""
        told = describe_error(error)
        if self._is_new:
            self._tell(f"{told.headline}\n\n{told.text}", is_failure=True)
        else:
            self.failure.show_failure(Failure(told.headline.removesuffix("."), told.text.replace("\n\n", "\n")))

    def show_caught_up(self) -> None:
        """The archive can be read: nothing is wrong any more."""
        self.failure.show_failure(None)

    # What the person does

    def _connect(self) -> None:
        self.calendar.day_chosen.connect(self._choose_day)
        self.calendar.month_shown.connect(self.month_wanted)
        self.day.day_wanted.connect(self.calendar.choose)
        self.day.lanes.hit_chosen.connect(lambda hit: self.lists.put_cursor(hit.key))
        self.lists.hit_chosen.connect(self._follow_hit)
        self._follow.timeout.connect(lambda: self.calendar.choose(self._wanted_day or self.calendar.day))
        self.actions_by_name["archive_open"].triggered.connect(self.choose_requested)
        self.actions_by_name["archive_refresh"].triggered.connect(self.refresh_requested)
        self.retry_button.clicked.connect(self.refresh_requested)
        self.other_button.clicked.connect(self.choose_requested)

    def _choose_day(self, day: date) -> None:
        self.lists.filters.use_day(day)
        if not self._is_new:
            self.day_wanted.emit(day)

    def _follow_hit(self, hit: Hit) -> None:
        """Show the segment that the list has chosen on its lane."""
        self.day.put_cursor(hit.key)
        if hit.start_time:
            self._wanted_day = hit.start_time.astimezone().date()
            self._follow.start()

    # On screen

    def _tell(self, words: str, *, is_failure: bool) -> None:
        self.message.setText(words)
        set_role(self.message, "alert" if is_failure else "muted")
        for each in (self.retry_button, self.other_button):
            each.setVisible(is_failure)
        self._pages.setCurrentIndex(1)

    def _lay_out(self) -> None:
        self._rows.addWidget(self.day)
        self._rows.addWidget(self.lists)
        self._columns.addWidget(self._left_column())
        self._columns.addWidget(self._rows)
        self._columns.setStretchFactor(1, 1)
        self._columns.setSizes([_CALENDAR_PX, 1000])
        self._rows.setSizes(list(_HEIGHTS_PX))
        for splitter in (self._columns, self._rows):
            splitter.setChildrenCollapsible(False)
        for page in (self._columns, self._message_page()):
            self._pages.addWidget(page)
        self.failure.hide()
        self.failure.setContentsMargins(10, 6, 10, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.failure)
        column.addWidget(self._pages, stretch=1)

    def _left_column(self) -> QWidget:
        left = QWidget()
        left.setMinimumWidth(_CALENDAR_PX - 40)
        explained = QLabel(tr("Shade: hours recorded · Bar: highest score"))
        explained.setWordWrap(True)
        set_role(explained, "muted")
        choose, refresh = button(tr("Open …")), button(tr("Refresh"))
        set_icon(choose, "open")
        explain_button(choose, self.actions_by_name["archive_open"])
        explain_button(refresh, self.actions_by_name["archive_refresh"])
        choose.clicked.connect(self.choose_requested)
        refresh.clicked.connect(self.refresh_requested)
        buttons = QHBoxLayout()
        buttons.addWidget(choose)
        buttons.addWidget(refresh)
        column = QVBoxLayout(left)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        self.calendar.setMinimumHeight(_CALENDAR_HEIGHT_PX)
        column.addWidget(self.calendar)
        column.addWidget(explained)
        column.addSpacing(6)
        column.addWidget(self.state)
        column.addStretch(1)
        column.addLayout(buttons)
        return left

    def _message_page(self) -> QWidget:
        page = QWidget()
        buttons = QHBoxLayout()
        for each in (self.retry_button, self.other_button):
            buttons.addWidget(each)
        buttons.addStretch(1)
        inner = QVBoxLayout()
        inner.addStretch(2)
        inner.addWidget(self.message)
        inner.addSpacing(12)
        inner.addLayout(buttons)
        inner.addStretch(3)
        around = QHBoxLayout(page)
        around.addStretch(1)
        around.addLayout(inner, stretch=2)
        around.addStretch(1)
        return page

    # Event handlers of Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, D102
        if dropped_archives(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, D102
        event.acceptProposedAction()
        for path in dropped_archives(event)[:1]:
            self.place_chosen.emit(str(path))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802, D102
        self._settings.archive_geometry = self.saveGeometry()
        self._settings.archive_columns = self._columns.saveState()
        self._settings.archive_rows = self._rows.saveState()
        super().closeEvent(event)
        self.closed.emit()
