"""The page on which the person adds, checks and previews recordings, and leaves parts of them out."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSplitter, QVBoxLayout, QWidget

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_n
from engine.footage_check import FootageFinding
from engine.scoring.tail import MIN_BLOCKS
from vadgui.dialogs.files import VIDEO_FILTER, ask_for_files, ask_for_folder
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.clip_view import ClipView
from vadgui.training.wizard.footage_list import FootageList
from vadgui.training.wizard.widgets import Page
from vadgui.ui.widgets import IconLine, button

_LIST_TO_PREVIEW = [560, 320]


class FootagePage(Page):
    """Shows the list of recordings beside a preview of the selected one."""

    def __init__(self, state: WizardState) -> None:
        super().__init__(
            tr("Footage"),
            tr("Which recordings show normal life?"),
            tr(
                "The detector takes everything it sees here for normal. Some hours over several days are best; "
                "parts with something unusual can be left out."
            ),
        )
        self._footage = state.draft.footage
        self.add_button = button(tr("Add videos …"))
        self.add_button.clicked.connect(self._ask_for_videos)
        self.add_folder_button = button(
            tr("Add folder …"), tr("All videos and picture folders in it, or a dataset's training part")
        )
        self.add_folder_button.clicked.connect(self._ask_for_folder)
        self.list = FootageList(self._footage)
        self.remove_button = button(tr("Remove"), tr("Take the selected recordings off this list; their files stay"))
        self.remove_button.clicked.connect(self.list.remove_selected)
        self.view = ClipView(state)
        self.list.clip_selected.connect(self._select)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.bar.setRange(0, 1000)
        self.status = IconLine()
        self._lay_out()
        self.setAcceptDrops(True)
        self._footage.changed.connect(self._show)
        self._show()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Whether training can start with the footage."""
        return self._footage.refusal() is None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, D102
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, D102
        event.acceptProposedAction()
        self._footage.find_videos([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.add_folder_button)
        buttons.addStretch(1)
        buttons.addWidget(self.remove_button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(buttons)
        column.addWidget(self.list, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(self.view)
        splitter.setSizes(_LIST_TO_PREVIEW)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        layout = self.body
        layout.addWidget(splitter, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.status)

    def _show(self) -> None:
        checking = self._footage.checking
        # The hidden bar keeps its space, so that the layout stays when a check begins.
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.setVisible(checking is not None)
        self.bar.setValue(round(1000 * (checking or 0.0)))
        self.remove_button.setEnabled(bool(self.list.selected()))
        if self._footage.problem:
            self.status.show_failure(self._footage.problem)
        else:
            refusal = self._footage.refusal()
            self._show_state(refusal, waiting=checking is not None or not self._footage.clips)
        self.completeChanged.emit()

    def _show_state(self, refusal: str | None, *, waiting: bool) -> None:
        if refusal:
            icon_name = "waiting" if self._footage.checking is not None else "note" if waiting else "error"
            self.status.show_line(icon_name, refusal, alert=not waiting)
        else:
            findings = self._general_findings()
            has_warnings = any(finding.severity != "note" for finding in findings) or self._is_too_little_held_out()
            lines = [self._amounts(), *(f"{finding.what}. {finding.advice}" for finding in findings)]
            self.status.show_line("warning" if has_warnings else "check", "\n".join(lines))

    def _general_findings(self) -> list[FootageFinding]:
        """Findings about the footage as a whole, not about one recording."""
        summary = self._footage.summary
        return [finding for finding in summary.findings if finding.path is None] if summary else []

    def _is_too_little_held_out(self) -> bool:
        """Whether the held-out footage is too short to calibrate the detector."""
        return self._footage.seconds()[1] < MIN_BLOCKS

    def _amounts(self) -> str:
        count = len(self._footage.usable_clips())
        learnt, held_out = self._footage.seconds()
        if held_out:
            text = tr_n(
                "{count} recording: {learnt} to learn from, {held_out} held out to judge the result by.",
                "{count} recordings: {learnt} to learn from, {held_out} held out to judge the result by.",
                count,
            )
        else:
            text = tr_n(
                "{count} recording: {learnt} to learn from, nothing held out.",
                "{count} recordings: {learnt} to learn from, nothing held out.",
                count,
            )
        text = text.format(count=count, learnt=duration_in_words(learnt), held_out=duration_in_words(held_out))
        if count > 1 and not self._footage.held_out():
            text += tr(" You chose none, so training holds out a fifth by itself.")
        if self._is_too_little_held_out():
            text += tr(" Hold out {seconds} s at least: from less, nobody can tell how rare a score is.").format(
                seconds=MIN_BLOCKS
            )
        return text

    def _select(self, path: Path | None) -> None:
        self.view.show_clip(path)
        self.remove_button.setEnabled(path is not None)

    def _ask_for_videos(self) -> None:
        ask_for_files(self, tr("Add videos"), "", VIDEO_FILTER, self._footage.find_videos)

    def _ask_for_folder(self) -> None:
        ask_for_folder(self, tr("Add folder"), "", lambda path: self._footage.find_videos([path]))
