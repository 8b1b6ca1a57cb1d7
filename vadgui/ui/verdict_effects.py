"""What becomes of confirmed segments with another detector, in a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.common.language import tr
from engine.common.names import displayable
from engine.review.document import Verdict
from vadgui.ui.clock_text import clock_text
from vadgui.ui.widgets import IconLine

if TYPE_CHECKING:
    from engine.calibrating.reviewed import Effect


def show_confirmed(line: IconLine, effects: Sequence[Effect]) -> None:
    """Show how many confirmed segments were flagged and how many would be lost."""
    confirmed = [each for each in effects if each.segment.verdict is Verdict.CONFIRMED]
    before = sum(each.before >= each.enter for each in confirmed)
    lost = sum(each.is_lost for each in confirmed)
    if not confirmed:
        line.show_line(
            "warning",
            tr("Nothing is confirmed in these recordings: it is not known what the new detector would miss."),
        )
    elif lost:
        said = tr("Confirmed: {before} of {count} were flagged, {lost} would be lost. Look there before you decide.")
        line.show_line("warning", said.format(before=before, count=len(confirmed), lost=lost), alert=True)
    else:
        said = tr("Confirmed: {before} of {count} were flagged, none would be lost.")
        line.show_line("check", said.format(before=before, count=len(confirmed)))


def place_of(effect: Effect, said: str) -> str:
    """Where an effect is, and what is said of it."""
    name, time = displayable(effect.path.name), clock_text(effect.seconds, 0)
    return tr("{name} at {time}  ·  {said}").format(name=name, time=time, said=said)


def scores_of(effect: Effect) -> str:
    """The scores before and after."""
    tip = tr("Score {before:.1f}, now {after:.1f}; flagged from {enter:.1f} on")
    return tip.format(before=effect.before, after=effect.after, enter=effect.enter)
