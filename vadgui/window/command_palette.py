"""The command palette: every action, found by a part of its name, and places of the recording."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import QLineEdit, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.common.language import tr
from vadgui.model.session import ReviewSession
from vadgui.playback.destination import NoDestinationError, find_destination
from vadgui.settings import Settings
from vadgui.ui import fuzzy, theme
from vadgui.ui.action_spec import ActionSpec, without_mnemonic
from vadgui.ui.actions import Actions
from vadgui.ui.keymap import shown_key
from vadgui.ui.overlay import Overlay
from vadgui.ui.widgets import text_label

_WIDTH_PX = 600
_SHOWN_ROWS = 11
_PADDING_PX = 6
_GAP_PX = 16
_NAMES = ("commands", "archive_commands")
"""What opens the palette."""
_PLACE = re.compile(r"(?:go\s+to\s+)?(?:frame\s+)?(?P<place>[+\-@\d].*|at\s.*)", re.IGNORECASE)
_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ROW_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """Something that can be done."""

    label: str
    detail: str
    """Where it is in the menus, or what is missing for it."""
    key: str
    possible: bool
    run: Callable[[], None]

    @property
    def sentence(self) -> str:
        """All of it, for screen readers."""
        return ", ".join(filter(None, (self.label, self.detail, self.key)))


class CommandPalette(Overlay):
    """What is typed leaves the actions that fit, the best first; Enter or a click runs one."""

    def __init__(
        self, actions: Actions, settings: Settings, window: QWidget, session: ReviewSession | None = None
    ) -> None:
        """`session` is what has the recording whose places can be gone to."""
        super().__init__(window, _WIDTH_PX)
        self._actions = actions
        self._session = session
        self._settings = settings
        self._rows = _RowModel(self)
        self.field = QLineEdit()
        self.field.setAccessibleName(tr("Command palette"))
        self.field.setPlaceholderText(tr("An action, a frame number or a time") if session else tr("An action"))
        self.field.installEventFilter(self)
        self.list = QListView()
        self.list.setModel(self._rows)
        self.list.setItemDelegate(_RowDelegate(self))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setAccessibleName(tr("Actions that fit"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the cursor stays in the field
        self._nothing = text_label(role="muted")
        for widget in (self.field, self.list, self._nothing):
            self.column.addWidget(widget)
        self.field.textChanged.connect(self._find)
        self.field.returnPressed.connect(lambda: self._run(self.list.currentIndex()))
        self.list.clicked.connect(self._run)
        self.list.selectionModel().currentChanged.connect(self._say_current)
        theme.changed.connect(self.list.viewport().update)

    @property
    def rows(self) -> list[Row]:
        """What is listed."""
        return self._rows.rows

    def message(self) -> str:
        """What is said in place of an empty list."""
        return self._nothing.text()

    def toggle(self) -> None:
        """Open the palette, with nothing typed; close it where it is open."""
        if self.isVisible():
            self.close_box()
            return
        self.field.clear()
        self._find()
        self.open_over_window(self.field)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Go through the list by keys while the cursor is in the field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _LIST_KEYS:
            self.list.event(event)
            return True
        return super().eventFilter(watched, event)

    def _find(self) -> None:
        typed = self.field.text().strip()
        place, problem = self._place(typed)
        rows = [*([place] if place else []), *map(self._row, self._fitting(typed))]
        self._rows.show(rows)
        self._nothing.setText(problem or tr("There is no action like “{typed}”.").format(typed=typed))
        self._nothing.setVisible(not rows)
        self.list.setVisible(bool(rows))
        if rows:
            self.list.setFixedHeight(self.list.sizeHintForRow(0) * min(len(rows), _SHOWN_ROWS))
            self.list.setCurrentIndex(self._rows.index(0))
            self.list.scrollToTop()
        else:
            self.field.setAccessibleDescription(self.message())
        self.place()

    def _fitting(self, typed: str) -> list[ActionSpec]:
        """The actions that fit: the possible before the others, then the best, then those that were run last."""
        recent = self._settings.recent_commands
        places = {name: n for n, name in enumerate(recent)}
        found = []
        for n, spec in enumerate(self._actions.specs):
            beside = f"{spec.path} {tr(spec.hint)} {' '.join(self._actions.keymap.keys(spec.name))}"
            fit = fuzzy.rank(typed, self._label(spec), beside)
            if fit is not None and spec.name not in _NAMES:
                impossible = not self._actions[spec.name].isEnabled()
                found.append((impossible, fit, places.get(spec.name, len(recent)), n, spec))
        return [spec for *_, spec in sorted(found, key=lambda each: each[:-1])]

    def _place(self, typed: str) -> tuple[Row | None, str]:
        """Where to go, and why there is no such place; neither where no place was typed."""
        match = _PLACE.fullmatch(typed)
        session = self._session
        if not match or session is None:
            return None, ""
        try:
            destination = find_destination(match["place"], session)
        except NoDestinationError as error:
            return None, str(error)
        return Row(tr("Go to"), destination.words, "", True, lambda: session.seek(destination.frame)), ""

    def _row(self, spec: ActionSpec) -> Row:
        action, keys = self._actions[spec.name], self._actions.keymap.keys(spec.name)
        possible = action.isEnabled()
        is_missing = spec.needs and not possible
        detail = tr("Needs {what}").format(what=tr(spec.needs)) if is_missing else spec.path
        label = f"✓ {self._label(spec)}" if action.isChecked() else self._label(spec)
        return Row(label, detail, shown_key(keys[0]) if keys else "", possible, lambda: self._trigger(spec.name))

    def _label(self, spec: ActionSpec) -> str:
        return without_mnemonic(self._actions[spec.name].text())

    def _trigger(self, name: str) -> None:
        self._settings.remember_command(name)
        self._actions[name].trigger()

    def _run(self, index: QModelIndex) -> None:
        row = self.rows[index.row()] if index.isValid() else None
        if row and row.possible:
            self.close_box()
            row.run()

    def _say_current(self, index: QModelIndex) -> None:
        self.field.setAccessibleDescription(self.rows[index.row()].sentence if index.isValid() else "")


class _RowModel(QAbstractListModel):
    """The rows on screen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def show(self, rows: list[Row]) -> None:
        """Have these rows in place of the present ones."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.label
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.sentence
            case _ if role == _ROW_ROLE:
                return row
        return None


class _RowDelegate(QStyledItemDelegate):
    """Paints the action's name, where it is, and its key at the right; what is not possible is grey."""

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        del index
        return QSize(160, option.fontMetrics.height() + 2 * _PADDING_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: Row = index.data(_ROW_ROLE)
        colours, metrics = theme.current(), option.fontMetrics
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(option.rect, QColor(colours.raised if is_current else colours.surface))
        if is_current:
            painter.fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), QColor(colours.accent))
        line = option.rect.adjusted(_PADDING_PX + 4, 0, -_PADDING_PX, 0)
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(colours.text if row.possible else colours.muted_text))
        painter.drawText(line, middle, row.label)
        painter.setPen(QColor(colours.muted_text))
        painter.drawText(line, middle | right, row.key)
        begin = metrics.horizontalAdvance(row.label) + _GAP_PX
        rest = line.adjusted(begin, 0, -metrics.horizontalAdvance(row.key) - _GAP_PX, 0)
        painter.drawText(rest, middle, metrics.elidedText(row.detail, Qt.TextElideMode.ElideRight, rest.width()))
        painter.restore()
