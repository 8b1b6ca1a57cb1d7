"""Where a recording has no pictures, or wrong ones: gaps in its clock, frames that are lost or damaged."""

from __future__ import annotations

from dataclasses import dataclass

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_n
from engine.video.integrity import ConcealedStretch, Integrity, LostStretch
from vadgui.timeline.timescale import Timescale
from vadgui.ui.clock_text import clock_text


@dataclass(frozen=True)
class Hole:
    """A stretch of time without pictures that can be believed, in seconds as drawn."""

    start: float
    stop: float
    is_damaged: bool
    """Whether the file is damaged there: frames can't be decoded, or show wrong pictures."""
    label: str
    """In a word or two."""
    text: str
    """In a sentence."""


def holes(integrity: Integrity, scale: Timescale) -> list[Hole]:
    """All such stretches, in the order of time."""
    found = []
    for gap in integrity.gaps:
        start, stop = map(float, scale.drawn([gap.start_seconds, gap.stop_seconds]))
        length = duration_in_words(gap.seconds)
        span = _span(gap.start_seconds, gap.stop_seconds)
        label = tr("gap of {duration}").format(duration=length)
        text = tr("Gap in the recording, {duration}: {span}").format(duration=length, span=span)
        found.append(Hole(start, stop, False, label, text))
    for lost in integrity.lost:
        label = tr_n("{count} frame lost", "{count} frames lost", lost.count)
        text = tr_n("{count} frame damaged and lost: {span}", "{count} frames damaged and lost: {span}", lost.count)
        found.append(_damaged(lost, scale, label, text))
    for concealed in integrity.concealed:
        label = tr_n("{count} damaged picture", "{count} damaged pictures", concealed.count)
        text = tr_n(
            "{count} damaged picture, which is no evidence: {span}",
            "{count} damaged pictures, which are no evidence: {span}",
            concealed.count,
        )
        found.append(_damaged(concealed, scale, label, text))
    return sorted(found, key=lambda hole: hole.start)


def _damaged(stretch: LostStretch | ConcealedStretch, scale: Timescale, label: str, text: str) -> Hole:
    start, stop = map(float, scale.drawn([stretch.start_seconds, stretch.stop_seconds]))
    span = _span(stretch.start_seconds, stretch.stop_seconds)
    return Hole(start, stop, True, label.format(count=stretch.count), text.format(count=stretch.count, span=span))


def _span(start_seconds: float, stop_seconds: float) -> str:
    return tr("{begin} to {end}").format(begin=clock_text(start_seconds, 1), end=clock_text(stop_seconds, 1))
