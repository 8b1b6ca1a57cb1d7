"""The Qt model of the segments of all recordings, the most suspicious first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer

from engine.common.language import tr
from engine.common.names import displayable
from engine.review.document import Verdict
from engine.review.recording_list import FoundSegment, ListedRecording, ranked
from vadgui.recordings.model import RecordingModel, name_of
from vadgui.ui.clock_text import clock_text

SEGMENT_ROLE = Qt.ItemDataRole.UserRole
_NO_PARENT = QModelIndex()


class RankedModel(QAbstractListModel):
    """One row for each segment; it follows the list of recordings while it is on screen."""

    def __init__(self, recordings: RecordingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recordings = recordings
        self._rows: list[tuple[ListedRecording, FoundSegment]] = []
        self._is_shown = False
        self._only_unreviewed = True
        # An analysis that ends and the verdicts of a key change the list several times in a row.
        self._update_soon = QTimer(self, singleShot=True, interval=0)
        self._update_soon.timeout.connect(self._update)
        recordings.changed.connect(self._follow)

    @property
    def top(self) -> float:
        """The highest score of all."""
        return max((segment.peak_score for _, segment in self._rows), default=1.0)

    def show(self, is_shown: bool, *, only_unreviewed: bool) -> None:
        """Follow the list from now on, or no longer; with segments that have a verdict, or without."""
        self._is_shown, self._only_unreviewed = is_shown, only_unreviewed
        self._update()

    def segment(self, row: int) -> tuple[ListedRecording, FoundSegment]:
        """The segment in a row, and its recording."""
        return self._rows[row]

    def row_of(self, path: str, peak_frame: int) -> int | None:
        """The row of a segment; None where it is not listed."""
        rows = enumerate(self._rows)
        return next((row for row, (rec, seg) in rows if (rec.path, seg.peak_frame) == (path, peak_frame)), None)

    def _follow(self) -> None:
        if self._is_shown:
            self._update_soon.start()

    def _update(self) -> None:
        rows = ranked(self._recordings.recordings) if self._is_shown else []
        if self._only_unreviewed:
            rows = [row for row in rows if row[1].verdict is Verdict.UNREVIEWED]
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    # Qt's side

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_PARENT) -> int:  # noqa: N802, D102
        return 0 if parent.isValid() else len(self._rows)

    def data(  # noqa: D102
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        recording, segment = self._rows[index.row()]
        said: dict[int, Callable[[], Any]] = {
            SEGMENT_ROLE: lambda: (recording, segment),
            Qt.ItemDataRole.DisplayRole: lambda: tr("{time} in {name}").format(
                time=clock_text(segment.peak_seconds, 1), name=name_of(recording)
            ),
            Qt.ItemDataRole.ToolTipRole: lambda: f"{_sentence(segment)}\n{displayable(Path(recording.path))}",
            Qt.ItemDataRole.AccessibleTextRole: lambda: f"{name_of(recording)}, {_sentence(segment)}",
        }
        return said[role]() if role in said else None


def _sentence(segment: FoundSegment) -> str:
    return tr("peak score {score:.2f} at {time}, frames {first}\u2013{last}, {verdict}").format(
        score=segment.peak_score,
        time=clock_text(segment.peak_seconds, 1),
        first=segment.start,
        last=segment.stop - 1,
        verdict=tr(segment.verdict),
    )
