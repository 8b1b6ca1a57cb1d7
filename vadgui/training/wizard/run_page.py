"""The page of a running training: steps, loss curves and samples; it can be paused, ended early or given up."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QMessageBox, QProgressBar, QVBoxLayout

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from vadgui.training.model.training_run import STEPS, Curve, RunPhase, TrainingRun
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.loss_plot import LossLegend, LossPlot
from vadgui.training.wizard.sample_view import SampleView
from vadgui.training.wizard.widgets import Page
from vadgui.ui.questions import ask
from vadgui.ui.widgets import IconLine, button, text_label

_TIMEOUT_MS = 5000
_PLOT_TITLES = {"motion": tr_noop("Error in movement"), "frame": tr_noop("Error in the next frame")}
_STEP_TEXTS = (
    tr_noop("Read the footage"),
    tr_noop("Learn movement"),
    tr_noop("Learn the next frame"),
    tr_noop("Calibrate"),
)


class RunPage(Page):
    """Shows the current run, and has buttons to pause, resume, finish or give it up."""

    def __init__(self, state: WizardState) -> None:
        super().__init__(
            tr("Learning"),
            tr("Learning what is normal"),
            tr("This window can be closed: the training goes on as long as the program runs, or longer if you wish."),
        )
        self._state = state
        self._run: TrainingRun | None = None
        self.name = text_label("", "here")
        self.steps = [IconLine() for _ in STEPS]
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(10)
        self.left = QLabel()
        self.message = IconLine()
        self.plots = {stage: LossPlot(tr(title), Curve()) for stage, title in _PLOT_TITLES.items()}
        self.samples = SampleView(state)
        self.pause_button = button(tr("Pause"), tr("Save and stop; it goes on later from there"))
        self.pause_button.clicked.connect(self._pause_or_go_on)
        self.finish_button = button(tr("Finish now"), tr("Keep the best so far and go on to the next step"))
        self.finish_button.clicked.connect(self._finish)
        self.cancel_button = button(tr("Give up …"), tr("End this training, and keep or delete what it has learnt"))
        self.cancel_button.clicked.connect(self._ask_to_give_up)
        self._timeout = QTimer(self, singleShot=True, interval=_TIMEOUT_MS)
        self._timeout.timeout.connect(self._show)
        self._pause_had_focus = False
        self._lay_out()
        state.run_changed.connect(self._take_run)
        self._take_run()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Whether the run has finished with a detector."""
        return self._run is not None and self._run.phase is RunPhase.FINISHED

    def _lay_out(self) -> None:
        steps = QGridLayout()
        steps.setHorizontalSpacing(16)
        for column, line in enumerate(self.steps):
            steps.addWidget(line, 0, column)
            steps.setColumnStretch(column, 1)
        progress = QHBoxLayout()
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.left)
        plots = QVBoxLayout()
        plots.setSpacing(4)
        for plot in self.plots.values():
            plots.addWidget(plot, 1)
        plots.addWidget(LossLegend())
        # Plots and samples side by side: a sheet of samples is about square.
        learnt = QHBoxLayout()
        learnt.setSpacing(12)
        learnt.addLayout(plots, 1)
        learnt.addWidget(self.samples, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.pause_button)
        buttons.addWidget(self.finish_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        layout = self.body
        layout.setSpacing(8)
        layout.addWidget(self.name)
        layout.addLayout(steps)
        layout.addLayout(progress)
        layout.addWidget(self.message)
        layout.addLayout(learnt, 1)
        layout.addLayout(buttons)

    # The run

    def _take_run(self) -> None:
        if self._run:
            self._run.changed.disconnect(self._show)
            self._run.curves_changed.disconnect(self._show_curves)
        self._run = self._state.run
        self.samples.show_run(self._run)
        if self._run:
            self._run.changed.connect(self._show)
            self._run.curves_changed.connect(self._show_curves)
            self._show_curves()
        self._show()

    def _show_curves(self) -> None:
        if self._run:
            for stage, plot in self.plots.items():
                plot.show_curve(self._run.curves[stage])

    def _show(self) -> None:
        run = self._run
        if run is None:
            return
        self.name.setText(run.name)
        self._show_steps(run)
        self._show_message(run)
        self.bar.setValue(1000 if run.phase is RunPhase.FINISHED else round(1000 * run.step_share()))
        # A busy indicator (range 0 to 0) while the process starts, which takes seconds without progress to show.
        self.bar.setRange(0, 0 if run.phase is RunPhase.STARTING else 1000)
        left = _left_text(run)
        self.left.setText(left)
        self.left.setVisible(bool(left))
        self._enable(run)
        self.completeChanged.emit()

    def _show_steps(self, run: TrainingRun) -> None:
        current = run.step_index()
        at_work = "analyse" if run.phase.is_active else "pause"
        for index, (line, text) in enumerate(zip(self.steps, _STEP_TEXTS, strict=True)):
            line.show_line("check" if index < current else at_work if index == current else "waiting", tr(text))

    def _show_message(self, run: TrainingRun) -> None:
        match run.phase:
            case RunPhase.FAILED:
                self.message.show_failure(run.failure)
            case RunPhase.STOPPED | RunPhase.IDLE:
                self.message.show_line("pause", tr("Paused. Nothing is lost: it goes on from its last save."))
            case RunPhase.STOPPING:
                self.message.show_line("waiting", tr("Saving and stopping …"))
            case RunPhase.FINISHING:
                self.message.show_line("waiting", tr("Keeping the best so far …"))
            case RunPhase.FINISHED:
                done = tr("Done. See on the next page what the detector is worth.")
                self.message.show_line("check", "\n".join(filter(None, (done, run.note))))
            case RunPhase.STARTING:
                self.message.show_line("waiting", tr("Starting …"))
            case _ if run.detached:
                self.message.show_line("note", tr("Runs in the background, also when the program is closed."))
            case _:
                self.message.show_line("note", run.note)

    def _enable(self, run: TrainingRun) -> None:
        phase = run.phase
        timed_out = phase is RunPhase.STOPPING and not self._timeout.isActive()
        self.pause_button.setText(
            tr("Stop at once")
            if timed_out
            else tr("Pause")
            if phase.is_active or phase is RunPhase.FINISHED
            else tr("Go on")
        )
        can_pause = phase is not RunPhase.FINISHED and (phase is not RunPhase.STOPPING or timed_out)
        # Qt moves the focus on from a button that is disabled, here to the one that gives up.
        had_focus = self._pause_had_focus or self.pause_button.hasFocus()
        self.pause_button.setEnabled(can_pause)
        if had_focus and can_pause:
            self.pause_button.setFocus()
        self._pause_had_focus = had_focus and not can_pause
        self.finish_button.setEnabled(phase is RunPhase.RUNNING and run.is_learning)
        self.cancel_button.setEnabled(phase is not RunPhase.FINISHED)

    # Requests of the person

    def _pause_or_go_on(self) -> None:
        run = self._run
        if run is None:
            return
        if run.phase is RunPhase.STOPPING:
            run.stop_at_once()
        elif run.phase.is_active:
            self._timeout.start()
            run.stop()
        else:
            run.start()

    def _finish(self) -> None:
        if self._run:
            self._run.finish()

    def _ask_to_give_up(self) -> None:
        run = self._run
        if run is None:
            return
        box = ask(
            self,
            tr("Give this training up?"),
            tr("Kept, it can be gone on with later. Deleted, everything it has learnt is gone; your recordings stay."),
            {tr("Keep it, stopped"): run.stop, tr("Delete it"): lambda: self._delete(run)},
        )
        box.setIcon(QMessageBox.Icon.Question)

    def _delete(self, run: TrainingRun) -> None:
        run.delete()
        self.wizard().close_quietly()  # type: ignore[attr-defined]


def _left_text(run: TrainingRun) -> str:
    """Progress of the present step, and the time it will still take."""
    if run.progress is None or run.phase in (RunPhase.STARTING, RunPhase.FINISHED):
        return ""
    left = run.progress.seconds_left if run.phase is RunPhase.RUNNING else None
    if left is None:
        return f"{run.step_share():.0%}"
    if left < 1:
        return tr(
            "Nearly done with this step"
        )  # evaluating and saving after the last epoch is not part of the estimate
    return tr("{share:.0%}, {duration} left in this step").format(
        share=run.step_share(), duration=duration_in_words(left)
    )
