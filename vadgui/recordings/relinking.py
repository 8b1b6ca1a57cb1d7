"""Says which recordings of the list are not where they were, and looks for them where the person thinks they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.common.events import ShouldStop
from engine.common.language import tr, tr_noop
from engine.common.names import displayable
from engine.review.moved import find_moved, missing
from engine.review.recording_list import AnalysisStage, ListedRecording, failure_fields
from vadgui.jobs.background import Background
from vadgui.recordings.model import RecordingModel, listed_path

_PROBLEM = tr_noop("It is not where it was")
_ADVICE = tr_noop("Put it back, or look for it with File, Find moved recordings.")


class Relinking(QObject):
    """Changes the list's model; `background` does the work."""

    told = Signal(str)
    """What a person should know now, in a line."""
    failed = Signal(object)
    """An Exception that nobody expects."""

    def __init__(self, background: Background, model: RecordingModel, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._model = model

    def check(self) -> None:
        """Mark the recordings that are not where they were, and those that are again."""
        recordings = list(self._model.recordings)

        def look(_: ShouldStop) -> Iterator[list[ListedRecording]]:
            yield missing(recordings)

        self._background.begin("check", look, self._mark, self.failed.emit)

    def find(self, folder: Path) -> None:
        """Look for them in a folder and below."""
        recordings = list(self._model.recordings)

        def look(should_stop: ShouldStop) -> Iterator[tuple[int, dict[str, Path]]]:
            moved = missing(recordings)
            yield len(moved), dict(find_moved(moved, folder, should_stop)) if moved else {}

        def take(result: tuple[int, dict[str, Path]]) -> None:
            self._relink(folder, *result)

        self._background.begin("find moved", look, take, self.failed.emit)

    def _mark(self, moved: list[ListedRecording]) -> None:
        lost = {each.path for each in moved}
        for each in list(self._model.recordings):
            if each.path in lost:
                self._model.change(each.path, stage=AnalysisStage.FAILED, **failure_fields(_PROBLEM, _ADVICE))
            elif each.problem == _PROBLEM:
                self._model.relink(each.path, each.path)
        if lost:
            words = tr("{count} of the list’s recordings are not where they were: the list says which.")
            self.told.emit(words.format(count=len(lost)))

    def _relink(self, folder: Path, lost: int, found: dict[str, Path]) -> None:
        for before, now in found.items():
            self._model.relink(before, listed_path(now))
        if not lost:
            self.told.emit(tr("Every recording of the list is where it was."))
        else:
            words = tr("{found} of {count} moved recordings found in {folder}.")
            self.told.emit(words.format(found=len(found), count=lost, folder=displayable(folder.name)))
