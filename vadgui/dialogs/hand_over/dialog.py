"""The dialog "Hand over": a list of kinds, the choices of the chosen one, the folder, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.common.errors import ExportError, VadError
from engine.common.in_time import check_answers
from engine.common.language import SOURCE_LANGUAGE, in_language, tr, tr_n
from engine.common.left_out import LeftOut
from engine.export.estimate import Estimate, free_bytes
from engine.hand_over.jobs import first_of
from engine.hand_over.unfinished import UnfinishedExport
from vadgui.dialogs.files import ask_for_folder
from vadgui.dialogs.hand_over.clips_page import ClipsPage
from vadgui.dialogs.hand_over.package_page import PackagePage
from vadgui.dialogs.hand_over.page import Page
from vadgui.dialogs.hand_over.report_page import ReportPage
from vadgui.dialogs.hand_over.tables_page import TablesPage
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings
from vadgui.ui.bytes_text import bytes_text
from vadgui.ui.failure import Failure
from vadgui.ui.icons import icon
from vadgui.ui.questions import ask
from vadgui.ui.widgets import IconLine, button, text_label

_ICON_PX = 18
_KINDS_WIDTH_PX, _KIND_HEIGHT_PX = 160, 32
_SMALLEST_TOLD_BYTES = 1_000_000


class HandOverDialog(QDialog):
    """Asks what to hand over of a recording, and emits it as a job."""

    export_requested = Signal(object, object)
    """The ExportJob, and as the UnfinishedExport that it is until it is done."""

    def __init__(
        self,
        snapshots: Sequence[ReviewSnapshot],
        settings: Settings,
        folder: Path,
        parent: QWidget | None = None,
        left_out: Sequence[LeftOut] = (),
    ) -> None:
        """Of one or several recordings; those that are `left_out` can't be handed over."""
        super().__init__(parent)
        count = len(snapshots)
        title = tr_n("Hand over · {name}", "Hand over · {count} recordings", count)
        self.setWindowTitle(title.format(name=snapshots[0].recording.name, count=count))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.snapshots = tuple(snapshots)
        self._settings = settings
        self.clips = ClipsPage(snapshots, settings)
        self.tables = TablesPage(snapshots, settings)
        self.report = ReportPage(snapshots, settings, left_out)
        self.package = PackagePage(snapshots, settings, left_out)
        self.kinds = QListWidget()
        self.kinds.setAccessibleName(tr("What to hand over"))
        self.kinds.setFixedWidth(_KINDS_WIDTH_PX)
        self.kinds.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self._pages = QStackedWidget()
        self._by_kind: dict[str, Page] = {}
        for page in (self.clips, self.tables, self.report, self.package):
            self._by_kind[page.kind] = page
            item = QListWidgetItem(icon(page.icon), tr(page.title))
            item.setSizeHint(QSize(0, _KIND_HEIGHT_PX))
            self.kinds.addItem(item)
            self._pages.addWidget(page)
            page.changed.connect(self._sum_up)
        self.folder_edit = QLineEdit(str(folder))
        self.folder_edit.setAccessibleName(tr("Folder"))
        self.folder_edit.textChanged.connect(self._sum_up)
        self.summary = QLabel()
        self.summary.setProperty("role", "muted")
        self.line = IconLine()
        told = [each.in_words for each in left_out]
        self.left_out = text_label(_left_out_words(told), "muted")
        self.left_out.setToolTip("\n".join(told))
        self.left_out.setVisible(bool(left_out))
        self.buttons = QDialogButtonBox()  # Tab goes through its buttons in the order in which they were added
        self.export_button = self.buttons.addButton(tr("Export"), QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self._ask_and_export)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.kinds.currentRowChanged.connect(self._show_page)
        self.kinds.setCurrentRow(0)
        # Texts that wrap have no least height: on a small screen Qt would squeeze the fields beside them.
        hint = self.sizeHint()
        self.setMinimumHeight(max(hint.height(), self._outer.totalHeightForWidth(hint.width())))

    @property
    def page(self) -> Page:
        """What is chosen on the left."""
        page = self._pages.currentWidget()
        assert isinstance(page, Page)
        return page

    @property
    def folder(self) -> Path:
        """Where it goes."""
        folder = Path(self.folder_edit.text().strip())
        with suppress(RuntimeError):  # ~somebody whom this machine does not know is a name like any other
            folder = folder.expanduser()
        return folder.absolute()

    def choose_again(self, export: UnfinishedExport) -> None:
        """Choose what was not finished."""
        if page := self._by_kind.get(export.kind):
            self.kinds.setCurrentRow(self._pages.indexOf(page))
            page.segments_box.choose(export.which)
        self.folder_edit.setText(export.folder)

    def _lay_out(self) -> None:
        upper = QHBoxLayout()
        upper.setSpacing(16)
        upper.addWidget(self.kinds)
        upper.addWidget(self._pages, stretch=1)
        browse = button(tr("Browse …"))
        browse.clicked.connect(self._browse)
        folder = QHBoxLayout()
        folder.addWidget(QLabel(tr("Folder")))
        folder.addWidget(self.folder_edit, stretch=1)
        folder.addWidget(browse)
        lower = QHBoxLayout()
        lower.addWidget(self.summary, stretch=1)
        lower.addWidget(self.buttons)
        layout = self._outer = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(upper, stretch=1)
        layout.addLayout(folder)
        layout.addWidget(self.left_out)
        layout.addWidget(self.line)
        layout.addLayout(lower)
        self.line.hide()

    def _show_page(self, row: int) -> None:
        self._pages.setCurrentIndex(row)
        self._sum_up()

    def _sum_up(self) -> None:
        """Say what it comes to, and whether it can start."""
        self.line.hide()
        said = self.page.summary()
        self.export_button.setEnabled(bool(said) and bool(self.folder_edit.text().strip()))
        if not said:
            self.summary.setText(tr("Nothing is chosen"))
            return
        try:
            self._check_answers()
            size, free = self.page.estimate().size_bytes, free_bytes(self.folder)
        except VadError as error:
            self.export_button.setEnabled(False)
            self.summary.clear()
            self._show_failure(error)
            return
        parts = (
            [said]
            + ([tr("about {size}").format(size=bytes_text(size))] if size >= _SMALLEST_TOLD_BYTES else [])
            + [tr("{size} free").format(size=bytes_text(free))]
        )
        self.summary.setText(" · ".join(parts))

    def _check_answers(self) -> None:
        recordings = (each.recording.info.path.parent for each in self.snapshots)
        for folder in dict.fromkeys((self.folder, *recordings)):
            check_answers(folder, ExportError)

    def _ask_and_export(self) -> None:
        try:
            self._check_answers()
            estimate, free = self.page.estimate(), free_bytes(self.folder)
        except VadError as error:
            self._show_failure(error)
            return
        if estimate.is_much(free):
            # Later: the question is a child of this dialog, which must not go while the question tells its answer.
            self._ask(estimate, free, lambda: QTimer.singleShot(0, self._export))
        else:
            self._export()

    def _ask(self, estimate: Estimate, free: int, export: Callable[[], None]) -> None:
        words = tr("{summary}, about {size}; {free} are free in that folder.")
        size, free_size = bytes_text(estimate.size_bytes), bytes_text(free)
        explanation = words.format(summary=self.page.summary(), size=size, free=free_size)
        ask(self, tr("Export that much?"), explanation, {tr("Export"): export})

    def _export(self) -> None:
        try:
            job = self.page.job(self.folder)
        except VadError as error:
            self._show_failure(error)
            return
        self._settings.export_folder = str(self.folder)
        self.page.remember()
        self.export_requested.emit(job, self._as_unfinished())
        self.accept()

    def _as_unfinished(self) -> UnfinishedExport:
        selected = self.snapshots[0].selected
        first, *others = (str(each.recording.info.path) for each in self.snapshots)
        export = UnfinishedExport(
            "",
            first,
            str(self.folder),
            self.page.kind,
            self.page.segments_box.which,
            selected.start if selected else 0,
            tuple(others),
        )
        with in_language(SOURCE_LANGUAGE):  # the program may speak another language when it is offered
            return replace(export, title=export.words)

    def _show_failure(self, error: VadError) -> None:
        self.line.show_failure(Failure(error.what, error.subject, error.advice))

    def _browse(self) -> None:
        ask_for_folder(self, tr("Folder"), str(self.folder), lambda path: self.folder_edit.setText(str(path)))


def _left_out_words(told: Sequence[str]) -> str:
    """Of some recordings that can't be handed over, a line each."""
    words = tr_n("{count} recording is left out:", "{count} recordings are left out:", len(told))
    return "\n".join([words.format(count=len(told)), first_of(told)])
