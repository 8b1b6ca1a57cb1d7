"""The dialog in which a person chooses the verdicts that a detector learns from, and judges what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_n, tr_noop
from engine.common.names import displayable
from engine.review.document import Verdict
from engine.review.verdicts import FoundVerdicts, JudgedRecording
from vadgui.dialogs.work_dialog import WorkDialog
from vadgui.ui.questions import ask
from vadgui.ui.verdict_effects import place_of, scores_of, show_confirmed
from vadgui.ui.widgets import IconLine, breakable, text_label

if TYPE_CHECKING:
    from engine.calibrating.reviewed import Effect, Recalibrated

_NORMAL = "normal"
_EXPLANATION = tr_noop(
    "What is dismissed for a ticked reason counts as normal from then on, and so does what was never flagged in these "
    "recordings. What is confirmed, unsure or without a verdict is left out. You see what changes before you decide."
)
_TOLD = 4
"""How many of the recordings that are left out are named; a tip has all."""
_ROLE = Qt.ItemDataRole.UserRole


class LearnVerdictsDialog(WorkDialog):
    """Shows verdicts, how far the work is, and its effects; asks for the work by signals."""

    requested = Signal(object, object)
    """The JudgedRecordings, and a frozenset of reasons."""
    place_requested = Signal(object)
    """The Effect of which a person wants to see the segment."""
    use_requested = Signal(object)
    """The Recalibrated whose detector is to be used."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """It is empty until `show_verdicts`."""
        super().__init__(tr("Learn from verdicts"), parent)
        self._learnt: Recalibrated | None = None
        self._reasons = QVBoxLayout()
        self.boxes: dict[str, QCheckBox] = {}
        """By the reason."""
        self.headline = text_label(tr("Looking for recordings that were reviewed with this detector"), "title")
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Recordings with verdicts"))
        self.list.itemChanged.connect(self.enable)
        self.left_out = IconLine()
        self.left_out.hide()
        self._choice = QWidget()
        column = QVBoxLayout(self._choice)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(text_label(tr(_EXPLANATION), "muted"))
        column.addLayout(self._reasons)
        column.addWidget(self.list)
        column.addWidget(self.left_out)
        self.dismissed_line, self.confirmed_line = IconLine(), IconLine()
        self.places = QListWidget()
        self.places.setAccessibleName(tr("Segments to look at"))
        for wrapped in (self.list, self.places):
            wrapped.setWordWrap(True)
            wrapped.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.places.itemClicked.connect(self._show_place)
        self.places.itemActivated.connect(self._show_place)
        self._places_hint = text_label(tr("Click one to see it in the window."), "muted")
        self._effects = QWidget()
        column = QVBoxLayout(self._effects)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.confirmed_line, self.dismissed_line, self._places_hint):
            column.addWidget(widget)
        column.addWidget(self.places, 1)
        column.addStretch()
        self._effects.hide()
        self._lay_out()
        self.set_working(True, tr("Looking for reviews"))

    def _lay_out(self) -> None:
        roles = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox()
        self.start_button = buttons.addButton(tr("Take them as normal"), roles.AcceptRole)
        self.use_button = buttons.addButton(tr("Use the new detector"), roles.AcceptRole)
        self.discard_button = buttons.addButton(tr("Discard"), roles.DestructiveRole)
        self.cancel_button = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.start_button.clicked.connect(self._start)
        self.use_button.clicked.connect(self._use)
        self.discard_button.clicked.connect(self._discard)
        self.cancel_button.clicked.connect(self.reject)
        self.use_button.hide()
        self.discard_button.hide()
        layout = QVBoxLayout(self)
        for widget in (self.headline, self._choice, self._effects, self.bar, self.line, buttons):
            layout.addWidget(widget)
        self.resize(560, 440)

    # The choice

    def show_verdicts(self, found: FoundVerdicts) -> None:
        """Offer what was found."""
        for each in found.recordings:
            self.list.addItem(_recording_item(each))
        reasons = sorted({reason for each in found.recordings for reason in each.dismissed}, key=_normal_first)
        for reason in reasons:
            box = QCheckBox()
            box.setChecked(reason == _NORMAL)
            box.toggled.connect(self.enable)
            self.boxes[reason] = box
            self._reasons.addWidget(box)
        self._show_left_out([f"{each.name}: {tr(each.why)}." for each in found.left_out])
        self.set_working(False)

    def _show_left_out(self, names: Sequence[str]) -> None:
        told = list(names[:_TOLD])
        if len(names) > _TOLD:
            told.append(tr("and {count} more, which a tip lists.").format(count=len(names) - _TOLD))
        self.left_out.show_line("note", "\n".join([tr("Left out:"), *told]) if told else "")
        self.left_out.setToolTip("\n".join(names))

    def recordings(self) -> list[JudgedRecording]:
        """Those that are ticked."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return [item.data(_ROLE) for item in items if item.checkState() is Qt.CheckState.Checked]

    def reasons(self) -> frozenset[str]:
        """Those that are ticked."""
        return frozenset(reason for reason, box in self.boxes.items() if box.isChecked())

    def enable(self) -> None:
        """Say what is chosen, and enable what can be done now."""
        recordings = self.recordings()
        for reason, box in self.boxes.items():
            lengths = [seconds for each in recordings for seconds in each.dismissed_for({reason})]
            words = tr(displayable(reason)) or tr("no reason")
            box.setText(f"{words}: {_amount(lengths)}".replace("&", "&&"))
        chosen = [each.dismissed_for(self.reasons()) for each in recordings]
        self._choice.setEnabled(not self._is_working)
        self.start_button.setEnabled(not self._is_working and any(chosen))
        self.use_button.setEnabled(not self._is_working)
        self.discard_button.setEnabled(not self._is_working)
        if self._learnt is None and not (self._is_working and not self.list.count()):
            self.headline.setText(_headline(chosen))

    def _start(self) -> None:
        self.set_working(True, tr("Loading the detector"))
        self.requested.emit(self.recordings(), self.reasons())

    # What came of it

    def show_learnt(self, learnt: Recalibrated) -> None:
        """Show what the new detector makes of the verdicts."""
        self._learnt = learnt
        self.set_working(False)
        self._choice.hide()
        self.start_button.hide()
        self.cancel_button.hide()
        self.use_button.show()
        self.discard_button.show()
        self._effects.show()
        self.headline.setText(tr("Before and after"))
        self._show_counts(learnt)
        for effect, said in _to_look_at(learnt):
            item = QListWidgetItem(breakable(place_of(effect, said)))
            item.setToolTip(scores_of(effect))
            item.setData(_ROLE, effect)
            self.places.addItem(item)
        self.places.setVisible(bool(self.places.count()))
        self._places_hint.setVisible(bool(self.places.count()))

    def _show_counts(self, learnt: Recalibrated) -> None:
        dismissed = [each for each in learnt.effects if each.segment.verdict is Verdict.DISMISSED]
        still = sum(each.is_flagged for each in dismissed)
        before = sum(each.before >= each.enter for each in dismissed)
        some = tr("Dismissed: {before} of {count} were flagged, {still} still would be.")
        said = some if still else tr("Dismissed: {before} of {count} were flagged, none still would be.")
        self.dismissed_line.show_line("dismiss", said.format(before=before, count=len(dismissed), still=still))
        show_confirmed(self.confirmed_line, learnt.effects)

    @property
    def holds_detector(self) -> bool:
        """Whether there is a detector that is neither used nor discarded."""
        return self._learnt is not None

    def _show_place(self, item: QListWidgetItem) -> None:
        self.place_requested.emit(item.data(_ROLE))

    def _use(self) -> None:
        self.set_working(True, tr("Keeping the new detector in the library"))
        self.use_requested.emit(self._learnt)

    def _discard(self) -> None:
        self._learnt = None
        self.reject()

    def reject(self) -> None:
        """Stop the work, and close; a detector that is neither used nor discarded is asked about first."""
        if not self.holds_detector:
            super().reject()
        elif not self._is_working:
            ask(
                self,
                tr("Discard the new detector?"),
                tr("It is in no file yet. Your present detector stays as it is."),
                {tr("Discard"): self._discard},
                otherwise=tr("Keep it here"),
            )


def _recording_item(recording: JudgedRecording) -> QListWidgetItem:
    dismissed = sum(len(lengths) for lengths in recording.dismissed.values())
    words = tr("{name}  ·  {dismissed} dismissed, {confirmed} confirmed")
    name, confirmed = displayable(recording.video.name), recording.confirmed_count
    item = QListWidgetItem(breakable(words.format(name=name, dismissed=dismissed, confirmed=confirmed)))
    item.setData(_ROLE, recording)
    item.setToolTip(displayable(recording.video))
    item.setCheckState(Qt.CheckState.Checked)
    return item


def _to_look_at(learnt: Recalibrated) -> Iterator[tuple[Effect, str]]:
    """What was confirmed and would be lost, then what was dismissed and would still be flagged."""
    for each in learnt.effects:
        if each.is_lost:
            yield each, tr("confirmed, would no longer be flagged")
    for each in learnt.effects:
        if each.segment.verdict is Verdict.DISMISSED and each.is_flagged:
            yield each, tr("dismissed, would still be flagged")


def _headline(chosen: Sequence[Sequence[float]]) -> str:
    """What is taken as normal: how long the segments of each recording are that are dismissed for a ticked reason."""
    if not chosen:
        return tr("There is no recording with verdicts to learn from")
    lengths = [seconds for each in chosen for seconds in each]
    if not lengths:
        return tr("Nothing was dismissed for a reason that is ticked")
    count = sum(bool(each) for each in chosen)
    recordings = tr_n("{count} recording", "{count} recordings", count).format(count=count)
    words = tr_n(
        "{count} dismissed segment of {recordings}, {length}: take it as normal",
        "{count} dismissed segments of {recordings}, {length}: take them as normal",
        len(lengths),
    )
    return words.format(count=len(lengths), recordings=recordings, length=duration_in_words(sum(lengths)))


def _amount(lengths: Sequence[float]) -> str:
    if not lengths:
        return tr("none in what is ticked below")
    words = tr_n("{count} segment, {length}", "{count} segments, {length}", len(lengths))
    return words.format(count=len(lengths), length=duration_in_words(sum(lengths)))


def _normal_first(reason: str) -> tuple[bool, str]:
    return reason != _NORMAL, reason
