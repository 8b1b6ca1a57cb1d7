"""The dialog in which a person chooses what an exported clip shows and where it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.common.names import fitting_name
from engine.export.clip import PANELS, ExportOptions
from engine.export.mosaic import CAPTIONS, Panel
from engine.scoring.places import placed_signals
from engine.scoring.zones import Zones
from engine.video.writer import free_path
from vadgui.dialogs.files import ask_for_target
from vadgui.model.session import ReviewSession
from vadgui.ui.clock_text import clock_text


@dataclass(frozen=True, eq=False)
class ClipRange:
    """The segment to export, copied from the session: another recording may be opened while the dialog is shown."""

    video: Path
    start: int
    stop: int
    start_seconds: float
    duration_seconds: float
    scores: npt.NDArray[np.floating]
    """Anomaly scores [N] of the video."""
    detector: Path | None
    has_sound: bool = False
    """Whether the recording has sound."""
    zones: Zones = ()
    """Of the picture, which clips show."""
    knows_where: bool = False
    """Whether the detector tells where the evidence lies."""

    @classmethod
    def of_selection(cls, session: ReviewSession) -> ClipRange | None:
        """The clip of the session's selected segment; None where none is selected."""
        segment, video = session.scoring.selected, session.video
        if segment is None or video is None:
            return None
        began = float(session.times[segment.start])
        return cls(
            video=video.path,
            start=segment.start,
            stop=segment.stop,
            start_seconds=began,
            duration_seconds=float(session.ends[segment.stop - 1]) - began,
            scores=session.scoring.scores.copy(),
            detector=session.scored_by.path if session.scored_by else None,
            has_sound=video.has_sound,
            zones=session.review.zones,
            knows_where=bool(session.scored_by and placed_signals(session.scored_by.calibration)),
        )

    @property
    def file_name(self) -> str:
        """The suggested name of the clip, with its first and last frame number as the window shows them."""
        return fitting_name(self.video.stem, f"_frames-{self.start}-{self.stop - 1}.mp4")


class ExportDialog(QDialog):
    """Offers panels, score strip and target; the caller stores the choices."""

    export_chosen = Signal(object, object)
    """ExportOptions, and the clip's Path."""

    def __init__(
        self,
        clip: ClipRange,
        folder: Path,
        panels: tuple[str, ...] = PANELS,
        score_strip: bool = True,
        threshold: float | None = None,
        parent: QWidget | None = None,
        *,
        outlines: bool = True,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export segment")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._threshold = threshold
        self._zones = clip.zones
        self.panel_boxes: dict[Panel, QCheckBox] = {}
        for panel in PANELS:
            box = QCheckBox(CAPTIONS[panel])
            box.setChecked(panel in panels)
            box.toggled.connect(self._enable)
            self.panel_boxes[panel] = box
        self.strip_box = QCheckBox("Score strip with the threshold")
        self.strip_box.setChecked(score_strip)
        self.outlines_box = QCheckBox("Outlines of what stands out")
        self.outlines_box.setChecked(outlines and clip.knows_where)
        self._knows_where = clip.knows_where
        self.overlay_box = QCheckBox("Mark suspicious parts in the frame")
        self.sound_box = QCheckBox("Sound")
        self.sound_box.setChecked(clip.has_sound)
        self.sound_box.setVisible(clip.has_sound)
        self.target_edit = QLineEdit(str(free_path(folder / clip.file_name)))
        self.target_edit.setMinimumWidth(320)
        self.target_edit.setAccessibleName("Where the clip goes")
        self.target_edit.textChanged.connect(self._enable)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out(clip)
        self._enable()

    def options(self) -> ExportOptions:
        """The chosen options."""
        return ExportOptions(
            panels=self._chosen_panels(),
            score_strip=self.strip_box.isChecked(),
            threshold=self._threshold,
            outlines=self.outlines_box.isChecked(),
            zones=self._zones,
            overlay_opacity=0.6 if self.overlay_box.isChecked() else 0.0,
            sound=self.sound_box.isChecked(),
        )

    def target(self) -> Path:
        """The chosen path of the clip, with ".mp4" appended where it is missing."""
        path = Path(self.target_edit.text().strip()).expanduser()
        return path if path.suffix.lower() == ".mp4" else path.with_name(path.name + ".mp4")

    def accept(self) -> None:
        """Emit `export_chosen` and close."""
        self.export_chosen.emit(self.options(), self.target())
        super().accept()

    def _chosen_panels(self) -> tuple[Panel, ...]:
        return tuple(panel for panel, box in self.panel_boxes.items() if box.isChecked())

    def _lay_out(self, clip: ClipRange) -> None:
        count = clip.stop - clip.start
        span = QLabel(
            f"Frames {clip.start} to {clip.stop - 1} · {count} frame{'s' if count != 1 else ''} · "
            f"{clock_text(clip.duration_seconds)} from {clock_text(clip.start_seconds)}"
        )
        span.setProperty("role", "muted")
        shown = QGroupBox("Show")
        inside = QVBoxLayout(shown)
        for box in [*self.panel_boxes.values(), self.strip_box, self.outlines_box, self.overlay_box]:
            inside.addWidget(box)
        browse = QPushButton("Browse …")
        browse.clicked.connect(self._browse)
        target = QHBoxLayout()
        target.addWidget(self.target_edit, stretch=1)
        target.addWidget(browse)
        hint = QLabel("A file that exists already is never replaced: the next free name is taken.")
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(span)
        layout.addWidget(shown)
        layout.addWidget(self.sound_box)
        layout.addWidget(QLabel("Save as"))
        layout.addLayout(target)
        layout.addWidget(hint)
        layout.addStretch(1)
        layout.addWidget(self.buttons)

    def _browse(self) -> None:
        ask_for_target(self, "Export segment", self.target(), lambda path: self.target_edit.setText(str(path)))

    def _enable(self) -> None:
        frame_shown = self.panel_boxes["frame"].isChecked()
        self.overlay_box.setEnabled(frame_shown)
        self.outlines_box.setEnabled(frame_shown and self._knows_where)
        if not frame_shown:
            self.overlay_box.setChecked(False)
        self.export_button.setEnabled(bool(self._chosen_panels()) and bool(self.target_edit.text().strip()))
