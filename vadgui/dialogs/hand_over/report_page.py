"""Chooses a report: of which segments."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFormLayout

from engine.common.names import fitting_name
from engine.export.estimate import Estimate
from engine.hand_over.jobs import REPORT_SUFFIX, ReportJob
from vadgui.dialogs.hand_over.page import Page, SegmentsBox
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings
from vadgui.ui.widgets import text_label

_EXPLANATION = (
    "Summary, timeline, a card with pictures for each segment, what was not looked at, and where it all came from. "
    "One HTML file that needs neither network nor script; it opens in your browser when it is done."
)
_CARD_BYTES = 120_000
"""Four thumbnails, as text."""


class ReportPage(Page):
    """The report of a review."""

    title = "Report"
    icon = "flag"

    def __init__(self, snapshot: ReviewSnapshot, settings: Settings) -> None:
        super().__init__(snapshot, settings)
        self.segments_box = SegmentsBox(snapshot)
        self.segments_box.choose(SegmentsBox.ALL)
        self.segments_box.currentIndexChanged.connect(self.changed)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Of", self.segments_box)
        form.addRow(text_label(_EXPLANATION, "muted"))

    def estimate(self) -> Estimate:
        """By its pictures."""
        return Estimate(0, 0.0, len(self.segments_box.segments) * _CARD_BYTES)

    def summary(self) -> str:
        """How many segments."""
        count = len(self.segments_box.segments)
        return f"Report of {count} segment{'s' if count != 1 else ''}"

    def job(self, folder: Path) -> ReportJob:
        """The report."""
        target = folder / fitting_name(self.subject.name, f".report{REPORT_SUFFIX}")
        return ReportJob(self.subject, target, self.segments_box.verdicts)

    def remember(self) -> None:
        """Nothing: which segments depends on the review."""
