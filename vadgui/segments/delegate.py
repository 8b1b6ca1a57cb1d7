"""Paints a row of the segment list: thumbnail of the peak frame, times, frames, reason and peak score."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.common.language import number_text
from engine.review.document import Verdict
from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession
from vadgui.panels.picture import fitted
from vadgui.segments.model import SEGMENT_ROLE, SegmentModel, judged_of, verdict_of, verdict_reason, verdict_words
from vadgui.ui import theme
from vadgui.ui.icons import icon

_PADDING_PX = 8
_PICTURE = QSize(96, 60)
_BAR_HEIGHT_PX = 6
_ICON_PX = 14
VERDICT_ICONS = {Verdict.CONFIRMED: "check", Verdict.DISMISSED: "dismiss", Verdict.UNSURE: "unsure"}


class SegmentDelegate(QStyledItemDelegate):
    """Paints one segment in a row of the list."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As high as the thumbnail, or as the lines of text where those are higher."""
        text = _line_count(index) * (option.fontMetrics.height() + 2)
        return QSize(_PICTURE.width() + 160, max(_PICTURE.height(), text) + 2 * _PADDING_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the thumbnail, and to its right times, frames, reason and score."""
        segment: Segment = index.data(SEGMENT_ROLE)
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setClipRect(option.rect)
        painter.fillRect(option.rect, QColor(colours.raised if selected else colours.surface))
        if selected:
            painter.fillRect(QRect(option.rect.topLeft(), QSize(4, option.rect.height())), QColor(colours.accent))
        painter.setPen(QColor(colours.border))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        inner = option.rect.adjusted(_PADDING_PX + 2, _PADDING_PX, -_PADDING_PX, -_PADDING_PX)
        self._paint_picture(painter, QRect(inner.topLeft(), QSize(_PICTURE.width(), inner.height())), segment)
        inner.setLeft(inner.left() + _PICTURE.width() + _PADDING_PX + 2)
        self._paint_words(painter, inner, segment, index)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def _paint_picture(self, painter: QPainter, rect: QRect, segment: Segment) -> None:
        painter.fillRect(rect, QColor(theme.current().canvas))
        picture = self._session.thumbnails.get(segment.peak_frame)
        if picture is None:
            return
        height, width = picture.shape[:2]
        image = QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(fitted(rect, width / height), image)

    def _paint_words(
        self, painter: QPainter, rect: QRect, segment: Segment, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.current()
        bold = QFont(painter.font())
        bold.setBold(True)
        normal = painter.font()
        model = index.model()
        times = model.time_range(segment) if isinstance(model, SegmentModel) else ""
        detail = model.detail(segment) if isinstance(model, SegmentModel) else ""
        said = verdict_words(segment)
        verdict = verdict_of(segment)
        second = (said, normal, colours.text) if said else (detail, normal, colours.muted_text)
        lines = [(times, bold, colours.muted_text if verdict is Verdict.DISMISSED else colours.text), second]
        if isinstance(model, SegmentModel) and model.has_reasons:
            lines.append((model.reason(segment), normal, colours.text))
        line = rect.height() // (len(lines) + 1)
        for row, (text, font, colour) in enumerate(lines):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            line_rect = QRect(rect.left(), rect.top() + row * line, rect.width(), line)
            if row == 0:
                line_rect.setRight(self._paint_marks(painter, line_rect, segment))
            elif row == 1 and said:
                line_rect.setLeft(_paint_icon(painter, line_rect.left(), line_rect, VERDICT_ICONS[verdict]))
                if painter.fontMetrics().horizontalAdvance(text) > line_rect.width():
                    text = verdict_reason(segment) or text  # the icon says the rest
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line_rect.width())
            painter.drawText(line_rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
        painter.setFont(normal)
        top = model.score_top if isinstance(model, SegmentModel) else 1.0
        line_rect = QRect(rect.left(), rect.top() + len(lines) * line, rect.width(), line)
        is_scored = not isinstance(model, SegmentModel) or model.is_scored(segment)
        self._paint_score(painter, line_rect, segment.peak_score if is_scored else None, top)

    def _paint_marks(self, painter: QPainter, rect: QRect, segment: Segment) -> int:
        """Paint bookmark and note at the right end; returns where the text before them must end."""
        judged = judged_of(segment)
        right = rect.right()
        for name, is_there in (("pencil", judged and judged.note), ("bookmark", judged and judged.bookmark)):
            if is_there:
                right -= _ICON_PX + 4
                _paint_icon(painter, right + 4, rect, name)
        return right

    def _paint_score(self, painter: QPainter, rect: QRect, score: float | None, top: float) -> None:
        """Paint the score as a number and as a bar on a scale from 0 to `top`; None: it is not known yet."""
        colours = theme.current()
        text = "–" if score is None else number_text(score, ".2f")
        # A fixed width for the number, so that the bars of all rows begin at the same x.
        width = painter.fontMetrics().horizontalAdvance("0.00" if top <= 1 else "00.00")
        painter.setPen(QColor(colours.text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        bar = QRect(rect.left() + width + 8, 0, min(rect.width() - width - 8, 110), _BAR_HEIGHT_PX)
        bar.moveTop(rect.center().y() - _BAR_HEIGHT_PX // 2)
        painter.fillRect(bar, QColor(colours.border))
        bar.setWidth(round(bar.width() * min(max((score or 0.0) / top, 0.0), 1.0)))
        painter.fillRect(bar, QColor(colours.alert))


def _paint_icon(painter: QPainter, left: int, line: QRect, name: str) -> int:
    """Paint an icon in the middle of a line; returns where the text behind it begins."""
    place = QRect(left, 0, _ICON_PX, _ICON_PX)
    place.moveTop(line.center().y() - _ICON_PX // 2)
    icon(name).paint(painter, place)
    return left + _ICON_PX + 4


def _line_count(index: QModelIndex | QPersistentModelIndex) -> int:
    """Number of lines of text: times, frames, the reason where scores have one, and the score."""
    model = index.model()
    return 4 if isinstance(model, SegmentModel) and model.has_reasons else 3
