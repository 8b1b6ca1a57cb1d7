"""The page that offers three training efforts with their durations, and the advanced settings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from engine.run_plan import EFFORTS, RunPlan
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.advanced import AdvancedForm
from vadgui.training.wizard.widgets import OptionCard, Page, group_cards
from vadgui.ui.widgets import IconLine, text_label

_TITLES = {"quick": tr_noop("Quick"), "standard": tr_noop("Standard"), "thorough": tr_noop("Thorough")}


class EffortPage(Page):
    """Shows a card for each effort (quick, standard, thorough), and the collapsible advanced settings."""

    def __init__(self, state: WizardState) -> None:
        super().__init__(
            tr("Effort"),
            tr("How thoroughly shall it learn?"),
            tr("More time makes a finer picture of what is normal. A training can be paused and ended early."),
        )
        self._draft = state.draft
        self.cards = {name: OptionCard(tr(_TITLES[name]), tr(effort.sentence)) for name, effort in EFFORTS.items()}
        self._group = group_cards(list(self.cards.values()), self)
        self.times: dict[str, QLabel] = {}
        for name, card in self.cards.items():
            self.times[name] = text_label("", "title")
            card.body.addStretch(1)  # aligns the durations of all cards, however long the sentences above
            card.body.addWidget(self.times[name])
            card.chosen.connect(lambda name=name: self._draft.set_effort(name))
        self.status = IconLine()
        self.advanced_button = QToolButton()
        self.advanced_button.setText(tr("Advanced"))
        self.advanced_button.setCheckable(True)
        self.advanced_button.setAutoRaise(True)
        self.advanced_button.setArrowType(Qt.ArrowType.RightArrow)
        self.advanced_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.advanced_button.toggled.connect(self._fold)
        self.form = AdvancedForm(self._draft)
        self.form.hide()
        self._lay_out()
        self._draft.plan_changed.connect(self._show)
        self._draft.settings_changed.connect(self._show)
        self._draft.settings_changed.connect(self._measure)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Request the plans of all efforts."""
        self._measure()
        self._show()

    def _measure(self) -> None:
        if self.isVisible() or self.wizard().currentPage() is self:
            self._draft.request_plan(all_efforts=True)

    def _lay_out(self) -> None:
        cards = QGridLayout()
        cards.setHorizontalSpacing(10)
        for column, card in enumerate(self.cards.values()):
            cards.addWidget(card, 0, column)
            cards.setColumnStretch(column, 1)
        inside = QWidget()
        column_layout = QVBoxLayout(inside)
        column_layout.setContentsMargins(0, 0, 6, 0)
        column_layout.addLayout(cards)
        column_layout.addWidget(self.status)
        fold = QHBoxLayout()
        fold.addWidget(self.advanced_button)
        fold.addStretch(1)
        column_layout.addLayout(fold)
        column_layout.addWidget(self.form)
        column_layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = self.body
        layout.addWidget(scroll)

    def _fold(self, unfolded: bool) -> None:
        self.advanced_button.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self.form.setVisible(unfolded)

    def _show(self) -> None:
        self.cards[self._draft.effort].radio.setChecked(True)
        state = self._draft.plan
        for name, label in self.times.items():
            label.setText(_time_text(state.plans.get(name), measuring=state.share is not None))
        if state.failure:
            self.status.show_failure(state.failure)
        elif state.share is not None:
            self.status.show_line(
                "waiting", tr("Trying out a step of each on this machine … {share:.0%}").format(share=state.share)
            )
        else:
            self.status.show_line("note", self._measured_text() if state.plans else "")

    def _measured_text(self) -> str:
        plan, title = self._draft.plan.plans.get(self._draft.effort), tr(_TITLES[self._draft.effort])
        busy = plan.busy_note(title) if plan and not plan.refusal else ""
        return "\n".join(filter(None, (tr("Measured on this machine, with your footage."), busy)))


def _time_text(plan: RunPlan | None, measuring: bool) -> str:
    if plan is None:
        return "…" if measuring else "–"
    if plan.refusal:
        return tr("does not fit")
    return tr("about {duration}").format(duration=duration_in_words(plan.total_seconds))
