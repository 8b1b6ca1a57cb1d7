"""The page that shows the measured costs of the training, and whether it can run on this machine."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from engine.run_plan import RunPlan, StageCost
from vadgui.training.model.draft import CURRENT_SETTINGS
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.widgets import Page
from vadgui.ui.bytes_text import bytes_text
from vadgui.ui.failure import Failure
from vadgui.ui.widgets import FactCard, IconLine

_STAGE_TEXTS = {"motion": tr_noop("Movement"), "frame": tr_noop("Next frame")}


class CheckPage(Page):
    """Shows the facts of the plan; from the next page on there is no way back."""

    def __init__(self, state: WizardState) -> None:
        super().__init__(
            tr("Check"),
            tr("Ready to begin?"),
            tr("One real step of everything is tried on this machine first, so that nothing fails after hours."),
        )
        self._draft = state.draft
        self.setCommitPage(True)
        self.facts = FactCard()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.bar.setRange(0, 1000)
        self.status = IconLine()
        self.notes = IconLine()
        self.failure = IconLine()
        layout = self.body
        layout.setSpacing(10)
        for widget in (self.status, self.bar, self.facts, self.notes, self.failure):
            layout.addWidget(widget)
        layout.addStretch(1)
        self._draft.plan_changed.connect(self._show)
        state.begin_failed.connect(self._show_failure)
        self.failure.hide()

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Request the plan for exactly these settings."""
        self.failure.hide()
        self._draft.request_plan(all_efforts=False)
        self._show()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Whether there is a plan and the training can run."""
        plan = self._draft.plan.plans.get(CURRENT_SETTINGS)
        return plan is not None and plan.refusal is None

    def _show(self) -> None:
        state = self._draft.plan
        plan = state.plans.get(CURRENT_SETTINGS)
        self.bar.setVisible(state.share is not None)
        self.bar.setValue(round(1000 * (state.share or 0.0)))
        self.facts.setVisible(plan is not None)
        if state.failure:
            self.status.show_failure(state.failure)
        elif plan is None:
            self.status.show_line("waiting", tr("Trying out one step of everything …"))
        elif plan.refusal:
            self.status.show_line("error", tr("It can't be begun: {reason}").format(reason=plan.refusal), alert=True)
        else:
            total = duration_in_words(plan.total_seconds)
            text = tr("All is well. The training will take about {duration} on this machine.").format(duration=total)
            self.status.show_line("check", text)
        if plan:
            self.facts.show_facts(fact_rows(plan))
        self.notes.show_line("note", "\n".join(plan.notes) if plan else "")
        self.completeChanged.emit()

    def _show_failure(self, failure: Failure) -> None:
        self.failure.show_failure(failure)


def fact_rows(plan: RunPlan) -> list[tuple[str, str]]:
    """The facts shown of a plan: pairs of name and value."""
    return [
        (tr("Runs on"), plan.device),
        (
            tr("Footage"),
            tr("{frames:,} frames, {transitions:,} to learn from").format(
                frames=plan.frames, transitions=plan.transitions
            ),
        ),
        (tr("Reading it"), duration_in_words(plan.reading_seconds)),
        *((tr(_STAGE_TEXTS.get(stage.name, stage.name)), _stage_text(stage)) for stage in plan.stages),
        *([(tr("Calibration"), duration_in_words(plan.judging_seconds))] if plan.judging_seconds else ()),
        (tr("In all"), tr("about {duration}").format(duration=duration_in_words(plan.total_seconds))),
        (tr("Memory"), _memory_text(plan)),
        (
            tr("Disk"),
            tr("{needed} of {free} free").format(
                needed=bytes_text(plan.disk_needed_bytes), free=bytes_text(plan.disk_free_bytes)
            ),
        ),
    ]


def _memory_text(plan: RunPlan) -> str:
    needed = bytes_text(plan.memory_bytes)
    if not plan.memory_free_bytes:
        return tr("{needed}, {count} pictures at a time").format(needed=needed, count=plan.batch_size)
    return tr("{needed} of {free} free, {count} pictures at a time").format(
        needed=needed, free=bytes_text(plan.memory_free_bytes), count=plan.batch_size
    )


def _stage_text(stage: StageCost) -> str:
    passes = tr("1 pass")
    if stage.epochs > 1:
        each = duration_in_words(stage.epoch_seconds)
        passes = tr("{count} passes of {duration}").format(count=stage.epochs, duration=each)
    return f"{duration_in_words(stage.seconds)}: {passes}"
