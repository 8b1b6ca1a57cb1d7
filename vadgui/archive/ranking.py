"""The Qt model of a ranking: a row for each segment, read only where somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cachetools import LRUCache
from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from engine.archive.searching import Hit, HitKey
from engine.common.language import tr_noop
from engine.common.names import displayable
from vadgui.archive import texts
from vadgui.archive.columns import NO_PARENT, ColumnsModel
from vadgui.segments.delegate import VERDICT_ICONS
from vadgui.ui.icons import icon

HIT_ROLE = Qt.ItemDataRole.UserRole
_PAGE = 64
"""Rows that are read together."""
_KEPT = 200 * _PAGE
_MOST_WANTED = 3 * _PAGE
"""Rows asked for at once: those that were only passed while scrolling are not read."""

_COLUMNS: Sequence[tuple[str, Callable[[Hit], str]]] = (
    (tr_noop("Score"), texts.score_words),
    (tr_noop("Camera"), lambda hit: hit.camera),
    (tr_noop("Begins"), texts.when_words),
    (tr_noop("Why"), texts.reason_words),
    (tr_noop("Verdict"), texts.verdict_words),
    (tr_noop("Recording"), texts.recording_words),
    (tr_noop("Note"), lambda hit: hit.note),
)
SCORE, CAMERA, BEGINS, WHY, VERDICT, RECORDING, NOTE = range(len(_COLUMNS))


class RankingModel(ColumnsModel):
    """Rows whose segments are not read yet are empty, and asked for once they are shown."""

    wanted = Signal(object)
    """HitKeys of rows that are shown; `add` is to be called with what they are."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__([name for name, _ in _COLUMNS], parent)
        self._keys: Sequence[HitKey] = ()
        self._hits: LRUCache[HitKey, Hit] = LRUCache(_KEPT)
        self._outdated: set[HitKey] = set()
        """Of what is shown as it was, until it is read anew."""
        self._asked: Sequence[HitKey] = ()
        """Not answered yet."""
        self._gone: set[HitKey] = set()
        """Of what was asked for and is in the archive no more, until the ranking is read anew."""
        self._missing: dict[int, None] = {}
        """First rows of pages, those that were looked at last at the end."""
        self._ask_soon = QTimer(self, singleShot=True, interval=0)
        self._ask_soon.timeout.connect(self._ask)

    @property
    def keys(self) -> Sequence[HitKey]:
        """The segments, in order."""
        return self._keys

    def show(self, keys: Sequence[HitKey]) -> None:
        """Show these, the first at the top; what is known of them may be outdated."""
        self._outdated.update(self._hits)
        self._gone.clear()
        self._asked = ()
        if keys == self._keys:
            self._tell(0, len(keys))
            return
        self.beginResetModel()
        self._keys = keys
        self._missing.clear()
        self.endResetModel()

    def clear(self) -> None:
        """Show nothing, and forget all: another archive is opened."""
        self.show(())
        self._hits.clear()
        self._outdated.clear()

    def add(self, hits: Mapping[HitKey, Hit]) -> None:
        """Fill in what segments are."""
        self._hits.update(hits)
        self._gone.update(key for key in self._asked if key not in hits)
        self._asked = ()
        self._outdated.difference_update(hits)
        self._tell(0, len(self._keys))  # the view paints what is on screen alone

    def hit(self, row: int) -> Hit | None:
        """The segment in a row; None where it is not read yet, which is then done."""
        key = self._keys[row]
        found: Hit | None = self._hits.get(key)
        if (found is None and key not in self._gone) or key in self._outdated:
            page = row - row % _PAGE
            self._missing.pop(page, None)
            self._missing[page] = None
            if not self._ask_soon.isActive():
                self._ask_soon.start()
        return found

    def row_of(self, key: HitKey) -> int | None:
        """The row of a segment; None where it is not listed."""
        try:
            return self._keys.index(key)
        except ValueError:
            return None

    def _ask(self) -> None:
        pages, self._missing = list(self._missing)[-_MOST_WANTED // _PAGE :], {}
        rows = [row for page in sorted(pages) for row in range(page, min(page + _PAGE, len(self._keys)))]
        keys = (self._keys[row] for row in rows)
        lacking = [key for key in keys if key not in self._hits or key in self._outdated]
        if lacking and lacking != self._asked:
            self._asked = lacking
            self.wanted.emit(lacking)

    def _tell(self, first: int, stop: int) -> None:
        if stop > first:
            self.dataChanged.emit(self.index(first, 0), self.index(stop - 1, len(_COLUMNS) - 1))

    # Qt's side

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NO_PARENT) -> int:  # noqa: N802, D102
        return 0 if parent.isValid() else len(self._keys)

    def data(  # noqa: D102
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        said = _SAID.get(role)
        if said is None or not index.isValid():
            return None
        hit = self.hit(index.row())
        return said(hit, index.column()) if hit else None


def _icon(hit: Hit, column: int) -> Any:
    name = VERDICT_ICONS.get(hit.verdict) if column == VERDICT else None
    return icon(name) if name else None


def _tip(hit: Hit, _: int) -> str:
    return f"{texts.hit_sentence(hit)}\n{displayable(hit.path)}"


_SAID: dict[int, Callable[[Hit, int], Any]] = {
    HIT_ROLE: lambda hit, _: hit,
    Qt.ItemDataRole.DisplayRole: lambda hit, column: _COLUMNS[column][1](hit),
    Qt.ItemDataRole.ToolTipRole: _tip,
    Qt.ItemDataRole.DecorationRole: _icon,
}
