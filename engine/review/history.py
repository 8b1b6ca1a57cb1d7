"""Doing, undoing and redoing steps of a review; every change of what is judged goes through here."""

from __future__ import annotations

from msgspec.structs import replace

from engine.common.errors import ReviewError
from engine.common.language import tr
from engine.review.document import JudgedSegment, Recording, Step, check_segments

HISTORY_STEPS = 500
"""Kept in the document; older ones can't be undone any more, their effect stays."""


def with_step(recording: Recording, step: Step) -> Recording:
    """Do a step; what was undone before can't be done again.

    Raises:
        ReviewError: the step does not fit this recording.
    """
    history = (*recording.history[: recording.done], step)[-HISTORY_STEPS:]
    return replace(_applied(recording, step), history=history, done=len(history))


def with_step_in_last(recording: Recording, step: Step) -> Recording:
    """Do a step that goes on with the last one, such as a threshold that is still being dragged: both become one.

    Raises:
        ReviewError: there is no last step of this kind, or the step does not fit.
    """
    last = recording.history[recording.done - 1] if recording.done else None
    if last is None or last.threshold is None or step.threshold is None or last.threshold.score != step.threshold.score:
        raise ReviewError(tr("Only steps of one threshold can become one"))
    both = replace(step, threshold=replace(step.threshold, before=last.threshold.before))
    history = (*recording.history[: recording.done - 1], both)
    return replace(_applied(recording, step), history=history, done=len(history))


def undone(recording: Recording) -> Recording:
    """Take the last step back; the recording itself where there is none.

    Raises:
        ReviewError: the step does not fit, so the file was changed by something else.
    """
    if not recording.done:
        return recording
    return replace(_applied(recording, inverse(recording.history[recording.done - 1])), done=recording.done - 1)


def redone(recording: Recording) -> Recording:
    """Do the step again that was taken back last; the recording itself where there is none.

    Raises:
        ReviewError: the step does not fit, so the file was changed by something else.
    """
    if recording.done == len(recording.history):
        return recording
    return replace(_applied(recording, recording.history[recording.done]), done=recording.done + 1)


def inverse(step: Step) -> Step:
    """The step that takes a step back."""
    change = step.threshold
    back = replace(change, before=change.after, after=change.before) if change else None
    zones = replace(step.zones, before=step.zones.after, after=step.zones.before) if step.zones else None
    redacted = step.redaction
    redaction = replace(redacted, before=redacted.after, after=redacted.before) if redacted else None
    clock = replace(step.clock, before=step.clock.after, after=step.clock.before) if step.clock else None
    return replace(
        step,
        removed=step.added,
        added=step.removed,
        threshold=back,
        zones=zones,
        redaction=redaction,
        clock=clock,
    )


def _applied(recording: Recording, step: Step) -> Recording:
    thresholds = dict(recording.thresholds)
    if change := step.threshold:
        if change.after is None:
            thresholds.pop(change.score, None)
        else:
            thresholds[change.score] = change.after
    return replace(
        recording,
        segments=_exchanged(recording.segments, step),
        thresholds=thresholds,
        zones=step.zones.after if step.zones else recording.zones,
        redaction=step.redaction.after if step.redaction else recording.redaction,
        clock=step.clock.after if step.clock else recording.clock,
    )


def _exchanged(segments: tuple[JudgedSegment, ...], step: Step) -> tuple[JudgedSegment, ...]:
    left = list(segments)
    try:
        for gone in step.removed:
            left.remove(gone)
        exchanged = tuple(sorted((*left, *step.added), key=lambda segment: segment.start))
        check_segments(exchanged)
    except ValueError as error:
        raise ReviewError(
            tr("“{name}” does not fit what is judged now").format(name=step.in_words),
            advice=tr("The review's file seems to have been changed by another program ({error}).").format(error=error),
        ) from error
    return exchanged
