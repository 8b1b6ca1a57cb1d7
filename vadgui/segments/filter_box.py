"""The box that chooses which segments are listed: by verdict, or by reason."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QComboBox

from engine.common.language import tr
from vadgui.segments.model import Reason, SegmentFilter, SegmentModel

_MARGIN_PX = 12


class FilterBox(QComboBox):
    """Offers all kinds of verdict, and the reasons that segments of the recording have."""

    def __init__(self, model: SegmentModel) -> None:
        super().__init__()
        self._model = model
        self._reasons: list[Reason] = []
        for which in SegmentFilter:
            self.addItem(tr(which.value), which)
        self.setAccessibleName(tr("Which segments are listed"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows choose without opening the list."""
        self._offer_reasons()
        super().focusInEvent(event)

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        """Look for reasons only now: to know them of a day's segments takes time."""
        self._offer_reasons()
        # Reasons are longer than the box, which stays as narrow as it is.
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 2 * _MARGIN_PX)
        super().showPopup()

    def _offer_reasons(self) -> None:
        reasons = self._model.reasons()
        chosen = self._model.filter
        if isinstance(chosen, Reason) and chosen not in reasons:
            reasons.append(chosen)
        if reasons == self._reasons:
            return
        self._reasons = reasons
        while self.count() > len(SegmentFilter):
            self.removeItem(self.count() - 1)
        if reasons:
            self.insertSeparator(self.count())
        for reason in reasons:
            self.addItem(reason.in_words, reason)
        self.setCurrentIndex(max(self.findData(chosen), 0))
