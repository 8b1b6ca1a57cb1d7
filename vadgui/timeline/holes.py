"""Where a recording has no pictures: gaps in its clock, and frames that are lost."""

from __future__ import annotations

from dataclasses import dataclass

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_n
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
        span = _span(gap.start_seconds, gap.stop_seconds)
        label = tr("gap of {duration}").format(duration=length)
        text = tr("Gap in the recording, {duration}: {span}").format(duration=length, span=span)
        found.append(Hole(start, stop, False, label, text))
    for lost in integrity.lost:
        start, stop = map(float, scale.drawn([lost.start_seconds, lost.stop_seconds]))
        span = _span(lost.start_seconds, lost.stop_seconds)
        label = tr_n("{count} frame lost", "{count} frames lost", lost.count).format(count=lost.count)
        text = tr_n(
            "{count} frame damaged and lost: {span}", "{count} frames damaged and lost: {span}", lost.count
        ).format(count=lost.count, span=span)
        found.append(Hole(start, stop, True, label, text))
    return sorted(found, key=lambda hole: hole.start)


def _span(start_seconds: float, stop_seconds: float) -> str:
    return tr("{begin} to {end}").format(begin=clock_text(start_seconds, 1), end=clock_text(stop_seconds, 1))
