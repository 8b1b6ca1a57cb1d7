"""Paints a row of the list: a recording with where it stands, or a segment with its recording."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from engine.common.language import number_text
from engine.review.recording_list import AnalysisStage, ListedRecording
from vadgui.recordings.model import RECORDING_ROLE, RecordingModel, name_of, state_icon
from vadgui.recordings.ranked import RankedModel
from vadgui.segments.delegate import VERDICT_ICONS
from vadgui.ui import theme
from vadgui.ui.clock_text import clock_text
from vadgui.ui.icons import icon

_PADDING_PX = 6
_ICON_PX = 14
_BAR_PX = 3
_GAP_PX = 4
_SCORE_PX = 60


class _RowDelegate(QStyledItemDelegate):
    """Paints two lines of text; the row that is marked has a bar at its left."""

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Two lines of text."""
        del index
        return QSize(160, 2 * (option.fontMetrics.height() + 1) + 2 * _PADDING_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the ground, the lines, and where the cursor is."""
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setClipRect(option.rect)
        painter.fillRect(option.rect, QColor(colours.raised if selected else colours.surface))
        painter.setPen(QColor(colours.border))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        inner = option.rect.adjusted(_PADDING_PX + 4, _PADDING_PX, -_PADDING_PX, -_PADDING_PX)
        height = inner.height() // 2
        upper = QRect(inner.left(), inner.top(), inner.width(), height)
        self.paint_lines(painter, option.rect, upper, upper.translated(0, height), index)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def paint_lines(
        self,
        painter: QPainter,
        row: QRect,
        upper: QRect,
        lower: QRect,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint what is in the row; `upper` and `lower` are the places of its lines."""
        raise NotImplementedError


class RecordingDelegate(_RowDelegate):
    """Paints one recording in a row: name, state, and how far the analysis is; the one that is open is bold."""

    def paint_lines(  # noqa: D102
        self,
        painter: QPainter,
        row: QRect,
        upper: QRect,
        lower: QRect,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        recording: ListedRecording = index.data(RECORDING_ROLE)
        model = index.model()
        if not isinstance(model, RecordingModel):
            return
        colours = theme.current()
        is_open = recording.path == model.open_path
        if is_open:
            painter.fillRect(QRect(row.topLeft(), QSize(4, row.height())), QColor(colours.accent))
        # In the middle: recorders begin names with the camera and end them with the time.
        _paint_text(painter, upper, name_of(recording), bold=is_open, elided=Qt.TextElideMode.ElideMiddle)
        _paint_state(painter, lower, recording, model.state_words(recording))
        if recording.stage is AnalysisStage.ANALYSING:
            bar = QRect(row.left(), row.bottom() - _BAR_PX + 1, row.width(), _BAR_PX)
            _paint_bar(painter, bar, recording.share, colours.accent)


class RankedDelegate(_RowDelegate):
    """Paints one segment in a row: time and score, verdict and recording."""

    def paint_lines(  # noqa: D102
        self,
        painter: QPainter,
        row: QRect,
        upper: QRect,
        lower: QRect,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        del row
        model = index.model()
        if not isinstance(model, RankedModel):
            return
        recording, segment = model.segment(index.row())
        colours = theme.current()
        _paint_text(painter, upper, clock_text(segment.peak_seconds, 1), bold=True)
        _paint_text(painter, upper, number_text(segment.peak_score, ".2f"), aligned=Qt.AlignmentFlag.AlignRight)
        bar = QRect(0, 0, _SCORE_PX, 2 * _BAR_PX)
        bar.moveCenter(upper.center())
        bar.moveRight(upper.right() - painter.fontMetrics().horizontalAdvance("000.00") - _GAP_PX)
        _paint_bar(painter, bar, segment.peak_score / max(model.top, 1e-9), colours.alert)
        if name := VERDICT_ICONS.get(segment.verdict):
            lower = _after_icon(painter, lower, name)
        middle = Qt.TextElideMode.ElideMiddle
        _paint_text(painter, lower, name_of(recording), colour=colours.muted_text, elided=middle)


def _paint_text(
    painter: QPainter,
    line: QRect,
    text: str,
    *,
    colour: str = "",
    bold: bool = False,
    aligned: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    elided: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    normal = painter.font()
    font = QFont(normal)
    font.setBold(bold)
    painter.setFont(font)
    painter.setPen(QColor(colour or theme.current().text))
    shown = painter.fontMetrics().elidedText(text, elided, line.width())
    painter.drawText(line, aligned | Qt.AlignmentFlag.AlignVCenter, shown)
    painter.setFont(normal)


def _paint_bar(painter: QPainter, bar: QRect, share: float, colour: str) -> None:
    painter.fillRect(bar, QColor(theme.current().border))
    painter.fillRect(bar.adjusted(0, 0, round(bar.width() * (min(max(share, 0.0), 1.0) - 1)), 0), QColor(colour))


def _after_icon(painter: QPainter, line: QRect, name: str) -> QRect:
    """Paint an icon at the line's left end; returns the rest of the line."""
    icon(name).paint(painter, QRect(line.left(), line.center().y() - _ICON_PX // 2, _ICON_PX, _ICON_PX))
    return line.adjusted(_ICON_PX + _GAP_PX, 0, 0, 0)


def _paint_state(painter: QPainter, line: QRect, recording: ListedRecording, words: str) -> None:
    colours = theme.current()
    is_failed = recording.stage is AnalysisStage.FAILED
    has_work = recording.stage is AnalysisStage.ANALYSED and bool(recording.unreviewed)
    colour = colours.alert if is_failed else colours.text if has_work else colours.muted_text
    _paint_text(painter, _after_icon(painter, line, state_icon(recording)), words, colour=colour)
