"""The dialog of all detectors: use, rename, annotate, export, import and delete them, choose the device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.common.errors import DetectorFileError
from engine.common.in_time import answer_in_time
from engine.common.language import tr, tr_n
from engine.common.names import displayable
from engine.detector_library import DetectorLibrary, LibraryEntry, file_entry
from vadgui.dialogs.files import DETECTOR_FILTER, ask_for_file, ask_for_folder
from vadgui.ui import theme
from vadgui.ui.devices import DEVICES
from vadgui.ui.failure import Failure
from vadgui.ui.icons import icon
from vadgui.ui.list_view import OPENING_KEYS
from vadgui.ui.questions import ask
from vadgui.ui.widgets import FactCard, IconLine, button, text_label

_NAME, _CAMERA, _CREATED, _CALIBRATED = range(4)
_PATH = Qt.ItemDataRole.UserRole
_SIZE_PX = (820, 520)
_MIN_SIZE_PX = (660, 360)  # names are still readable in this size
_COLUMN_PX = {_NAME: 260, _CAMERA: 200, _CREATED: 100, _CALIBRATED: 120}


class DetectorLibraryDialog(QDialog):
    """Shows the library. Changes are written to disk at once."""

    use_requested = Signal(object)
    """Path of a detector to use now."""
    import_requested = Signal(object)
    """Path of a detector file to import; the receiver calls `imported` or `show_failure` when done."""
    device_chosen = Signal(str)
    """A key of DEVICES, on which detectors run from now on."""
    export_requested = Signal(object, object)
    """Path of a detector and the folder for its copy; the receiver calls `exported` or `show_failure` when done."""

    def __init__(
        self, library: DetectorLibrary, current: Path | None, parent: QWidget | None = None, *, device: str = "auto"
    ) -> None:
        """`current` is the path of the detector in use."""
        super().__init__(parent)
        self.setWindowTitle(tr("Detectors"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._library = library
        self._current = current
        self._entries: dict[Path, LibraryEntry] = {}
        self.list = QTreeWidget()
        self.list.setHeaderLabels([tr("Name"), tr("Camera"), tr("Taught"), tr("Calibrated")])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAlternatingRowColors(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setAccessibleName(tr("Detectors"))
        for column, width in _COLUMN_PX.items():
            self.list.setColumnWidth(column, width)
        self.list.header().setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self.list.header().setStretchLastSection(False)
        self.list.currentItemChanged.connect(lambda *_: self._select())
        self.use_button = button(tr("Use"), tr("Analyse with this detector from now on"))
        self.rename_button = button(tr("Rename …"))
        self.note_button = button(tr("Note …"))
        self.export_button = button(tr("Export …"), tr("Copy it into one file, name and note included, to pass on"))
        self.delete_button = button(tr("Delete …"))
        self.import_button = button(tr("Import …"), tr("Take in a detector's file that somebody passed on"))
        self.device_box = QComboBox()
        for name, text in DEVICES.items():
            self.device_box.addItem(tr(text), name)
        self.device_box.setCurrentIndex(max(self.device_box.findData(device), 0))
        self.device_box.setAccessibleName(tr("Device that detectors run on"))
        self._facts = FactCard()
        self.message = IconLine()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._tint)
        self.reload(current)

    def reload(self, selected: Path | None = None) -> None:
        """Read the library again and select a detector, the first one where `selected` is not in it."""
        self._entries = {entry.path: entry for entry in self._library.entries()}
        if self._current is not None and self._current not in self._entries:
            current = self._current
            if entry := answer_in_time(current.parent, lambda: file_entry(current), otherwise=None):
                self._entries[current] = entry
        self.list.clear()
        for entry in self._entries.values():
            self.list.addTopLevelItem(self._item(entry))
        chosen = next((item for item in self._items() if item.data(_NAME, _PATH) == selected), None)
        if chosen := chosen or next(iter(self._items()), None):
            self.list.setCurrentItem(chosen)
        self._select()

    def selected(self) -> LibraryEntry | None:
        """The selected detector; None where none is."""
        item = self.list.currentItem()
        return self._entries.get(item.data(_NAME, _PATH)) if item else None

    def _items(self) -> list[QTreeWidgetItem]:
        items = [self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount())]
        return [item for item in items if item]

    def _item(self, entry: LibraryEntry) -> QTreeWidgetItem:
        name = tr("{name} (in use)").format(name=entry.name) if entry.path == self._current else entry.name
        calibrated = tr("Damaged") if entry.problem else tr("Yes") if entry.calibrated else tr("No")
        elsewhere = "" if entry.is_listed else tr("not in your library")
        if entry.is_bundled:
            elsewhere = tr("came with the program")
        camera = entry.camera or elsewhere
        item = QTreeWidgetItem([name, camera, entry.created[:10], calibrated])
        item.setData(_NAME, _PATH, entry.path)
        item.setToolTip(_NAME, str(entry.path))
        item.setIcon(_CALIBRATED, _icon_of(entry))
        return item

    # Appearance

    def _tint(self) -> None:
        for item in self._items():
            item.setIcon(_CALIBRATED, _icon_of(self._entries[item.data(_NAME, _PATH)]))

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        entry_buttons = (self.use_button, self.rename_button, self.note_button, self.export_button, self.delete_button)
        for each in entry_buttons:
            buttons.addWidget(each)
        buttons.addStretch(1)
        buttons.addWidget(self.import_button)
        runs_on = QLabel(tr("Runs on"))
        runs_on.setBuddy(self.device_box)
        below = QHBoxLayout()
        below.addWidget(runs_on)
        below.addWidget(self.device_box)
        below.addStretch(1)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        explanation = tr("A detector knows one camera. The one in use is remembered for the recording's folder.")
        layout.addWidget(text_label(explanation, "muted"))
        layout.addWidget(self.list, 1)
        layout.addWidget(self._facts)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        below.addWidget(box)
        layout.addLayout(below)
        self.setMinimumSize(*_MIN_SIZE_PX)
        self.resize(*_SIZE_PX)

    def _select(self) -> None:
        entry = self.selected()
        self._facts.show_facts(fact_rows(entry) if entry else [])
        self.message.show_line("error", entry.problem if entry else "", alert=True)
        is_readable = entry is not None and not entry.problem
        is_listed = entry is not None and entry.is_listed
        is_own = entry is not None and is_listed and not entry.is_bundled
        self.use_button.setEnabled(is_readable and entry is not None and entry.path != self._current)
        self.rename_button.setEnabled(is_readable and is_own)
        self.note_button.setEnabled(is_readable and is_own)
        self.export_button.setEnabled(is_readable and is_listed)
        self.delete_button.setEnabled(is_own)

    # Changes

    def _connect(self) -> None:
        self.use_button.clicked.connect(self._use)
        self.list.itemDoubleClicked.connect(self._use_and_close)
        for key in OPENING_KEYS:  # without them Enter would press the dialog's default button, which closes it
            in_list = Qt.ShortcutContext.WidgetShortcut
            QShortcut(QKeySequence(key), self.list, self._use_and_close, context=in_list)
        self.device_box.activated.connect(lambda: self.device_chosen.emit(self.device_box.currentData()))
        self.rename_button.clicked.connect(self._ask_for_name)
        self.note_button.clicked.connect(self._ask_for_note)
        self.export_button.clicked.connect(self._ask_for_target)
        self.delete_button.clicked.connect(self._ask_to_delete)
        self.import_button.clicked.connect(
            lambda: ask_for_file(self, tr("Import detector"), "", DETECTOR_FILTER, self._import)
        )

    def _use(self) -> None:
        entry = self.selected()
        if entry:
            self._current = entry.path
            self.use_requested.emit(entry.path)
            self.reload(entry.path)

    def _use_and_close(self) -> None:
        if self.use_button.isEnabled():
            self._use()
        self.accept()

    def _ask_for_text(self, title: str, label: str, text: str) -> QInputDialog:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        dialog.setTextValue(text)
        dialog.open()
        return dialog

    def _ask_for_name(self) -> None:
        entry = self.selected()
        if entry:
            dialog = self._ask_for_text(tr("Rename detector"), tr("Name"), entry.name)
            dialog.textValueSelected.connect(
                lambda text: self._try(lambda: self._library.rename(entry.path, text).path)
            )

    def _ask_for_note(self) -> None:
        entry = self.selected()
        if entry:
            dialog = self._ask_for_text(tr("Note"), tr("Note on {name}").format(name=entry.name), entry.note)
            dialog.textValueSelected.connect(
                lambda text: self._try(lambda: self._library.annotate(entry.path, note=text).path)
            )

    def _ask_for_target(self) -> None:
        entry = self.selected()
        if entry:
            ask_for_folder(
                self, tr("Export detector to"), "", lambda folder: self.export_requested.emit(entry.path, folder)
            )

    def _import(self, path: Path) -> None:
        self.message.show_line("waiting", tr("Taking {name} in …").format(name=displayable(path.name)))
        self.import_requested.emit(path)

    def imported(self, path: Path) -> None:
        """Show that a file was imported as `path`."""
        self.reload(path)
        self.message.show_line("check", tr("Taken in."))

    def exported(self, target: Path) -> None:
        """Show that a detector was copied to `target`."""
        self.message.show_line("check", tr("Exported to {path}").format(path=target))

    def show_failure(self, failure: Failure) -> None:
        """Show why an import or export failed."""
        self.message.show_failure(failure)

    def _ask_to_delete(self) -> None:
        entry = self.selected()
        if entry:
            ask(
                self,
                tr("Delete {name}?").format(name=entry.name),
                tr("It can no longer be used. What it has analysed stays."),
                {tr("Delete"): lambda: self._delete(entry)},
            )

    def _delete(self, entry: LibraryEntry) -> None:
        def delete() -> None:
            self._try(lambda: self._library.delete(entry.path))

        if entry.path != self._current:
            delete()
            return
        ask(
            self,
            tr("{name} is in use.").format(name=entry.name),
            tr("Without it there is nothing to analyse recordings with, until you choose another detector."),
            {tr("Delete it all the same"): delete},
        )

    def _try(self, change: Callable[[], Path]) -> None:
        """Make a change and select the path it returns, or show why it failed."""
        try:
            self.reload(change())
        except DetectorFileError as error:
            self.message.show_failure(Failure(error.what, error.subject, error.advice))


def _icon_of(entry: LibraryEntry) -> QIcon:
    return icon("error" if entry.problem else "check" if entry.calibrated else "note")


def fact_rows(entry: LibraryEntry) -> list[tuple[str, str]]:
    """The facts shown of a detector: pairs of name and value."""
    training = entry.training
    videos = entry.training_videos()
    names = ", ".join(videos[:3])
    if more := len(videos[3:]):
        names = tr("{names} and {count} more").format(names=names, count=more)
    frames = training.get("transitions")
    learnt = tr_n("{count:,} frame", "{count:,} frames", frames).format(count=frames) if isinstance(frames, int) else ""
    teacher = tr("movement measured by {teacher}").format(teacher=entry.teacher) if entry.teacher else ""
    return [
        (tr("Learnt from"), ", ".join(filter(None, (learnt, names))) or tr("not recorded")),
        (tr("Models"), " · ".join(filter(None, (entry.preset, teacher))) or tr("not recorded")),
        *([(tr("Lights"), "\n".join(entry.lights))] if entry.lights else []),
        (tr("Note"), entry.note or tr("none")),
    ]
