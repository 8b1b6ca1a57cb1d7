"""The widget that lists recordings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vadgui.recordings.delegate import RecordingDelegate
from vadgui.recordings.model import RecordingModel
from vadgui.ui import theme
from vadgui.ui.icons import set_icon

_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class RecordingsView(QWidget):
    """Lists the recordings; a double click or Enter opens one."""

    open_requested = Signal(str)
    """Path of a listed recording."""
    again_requested = Signal(object)
    """Paths to be analysed again."""
    remove_requested = Signal(object)
    """Paths to be taken off the list."""
    pause_requested = Signal(bool)
    """Whether the recordings that are not open are to wait."""

    def __init__(self, model: RecordingModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.list = _ListView()
        self.list.setModel(model)
        self.list.setItemDelegate(RecordingDelegate(self))
        self._summary = QLabel()
        # A label is never narrower than its text: a long line would widen the dock.
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.pause_button = QToolButton()
        self.pause_button.setAutoRaise(True)
        self.pause_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        header = QHBoxLayout()
        header.setContentsMargins(8, 3, 8, 3)
        header.addWidget(self._summary, stretch=1)
        header.addWidget(self.pause_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addWidget(self.list, stretch=1)
        self.setMinimumWidth(240)

        self.list.doubleClicked.connect(self._open)
        self.list.key_pressed.connect(self._do_key)
        self.list.menu_requested.connect(self._show_menu)
        self.pause_button.clicked.connect(lambda: self.pause_requested.emit(not self.model.paused))
        model.changed.connect(self._show)
        model.paused_changed.connect(self._show)
        theme.changed.connect(self.list.viewport().update)
        self._show()

    def summary(self) -> str:
        """The line above the list."""
        return self._summary.text()

    def selected_paths(self) -> list[str]:
        """Paths of the selected rows, in order."""
        rows = sorted(index.row() for index in self.list.selectionModel().selectedRows())
        return [self.model.recordings[row].path for row in rows]

    def take_focus(self) -> None:
        """Put the cursor into the list, on the recording that is open."""
        current = self.list.currentIndex()
        row = self.model.row_of(self.model.open_path)
        if not current.isValid() or row is not None:
            index = self.model.index(row or 0)
            self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.list.setFocus()

    def menu(self) -> QMenu:
        """What can be done with the selected recordings; the keys are those of the list."""
        paths = self.selected_paths()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        opening = menu.addAction("&Open", lambda: self.open_requested.emit(paths[0]))
        opening.setEnabled(len(paths) == 1)
        again = menu.addAction("&Analyse again", lambda: self.again_requested.emit(paths))
        menu.addSeparator()
        removing = menu.addAction("&Take off the list", lambda: self.remove_requested.emit(paths))
        for action, key in ((opening, Qt.Key.Key_Return), (again, Qt.Key.Key_F5), (removing, Qt.Key.Key_Delete)):
            _show_key(action, key)
            action.setEnabled(action.isEnabled() and bool(paths))
        return menu

    def _show(self) -> None:
        self._summary.setText(self.model.summary())
        self._summary.setToolTip(self._summary.text())
        paused = self.model.paused
        set_icon(self.pause_button, "play" if paused else "pause")
        words = "Go on analysing the list" if paused else "Pause analysing the list"
        self.pause_button.setToolTip(words)
        self.pause_button.setAccessibleName(words)
        # Nothing that is on screen is different for anybody who looks at one recording alone.
        self.pause_button.setVisible(bool(self.model.recordings))

    def _open(self, index: QModelIndex) -> None:
        self.open_requested.emit(self.model.recordings[index.row()].path)
        self.list.clearFocus()  # keys are for the recording from now on

    def _do_key(self, key: int) -> None:
        paths = self.selected_paths()
        if key in _OPENING and self.list.currentIndex().isValid():
            self._open(self.list.currentIndex())
        elif key == Qt.Key.Key_F5 and paths:
            self.again_requested.emit(paths)
        elif key == Qt.Key.Key_Delete and paths:
            self.remove_requested.emit(paths)

    def _show_menu(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())


class _ListView(QListView):
    """The list itself; its keys are for it, also where the window has another use for them."""

    key_pressed = Signal(int)
    menu_requested = Signal(object)
    """QContextMenuEvent."""

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setAccessibleName("Recordings")

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the list from the window's shortcuts."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() in (*_MOVING, *_OPENING, Qt.Key.Key_Delete, Qt.Key.Key_F5)
            and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open, take off, analyse again; Qt moves through the rows."""
        if event.key() in (*_OPENING, Qt.Key.Key_Delete, Qt.Key.Key_F5):
            self.key_pressed.emit(event.key())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what can be done with the row."""
        self.menu_requested.emit(event)


def _show_key(action: QAction, key: Qt.Key) -> None:
    action.setShortcut(QKeySequence(key))
    action.setShortcutVisibleInContextMenu(True)
