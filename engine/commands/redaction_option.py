"""What is redacted in a review, for commands that hand something over."""

from __future__ import annotations

import click

from engine.common.errors import ReviewError
from engine.common.names import displayable
from engine.redaction.regions import NOTHING_REDACTED, Redaction, redaction_in_words
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
    return read_review(path).review.recordings if path.exists() else ()


def told(info: VideoInfo, redaction: Redaction, *, redact: bool, quiet: bool) -> Redaction:
    """A redaction, or nothing where it is not wanted; a line on stderr says which."""
    words = redaction_in_words(redaction)
    if words and not quiet:
        says = f"redacted: {words}" if redact else f"NOT redacted, as asked for: {words}"
        click.echo(f"{displayable(info.name)}: {says}.", err=True)
    return redaction if redact else NOTHING_REDACTED
