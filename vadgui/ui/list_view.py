"""A list whose keys are for it alone, also where the window has another use for them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate

OPENING_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_STEPS: dict[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_MODIFIERS = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class ListView(QListView):
    """Says which of its own keys was pressed; Qt moves through the rows."""

    key_pressed = Signal(int)
    move_requested = Signal(int)
    """1 for down, -1 for up."""
    menu_requested = Signal(object)
    """QContextMenuEvent."""

    def __init__(
        self,
        name: str,
        model: QAbstractListModel,
        delegate: QStyledItemDelegate,
        keys: Sequence[Qt.Key] = (),
        *,
        moves_rows: bool = False,
    ) -> None:
        """`name` is for screen readers; `keys` are its own, besides those that move and open.

        With `moves_rows`, so are Alt+Up and Alt+Down, and rows are dragged to another place.
        """
        super().__init__()
        self._moves_rows = moves_rows
        self._keys = (*OPENING_KEYS, *keys)
        self.setAccessibleName(name)
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if moves_rows:
            self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
            self.setDropIndicatorShown(True)
        self.setFrameShape(QListView.Shape.NoFrame)

    def choose(self, row: int) -> None:
        """Put the cursor on a row."""
        index = self.model().index(row, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the row in sight that the cursor is on: opening a recording halves the list."""
        current = self.visualRect(self.currentIndex())
        was_in_sight = QRect(QPoint(), event.oldSize()).intersects(current)
        super().resizeEvent(event)
        if was_in_sight:
            self.scrollTo(self.currentIndex())

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the list from the window's shortcuts."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def _is_own(self, event: QKeyEvent) -> bool:
        if event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            selects = self.selectionMode() is QAbstractItemView.SelectionMode.ExtendedSelection
            return selects and event.key() in _MOVING
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return self._moves_rows and event.key() in _STEPS
        return event.key() in (*_MOVING, *self._keys) and event.modifiers() in _MODIFIERS

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on what is more than moving."""
        if self._is_own(event) and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.move_requested.emit(_STEPS[event.key()])
        elif event.key() in self._keys:
            self.key_pressed.emit(event.key())
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Hand what is dropped to the model, with the row before which it goes."""
        # Qt's own way asks the model for `moveRow`, a row at a time, and for drags from this view alone.
        at = event.position().toPoint()
        index = self.indexAt(at)
        below = at.y() > self.visualRect(index).center().y()
        row = index.row() + below if index.isValid() else -1
        model = self.model()
        if model.canDropMimeData(event.mimeData(), Qt.DropAction.MoveAction, row, 0, QModelIndex()):
            model.dropMimeData(event.mimeData(), Qt.DropAction.MoveAction, row, 0, QModelIndex())
            event.acceptProposedAction()
        self.setState(QAbstractItemView.State.NoState)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what can be done with the row."""
        self.menu_requested.emit(event)
