"""Prints what becomes of segments that people have judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from engine.common.names import displayable
from engine.review.document import Verdict

if TYPE_CHECKING:
    from engine.calibrating.reviewed import Effect


def print_effects(effects: Sequence[Effect]) -> None:
    """Print how many judged segments were flagged and would be, and each confirmed one that would be lost."""
    for verdict, said in ((Verdict.DISMISSED, "Dismissed as normal"), (Verdict.CONFIRMED, "Confirmed")):
        of_verdict = [each for each in effects if each.segment.verdict is verdict]
        if of_verdict:
            before = sum(each.before >= each.enter for each in of_verdict)
            after = sum(each.is_flagged for each in of_verdict)
            click.echo(f"{said}: {before} of {len(of_verdict)} were flagged, {after} would be now")
    for each in (effect for effect in effects if effect.is_lost):
        click.echo(
            f"  No longer flagged though confirmed: {displayable(each.path.name)} at {each.seconds:.1f} s "
            f"(score {each.before:.1f}, now {each.after:.1f})"
        )
