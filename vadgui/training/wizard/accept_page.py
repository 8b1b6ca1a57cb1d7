"""The page that evaluates the new detector, and on which the person accepts it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
    QWizard,
)

from engine.calibrating.comparison import Comparison
from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_n
from engine.common.names import displayable
from engine.scoring.tail import MIN_BLOCKS
from vadgui.dialogs.files import VIDEO_FILTER, ask_for_file
from vadgui.training.model.acceptance import Acceptance
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.compare_plot import ComparePlot, legend
from vadgui.training.wizard.widgets import Page
from vadgui.ui.failure import Failure
from vadgui.ui.number_boxes import NumberBox
from vadgui.ui.verdict_effects import place_of, show_confirmed
from vadgui.ui.widgets import IconLine, button, text_label

_MAX_NAME = 60
_REDRAW_MS = 300
_TOLD = 3
"""How many of the segments that would be lost are named; a tip has all."""
_ENOUGH_HOURS = 0.5  # held-out footage needed before a rate per hour is reliable


class AcceptPage(Page):
    """Shows the alarms on held-out recordings and the comparison, and asks for name, note and use."""

    def __init__(self, state: WizardState) -> None:
        super().__init__(
            tr("Accept"),
            tr("Is it good enough?"),
            tr("Everything in held-out recordings is normal: what it flags there is a false alarm."),
        )
        self._state = state
        # The person need not decide now: the run stays in the list of trainings to go on with.
        self.setButtonText(QWizard.WizardButton.CancelButton, tr("Decide later"))
        self._acceptance: Acceptance | None = None
        self.rate_box = NumberBox()
        self.rate_box.setRange(0.1, 100.0)
        self.rate_box.setDecimals(1)
        self.rate_box.setSuffix(tr(" an hour"))
        self.rate_box.setAccessibleName(tr("False alarms that are bearable"))
        self.rate_box.valueChanged.connect(self._choose_rate)
        self.alarms = IconLine()
        self.gain = IconLine()
        self.confirmed, self.confirmed_places = IconLine(), text_label("", "muted")
        self.again_button = button(tr("Look again"), tr("Run the detector over the held-out recordings once more"))
        self.again_button.clicked.connect(self._measure_again)
        self.again_button.hide()
        self.video_box = QComboBox()
        self.video_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.video_box.setMinimumContentsLength(20)
        self.video_box.setAccessibleName(tr("Recording to compare on"))
        self.browse_button = button(tr("Other recording …"))
        self.browse_button.clicked.connect(self._browse)
        self.compare_button = button(tr("Compare"), tr("Run the new detector, and the one in use, over this recording"))
        self.compare_button.clicked.connect(self._compare)
        self.hint = text_label("", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.plot = ComparePlot()
        self.plot_pages = QStackedWidget()  # a stack, so that the layout stays when the plot appears
        self.plot_text = text_label("", "muted")
        self.name_edit, self.note_edit = QLineEdit(), QLineEdit()
        self.name_edit.setMaxLength(_MAX_NAME)
        self.note_edit.setPlaceholderText(tr("for example: summer, by day"))
        self.use_box = QCheckBox(tr("Use it from now on"))
        self.use_box.toggled.connect(self._choose)
        self.name_edit.textChanged.connect(self._choose)
        self.note_edit.textChanged.connect(self._choose)
        self.failure = IconLine()
        self._redraw = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self._draw)
        self._lay_out()
        state.run_changed.connect(self._take_acceptance)
        self._take_acceptance()

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Request the measurement of the held-out recordings."""
        if self._acceptance:
            self._acceptance.measure_held_out()
            self._acceptance.judge_confirmed()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Whether the detector can be kept; not before it is known whether that loses something confirmed."""
        acceptance = self._acceptance
        if acceptance is None or acceptance.awaits_confirmed:
            return False
        return bool(acceptance.name) and not acceptance.is_being_kept

    def validatePage(self) -> bool:  # noqa: N802 - Qt's name
        """Request that the detector is kept; returns False, since the wizard closes itself when that has succeeded."""
        if self._acceptance:
            self._acceptance.accept()
        return False

    def _lay_out(self) -> None:
        self.rate_row = QWidget()
        rate = QHBoxLayout(self.rate_row)
        rate.setContentsMargins(0, 0, 0, 0)
        rate.addWidget(QLabel(tr("False alarms you can live with:")))
        rate.addWidget(self.rate_box)
        rate.addStretch(1)
        alarms_card = QFrame()
        alarms_card.setProperty("role", "card")
        inside = QVBoxLayout(alarms_card)
        result_row = QHBoxLayout()
        result_row.addWidget(self.alarms, 1)
        result_row.addWidget(self.again_button)
        inside.addWidget(self.rate_row)
        inside.addLayout(result_row)
        inside.addWidget(self.gain)
        inside.addWidget(self.confirmed)
        inside.addWidget(self.confirmed_places)
        choice = QHBoxLayout()
        choice.addWidget(QLabel(tr("See it at work on")))
        choice.addWidget(self.video_box, 1)
        choice.addWidget(self.browse_button)
        choice.addWidget(self.compare_button)
        empty = QFrame()
        empty.setProperty("role", "card")
        QVBoxLayout(empty).addWidget(self.hint)
        self.plot_pages.addWidget(empty)
        self.plot_pages.addWidget(self.plot)
        form = QFormLayout()
        form.addRow(tr("Name"), self.name_edit)
        form.addRow(tr("Note"), self.note_edit)
        form.addRow("", self.use_box)
        layout = self.body
        layout.setSpacing(8)
        layout.addWidget(alarms_card)
        layout.addLayout(choice)
        layout.addWidget(self.plot_pages, 1)
        layout.addWidget(self.plot_text)
        layout.addLayout(form)
        layout.addWidget(self.failure)

    # Results

    def _take_acceptance(self) -> None:
        if self._acceptance:
            self._acceptance.changed.disconnect(self._show)
            self._acceptance.compared.disconnect(self._draw_soon)
            self._acceptance.confirmed_judged.disconnect(self._show_use)
        self._acceptance = acceptance = self._state.acceptance
        if acceptance is None:
            return
        acceptance.changed.connect(self._show)
        acceptance.compared.connect(self._draw_soon)
        acceptance.confirmed_judged.connect(self._show_use)
        self.rate_box.setValue(acceptance.alarms_per_hour)
        note, use_at_once = acceptance.note, acceptance.use_at_once
        self.name_edit.setText(acceptance.name)
        self.note_edit.setText(note)
        self.use_box.setChecked(use_at_once)
        self.video_box.clear()
        for path in acceptance.held_out:
            self._add_video(path)
        self._show()
        self._draw()
        if self.isVisible():
            acceptance.measure_held_out()
            acceptance.judge_confirmed()

    def _add_video(self, path: Path) -> None:
        self.video_box.addItem(displayable(path.name), path)
        self.video_box.setCurrentIndex(self.video_box.count() - 1)

    def _show(self) -> None:
        acceptance = self._acceptance
        if acceptance is None:
            return
        self._show_alarms(acceptance)
        comparison = acceptance.comparison
        self.gain.show_line(_gain_icon(comparison), comparison.in_words if comparison else "")
        self._show_confirmed(acceptance)
        is_unknown = acceptance.scorer is None and bool(acceptance.held_out)
        self.rate_row.setVisible(is_unknown or _knows_false_alarms(acceptance))
        unmeasured = bool(acceptance.held_out) and not acceptance.is_measured
        self.again_button.setVisible(unmeasured and acceptance.progress is None and acceptance.failure is not None)
        busy = acceptance.compare_progress
        self.compare_button.setEnabled(busy is None and self.video_box.count() > 0)
        self.compare_button.setText(tr("Compare") if busy is None else tr("At work … {share:.0%}").format(share=busy))
        self.failure.show_failure(acceptance.failure)
        self.completeChanged.emit()

    def _show_alarms(self, acceptance: Acceptance) -> None:
        if not acceptance.held_out:
            text = tr("No recording was held out: there is nothing normal to judge by. Compare it below instead.")
            self.alarms.show_line("note", text)
            return
        if not acceptance.is_measured:
            if acceptance.progress is None and acceptance.failure:
                self.alarms.show_line(
                    "warning", tr("Not all held-out recordings could be looked at: the reason is below.")
                )
            else:
                share = acceptance.progress or 0.0
                self.alarms.show_line(
                    "waiting", tr("Looking at the held-out recordings … {share:.0%}").format(share=share)
                )
            return
        if acceptance.threshold() is None:
            self.alarms.show_line("note", tr("The held-out recordings are too short to judge by."))
        elif _knows_false_alarms(acceptance):
            is_acceptable = acceptance.alarms() <= max(acceptance.alarms_per_hour * acceptance.held_out_hours(), 1)
            self.alarms.show_line("check" if is_acceptable else "warning", _alarms_text(acceptance))
        else:
            self.alarms.show_line("note", _uncalibrated_text(3600 * acceptance.held_out_hours()))

    def _show_confirmed(self, acceptance: Acceptance) -> None:
        found, progress, places = acceptance.confirmed, acceptance.confirmed_progress, []
        if isinstance(found, Failure):
            self.confirmed.show_failure(found)
        elif found:
            show_confirmed(self.confirmed, found.effects)
            lost = [each for each in found.effects if each.is_lost]
            places = [place_of(each, tr("confirmed, would no longer be flagged")) for each in lost]
            places += [
                tr("{name}: not known. {why}.").format(name=each.name, why=tr(each.why)) for each in found.left_out
            ]
        elif progress:
            share = progress.done / max(progress.total, 1)
            text = tr("Judging what was confirmed: {phase}, {share:.0%}").format(phase=tr(progress.phase), share=share)
            self.confirmed.show_line("waiting", text)
        else:
            self.confirmed.show_line("note", "")
        told = (
            places
            if len(places) <= _TOLD
            else [*places[:_TOLD], tr("and {count} more, which a tip lists.").format(count=len(places) - _TOLD)]
        )
        self.confirmed_places.setText("\n".join(told))
        self.confirmed_places.setToolTip("\n".join(places))
        self.confirmed_places.setVisible(bool(places))

    def _show_use(self) -> None:
        if self._acceptance:
            self.use_box.setChecked(self._acceptance.use_at_once)

    def _draw_soon(self) -> None:
        if not self._redraw.isActive():
            self._redraw.start()

    def _draw(self) -> None:
        traces = self._acceptance.traces() if self._acceptance else []
        self.plot_pages.setCurrentIndex(bool(traces))
        self.plot.show_traces(traces)
        self.hint.setText(
            tr("Compare shows what it flags on a recording of your choice, beside the detector in use.")
            if self._acceptance and self._acceptance.old
            else tr("Compare shows what it flags on a recording of your choice.")
        )
        self.plot_text.setText(legend(traces))
        self.plot_text.setVisible(bool(traces))

    # The person's choices

    def _choose_rate(self, rate: float) -> None:
        if self._acceptance:
            self._acceptance.set_alarms_per_hour(rate)

    def _choose(self) -> None:
        if self._acceptance:
            name = " ".join(self.name_edit.text().split())
            self._acceptance.decide(name, self.note_edit.text().strip(), self.use_box.isChecked())
            self.completeChanged.emit()

    def _browse(self) -> None:
        ask_for_file(self, tr("Recording to compare on"), "", VIDEO_FILTER, self._add_video)

    def _measure_again(self) -> None:
        if self._acceptance:
            self._acceptance.measure_held_out()

    def _compare(self) -> None:
        path = self.video_box.currentData()
        if self._acceptance and path is not None:
            self._acceptance.compare_on(path)


def _gain_icon(comparison: Comparison | None) -> str:
    if comparison is None or not comparison.is_measurable:
        return "note"
    return "check" if comparison.trained > comparison.calibrated else "warning"


def _knows_false_alarms(acceptance: Acceptance) -> bool:
    """Whether the new detector is calibrated, so that a threshold follows from a rate of false alarms."""
    return acceptance.scorer is not None and acceptance.scorer.knows_false_alarms


def _alarms_text(acceptance: Acceptance) -> str:
    """How many false alarms there were on the held-out recordings, and how reliable that number is."""
    threshold, hours, alarm_count = acceptance.threshold(), acceptance.held_out_hours(), acceptance.alarms()
    alarms = tr("no false alarm")
    if alarm_count:
        alarms = tr_n("{count} false alarm", "{count} false alarms", alarm_count).format(count=alarm_count)
    count = len(acceptance.held_out)
    recordings = tr_n("{count} held-out recording", "{count} held-out recordings", count).format(count=count)
    if acceptance.since:
        recordings = tr("the held-out end of the recording")
    text = tr(
        "It would have given {alarms} in {duration} of {recordings}, with the threshold at {threshold:.2f}."
    ).format(alarms=alarms, duration=duration_in_words(3600 * hours), recordings=recordings, threshold=threshold)
    if hours < _ENOUGH_HOURS:
        text += tr(" That is little to judge by: expect the number of alarms to differ.")
    return text


def _uncalibrated_text(seconds: float) -> str:
    """Why the number of false alarms can't be predicted, and how the review will scale the scores."""
    because = tr("It is not calibrated: nobody can tell how rare a score is, or how many false alarms to expect.")
    if seconds < MIN_BLOCKS:
        because = tr(
            "Only {duration} are held out: from less than {seconds} s nobody can tell how rare a score is, or how many "
            "false alarms to expect."
        ).format(duration=duration_in_words(seconds), seconds=MIN_BLOCKS)
    consequence = tr(
        "The review will scale each recording by itself, so something always peaks. A training with more held-out "
        "footage gives scores a meaning."
    )
    return f"{because}\n{consequence}"
