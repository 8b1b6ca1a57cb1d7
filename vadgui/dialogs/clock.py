"""The dialog in which a person says when a recording began, how wrong the recorder's clock was, and where it hung."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import available_timezones

from PySide6.QtCore import QDate, QDateTime, Qt, QTime, QTimeZone, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engine.common.errors import VideoError
from engine.common.language import tr, tr_noop
from engine.review.clock import MOST_OFFSET_SECONDS, Clock
from engine.video.local_time import is_skipped, is_twice, utc_of
from engine.video.name_patterns import pattern_of
from engine.video.wall_clock import RecordingStart
from vadgui.ui.number_boxes import NumberBox
from vadgui.ui.select_all import select_all_on_focus

_RESULT_LINES, _WIDTH_PX = 3, 480
_FORMAT = "yyyy-MM-dd HH:mm:ss"
_THIS_COMPUTER = tr_noop("This computer's")


class ClockDialog(QDialog):
    """Asks for a clock; a start by hand may be an example of how the recorder writes it into file names."""

    clock_chosen = Signal(object, str)
    """The Clock, and the pattern of file names to remember; empty for none."""

    def __init__(self, path: Path, told: RecordingStart | None, clock: Clock, parent: QWidget | None = None) -> None:
        """`told` is what file name or metadata say of the start of the recording at `path`."""
        super().__init__(parent)
        self._path, self._told, self._before = path, told, clock
        self.setWindowTitle(tr("Recording's clock"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.as_told = QRadioButton(_as_told(told))
        self.by_hand = QRadioButton(tr("First frame taken at"))
        self.start_box = QDateTimeEdit()
        self.start_box.setTimeZone(QTimeZone.utc())
        self.start_box.setDisplayFormat(_FORMAT)
        self.start_box.setCalendarPopup(True)
        self.start_box.setAccessibleName(tr("When the first frame was taken"))
        self.second_hour = QCheckBox(tr("The clock shows this hour twice: it is the second"))
        self.zone_box = _zone_box(clock.zone)
        self.offset_box = NumberBox()
        self.offset_box.setRange(-MOST_OFFSET_SECONDS, MOST_OFFSET_SECONDS)
        self.offset_box.setSuffix(" s")
        select_all_on_focus(self.offset_box)
        self.offset_box.setValue(clock.offset_seconds)
        self.offset_box.setToolTip(tr("How many seconds the recorder's clock was slow; less than 0 where it was fast"))
        self.pattern_box = QCheckBox(tr("Read file names that are written like this one so from now on"))
        self._result = QLabel()
        self._result.setTextFormat(Qt.TextFormat.PlainText)
        self._result.setWordWrap(True)
        self._result.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # Room for what is said later: the dialog does not change its size while somebody types.
        self._result.setMinimumHeight(_RESULT_LINES * self._result.fontMetrics().lineSpacing())
        self.setMinimumWidth(_WIDTH_PX)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._fill(told, clock)
        self._connect()
        self._show_result()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(self.as_told)
        form.addRow(self.by_hand, self.start_box)
        form.addRow("", self.second_hour)
        form.addRow(tr("Time &zone"), self.zone_box)
        form.addRow(tr("&Add to the recorder's clock"), self.offset_box)
        form.addRow(self.pattern_box)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self._result)
        layout.addWidget(self._buttons)

    def _fill(self, told: RecordingStart | None, clock: Clock) -> None:
        start = Clock(start=clock.start, zone=clock.zone).start_of(self._path, told)
        local = start.at(0) if start else datetime.now(clock.time_zone).replace(microsecond=0)
        self.start_box.setDateTime(_to_qt(local))
        self.second_hour.setChecked(bool(local.fold))
        is_by_hand = bool(clock.start) or told is None
        (self.by_hand if is_by_hand else self.as_told).setChecked(True)
        self.as_told.setEnabled(told is not None)

    def _connect(self) -> None:
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self.start_box.dateTimeChanged.connect(lambda _: self.by_hand.setChecked(True))
        for changed in (
            self.start_box.dateTimeChanged, self.by_hand.toggled, self.second_hour.toggled, self.pattern_box.toggled,
            self.zone_box.currentTextChanged, self.offset_box.valueChanged,
        ):  # fmt: skip
            changed.connect(lambda *_: self._show_result())

    def clock(self) -> Clock:
        """What is entered.

        Raises:
            ValueError: there is no such time zone.
        """
        text = self.zone_box.currentText().strip()
        zone = "" if text in ("", tr(_THIS_COMPUTER)) else text
        if zone and zone not in available_timezones():
            words = tr("There is no time zone “{zone}”. Choose one of the list, such as Europe/Berlin.")
            raise ValueError(words.format(zone=zone))
        clock = Clock(zone=zone, offset_seconds=self.offset_box.value())
        if not self.by_hand.isChecked():
            return clock
        moment = utc_of(self._local(), clock.time_zone)
        return Clock(start=moment.isoformat(), zone=zone, offset_seconds=clock.offset_seconds)

    def _local(self) -> datetime:
        """The start that is entered, by the clock of the zone that is entered."""
        return _from_qt(self.start_box.dateTime()).replace(fold=int(self.second_hour.isChecked()))

    def _pattern(self) -> str:
        if not (self.pattern_box.isChecked() and self.by_hand.isChecked()):
            return ""
        return pattern_of(self._path.name, _from_qt(self.start_box.dateTime()))

    def _show_result(self) -> None:
        """Say what follows from what is entered, or what is wrong with it."""
        self.pattern_box.setEnabled(self.by_hand.isChecked())
        problem, words = "", ""
        try:
            clock = self.clock()
            self.second_hour.setVisible(self.by_hand.isChecked() and is_twice(self._local(), clock.time_zone))
            start = clock.start_of(self._path, self._told)
            words = _first_frame_words(start.at(0)) if start else ""
            if self.by_hand.isChecked() and is_skipped(self._local(), clock.time_zone):
                words += "\n" + tr("Clocks were put forward over that hour: it is read as by one that was not.")
            if pattern := self._pattern():
                words += "\n" + tr("Pattern of the file names: {pattern}").format(pattern=pattern)
        except VideoError as error:
            problem = f"{error.what}. {error.advice}"
        except ValueError as error:
            problem = str(error)
        self._result.setText(problem or words)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)

    def accept(self) -> None:
        """Tell what is entered."""
        clock = self.clock()
        if clock != self._before or self._pattern():
            self.clock_chosen.emit(clock, self._pattern())
        super().accept()


def _as_told(told: RecordingStart | None) -> str:
    return tr("As the {origin} says").format(origin=tr(told.origin)) if told else tr("Not known")


def _first_frame_words(moment: datetime) -> str:
    words = tr("The first frame was taken {date} {time} (UTC{offset}).")
    return words.format(date=f"{moment:%Y-%m-%d}", time=f"{moment:%H:%M:%S}", offset=f"{moment:%z}")


def _zone_box(zone: str) -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.addItems([tr(_THIS_COMPUTER), *sorted(available_timezones())])
    box.setCurrentText(zone or tr(_THIS_COMPUTER))
    completer = QCompleter(box.model(), box)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    box.setCompleter(completer)
    box.setAccessibleName(tr("Time zone"))
    return box


def _to_qt(moment: datetime) -> QDateTime:
    # UTC has every hour once: Qt must not put right what only the recording's own zone can.
    day, time = QDate(moment.year, moment.month, moment.day), QTime(moment.hour, moment.minute, moment.second)
    return QDateTime(day, time, QTimeZone.utc())


def _from_qt(moment: QDateTime) -> datetime:
    """Without a zone."""
    date, time = moment.date(), moment.time()
    return datetime(date.year(), date.month(), date.day(), time.hour(), time.minute(), time.second())
