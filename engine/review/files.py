"""The review's file: written whole or not at all, with backups of earlier versions, and read from those if damaged."""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from engine.common.atomic_write import atomic_write
from engine.common.errors import ReviewError
from engine.common.language import tr, tr_n
from engine.common.names import MAX_NAME_BYTES, cut_name, displayable
from engine.common.paths import read_regular, reviews_folder
from engine.common.remote_path import RemotePath
from engine.review.chosen_places import chosen_place
from engine.review.document import NewerReviewError, Recording, Review, from_bytes, to_bytes
from engine.video.fingerprint import file_fingerprint

SUFFIX = ".review.json"
LONGEST_NAME_BYTES = MAX_NAME_BYTES - len("..1.partial")
"""Of a review's name: files beside it have longer ones."""
_BACKUP_AGES_SECONDS = (0.0, 60.0, 3600.0)
"""How old the next younger backup is before it becomes the backup with this number."""


@dataclass(frozen=True)
class OpenedReview:
    """A review, and what a person should know of how it was read."""

    path: Path
    review: Review
    notice: str = ""


def usual_path(video: Path) -> Path:
    """Where the review of a recording is kept by default: beside it."""
    return video.with_name(f"{video.name}{SUFFIX}")


def own_path(video: Path, fingerprint: str) -> Path:
    """A name beside the recording that another recording of its name does not have, and that is never too long."""
    ending = f".{fingerprint[:12]}{SUFFIX}"
    return video.with_name(cut_name(video.name, LONGEST_NAME_BYTES - len(ending)) + ending)


def personal_path(video: Path, fingerprint: str) -> Path:
    """Where the review is kept if the recording's folder can't be written: among the person's data."""
    return reviews_folder() / own_path(video, fingerprint).name


def usual_paths(video: Path, fingerprint: str) -> tuple[Path, ...]:
    """Where the review of a recording may be, unless a person has saved it elsewhere."""
    return usual_path(video), own_path(video, fingerprint), personal_path(video, fingerprint)


def backup_path(path: Path, number: int) -> Path:
    """The backup `number` of a review, from 1; hidden, as it is nothing to work with."""
    return path.with_name(f".{path.name}.{number}")


def read_review(path: Path) -> OpenedReview:
    """Read a review; a damaged or missing file is read from its newest sound backup.

    Raises:
        ReviewError: there is none, it can't be read, or it is of a newer version.
    """
    try:
        review = _read(path)
        return OpenedReview(path, review, _of_zones(review))
    except FileNotFoundError:
        reason = tr("The review's file is gone")
    except ValueError:
        reason = tr("The review's file is damaged")
    except OSError as error:
        raise ReviewError(tr("The review can't be read"), subject=path, advice=f"{error.strerror}.") from error
    for number in range(1, len(_BACKUP_AGES_SECONDS) + 1):
        with suppress(OSError, ValueError):
            review = _read(backup_path(path, number))
            notice = tr("{reason}: opened from its backup of {time}.").format(
                reason=reason, time=_in_words(review.saved)
            )
            return OpenedReview(path, review, " ".join(filter(None, (notice, _of_zones(review)))))
    raise ReviewError(
        reason,
        subject=path,
        advice=tr("There is no sound backup beside it. Put the file back from a copy of your own."),
    )


def write_review(path: Path, review: Review) -> None:
    """Replace a review's file; what was there becomes its first backup, unless it is damaged: that is set aside.

    Raises:
        OSError: the folder can't be written, or the disk is full.
        NewerReviewError: what is there was written by a newer version.
    """
    text = to_bytes(review)
    _keep_present(path)
    with atomic_write(path) as file:
        file.write(text)


def set_aside(path: Path) -> None:
    """Give a review that is to be replaced, and its backups, a name of their own: no later one takes their place.

    Raises:
        OSError: it can't be renamed.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.name}.replaced-{stamp}{f'-{number}' if number else ''}" for number in itertools.count())
    aside = next(each for each in map(path.with_name, names) if not os.path.lexists(each))
    for number in range(1, len(_BACKUP_AGES_SECONDS) + 1):
        with suppress(FileNotFoundError):
            backup_path(path, number).rename(backup_path(aside, number))
    path.rename(aside)


def find_review(video: Path, fingerprint: str) -> tuple[OpenedReview | None, str]:
    """The review of a recording, where it is usually kept or a person has saved it, and what to tell of others.

    Raises:
        ReviewError: it can't be read.
    """
    notice = ""
    found: list[OpenedReview] = []
    chosen = chosen_place(fingerprint)
    usual = usual_paths(video, fingerprint)
    for path in dict.fromkeys((*usual, *([chosen] if chosen else []))):
        # A name that is too long for a file is that of no review.
        if not os.path.lexists(path) and not os.path.lexists(backup_path(path, 1)):
            if path == chosen:
                notice = tr("The review was saved as {path}, which is not there now.").format(path=displayable(path))
            continue
        opened = read_review(path)
        if opened.review.recording_of(fingerprint):
            found.append(opened)
        else:
            notice = tr(
                "{name} is the review of another recording of this name, or of this one before it changed."
            ).format(name=path.name)
    found = found or list(_reviews_left_behind(video, fingerprint))
    # Of two, the folder could be written at one time and not at another: the later one goes on.
    newest = max(found, key=lambda opened: opened.review.saved, default=None)
    others = [_of_another(each, newest, fingerprint) for each in found if newest and each is not newest]
    return newest, "\n".join(filter(None, (notice, *others)))


def _of_another(other: OpenedReview, newest: OpenedReview, fingerprint: str) -> str:
    """What to tell of an older review of the same recording; nothing where the newest went on from it."""
    mine, theirs = (each.review.recording_of(fingerprint) for each in (newest, other))
    if mine is None or theirs is None:
        return ""
    known = {*mine.segments, *(each for step in mine.history for each in (*step.removed, *step.added))}
    count = sum(each not in known for each in theirs.segments)
    if not count:
        return ""
    text = tr_n(
        "Another review of this recording, {path}, has {count} verdict that this one lacks. It stays as it is: open "
        "that file to go on with it.",
        "Another review of this recording, {path}, has {count} verdicts that this one lacks. It stays as it is: open "
        "that file to go on with it.",
        count,
    )
    return text.format(path=displayable(other.path), count=count)


def _reviews_left_behind(video: Path, fingerprint: str) -> Iterator[OpenedReview]:
    """Reviews of a recording that was renamed: under its earlier name, where it is not any more.

    One that was opened since knows the new name already.
    """
    # Nothing is written beside recordings that a URL names.
    beside = [] if isinstance(video, RemotePath) else video.parent.glob(f"*{SUFFIX}")
    candidates = [*beside, *reviews_folder().glob(f"*.{fingerprint[:12]}{SUFFIX}")]
    for path in sorted(candidates):
        # Most are of other recordings: the text tells without being taken apart. A damaged one keeps its own name.
        with suppress(OSError, ReviewError):
            if fingerprint.encode() not in read_regular(path):
                continue
            opened = read_review(path)
            recording = opened.review.recording_of(fingerprint)
            if recording and (recording.path == str(video.absolute()) or not _is_there(recording)):
                yield opened


def _is_there(recording: Recording) -> bool:
    """Whether a recording is where it was last seen, and not another one that has its name by now."""
    path = Path(recording.path)
    if not path.is_file():
        return path.exists()
    return file_fingerprint(path) == recording.fingerprint


def located(recording: Recording, review: Path) -> Path | None:
    """Where a recording is now: where it was, or moved with its review, or renamed beside it.

    Where it is nowhere, what has its name by now; None where nothing has.
    """
    known = [review.parent / recording.relative_path] if recording.relative_path else []
    # Never a URL: a review that somebody sent must not reach out.
    # os.path, as of a path that is too long, pathlib raises OSError.
    there = [path for path in (*known, Path(recording.path)) if os.path.exists(path)]  # noqa: PTH110
    suffix = Path(recording.path).suffix
    beside = sorted(review.parent.glob(f"*{suffix}")) if suffix else []
    for path in (*there, *beside):
        with suppress(OSError):
            if path.is_dir() and path in there:
                return path
            if path.is_file() and file_fingerprint(path) == recording.fingerprint:
                return path
    return there[0] if there else None


def reviewed_video(opened: OpenedReview) -> Path:
    """Where the recording is now that was open last in a review.

    Raises:
        ReviewError: it can't be found.
    """
    recording = opened.review.recordings[opened.review.current]
    path = located(recording, opened.path)
    if path is None:
        raise ReviewError(
            tr("The recording of this review is not where it was"),
            subject=recording.path,
            advice=tr("Put it back there, or beside {name}: there it is found under any name.").format(
                name=opened.path.name
            ),
        )
    return path


def placed(recording: Recording, video: Path, review: Path) -> Recording:
    """The recording with its path, absolute and as seen from the review."""
    if isinstance(video, RemotePath):
        return replace(recording, path=str(video), relative_path="")
    try:
        relative = os.path.relpath(video.absolute(), review.absolute().parent)
    except ValueError:  # on another drive
        relative = ""
    return replace(recording, path=str(video.absolute()), relative_path=relative)


def _read(path: Path) -> Review:
    try:
        return from_bytes(read_regular(path))
    except NewerReviewError as error:
        raise NewerReviewError(error.what, subject=path, advice=error.advice) from error


def _of_zones(review: Review) -> str:
    """Which time zones of a review this machine does not know."""
    zones = sorted({each.clock.zone for each in review.recordings if each.clock.has_unknown_zone})
    if not zones:
        return ""
    text = tr("This machine does not know the time zone {zones}: times are shown in its own.")
    return text.format(zones=displayable(", ".join(zones)))


def _keep_present(path: Path) -> None:
    try:
        _read(path)
    except FileNotFoundError:
        return
    except ValueError:
        path.replace(path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"))
        return
    for number in range(len(_BACKUP_AGES_SECONDS), 1, -1):
        newer, older = backup_path(path, number - 1), backup_path(path, number)
        with suppress(FileNotFoundError):
            # One from the future is from before the clock was set back: it counts as old, too.
            if not older.exists() or abs(time.time() - older.stat().st_mtime) > _BACKUP_AGES_SECONDS[number - 1]:
                newer.replace(older)
    first = backup_path(path, 1)
    temporary = first.with_name(f"{first.name}.partial")
    temporary.unlink(missing_ok=True)
    # A second name for the same file: there is a file under the first name at every moment.
    try:
        temporary.hardlink_to(path)
    except (OSError, NotImplementedError):
        shutil.copy2(path, temporary)
    temporary.replace(first)


def _in_words(saved: str) -> str:
    return saved[:19].replace("T", " ") + " UTC" if saved else tr("an unknown time")
