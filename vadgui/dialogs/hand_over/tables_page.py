"""Chooses tables: of which segments, in which formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout

from engine.common.language import tr, tr_n, tr_noop
from engine.export.estimate import Estimate
from engine.export.list_files import FORMATS
from engine.hand_over.jobs import ExportJob, TablesJob
from engine.hand_over.joint_jobs import in_series
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
    "scores.csv": tr_noop("Scores of all frames, CSV"),
    "scores.json": tr_noop("Scores of all frames, JSON"),
}


class TablesPage(Page):
    """Lists of segments, with verdicts, notes and times, and of the scores of all frames."""

    kind = "tables"
    title = tr_noop("Tables")
    icon = "note"

    def __init__(self, snapshots: Sequence[ReviewSnapshot], settings: Settings) -> None:
        super().__init__(snapshots, settings)
        self.segments_box = SegmentsBox(snapshots)
        self.segments_box.choose(SegmentsBox.ALL)
        remembered = settings.export_tables.split(",")
        recordings = [each.recording for each in snapshots]
        is_possible = dict.fromkeys(FORMATS, True)
        is_possible["edl"] = any(each.constant_fps() is not None for each in recordings)
        for name in ("scores.csv", "scores.json"):
            is_possible[name] = any(each.scores is not None for each in recordings)
        self.format_boxes: dict[str, QCheckBox] = {}
        column = QVBoxLayout()
        for name in FORMATS:
            box = self.format_boxes[name] = QCheckBox(tr(_WORDS[name]))
            box.setEnabled(is_possible[name])
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
        count = len(self.formats) * len(self._snapshots)
        return tr_n("{count} file", "{count} files", count).format(count=count) if count else ""

    def job(self, folder: Path) -> ExportJob:
        """The tables."""
        jobs = [TablesJob(each, self.formats, folder, self.segments_box.verdicts) for each in self.subjects]
        title = tr_n("Tables of {name}", "Tables of {count} recordings", len(jobs))
        return in_series(jobs, folder, title.format(name=self._snapshots[0].recording.name, count=len(jobs)))

    def remember(self) -> None:
        """The formats."""
        self._settings.export_tables = ",".join(self.formats)
