"""What the pages of the dialog have in common."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from engine.common.language import tr
from engine.export.estimate import Estimate
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

    def __init__(self, snapshot: ReviewSnapshot, settings: Settings) -> None:
        super().__init__()
        self._snapshot = snapshot
        self._settings = settings

    @property
    def subject(self) -> Subject:
        """The recording to hand over."""
        of = self._snapshot
        return Subject(of.recording, of.detector, self._settings.device, of.knows_where)

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

    def __init__(self, snapshot: ReviewSnapshot, *, offers_selected: bool = False) -> None:
        """The selected segment is offered where a page can do with a single one."""
        super().__init__()
        self.setAccessibleName(tr("Segments"))
        self._snapshot = snapshot
        count = {which: len(self._of(which)) for which in (self.CONFIRMED, self.ALL)}
        selected = snapshot.selected
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
    def segments(self) -> tuple[ListedSegment, ...]:
        """The chosen segments."""
        return self._of(self.which)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What they have in common."""
        return (Verdict.CONFIRMED,) if self.which == self.CONFIRMED else tuple(Verdict)

    def _of(self, which: str) -> tuple[ListedSegment, ...]:
        if which == self.SELECTED:
            return (self._snapshot.selected,) if self._snapshot.selected else ()
        recording = self._snapshot.recording
        return recording.only([Verdict.CONFIRMED]).segments if which == self.CONFIRMED else recording.segments
