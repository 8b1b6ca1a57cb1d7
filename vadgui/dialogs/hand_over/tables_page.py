"""Chooses tables: of which segments, in which formats."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout

from engine.common.language import tr, tr_n, tr_noop
from engine.export.estimate import Estimate
from engine.export.list_files import FORMATS
from engine.hand_over.jobs import TablesJob
from vadgui.dialogs.hand_over.page import Page, SegmentsBox
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings

_WORDS = {
    "csv": tr_noop("CSV, for spreadsheets"),
    "json": tr_noop("JSON, for programs"),
    "srt": tr_noop("SRT subtitles"),
    "vtt": tr_noop("WebVTT subtitles"),
    "edl": tr_noop("CMX 3600 edit list, of a constant frame rate"),
    "otio": tr_noop("OpenTimelineIO edit list"),
}


class TablesPage(Page):
    """Lists of segments, with verdicts, notes and times."""

    kind = "tables"
    title = tr_noop("Tables")
    icon = "note"

    def __init__(self, snapshot: ReviewSnapshot, settings: Settings) -> None:
        super().__init__(snapshot, settings)
        self.segments_box = SegmentsBox(snapshot)
        self.segments_box.choose(SegmentsBox.ALL)
        remembered = settings.export_tables.split(",")
        can_edl = snapshot.recording.constant_fps() is not None
        self.format_boxes: dict[str, QCheckBox] = {}
        column = QVBoxLayout()
        for name in FORMATS:
            box = self.format_boxes[name] = QCheckBox(tr(_WORDS[name]))
            box.setEnabled(name != "edl" or can_edl)
            box.setChecked(name in remembered and box.isEnabled())
            box.toggled.connect(self.changed)
            column.addWidget(box)
        self.segments_box.currentIndexChanged.connect(self.changed)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Of"), self.segments_box)
        form.addRow(tr("Formats"), column)

    @property
    def formats(self) -> tuple[str, ...]:
        """The chosen ones."""
        return tuple(name for name, box in self.format_boxes.items() if box.isChecked())

    def estimate(self) -> Estimate:
        """Hardly anything."""
        return Estimate(0, 0.0, 0)

    def summary(self) -> str:
        """How many files."""
        count = len(self.formats)
        return tr_n("{count} file", "{count} files", count).format(count=count) if count else ""

    def job(self, folder: Path) -> TablesJob:
        """The tables."""
        return TablesJob(self.subject, self.formats, folder, self.segments_box.verdicts)

    def remember(self) -> None:
        """The formats."""
        self._settings.export_tables = ",".join(self.formats)
