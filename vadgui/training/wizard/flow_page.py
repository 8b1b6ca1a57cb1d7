"""The page that offers the teachers, with a preview of their flow on the person's own footage."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from engine.common.language import tr, tr_noop
from engine.common.names import displayable
from engine.common.paths import weights_folder
from vadgui.dialogs.files import ask_for_file, ask_for_folder
from vadgui.panels.legend import paint_legend
from vadgui.panels.picture import PicturePanel
from vadgui.training.model.choices import TEACHERS, TeacherChoice
from vadgui.training.model.wizard_state import FlowRequest, Preview, WizardState
from vadgui.training.wizard.range_strip import RangeStrip
from vadgui.training.wizard.widgets import TITLE_INSET_PX, OptionCard, Page, group_cards
from vadgui.ui.bytes_text import bytes_text
from vadgui.ui.widgets import IconLine, button, row_of_data, text_label

_CHOICES_TO_PREVIEW = [330, 470]
_MIN_PICTURE_PX = 110
_MAX_DISK_SHARE = 0.9  # warn when prepared footage would take more than this share of the free disk space
_WEIGHTS_FILTER = tr_noop("Weights") + " (*.pth *.pt *.tar *.pytorch)"


class FlowPage(Page):
    """Shows a card for each teacher, beside a frame of the footage and its flow."""

    def __init__(self, state: WizardState) -> None:
        super().__init__(
            tr("Movement"),
            tr("How is real movement measured?"),
            tr(
                "The detector learns to predict movement. What it is compared with is measured from picture to "
                "picture; the first choice is right for nearly everybody."
            ),
        )
        self._state = state
        self._draft = state.draft
        self.cards = {choice.name: _teacher_card(choice) for choice in TEACHERS}
        self.file_labels: dict[str, QLabel] = {}
        self._group: QButtonGroup = group_cards(list(self.cards.values()), self)
        self.video_box = QComboBox()
        self.video_box.setAccessibleName(tr("Recording to look at"))
        self.video_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.video_box.setMinimumContentsLength(20)
        self.strip = RangeStrip()
        self.frame = PicturePanel(tr("Recording"), inset_px=TITLE_INSET_PX)
        self.flow = PicturePanel(tr("Its movement"), inset_px=TITLE_INSET_PX)
        for panel in (self.frame, self.flow):
            panel.setMinimumHeight(_MIN_PICTURE_PX)
        self.radius_line = IconLine()
        self.disk_line = IconLine()
        self.folder_button = button(tr("Other disk …"), tr("Choose where trainings keep their files"))
        self.folder_button.clicked.connect(self._ask_for_runs_folder)
        self._lay_out()
        for name, card in self.cards.items():
            card.chosen.connect(partial(self._draft.set_teacher, name))
        self.video_box.activated.connect(self._show_video)
        self.strip.moment_changed.connect(lambda _: self._ask_for_flow())
        state.frame_shown.connect(self._show_frame)
        state.flow_shown.connect(self._show_flow)
        state.disk_space_changed.connect(self._show_disk_space)
        self._draft.settings_changed.connect(self._teacher_changed)
        self._show_teacher()

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """List the chosen footage and show the first preview."""
        chosen = self.video_box.currentData()
        self.video_box.clear()
        for clip in self._draft.footage.usable_clips():
            self.video_box.addItem(displayable(clip.path.name), clip.path)
        self.video_box.setCurrentIndex(max(row_of_data(self.video_box, chosen), 0))
        self._show_video()
        self._show_disk_space()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Request the flow preview: `initializePage` runs before the page is visible, when none is requested."""
        super().showEvent(event)
        self._ask_for_flow()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Whether the teacher has the weights file it needs."""
        return not self._missing_file()

    def _lay_out(self) -> None:
        cards = QWidget()
        column = QVBoxLayout(cards)
        column.setContentsMargins(0, 0, 6, 0)
        for choice in TEACHERS:
            if choice.needs_file:
                self._add_file_row(choice)
            column.addWidget(self.cards[choice.name])
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(cards)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        pictures = QVBoxLayout()
        pictures.addWidget(self.frame)
        pictures.addWidget(self.flow)
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(8, 0, 0, 0)
        beside.addWidget(self.video_box)
        beside.addLayout(pictures, 1)
        beside.addWidget(self.strip)
        beside.addWidget(self.radius_line)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(scroll)
        splitter.addWidget(right)
        splitter.setSizes(_CHOICES_TO_PREVIEW)
        splitter.setStretchFactor(1, 1)
        disk_row = QHBoxLayout()
        disk_row.addWidget(self.disk_line, 1)
        disk_row.addWidget(self.folder_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = self.body
        layout.addWidget(splitter, 1)
        layout.addLayout(disk_row)

    def _add_file_row(self, choice: TeacherChoice) -> None:
        label = text_label("", "muted")
        browse = button(tr("File …"), tr("Where {file} is").format(file=choice.needs_file))
        browse.clicked.connect(partial(self._ask_for_weights, choice.name))
        row = QHBoxLayout()
        row.addWidget(label, 1)
        row.addWidget(browse, 0, Qt.AlignmentFlag.AlignTop)
        self.file_labels[choice.name] = label
        self.cards[choice.name].body.addLayout(row)

    # The teacher

    def _teacher_changed(self) -> None:
        self._show_teacher()
        self._ask_for_flow()

    def _show_teacher(self) -> None:
        self.cards[self._draft.teacher].radio.setChecked(True)
        for choice in TEACHERS:
            if choice.needs_file:
                path = self._weights_file(choice)
                text = tr("Uses {file}.") if path else tr("Needs the file {file}, which is not part of this program.")
                self.file_labels[choice.name].setText(text.format(file=path.name if path else choice.needs_file))
        self.completeChanged.emit()

    def _weights_file(self, choice: TeacherChoice) -> Path | None:
        chosen = self._draft.weights_of(choice.name)
        default = weights_folder() / choice.needs_file
        return chosen or (default if default.is_file() else None)

    def _missing_file(self) -> bool:
        choice = next(choice for choice in TEACHERS if choice.name == self._draft.teacher)
        return bool(choice.needs_file) and self._weights_file(choice) is None

    def _ask_for_weights(self, teacher: str) -> None:
        ask_for_file(self, tr("Weights file"), "", _WEIGHTS_FILTER, partial(self._draft.set_weights, teacher))

    # The preview

    def _show_video(self) -> None:
        path: Path | None = self.video_box.currentData()
        clip = self._draft.footage.clip(path) if path else None
        self.strip.set_length(clip.report.duration_seconds if clip and clip.report else 0.0)
        self.strip.set_parts(clip.left_out if clip else ())
        self.strip.set_moment(self.strip.moment)
        self._ask_for_flow()

    def _ask_for_flow(self) -> None:
        path: Path | None = self.video_box.currentData()
        if path is None or not self.isVisible():
            return
        if self._missing_file():
            self.flow.show_message(tr("Name the file that this needs to see its work here"))
            self.radius_line.show_line("note", "")
            self._state.frame_requested.emit(path, self.strip.moment)
            return
        sampled = tuple(clip.path for clip in self._draft.footage.usable_clips())
        request = FlowRequest(path, self.strip.moment, self._draft.teacher, self._draft.weights, sampled)
        self.flow.show_message(tr("Being measured …"))
        self._state.flow_requested.emit(request)

    def _show_frame(self, preview: Preview) -> None:
        if preview.path == self.video_box.currentData() and preview.picture is not None:
            self.frame.set_aspect(preview.picture.shape[1] / preview.picture.shape[0])
            self.frame.show_picture(preview.picture)

    def _show_flow(self, preview: Preview) -> None:
        if preview.path != self.video_box.currentData():
            return
        self._show_frame(preview)
        if preview.flow is None:
            self.flow.show_message(preview.failure.what if preview.failure else tr("Being measured …"))
            self.radius_line.show_failure(preview.failure)
            return
        aspect = preview.picture.shape[1] / preview.picture.shape[0] if preview.picture is not None else 1.0
        self.flow.set_aspect(aspect)
        self.flow.show_picture(preview.flow, decoration=partial(paint_legend, radius_px=preview.radius_px))
        self.radius_line.show_line(
            "note",
            tr(
                "Colour tells the direction, as on the wheel; the stronger, the faster. Full colour is {radius:.1f} px "
                "a frame, measured from your footage."
            ).format(radius=preview.radius_px),
        )

    # Disk space

    def _show_disk_space(self) -> None:
        needed, free = self._draft.footage.cache_bytes(), self._state.free_bytes
        folder = self._state.runs_folder
        if free is None:
            text = tr("Prepared footage will take {needed} in {folder}.")
            self.disk_line.show_line("note", text.format(needed=bytes_text(needed), folder=folder))
            return
        is_short = needed > _MAX_DISK_SHARE * free
        text = tr("Prepared footage will take {needed} of {free} free in {folder}.").format(
            needed=bytes_text(needed), free=bytes_text(free), folder=folder
        )
        if is_short:
            text += tr(" That is too little room: choose another disk, or use less footage.")
        self.disk_line.show_line("warning" if is_short else "check", text, alert=is_short)

    def _ask_for_runs_folder(self) -> None:
        folder = str(self._state.runs_folder)
        ask_for_folder(self, tr("Folder for trainings"), folder, self._state.runs_folder_chosen.emit)


def _teacher_card(choice: TeacherChoice) -> OptionCard:
    return OptionCard(tr(choice.title), tr(choice.sentence))
