"""Chooses a report: of which segments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout

from engine.common.language import tr, tr_n, tr_noop
from engine.common.left_out import LeftOut
from engine.export.estimate import Estimate
from engine.hand_over.joint_jobs import ReportJob
from vadgui.dialogs.hand_over.page import Page, SegmentsBox
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings
from vadgui.ui.widgets import text_label

_EXPLANATION = tr_noop(
    "Summary, timeline, a card with pictures for each segment, what was not looked at, and where it all came from. "
    "It needs neither network nor script, and opens when it is done."
)
_CARD_BYTES = 120_000
"""Four thumbnails, as text."""


class ReportPage(Page):
    """The report of a review."""

    kind = "report"
    title = tr_noop("Report")
    icon = "flag"

    def __init__(
        self, snapshots: Sequence[ReviewSnapshot], settings: Settings, left_out: Sequence[LeftOut] = ()
    ) -> None:
        """Of one or several recordings; it says of those that are `left_out` that it lacks them."""
        super().__init__(snapshots, settings)
        self._left_out = tuple(left_out)
        self.segments_box = SegmentsBox(snapshots)
        self.segments_box.choose(SegmentsBox.ALL)
        self.segments_box.currentIndexChanged.connect(self.changed)
        kinds = settings.export_report.split(",")
        self.format_boxes = {".html": QCheckBox(tr("HTML, for browsers")), ".pdf": QCheckBox(tr("PDF, pages to print"))}
        column = QVBoxLayout()
        for suffix, box in self.format_boxes.items():
            box.setChecked(suffix.removeprefix(".") in kinds)
            box.toggled.connect(self.changed)
            column.addWidget(box)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Of"), self.segments_box)
        form.addRow(tr("Format"), column)
        form.addRow(text_label(tr(_EXPLANATION), "muted"))

    def estimate(self) -> Estimate:
        """By its pictures."""
        return Estimate(0, 0.0, self.segments_box.segment_count * _CARD_BYTES)

    def summary(self) -> str:
        """How many segments."""
        count = self.segments_box.segment_count
        if not self._suffixes:
            return ""
        return tr_n("Report of {count} segment", "Report of {count} segments", count).format(count=count)

    def job(self, folder: Path) -> ReportJob:
        """The report."""
        suffixes = self._suffixes
        target = folder / self._name_of_all(f".report{suffixes[0]}")
        return ReportJob(
            self.subjects,
            target,
            self.segments_box.verdicts,
            with_pdf=len(suffixes) > 1,
            left_out=self._left_out,
        )

    def remember(self) -> None:
        """The formats: which segments depends on the review."""
        self._settings.export_report = ",".join(suffix.removeprefix(".") for suffix in self._suffixes)

    @property
    def _suffixes(self) -> list[str]:
        return [suffix for suffix, box in self.format_boxes.items() if box.isChecked()]
