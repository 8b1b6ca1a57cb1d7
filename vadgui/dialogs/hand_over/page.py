"""What the pages of the dialog have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from engine.common.language import tr
from engine.export.estimate import Estimate
from engine.export.list_files import joint_name
from engine.export.reviewed import ListedSegment
from engine.hand_over.jobs import ExportJob, Subject
from engine.review.document import Verdict
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings


class Page(QWidget):
    """One kind of export with its choices."""

    changed = Signal()
    """Something else is chosen."""

    kind = ""
    """By which an unfinished export is kept."""
    title = ""
    """In the list of kinds; English, and translated there."""
    icon = ""
    segments_box: SegmentsBox

    def __init__(self, snapshots: Sequence[ReviewSnapshot], settings: Settings) -> None:
        """Of one or several recordings."""
        super().__init__()
        self._snapshots = tuple(snapshots)
        self._settings = settings

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The recordings to hand over."""
        return tuple(each.subject(self._settings.device) for each in self._snapshots)

    def _name_of_all(self, ending: str) -> str:
        """The name of a file, with this ending, that is of all recordings."""
        return joint_name([each.name for each in self.subjects], ending)

    @abstractmethod
    def estimate(self) -> Estimate:
        """What it comes to.

        Raises:
            VadError: that can't be told, as when the recording is gone.
        """

    @abstractmethod
    def summary(self) -> str:
        """What will be made, in words; empty where nothing can be."""

    @abstractmethod
    def job(self, folder: Path) -> ExportJob:
        """What the queue is to do.

        Raises:
            VadError: what is chosen can't be done.
        """

    @abstractmethod
    def remember(self) -> None:
        """Offer the same choices next time."""


class SegmentsBox(QComboBox):
    """Chooses segments by their verdict."""

    SELECTED, CONFIRMED, ALL = "selected", "confirmed", "all"

    def __init__(self, snapshots: Sequence[ReviewSnapshot], *, offers_selected: bool = False) -> None:
        """The selected segment is offered where a page can do with a single one."""
        super().__init__()
        self.setAccessibleName(tr("Segments"))
        self._snapshots = tuple(snapshots)
        count = {which: self._count(which) for which in (self.CONFIRMED, self.ALL)}
        selected = self._snapshots[0].selected
        if selected and offers_selected:
            words = tr("The selected segment ({number}, frames {first} to {last})")
            said = words.format(number=selected.number, first=selected.start, last=selected.stop - 1)
            self.addItem(said, self.SELECTED)
        self.addItem(tr("All confirmed segments ({count})").format(count=count[self.CONFIRMED]), self.CONFIRMED)
        self.addItem(tr("All segments ({count})").format(count=count[self.ALL]), self.ALL)

    def choose(self, which: str) -> None:
        """Choose SELECTED, CONFIRMED or ALL, where it is offered."""
        self.setCurrentIndex(max(self.findData(which), 0))

    @property
    def which(self) -> str:
        """SELECTED, CONFIRMED or ALL."""
        return str(self.currentData())

    @property
    def segment_count(self) -> int:
        """How many segments are chosen, of all recordings."""
        return self._count(self.which)

    def segments_of(self, snapshot: ReviewSnapshot) -> tuple[ListedSegment, ...]:
        """The chosen segments of a recording."""
        return _segments(snapshot, self.which)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What they have in common."""
        return (Verdict.CONFIRMED,) if self.which == self.CONFIRMED else tuple(Verdict)

    def _count(self, which: str) -> int:
        return sum(len(_segments(each, which)) for each in self._snapshots)


def _segments(snapshot: ReviewSnapshot, which: str) -> tuple[ListedSegment, ...]:
    if which == SegmentsBox.SELECTED:
        return (snapshot.selected,) if snapshot.selected else ()
    recording = snapshot.recording
    return recording.only([Verdict.CONFIRMED]).segments if which == SegmentsBox.CONFIRMED else recording.segments
