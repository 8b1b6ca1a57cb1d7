"""The widget that lists recordings, or the segments of all of them."""

from __future__ import annotations

from enum import Enum
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.common.language import tr, tr_n, tr_noop
from engine.common.names import displayable
from vadgui.recordings.delegate import RankedDelegate, RecordingDelegate
from vadgui.recordings.model import RecordingModel
from vadgui.recordings.ranked import RankedModel
from vadgui.ui import theme
from vadgui.ui.icons import set_icon
from vadgui.ui.list_view import OPENING_KEYS, ListView
from vadgui.ui.widgets import text_label


class Listed(Enum):
    """What the list shows; the value is the text shown to the person, in English."""

    RECORDINGS = tr_noop("Recordings")
    UNREVIEWED = tr_noop("Segments to review, highest first")
    SEGMENTS = tr_noop("All segments, highest first")


class RecordingsView(QWidget):
    """Lists the recordings or their segments; a double click or Enter opens one."""

    open_requested = Signal(str)
    """Path of a listed recording."""
    segment_requested = Signal(str, object)
    """Path of a listed recording, and the FoundSegment of it to be opened."""
    hand_over_requested = Signal(object)
    """Paths of recordings to be handed over together."""
    again_requested = Signal(object)
    """Paths to be analysed again."""
    remove_requested = Signal(object)
    """Paths to be taken off the list."""
    move_requested = Signal(object, int)
    """Paths to be moved in the list: 1 for down, -1 for up."""
    stop_watching_requested = Signal(str)
    """A watched folder."""
    pause_requested = Signal(bool)
    """Whether the recordings that are not open are to wait."""

    def __init__(self, model: RecordingModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.ranked = RankedModel(model, self)
        own_keys = (Qt.Key.Key_Delete, Qt.Key.Key_F5)
        self.list = ListView(tr("Recordings"), model, RecordingDelegate(self), own_keys, moves_rows=True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.segments = ListView(tr("Segments of all recordings"), self.ranked, RankedDelegate(self))
        self.listed_box = QComboBox()
        self.listed_box.addItems([tr(each.value) for each in Listed])
        self.listed_box.setAccessibleName(tr("What is listed"))
        self.listed_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._summary = QLabel()
        # A label is never narrower than its text: a long line would widen the dock.
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.pause_button = QToolButton()
        self.pause_button.setAutoRaise(True)
        self.pause_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._nothing = text_label(role="muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self.watched_button = QToolButton()
        self.watched_button.setAutoRaise(True)
        self.watched_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.watched_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.watched_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.watched_button.setMenu(QMenu(self.watched_button))
        set_icon(self.watched_button, "waiting")
        self._lay_out()

        self.list.doubleClicked.connect(self._open)
        self.list.key_pressed.connect(self._do_key)
        self.list.move_requested.connect(lambda step: self.move_requested.emit(self.selected_paths(), step))
        self.list.menu_requested.connect(self._show_menu)
        self.segments.doubleClicked.connect(self._open_segment)
        self.segments.key_pressed.connect(lambda _: self._open_segment(self.segments.currentIndex()))
        self.ranked.modelAboutToBeReset.connect(self._keep_place)
        self.ranked.modelReset.connect(self._restore_place)
        self._place: tuple[int, str, int] | None = None
        """Row, path and peak frame of the segment that the cursor is on."""
        self.listed_box.activated.connect(lambda _: self._show_listed())
        self.pause_button.clicked.connect(lambda: self.pause_requested.emit(not self.model.paused))
        model.changed.connect(self._show)
        model.paused_changed.connect(self._show)
        theme.changed.connect(self._pages.update)
        self._show()

    @property
    def listed(self) -> Listed:
        """What the list shows."""
        return list(Listed)[self.listed_box.currentIndex()]

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(8, 3, 8, 0)
        header.addWidget(self.listed_box, stretch=1)
        header.addWidget(self.pause_button)
        summary = QHBoxLayout()
        summary.setContentsMargins(10, 2, 8, 4)
        summary.addWidget(self._summary)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addLayout(summary)
        for page in (self.list, self.segments, self._nothing):
            self._pages.addWidget(page)
        layout.addWidget(self._pages, stretch=1)
        layout.addWidget(self.watched_button)
        self.setMinimumWidth(240)

    def summary(self) -> str:
        """The line above the list."""
        return self._summary.text()

    def selected_paths(self) -> list[str]:
        """Paths of the selected rows, in order."""
        rows = sorted(index.row() for index in self.list.selectionModel().selectedRows())
        return [self.model.recordings[row].path for row in rows]

    def take_focus(self) -> None:
        """Put the cursor into the list: among recordings on the one that is open."""
        if self.listed is not Listed.RECORDINGS:
            if not self.segments.currentIndex().isValid():
                self.segments.choose(0)
            self.segments.setFocus()
            return
        row = self.model.row_of(self.model.open_path)
        if row is not None or not self.list.currentIndex().isValid():
            self.list.choose(row or 0)
        self.list.setFocus()

    def menu(self) -> QMenu:
        """What can be done with the selected recordings; the keys are those of the list."""
        paths = self.selected_paths()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        opening = menu.addAction(tr("&Open"), lambda: self.open_requested.emit(paths[0]))
        opening.setEnabled(len(paths) == 1)
        again = menu.addAction(tr("&Analyse again"), lambda: self.again_requested.emit(paths))
        menu.addSeparator()
        handing = menu.addAction(tr("&Hand over …"), lambda: self.hand_over_requested.emit(paths))
        handing.setEnabled(bool(paths))
        reviewed = self.model.reviewed_paths()
        all_reviewed = menu.addAction(
            tr("Hand over all &reviewed ({count}) …").format(count=len(reviewed)),
            lambda: self.hand_over_requested.emit(reviewed),
        )
        all_reviewed.setEnabled(bool(reviewed))
        menu.addSeparator()
        removing = menu.addAction(tr("&Take off the list"), lambda: self.remove_requested.emit(paths))
        menu.addSeparator()
        up = menu.addAction(tr("Move &up"), lambda: self.move_requested.emit(paths, -1))
        down = menu.addAction(tr("Move &down"), lambda: self.move_requested.emit(paths, 1))
        keys = {opening: "Return", again: "F5", removing: "Delete", up: "Alt+Up", down: "Alt+Down"}
        for action, key in keys.items():
            action.setShortcut(QKeySequence(key))
            action.setShortcutVisibleInContextMenu(True)
            action.setEnabled(action.isEnabled() and bool(paths))
        return menu

    def _show(self) -> None:
        self._summary.setText(self.model.summary())
        self._summary.setToolTip(self._summary.text())
        paused = self.model.paused
        set_icon(self.pause_button, "play" if paused else "pause")
        words = tr("Go on analysing the list") if paused else tr("Pause analysing the list")
        self.pause_button.setToolTip(words)
        self.pause_button.setAccessibleName(words)
        # Nothing that is on screen is different for anybody who looks at one recording alone.
        self.pause_button.setVisible(bool(self.model.recordings))
        self._show_watched()
        self._show_page()

    def _show_watched(self) -> None:
        folders = self.model.watched_folders
        names = ", ".join(displayable(Path(folder).name) for folder in folders[:1])
        words = tr_n("Watching {names}", "Watching {count} folders", len(folders))
        self.watched_button.setVisible(bool(folders))
        self.watched_button.setText(words.format(names=names, count=len(folders)).replace("&", "&&"))
        self.watched_button.setToolTip("\n".join(displayable(folder) for folder in folders))
        menu = self.watched_button.menu()
        menu.clear()
        for folder in folders:
            words = tr("Stop watching {folder}").format(folder=displayable(folder))
            menu.addAction(words.replace("&", "&&"), partial(self.stop_watching_requested.emit, folder))

    def _show_listed(self) -> None:
        listed = self.listed
        self.ranked.show(listed is not Listed.RECORDINGS, only_unreviewed=listed is Listed.UNREVIEWED)
        self._show_page()

    def _show_page(self) -> None:
        if self.listed is Listed.RECORDINGS:
            self._pages.setCurrentWidget(self.list)
        elif self.ranked.rowCount():
            self._pages.setCurrentWidget(self.segments)
        else:
            are_all_judged = any(each.segments for each in self.model.recordings)
            judged, nothing = tr("Every segment has a verdict."), tr("Nothing is flagged so far.")
            if self.model.count_unanalysed():
                judged = tr("Every segment found so far has a verdict.")
            self._nothing.setText(judged if are_all_judged else nothing)
            self._pages.setCurrentWidget(self._nothing)

    def _keep_place(self) -> None:
        row = self.segments.currentIndex().row()
        if row >= 0:
            recording, segment = self.ranked.segment(row)
            self._place = row, recording.path, segment.peak_frame

    def _restore_place(self) -> None:
        """The cursor stays on its segment; where that is gone, the next one has taken its row."""
        self._show_page()
        count = self.ranked.rowCount()
        if self._place and count:
            row, path, peak_frame = self._place
            same = self.ranked.row_of(path, peak_frame)
            self.segments.choose(min(row, count - 1) if same is None else same)

    def _open_segment(self, index: QModelIndex) -> None:
        if index.isValid():
            recording, segment = self.ranked.segment(index.row())
            self.segment_requested.emit(recording.path, segment)
            self.segments.clearFocus()  # keys are for the recording from now on

    def _open(self, index: QModelIndex) -> None:
        self.open_requested.emit(self.model.recordings[index.row()].path)
        self.list.clearFocus()  # keys are for the recording from now on

    def _do_key(self, key: int) -> None:
        paths = self.selected_paths()
        if key in OPENING_KEYS and self.list.currentIndex().isValid():
            self._open(self.list.currentIndex())
        elif key == Qt.Key.Key_F5 and paths:
            self.again_requested.emit(paths)
        elif key == Qt.Key.Key_Delete and paths:
            self.remove_requested.emit(paths)

    def _show_menu(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())
