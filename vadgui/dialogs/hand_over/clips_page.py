"""Chooses clips: of which segments, how they are cut, what they show, what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
)

from engine.common.durations import duration_in_words
from engine.common.errors import VadError
from engine.common.language import tr, tr_n, tr_noop
from engine.export.clip import PANELS, ClipLayout, ExportOptions
from engine.export.clip_names import FIELDS, clip_name
from engine.export.estimate import Estimate, estimate_clips, sum_of
from engine.export.mosaic import CAPTIONS, BurntIn, Panel
from engine.export.reviewed import ListedSegment, ReviewedRecording
from engine.hand_over.jobs import ClipsJob, ExportJob
from engine.hand_over.joint_jobs import in_series
from engine.redaction.regions import redaction_in_words
from engine.video.encoding import FORMATS, ClipFormat, Encoding, Quality
from engine.video.source import PICTURES
from vadgui.dialogs.hand_over.page import Page, SegmentsBox
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import MOST_MARGIN_SECONDS, MOST_MB, Settings
from vadgui.ui.number_boxes import NumberBox
from vadgui.ui.widgets import text_label

_TEXTS = {
    "camera": tr_noop("Recording's name"),
    "verdict": tr_noop("Verdict"),
    "wall_clock": tr_noop("Time of day"),
    "frame_number": tr_noop("Frame number"),
    "running_time": tr_noop("Running time"),
    "score": tr_noop("Score"),
}
_LAYOUTS = {
    ClipLayout.MOSAIC: tr_noop("Panels around a large one, with the score strip"),
    ClipLayout.SIDE_BY_SIDE: tr_noop("Panels side by side"),
    ClipLayout.OUTLINES: tr_noop("The recording's picture with outlines"),
    ClipLayout.ORIGINAL: tr_noop("The recording's picture alone"),
}
_QUALITIES = {
    Quality.HIGH: tr_noop("High quality"),
    Quality.MEDIUM: tr_noop("Medium quality"),
    Quality.LOW: tr_noop("Low quality, small file"),
}
_BY_SIZE = "size"
_USUAL_MB, _LEAST_MB = 25.0, 0.1  # 25 MB is what many mailboxes take
_COLUMN_PX = 170
_CUT_HINT = tr_noop(
    "The recording's own pictures, bit for bit. A cut begins at the keyframe before its segment; how much earlier "
    "that is, is said when it is done."
)


class ClipsPage(Page):
    """A clip of each of some segments."""

    kind = "clips"
    title = tr_noop("Clips")
    icon = "export"

    def __init__(self, snapshots: Sequence[ReviewSnapshot], settings: Settings) -> None:
        super().__init__(snapshots, settings)
        self.segments_box = SegmentsBox(snapshots, offers_selected=True)
        self.annotated_button = QRadioButton(tr("Annotated, encoded anew"))
        self.cut_button = QRadioButton(tr("Cut without re-encoding"))
        recordings = [each.recording for each in snapshots]
        redacted_one = next((each for each in recordings if each.redaction), None)
        knows_where = any(each.knows_where for each in snapshots)
        self.cut_button.setEnabled(not redacted_one and all(each.info.codec != PICTURES for each in recordings))
        self.cut_button.setChecked(settings.export_copy and self.cut_button.isEnabled())
        self.annotated_button.setChecked(not self.cut_button.isChecked())
        self.redaction_hint = text_label(_redaction_words(recordings), "muted")
        self.redaction_hint.setVisible(redacted_one is not None)
        self.layout_box, self.format_box = QComboBox(), QComboBox()
        self.layout_box.setAccessibleName(tr("What stands where"))
        self.format_box.setAccessibleName(tr("Kind of file"))
        for layout, text in _LAYOUTS.items():
            self.layout_box.addItem(tr(text), layout)
        for clip_format, facts in FORMATS.items():
            self.format_box.addItem(tr(facts.label), clip_format)
        self.layout_box.setCurrentIndex(self.layout_box.findData(settings.export_layout))
        self.format_box.setCurrentIndex(self.format_box.findData(settings.export_format))
        self.quality_box, self.size_box = self._make_quality_boxes()
        self.panel_boxes = self._make_panel_boxes()
        self.strip_box = _box(tr("Score strip with the threshold"), settings.export_strip)
        self.outlines_box = _box(tr("Outlines of what stands out"), settings.outlines and knows_where)
        self.overlay_box = _box(tr("Mark suspicious parts in the frame"), False)
        self.text_boxes = {name: _box(tr(text), name not in settings.export_texts_off) for name, text in _TEXTS.items()}
        has_sound = any(each.info.has_sound and not each.redaction for each in recordings)
        self.sound_box = _box(tr("Sound"), has_sound)
        self.sound_box.setVisible(has_sound)
        self.margin_box = _margin_box(settings.export_margin_seconds)
        self.names_edit = QLineEdit(settings.export_names)
        self.names_edit.setAccessibleName(tr("Names of the clips"))
        self.names_edit.setToolTip("\n".join(f"{{{name}}}: {tr(meaning)}" for name, meaning in FIELDS.items()))
        self.preview = text_label(role="muted")
        self._lay_out()
        self._connect()
        self._enable()

    def _make_panel_boxes(self) -> dict[Panel, QCheckBox]:
        remembered = set(filter(None, self._settings.export_panels.split(","))) or set(PANELS)
        without = all(each.detector is None for each in self._snapshots)
        boxes = {panel: _box(tr(CAPTIONS[panel]), panel in remembered) for panel in PANELS}
        for panel, box in boxes.items():
            if without and panel != "frame":
                box.setChecked(False)
                box.setEnabled(False)
        return boxes

    def _make_quality_boxes(self) -> tuple[QComboBox, NumberBox]:
        """How much may be lost of an MP4, or how large it may be."""
        quality, size = QComboBox(), NumberBox()
        quality.setAccessibleName(tr("Quality"))
        for each, text in _QUALITIES.items():
            quality.addItem(tr(text), each.value)
        quality.addItem(tr("Each clip at most"), _BY_SIZE)
        max_mb = self._settings.export_max_mb
        quality.setCurrentIndex(quality.findData(_BY_SIZE if max_mb else self._settings.export_quality))
        size.setAccessibleName(tr("Largest size of a clip"))
        size.setDecimals(1)
        size.setRange(_LEAST_MB, MOST_MB)
        size.setSuffix(" MB")
        size.setValue(max_mb or _USUAL_MB)
        return quality, size

    def options(self) -> ExportOptions | None:
        """How clips look; None where they are cut without re-encoding.

        Raises:
            ValueError: no panel is chosen.
        """
        if self.cut_button.isChecked():
            return None
        layout = self._layout()
        is_plain = layout in (ClipLayout.ORIGINAL, ClipLayout.OUTLINES)
        return ExportOptions(
            panels=PANELS if is_plain else self._panels(),
            layout=layout,
            encoding=self._encoding(),
            score_strip=self.strip_box.isChecked(),
            outlines=self.outlines_box.isChecked() or layout is ClipLayout.OUTLINES,
            overlay_opacity=0.6 if self.overlay_box.isChecked() else 0.0,
            burnt_in=BurntIn(**{name: box.isChecked() for name, box in self.text_boxes.items()}),
        )

    def _layout(self) -> ClipLayout:
        # Qt gives it back as the text that it is.
        return ClipLayout(self.layout_box.currentData())

    def _format(self) -> ClipFormat:
        return ClipFormat(self.format_box.currentData())

    def _encoding(self) -> Encoding:
        if self._format() is not ClipFormat.MP4:
            return Encoding(self._format())
        if self.quality_box.currentData() == _BY_SIZE:
            return Encoding(max_bytes=round(self.size_box.value() * 1e6))
        return Encoding(quality=Quality(self.quality_box.currentData()))

    def _panels(self) -> tuple[Panel, ...]:
        return tuple(panel for panel, box in self.panel_boxes.items() if box.isChecked())

    def _shows_panels(self) -> bool:
        return not self.cut_button.isChecked() and self._layout() in (ClipLayout.MOSAIC, ClipLayout.SIDE_BY_SIDE)

    def estimate(self) -> Estimate:
        """Of all chosen clips, whose names can be used."""
        self._name_of_first()
        options = self.options()
        return sum_of(estimate_clips(each.recording, self._shown_of(each), options) for each in self._snapshots)

    def _shown_of(self, snapshot: ReviewSnapshot) -> list[ListedSegment]:
        """The chosen segments of a recording, with what is shown around them."""
        margin_seconds = self.margin_box.value()
        return [snapshot.recording.widened(each, margin_seconds) for each in self.segments_box.segments_of(snapshot)]

    def summary(self) -> str:
        """Count and length."""
        count = self.segments_box.segment_count
        seconds = sum(
            each.recording.stop_seconds(segment) - each.recording.start_seconds(segment)
            for each in self._snapshots
            for segment in self._shown_of(each)
        )
        if not count or (self._shows_panels() and not self._panels()):
            return ""
        words = tr_n("{count} clip, {duration}", "{count} clips, {duration} in all", count)
        return words.format(count=count, duration=duration_in_words(seconds))

    def job(self, folder: Path) -> ExportJob:
        """The clips; nothing is done of recordings that have none."""
        self._name_of_first()
        for box in (self.size_box, self.margin_box):
            box.interpretText()  # what is still being typed counts
        template, options, sound = self.names_edit.text(), self.options(), self.sound_box.isChecked()
        jobs = [
            ClipsJob(subject, segments, folder, template, options, sound, self.margin_box.value())
            for subject, snapshot in zip(self.subjects, self._snapshots, strict=True)
            if (segments := self.segments_box.segments_of(snapshot))
        ]
        count = self.segments_box.segment_count
        title = tr_n("{count} clip of {recordings} recordings", "{count} clips of {recordings} recordings", count)
        return in_series(jobs, folder, title.format(count=count, recordings=len(jobs)))

    def remember(self) -> None:
        """All but the outlines, which the window has a switch for, and the marks."""
        settings = self._settings
        if self.cut_button.isEnabled():
            settings.export_copy = self.cut_button.isChecked()
        settings.export_names = self.names_edit.text()
        settings.export_margin_seconds = self.margin_box.value()
        if not self.cut_button.isChecked():
            self._remember_encoding()
        settings.export_texts_off = ",".join(name for name, box in self.text_boxes.items() if not box.isChecked())
        if self._shows_panels():
            settings.export_panels = ",".join(self._panels())
            settings.export_strip = self.strip_box.isChecked()

    def _remember_encoding(self) -> None:
        settings, encoding = self._settings, self._encoding()
        settings.export_layout, settings.export_format = self._layout().value, encoding.format.value
        if encoding.format is ClipFormat.MP4:
            settings.export_max_mb = self.size_box.value() if encoding.max_bytes else 0.0
            settings.export_quality = encoding.quality.value

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Of"), self.segments_box)
        form.addRow(tr("Margin"), self.margin_box)
        kind = QVBoxLayout()
        kind.addWidget(self.annotated_button)
        kind.addWidget(self.cut_button)
        form.addRow(tr("As"), kind)
        form.addRow(tr("Layout"), self.layout_box)
        form.addRow(tr("File"), self.format_box)
        self.quality_row = QHBoxLayout()
        self.quality_row.addWidget(self.quality_box, stretch=1)
        self.quality_row.addWidget(self.size_box)
        form.addRow(tr("Quality"), self.quality_row)
        self.form = form
        names = QVBoxLayout()
        names.addWidget(self.names_edit)
        names.addWidget(self.preview)
        form.addRow(tr("Names"), names)
        boxes = [*self.panel_boxes.values(), self.strip_box, self.outlines_box, self.overlay_box]
        self.shown = _group(tr("Shown"), boxes)
        tells_time = any(each.recording.info.start is not None for each in self._snapshots)
        written = [box for name, box in self.text_boxes.items() if tells_time or name != "wall_clock"]
        self.written = _group(tr("Written into the picture"), written)
        self.cut_hint = text_label(tr(_CUT_HINT), "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.redaction_hint)
        layout.addWidget(self.cut_hint)
        layout.addWidget(self.shown)
        layout.addWidget(self.written)
        layout.addWidget(self.sound_box)
        layout.addStretch(1)

    def _connect(self) -> None:
        self.segments_box.currentIndexChanged.connect(self._enable)
        self.names_edit.textChanged.connect(self._enable)
        boxes = (*self.panel_boxes.values(), self.strip_box, *self.text_boxes.values(), self.sound_box)
        for button in (*boxes, self.cut_button):
            button.toggled.connect(self._enable)
        for chosen in (self.layout_box, self.format_box, self.quality_box):
            chosen.currentIndexChanged.connect(self._enable)
        for number in (self.size_box, self.margin_box):
            number.valueChanged.connect(self._enable)

    def _enable(self) -> None:
        is_cut = self.cut_button.isChecked()
        self.cut_hint.setVisible(is_cut)
        for chosen in (self.layout_box, self.format_box):
            self.form.setRowVisible(chosen, not is_cut)
        self.form.setRowVisible(self.quality_row, not is_cut and self._format() is ClipFormat.MP4)
        self.size_box.setVisible(self.quality_box.currentData() == _BY_SIZE)
        for group in (self.shown, self.written):
            group.setVisible(self._shows_panels())
        self.strip_box.setVisible(self._layout() is ClipLayout.MOSAIC)
        frame_shown = self.panel_boxes["frame"].isChecked()
        self.overlay_box.setEnabled(frame_shown and any(each.detector for each in self._snapshots))
        self.outlines_box.setEnabled(frame_shown and any(each.knows_where for each in self._snapshots))
        self.text_boxes["score"].setEnabled(self.strip_box.isChecked())
        if not frame_shown:
            self.overlay_box.setChecked(False)
        try:
            self.preview.setText(self._name_of_first())
        except VadError:
            self.preview.clear()  # why is said below
        self.changed.emit()

    def _name_of_first(self) -> str:
        """The name of the first clip, or of one that there could be."""
        box = self.segments_box
        chosen = [(each, segments) for each in self._snapshots if (segments := box.segments_of(each))]
        others = [(each, each.recording.segments) for each in self._snapshots if each.recording.segments]
        if not (chosen or others):
            return ""
        first, segments = (chosen or others)[0]
        # Of a cut it depends on what the recording holds.
        suffix = "" if self.cut_button.isChecked() else FORMATS[self._format()].suffix
        name = first.subject(self._settings.device).name
        return clip_name(self.names_edit.text(), name, first.recording, segments[0], suffix)


def _redaction_words(recordings: Sequence[ReviewedRecording]) -> str:
    redacted = [each for each in recordings if each.redaction]
    if not redacted:
        return ""
    if len(recordings) == 1:
        parts = redaction_in_words(redacted[0].redaction)
        return tr("Redacted, and so without sound: {parts}.").format(parts=parts)
    words = tr_n(
        "{count} recording is redacted, and so without sound.",
        "{count} recordings are redacted, and so without sound.",
        len(redacted),
    )
    return words.format(count=len(redacted))


def _margin_box(seconds: float) -> NumberBox:
    box = NumberBox()
    box.setAccessibleName(tr("Seconds before and after each segment"))
    box.setToolTip(tr("How much of the recording is shown before and after each segment"))
    box.setDecimals(1)
    box.setRange(0, MOST_MARGIN_SECONDS)
    box.setSuffix(" s")
    box.setValue(seconds)
    return box


def _box(text: str, checked: bool) -> QCheckBox:
    box = QCheckBox(text)
    box.setChecked(checked)
    return box


def _group(title: str, boxes: list[QCheckBox]) -> QGroupBox:
    """Boxes in two columns, read downwards."""
    group = QGroupBox(title)
    grid = QGridLayout(group)
    grid.setColumnMinimumWidth(0, _COLUMN_PX)
    rows = (len(boxes) + 1) // 2
    for number, box in enumerate(boxes):
        grid.addWidget(box, number % rows, number // rows)
    grid.setColumnStretch(1, 1)
    return group
