"""The lists below the lanes: the ranking of all segments, and the recordings that need attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from engine.archive.overview import Overview
from engine.archive.searching import Hit, HitKey
from engine.common.language import tr
from vadgui.archive import noted, ranking
from vadgui.archive.filters import FilterBar
from vadgui.archive.noted import NotedModel
from vadgui.archive.ranking import RankingModel
from vadgui.archive.status import nothing_found
from vadgui.archive.tables import OpeningTable, ScoreDelegate
from vadgui.ui.widgets import text_label

_SEGMENTS, _RECORDINGS = 0, 1
_SEGMENT_WIDTHS_PX = {
    ranking.SCORE: 112,
    ranking.CAMERA: 104,
    ranking.BEGINS: 148,
    ranking.WHY: 172,
    ranking.VERDICT: 130,
    ranking.RECORDING: 228,
    ranking.NOTE: 60,
}
_SEGMENT_SHARES = {ranking.CAMERA: 0.2, ranking.RECORDING: 0.4}
_NOTED_WIDTHS_PX = {noted.WHAT: 150, noted.CAMERA: 110, noted.RECORDING: 220}
_NOTED_SHARES = {noted.CAMERA: 0.2, noted.RECORDING: 0.3}


class ArchiveLists(QTabWidget):
    """Shows a ranking and NotedRecordings; a double click or Enter opens one."""

    query_changed = Signal(object)
    """A Query."""
    hits_wanted = Signal(object)
    """HitKeys of rows on screen."""
    hit_chosen = Signal(object)
    """The Hit that the cursor was put on."""
    hit_opened = Signal(object)
    recording_opened = Signal(object)
    """A NotedRecording."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self._place, self._overview = "", Overview((), (), (), None)
        self.ranking = RankingModel(self)
        self.noted = NotedModel(self)
        self.filters = FilterBar()
        self.segments = OpeningTable(
            tr("Segments of the archive, the highest score first"),
            self.ranking,
            _SEGMENT_WIDTHS_PX,
            _SEGMENT_SHARES,
        )
        self.recordings = OpeningTable(
            tr("Recordings that need attention"), self.noted, _NOTED_WIDTHS_PX, _NOTED_SHARES
        )
        self._scores = ScoreDelegate(self.segments)
        self.segments.setItemDelegateForColumn(ranking.SCORE, self._scores)
        self._nothing = text_label(role="muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._pages = QStackedWidget()
        self._lay_out()
        self._cursor: HitKey | None = None
        self.ranking.wanted.connect(self.hits_wanted)
        self.filters.changed.connect(self.query_changed)
        self.segments.row_chosen.connect(self._choose)
        self.segments.row_opened.connect(self._open_hit)
        self.recordings.row_opened.connect(lambda row: self.recording_opened.emit(self.noted.recording(row)))

    def begin(self, place: str) -> None:
        """Forget all: the archive in this file or at this URL is opened."""
        self._place, self._overview, self._cursor = place, Overview((), (), (), None), None
        self.ranking.clear()
        self.noted.show(())
        self.filters.clear()
        self.setTabText(_SEGMENTS, tr("Segments"))

    def show_overview(self, overview: Overview) -> None:
        """Show what needs attention, and offer what there is."""
        self._overview = overview
        self.filters.offer([each.camera for each in overview.cameras], overview.reasons)
        self.noted.show(overview.noted)
        count = len(overview.noted)
        self.setTabText(_RECORDINGS, tr("To look at ({count})").format(count=count) if count else tr("To look at"))
        self.setTabEnabled(_RECORDINGS, bool(count))
        self._show_page()

    def show_ranking(self, keys: Sequence[HitKey]) -> None:
        """Show these segments; the cursor stays on its own."""
        at = self.segments.verticalScrollBar().value()
        with QSignalBlocker(self.segments):
            self.ranking.show(keys)
            row = self.ranking.row_of(self._cursor) if self._cursor else None
            if row is not None and row != self.segments.currentIndex().row():
                self.segments.choose(row)
        self.segments.verticalScrollBar().setValue(at)
        self.setTabText(_SEGMENTS, tr("Segments ({count})").format(count=len(keys)))
        self._show_page()

    def show_hits(self, hits: Mapping[HitKey, Hit]) -> None:
        """Fill in what segments are."""
        self.ranking.add(hits)
        if self.ranking.keys and (first := self.ranking.hit(0)) and first.peak_score:
            self._scores.top_score = first.peak_score
        if self._cursor is None and self.segments.currentIndex().isValid():
            self._choose(self.segments.currentIndex().row())

    def put_cursor(self, key: HitKey) -> None:
        """Put the cursor on a segment, where it is listed."""
        row = self.ranking.row_of(key)
        self._cursor = key
        with QSignalBlocker(self.segments):
            if row is not None:
                self.segments.choose(row)
            else:
                self.segments.clearSelection()

    def enter(self) -> None:
        """Put the keyboard into the list on screen."""
        if self.currentIndex() == _RECORDINGS:
            self.recordings.setFocus()
        else:
            self.enter_segments()

    def enter_segments(self) -> None:
        """Show the segments, and put the keyboard into them; into what they are chosen by where there are none."""
        self.setCurrentIndex(_SEGMENTS)
        (self.segments if self.ranking.keys else self.filters).setFocus()

    def enter_recordings(self) -> None:
        """Show the recordings that need attention, if any, and put the keyboard into them."""
        if self.isTabEnabled(_RECORDINGS):
            self.setCurrentIndex(_RECORDINGS)
            self.recordings.setFocus()

    def edit_filters(self) -> None:
        """Put the keyboard into what the segments are chosen by."""
        self.setCurrentIndex(_SEGMENTS)
        self.filters.setFocus()

    def _choose(self, row: int) -> None:
        hit = self.ranking.hit(row) if row >= 0 else None
        self._cursor = self.ranking.keys[row] if row >= 0 else None
        if hit:
            self.hit_chosen.emit(hit)

    def _open_hit(self, row: int) -> None:
        if hit := self.ranking.hit(row):
            self.hit_opened.emit(hit)

    def _show_page(self) -> None:
        if self.ranking.keys:
            self._pages.setCurrentWidget(self.segments)
            return
        self._nothing.setText(nothing_found(self._overview.cameras, self._place, self.filters.query()))
        self._pages.setCurrentWidget(self._nothing)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filters)
        self._pages.addWidget(self.segments)
        self._pages.addWidget(self._nothing)
        column.addWidget(self._pages, stretch=1)
        self.addTab(page, tr("Segments"))
        self.addTab(self.recordings, tr("To look at"))
