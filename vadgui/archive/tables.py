"""Tables whose rows are opened by Enter or a double click."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from vadgui.archive.ranking import HIT_ROLE, SCORE
from vadgui.ui import theme
from vadgui.ui.list_view import OPENING_KEYS

_ROW_MARGIN_PX = 10
_BAR_PX = 6
_GAP_PX = 8


class OpeningTable(QTableView):
    """Shows whole rows of a model; room beyond the widths of its columns goes to some by `shares`, else to the last."""

    row_opened = Signal(int)
    row_chosen = Signal(int)
    """The cursor was put on a row, by whomever."""

    def __init__(
        self,
        name: str,
        model: QAbstractTableModel,
        widths_px: Mapping[int, int],
        shares: Mapping[int, float],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._shares = shares
        self._room_px = 0
        self.setAccessibleName(name)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names and paths differ at their ends
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + _ROW_MARGIN_PX)
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setStretchLastSection(True)
        for column, width_px in widths_px.items():
            # A name of a column is longer in some languages.
            self.setColumnWidth(column, max(width_px, columns.sectionSizeHint(column)))
        last_px = widths_px.get(columns.count() - 1, columns.minimumSectionSize())
        self._least_px = sum(columns.sectionSize(column) for column in range(columns.count() - 1)) + last_px
        self.doubleClicked.connect(lambda index: self.row_opened.emit(index.row()))
        self.selectionModel().currentRowChanged.connect(lambda index, _: self.row_chosen.emit(index.row()))

    def choose(self, row: int) -> None:
        """Put the cursor on a row, without leaving the column that is in sight."""
        self.setCurrentIndex(self.model().index(row, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Share the room anew, on top of widths that were dragged."""
        room_px = max(self.viewport().width() - self._least_px, 0)
        for column, share in self._shares.items():
            more_px = int(room_px * share) - int(self._room_px * share)
            self.setColumnWidth(column, self.columnWidth(column) + more_px)
        self._room_px = room_px
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, D102
        if event.key() in OPENING_KEYS and self.currentIndex().isValid():
            self.row_opened.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)


class ScoreDelegate(QStyledItemDelegate):
    """Paints a score as a number and a bar, on a scale up to the highest of all."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.top_score = 1.0

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the bar beside the number."""
        super().paint(painter, option, index)
        hit = index.data(HIT_ROLE)
        if hit is None or hit.peak_score is None or index.column() != SCORE:
            return
        number = option.fontMetrics.horizontalAdvance("000.00")
        left = option.rect.left() + number + _GAP_PX
        bar = QRect(left, 0, option.rect.right() - _GAP_PX - left, _BAR_PX)
        bar.moveCenter(option.rect.center())
        bar.moveLeft(left)
        painter.fillRect(bar, QColor(theme.current().border))
        bar.setWidth(round(bar.width() * min(max(hit.peak_score / self.top_score, 0.0), 1.0)))
        painter.fillRect(bar, QColor(theme.current().alert))
