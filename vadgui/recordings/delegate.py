"""Paints a row of the list of recordings: its name, and below where it stands."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from engine.review.recording_list import AnalysisStage, ListedRecording
from vadgui.recordings.model import RECORDING_ROLE, RecordingModel, name_of, state_icon
from vadgui.ui import theme
from vadgui.ui.icons import icon

_PADDING_PX = 6
_ICON_PX = 14
_BAR_PX = 3


class RecordingDelegate(QStyledItemDelegate):
    """Paints one recording in a row; the one that is open is bold, with a bar at its left."""

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Two lines of text."""
        del index
        return QSize(160, 2 * (option.fontMetrics.height() + 1) + 2 * _PADDING_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint name, state, and how far the analysis is."""
        recording: ListedRecording = index.data(RECORDING_ROLE)
        model = index.model()
        if not isinstance(model, RecordingModel):
            return
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_open = recording.path == model.open_path
        painter.save()
        painter.setClipRect(option.rect)
        painter.fillRect(option.rect, QColor(colours.raised if selected else colours.surface))
        if is_open:
            painter.fillRect(QRect(option.rect.topLeft(), QSize(4, option.rect.height())), QColor(colours.accent))
        painter.setPen(QColor(colours.border))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        inner = option.rect.adjusted(_PADDING_PX + 4, _PADDING_PX, -_PADDING_PX, -_PADDING_PX)
        line = inner.height() // 2
        name_line = QRect(inner.left(), inner.top(), inner.width(), line)
        state_line = QRect(inner.left(), inner.top() + line, inner.width(), line)
        self._paint_name(painter, name_line, name_of(recording), is_open)
        _paint_state(painter, state_line, recording, model.state_words(recording))
        if recording.stage is AnalysisStage.ANALYSING:
            bar = QRect(option.rect.left(), option.rect.bottom() - _BAR_PX + 1, option.rect.width(), _BAR_PX)
            painter.fillRect(bar, QColor(colours.border))
            bar.setWidth(round(bar.width() * min(recording.share, 1.0)))
            painter.fillRect(bar, QColor(colours.accent))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def _paint_name(self, painter: QPainter, line: QRect, name: str, is_open: bool) -> None:
        normal = painter.font()
        bold = QFont(normal)
        bold.setBold(is_open)
        painter.setFont(bold)
        painter.setPen(QColor(theme.current().text))
        # In the middle: recorders begin names with the camera and end them with the time.
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.setFont(normal)


def _paint_state(painter: QPainter, line: QRect, recording: ListedRecording, words: str) -> None:
    colours = theme.current()
    place = QRect(line.left(), line.center().y() - _ICON_PX // 2, _ICON_PX, _ICON_PX)
    icon(state_icon(recording)).paint(painter, place)
    rest = line.adjusted(_ICON_PX + 4, 0, 0, 0)
    is_failed = recording.stage is AnalysisStage.FAILED
    has_work = recording.stage is AnalysisStage.ANALYSED and bool(recording.unreviewed)
    painter.setPen(QColor(colours.alert if is_failed else colours.text if has_work else colours.muted_text))
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, rest.width())
    painter.drawText(rest, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
