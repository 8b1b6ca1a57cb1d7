"""What the review that is kept of a recording redacts, and its clock, for commands that hand something over."""

from __future__ import annotations

import os

import click

from engine.common.errors import ReviewError
from engine.common.names import displayable
from engine.redaction.regions import NOTHING_REDACTED, Redaction, redaction_in_words
from engine.review.clock import by_clock
from engine.review.document import Recording
from engine.review.files import find_review, read_review, usual_path
from engine.video.source import VideoInfo

redaction_option = click.option(
    "--redaction/--no-redaction",
    "redact",
    default=True,
    show_default=True,
    help="Keep what the review redacts out of all pictures, and the sound with it.",
)


def kept_redaction(info: VideoInfo, *, redact: bool, quiet: bool) -> Redaction:
    """What is redacted in the review that is kept of a recording; a line on stderr says so.

    Raises:
        ReviewError: there is a review that can't be read, or one that redacts other content, so nobody knows.
    """
    opened, notice = find_review(info.path, info.fingerprint) if redact else (None, "")
    recording = opened.review.recording_of(info.fingerprint) if opened else None
    if recording is None and notice and any(each.redaction for each in _beside(info)):
        # Whoever redacted it before it changed did not mean it to be seen now.
        raise ReviewError(
            "Nobody knows whether this recording is to be redacted",
            subject=info.path,
            advice=f"{notice} Review the recording, move that review away, or export with --no-redaction.",
        )
    return told(info, recording.redaction if recording else NOTHING_REDACTED, redact=redact, quiet=quiet)


def _beside(info: VideoInfo) -> tuple[Recording, ...]:
    """What the review beside a recording is of."""
    path = usual_path(info.path)
    return read_review(path).review.recordings if os.path.lexists(path) else ()


def by_kept_clock(info: VideoInfo, *, quiet: bool) -> VideoInfo:
    """The recording with the time of day that a person has set in its review; a line on stderr says if none knows."""
    try:
        recording = _kept(info)
    except ReviewError as error:  # who wants no redaction may go on
        if not quiet:
            click.echo(f"{displayable(info.name)}: {error.what}, so a clock that was set there is not known.", err=True)
        return info
    return by_clock(info, recording.clock) if recording else info


def _kept(info: VideoInfo) -> Recording | None:
    opened, _ = find_review(info.path, info.fingerprint)
    return opened.review.recording_of(info.fingerprint) if opened else None


def told(info: VideoInfo, redaction: Redaction, *, redact: bool, quiet: bool) -> Redaction:
    """A redaction, or nothing where it is not wanted; a line on stderr says which."""
    words = redaction_in_words(redaction)
    if words and not quiet:
        says = f"redacted: {words}" if redact else f"NOT redacted, as asked for: {words}"
        click.echo(f"{displayable(info.name)}: {says}.", err=True)
    return redaction if redact else NOTHING_REDACTED
