"""Says what the colours and patterns of lanes mean."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.archive.schema import AnalysisState
from engine.common.language import tr, tr_noop
from engine.review.document import Verdict
from vadgui.archive.lane_painter import FootagePainter, HitPainter
from vadgui.ui import theme

_FOOTAGE: Sequence[tuple[AnalysisState | None, str]] = (
    (AnalysisState.DONE, tr_noop("analysed")),
    (AnalysisState.WAITING, tr_noop("not analysed")),
    (None, tr_noop("file missing")),
)
_SWATCH_PX, _GAP_PX, _MARGIN_PX = (18, 8), 6, 10


class LaneLegend(QWidget):
    """A line of swatches; those that have no room are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802, D102
        return QSize(100, self.fontMetrics().height() + 6)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802, D102
        painter = QPainter(self)
        left = float(_MARGIN_PX)
        for state, words in _FOOTAGE:
            left = self._entry(painter, left, tr(words), state=state)
        for verdict in Verdict:
            left = self._entry(painter, left, tr(verdict), verdict=verdict)

    def _entry(
        self,
        painter: QPainter,
        left: float,
        words: str,
        *,
        state: AnalysisState | None = None,
        verdict: Verdict | None = None,
    ) -> float:
        width_px, height_px = _SWATCH_PX if verdict is None else (_SWATCH_PX[1] - 2, _SWATCH_PX[1] + 4)
        words_px = self.fontMetrics().horizontalAdvance(words)
        stop = left + width_px + _GAP_PX + words_px
        if stop > self.width():
            return stop
        swatch = round(left), (self.height() - height_px) // 2, width_px, height_px
        if verdict is None:
            FootagePainter(painter).paint(swatch, state)
        else:
            HitPainter(painter).paint([swatch], [verdict])
        painter.setPen(theme.current().muted_text)
        place = QRectF(left + width_px + _GAP_PX, 0, words_px + 1, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
        return stop + 2 * _MARGIN_PX
