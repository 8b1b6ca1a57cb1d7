"""The Qt model of the recordings that need attention: they failed, are missing, still grow, or have no time of day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.archive.overview import Attention, NotedRecording
from engine.common.language import tr, tr_noop
from engine.common.names import displayable
from vadgui.archive.columns import NO_PARENT, ColumnsModel
from vadgui.ui.icons import icon

ATTENTION_WORDS = {
    Attention.BROKEN: tr_noop("can't be read"),
    Attention.FAILED: tr_noop("analysis failed"),
    Attention.MISSING: tr_noop("missing"),
    Attention.GROWING: tr_noop("still growing"),
    Attention.UNDATED: tr_noop("no time of day"),
}
_ADVICE = {
    Attention.BROKEN: tr_noop("It is tried again at the next scan."),
    Attention.FAILED: tr_noop("Analyse it again with `vad archive analyse --retry`."),
    Attention.MISSING: tr_noop("It is found again by `vad archive scan` where it was moved within the folders."),
    Attention.GROWING: tr_noop("It is taken once it rests."),
    Attention.UNDATED: tr_noop("Open it and tell when it began: File, Set clock. Then scan again."),
}
_ICONS = {Attention.BROKEN: "error", Attention.FAILED: "error", Attention.MISSING: "warning"}


def why_words(noted: NotedRecording) -> str:
    """What went wrong, where something did, and what to do."""
    problem = noted.problem.replace("\n", " ")
    stop = "." if problem and problem[-1] not in ".!?" else ""
    return f"{problem}{stop} {tr(_ADVICE[noted.attention])}".strip()


_COLUMNS: Sequence[tuple[str, Callable[[NotedRecording], str]]] = (
    (tr_noop("What"), lambda noted: tr(ATTENTION_WORDS[noted.attention])),
    (tr_noop("Camera"), lambda noted: noted.camera),
    (tr_noop("Recording"), lambda noted: displayable(noted.path.name)),
    (tr_noop("Why, and what to do"), why_words),
)
WHAT, CAMERA, RECORDING, WHY = range(len(_COLUMNS))


class NotedModel(ColumnsModel):
    """A row for each NotedRecording."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__([name for name, _ in _COLUMNS], parent)
        self._rows: Sequence[NotedRecording] = ()

    def show(self, rows: Sequence[NotedRecording]) -> None:
        """Show these."""
        if list(rows) != list(self._rows):
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def recording(self, row: int) -> NotedRecording:
        """The recording in a row."""
        return self._rows[row]

    # Qt's side

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NO_PARENT) -> int:  # noqa: N802, D102
        return 0 if parent.isValid() else len(self._rows)

    def data(  # noqa: D102
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        noted = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[index.column()][1](noted)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{displayable(noted.path)}\n{why_words(noted)}"
        if role == Qt.ItemDataRole.DecorationRole and index.column() == WHAT:
            name = _ICONS.get(noted.attention)
            return icon(name) if name else None
        return None
