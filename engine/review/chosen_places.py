"""Where a person has saved reviews: by the recording's fingerprint, so that opening it finds them there."""

from __future__ import annotations

from pathlib import Path

from engine.common.errors import ReviewError
from engine.common.kept_values import changed_values, kept_values
from engine.common.language import tr
from engine.common.paths import chosen_reviews_file


def chosen_places() -> dict[str, Path]:
    """Where a person has saved reviews, by the fingerprint of the recording."""
    return {known: Path(path) for known, path in kept_values(chosen_reviews_file(), dict[str, str]).items() if path}


def chosen_place(fingerprint: str) -> Path | None:
    """Where a person has saved the review of a recording; None where it is kept as usual."""
    return chosen_places().get(fingerprint)


def remember_place(fingerprint: str, review: Path) -> None:
    """Look for the review of a recording there, too, from now on.

    Raises:
        ReviewError: that can't be kept.
    """
    path = chosen_reviews_file()
    try:
        with changed_values(path, dict[str, str]) as known:
            known[fingerprint] = str(review.absolute())
    except OSError as error:
        raise ReviewError(
            tr("The review is saved, but the program can't remember where"),
            subject=path,
            advice=tr("{reason}. Next time open the review itself, not its recording.").format(reason=error.strerror),
        ) from error
