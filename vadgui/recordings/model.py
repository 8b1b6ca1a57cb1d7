"""The Qt model of the list of recordings, and what each row says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from engine.common.errors import VadError
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import written_out
from engine.review.recording_list import AnalysisStage, ListedRecording, failure_fields

RECORDING_ROLE = Qt.ItemDataRole.UserRole
_NO_PARENT = QModelIndex()
_MIME_TYPE = "application/x-vadgui-recordings"
"""Of rows that are dragged: a JSON list of their paths."""
_STAGE_ICONS = {
    AnalysisStage.WAITING: "waiting",
    AnalysisStage.ANALYSING: "analyse",
    AnalysisStage.CANCELLED: "stop",
    AnalysisStage.FAILED: "error",
}


def listed_path(path: Path) -> str:
    """A recording's path as the list has it: two ways to write one path are one recording."""
    return str(written_out(path))


def name_of(recording: ListedRecording) -> str:
    """The recording's name on screen."""
    return displayable(Path(recording.path).name)


def reviewed_words(recording: ListedRecording) -> str:
    """How far a recording is reviewed."""
    count = len(recording.segments)
    reviewed = count - len(recording.unreviewed)
    return tr("{reviewed} of {count} reviewed").format(reviewed=reviewed, count=count) if count else ""


def state_words(
    recording: ListedRecording, *, paused: bool = False, lacks_detector: bool = False, is_out_of_reach: bool = False
) -> str:
    """Where a recording stands, in a line."""
    share = f"{int(100 * recording.share)} %"
    match recording.stage:
        case AnalysisStage.ANALYSED:
            other = tr("Another scene than the detector’s")
            return reviewed_words(recording) or (other if recording.is_other_scene else tr("Nothing flagged"))
        case AnalysisStage.ANALYSING:
            words = tr("Analysing {share}")
        case AnalysisStage.CANCELLED:
            words = tr("Cancelled at {share}")
        case AnalysisStage.FAILED:
            problem = recording.problem_in_words or tr("for an unknown reason")
            return tr("Failed: {problem}").format(problem=problem)
        case AnalysisStage.WAITING:
            if lacks_detector:
                return tr("No detector for its folder yet")
            if is_out_of_reach:
                return tr("Waiting: its folder can’t be reached, or is empty")
            if recording.share > 0:
                words = tr("Paused at {share}") if paused else tr("Waiting at {share}")
            else:
                words = tr("Paused") if paused else tr("Waiting")
    return " · ".join(filter(None, (words.format(share=share), reviewed_words(recording))))


def state_icon(recording: ListedRecording) -> str:
    """The icon that says the same."""
    if recording.stage is AnalysisStage.ANALYSED:
        if recording.is_other_scene:
            return "warning"
        return "flag" if recording.unreviewed else "check"
    return _STAGE_ICONS[recording.stage]


class RecordingModel(QAbstractListModel):
    """One row for each recording, in the order in which they are analysed."""

    changed = Signal()
    """Rows came or went, or one says something else; not for each percent of an analysis."""
    paused_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[ListedRecording] = []
        self._numbers: dict[str, int] = {}
        self._open_path = ""
        self._paused = False
        self._lacking: set[str] = set()
        self._out_of_reach: set[str] = set()
        self._watched: tuple[str, ...] = ()

    # What is known

    @property
    def recordings(self) -> Sequence[ListedRecording]:
        """All of them, in order."""
        return self._rows

    @property
    def open_path(self) -> str:
        """Path of the recording that is open; empty if none is."""
        return self._open_path

    @property
    def paused(self) -> bool:
        """Whether no recording is analysed but the one that is open."""
        return self._paused

    @property
    def watched_folders(self) -> tuple[str, ...]:
        """Folders whose new recordings come onto the list."""
        return self._watched

    def recording(self, path: str) -> ListedRecording | None:
        """The recording with this path."""
        number = self._numbers.get(path)
        return None if number is None else self._rows[number]

    def row_of(self, path: str) -> int | None:
        """The row of a recording; None where it is not listed."""
        return self._numbers.get(path)

    def reviewed_paths(self) -> list[str]:
        """Paths of the recordings whose segments all have a verdict."""
        return [each.path for each in self._rows if each.segments and not each.unreviewed]

    def count_unanalysed(self) -> int:
        """How many recordings wait for their analysis, or for the rest of it."""
        return sum(each.stage in (AnalysisStage.WAITING, AnalysisStage.ANALYSING) for each in self._rows)

    def summary(self) -> str:
        """The whole list in a line."""
        count = len(self._rows)
        analysed = sum(each.stage is AnalysisStage.ANALYSED for each in self._rows)
        failed = sum(each.stage is AnalysisStage.FAILED for each in self._rows)
        left = sum(len(each.unreviewed) for each in self._rows)
        parts = [tr("{analysed} of {count} analysed").format(analysed=analysed, count=count)]
        parts.append(tr("{count} failed").format(count=failed) if failed else "")
        parts.append(tr("{count:,} to review").format(count=left) if left else "")
        return " · ".join(filter(None, parts)) if count else ""

    # Changes

    def add(self, recordings: Iterable[ListedRecording]) -> list[ListedRecording]:
        """Append those that are not listed yet; returns them."""
        new = {each.path: each for each in recordings if each.path not in self._numbers}
        if new:
            self.beginInsertRows(_NO_PARENT, len(self._rows), len(self._rows) + len(new) - 1)
            self._rows += new.values()
            self._count()
            self.endInsertRows()
            self.changed.emit()
        return list(new.values())

    def remove(self, paths: Iterable[str]) -> None:
        """Take recordings off the list; their files, analyses and reviews stay."""
        for row in sorted((self._numbers[path] for path in set(paths) if path in self._numbers), reverse=True):
            self.beginRemoveRows(_NO_PARENT, row, row)
            del self._rows[row]
            self._count()
            self.endRemoveRows()
        self.changed.emit()

    def change(self, path: str, **fields: Any) -> None:
        """Say something else of a recording, if it is listed."""
        row = self._numbers.get(path)
        if row is None:
            return
        before, after = self._rows[row], replace(self._rows[row], **fields)
        if after == before:
            return
        self._rows[row] = after
        self.dataChanged.emit(self.index(row), self.index(row))
        if replace(after, share=before.share) != before:
            self.changed.emit()

    def fail(self, path: str, error: Exception) -> None:
        """Say why a recording can't be opened or analysed."""
        what = error.what if isinstance(error, VadError) else f"{type(error).__name__}: {error}"
        advice = error.advice if isinstance(error, VadError) else ""
        self.change(path, stage=AnalysisStage.FAILED, **failure_fields(what, advice))

    def relink(self, path: str, now: str) -> None:
        """A recording is found, perhaps elsewhere: it goes on as it stood."""
        if now != path and now in self._numbers:
            self.remove([path])  # somebody has added it where it is now
            return
        row = self._numbers.get(path)
        if row is not None:
            known = self._rows[row]
            stage = AnalysisStage.ANALYSED if known.share >= 1 else AnalysisStage.WAITING
            self._rows[row] = replace(known, path=now, stage=stage, **failure_fields("", ""))
            self._count()
            self.dataChanged.emit(self.index(row), self.index(row))
            self.changed.emit()

    def move(self, paths: Iterable[str], step: int) -> None:
        """Move recordings one row up (-1) or down (1), together; at the end they stay."""
        rows = sorted((self._numbers[path] for path in set(paths) if path in self._numbers), reverse=step > 0)
        if not rows or not 0 <= rows[0] + step < len(self._rows):
            return
        for row in rows:
            self.beginMoveRows(_NO_PARENT, row, row, _NO_PARENT, row + (2 if step > 0 else -1))
            self._rows.insert(row + step, self._rows.pop(row))
            self._count()
            self.endMoveRows()
        self.changed.emit()

    def move_to(self, paths: Iterable[str], row: int) -> None:
        """Put recordings together before the one that is in a row now, in their order."""
        for path in sorted(set(paths) & self._numbers.keys(), key=self._numbers.__getitem__):
            before = self._numbers[path]
            after = row - (before < row)
            if self.beginMoveRows(_NO_PARENT, before, before, _NO_PARENT, row):  # else it is there already
                self._rows.insert(after, self._rows.pop(before))
                self._count()
                self.endMoveRows()
            row = after + 1
        self.changed.emit()

    def set_open(self, path: str) -> None:
        """Another recording is open, or none."""
        before, self._open_path = self._open_path, path
        for row in {self._numbers.get(before), self._numbers.get(path)} - {None}:
            self.dataChanged.emit(self.index(row or 0), self.index(row or 0))
        self.changed.emit()

    def set_paused(self, paused: bool) -> None:
        """Analyse no recording but the one that is open, or go on with the others."""
        if paused != self._paused:
            self._paused = paused
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))
            self.paused_changed.emit()

    def set_lacking_detector(self, paths: set[str]) -> None:
        """Say which recordings can't be analysed before the person has chosen a detector for their folder."""
        changed, self._lacking = paths ^ self._lacking, paths
        self._tell_changed(changed)

    def set_out_of_reach(self, paths: set[str]) -> None:
        """Say which recordings wait for their disk or share."""
        changed, self._out_of_reach = paths ^ self._out_of_reach, paths
        self._tell_changed(changed)

    def _tell_changed(self, paths: set[str]) -> None:
        for row in (self._numbers[path] for path in paths if path in self._numbers):
            self.dataChanged.emit(self.index(row), self.index(row))

    def watch(self, folders: Sequence[str]) -> None:
        """Name the folders whose new recordings come onto the list."""
        if tuple(folders) != self._watched:
            self._watched = tuple(folders)
            self.changed.emit()

    def _count(self) -> None:
        self._numbers = {each.path: row for row, each in enumerate(self._rows)}

    # Qt's side

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_PARENT) -> int:  # noqa: N802, D102
        return 0 if parent.isValid() else len(self._rows)

    def data(  # noqa: D102
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        recording = self._rows[index.row()]
        said: dict[int, Callable[[], Any]] = {
            RECORDING_ROLE: lambda: recording,
            Qt.ItemDataRole.DisplayRole: lambda: name_of(recording),
            Qt.ItemDataRole.ToolTipRole: lambda: self._tip(recording),
            Qt.ItemDataRole.AccessibleTextRole: lambda: f"{name_of(recording)}, {self.state_words(recording)}",
        }
        return said[role]() if role in said else None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:  # noqa: D102
        # A drop goes between rows, never onto one.
        added = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled
        return super().flags(index) | added

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802, D102
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:  # noqa: N802, D102
        return [_MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802, D102
        data = QMimeData()
        data.setData(_MIME_TYPE, json.dumps([self._rows[index.row()].path for index in indexes]).encode())
        return data

    def dropMimeData(  # noqa: N802, D102
        self,
        data: QMimeData,
        _action: Qt.DropAction,
        row: int,
        _column: int,
        _parent: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        self.move_to(json.loads(bytes(data.data(_MIME_TYPE).data())), len(self._rows) if row < 0 else row)
        return True

    def state_words(self, recording: ListedRecording) -> str:
        """Where a recording stands, in a line."""
        return state_words(
            recording,
            paused=self._paused,
            lacks_detector=recording.path in self._lacking,
            is_out_of_reach=recording.path in self._out_of_reach,
        )

    def _tip(self, recording: ListedRecording) -> str:
        detector = recording.detector
        by = tr("Analysed with the detector {detector}").format(detector=detector) if detector else ""
        advice = recording.advice_in_words
        if recording.path in self._lacking:
            advice = tr("Open it to choose one.")
        elif recording.path in self._out_of_reach:
            advice = tr("Is its disk or share connected? It is tried again every half minute.")
        lines = (displayable(recording.path), self.state_words(recording), advice, by)
        return "\n".join(filter(None, lines))
