"""Where a recording has no pictures: gaps in its clock, and frames that are lost."""

from __future__ import annotations

from dataclasses import dataclass

from engine.common.durations import duration_in_words
from engine.video.integrity import Integrity
from vadgui.timeline.timescale import Timescale
from vadgui.ui.clock_text import clock_text


@dataclass(frozen=True)
class Hole:
    """A stretch of time without pictures, in seconds as drawn."""

    start: float
    stop: float
    is_lost: bool
    """Whether frames were there that can't be decoded."""
    label: str
    """In a word or two."""
    text: str
    """In a sentence."""


def holes(integrity: Integrity, scale: Timescale) -> list[Hole]:
    """All stretches without pictures, in the order of time."""
    found = []
    for gap in integrity.gaps:
        start, stop = map(float, scale.drawn([gap.start_seconds, gap.stop_seconds]))
        length = duration_in_words(gap.seconds)
        span = f"{clock_text(gap.start_seconds, 1)} to {clock_text(gap.stop_seconds, 1)}"
        found.append(Hole(start, stop, False, f"gap of {length}", f"Gap in the recording, {length}: {span}"))
    for lost in integrity.lost:
        start, stop = map(float, scale.drawn([lost.start_seconds, lost.stop_seconds]))
        frames = f"{lost.count} frame{'' if lost.count == 1 else 's'}"
        span = f"{clock_text(lost.start_seconds, 1)} to {clock_text(lost.stop_seconds, 1)}"
        found.append(Hole(start, stop, True, f"{frames} lost", f"{frames} damaged and lost: {span}"))
    return sorted(found, key=lambda hole: hole.start)
