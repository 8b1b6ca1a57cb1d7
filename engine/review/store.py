"""Where the review of the open recording is kept: found when it is opened, claimed, written."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from engine.common.errors import ReviewError
from engine.common.in_time import answer_in_time, check_answers
from engine.common.language import tr
from engine.common.names import name_bytes
from engine.common.paths import is_same_file, resolved
from engine.common.remote_path import RemotePath, as_path
from engine.review.chosen_places import remember_place
from engine.review.document import Review
from engine.review.edits import person
from engine.review.files import (
    LONGEST_NAME_BYTES,
    OpenedReview,
    find_review,
    own_path,
    personal_path,
    placed,
    read_review,
    set_aside,
    usual_path,
    write_review,
)
from engine.review.locking import ReviewLock
from engine.review.place_check import check_place
from engine.video.decoder_calls import call_noted

_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class FoundReview:
    """What was found of a recording's review."""

    video: Path
    fingerprint: str
    may_be_beside: bool = True
    """Whether it may be kept in the recording's folder."""
    opened: OpenedReview | None = None
    notice: str = ""
    """What a person should know."""
    refusal: ReviewError | None = None
    """Why there is a review that can't be opened; then nothing must be written."""


def look_up(video: Path, fingerprint: str, *, may_be_beside: bool = True) -> FoundReview:
    """Find the review of a recording where it is usually kept."""
    try:
        with call_noted(video):
            opened, notice = find_review(video, fingerprint)
    except ReviewError as error:
        return FoundReview(video, fingerprint, may_be_beside, refusal=error)
    notices = (opened.notice if opened else "", notice)
    return FoundReview(video, fingerprint, may_be_beside, opened, "\n".join(filter(None, notices)))


class ChangedReviewError(ReviewError):
    """Somebody else has written the review since it was read or written here."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            tr("This review was changed by another window since it was opened here"),
            subject=path,
            advice=tr("Open the recording again to go on with it."),
        )


class ReviewStore:
    """Writes one review, once it has the lock; to be used by one thread at a time."""

    def __init__(self, found: FoundReview) -> None:
        self._found = found
        # Of a link, the file itself: writing would put a file in the link's place, and lock another one.
        self._path = _without_links(found.opened.path) if found.opened else None
        self._stamp = found.opened.review.saved if found.opened else ""
        self._written: tuple[int, int, int] | None = None
        """The state in which this store left its file; None where it has not written it."""
        self._lock: ReviewLock | None = None

    @property
    def found(self) -> FoundReview:
        """What it was opened with."""
        return self._found

    @property
    def path(self) -> Path | None:
        """The review's file; None before the first write of a new one."""
        return self._path

    def claim(self) -> None:
        """Take the lock of a review that exists: from now on nobody else can write it.

        Raises:
            ReviewError: another window has it, or it was changed since it was read.
        """
        if self._found.refusal:
            raise self._found.refusal
        if self._path and not self._lock:
            try:
                self._take(self._path)
            except OSError:
                # It can be read but not written here: what is decided goes to the person's own folder.
                self._path = None

    def write(self, review: Review) -> None:
        """Write the review; a new one where the recording is, or if that can't be written, among the person's data.

        Raises:
            ReviewError: another window has it, or it was changed since it was read.
            OSError: it can't be written anywhere.
        """
        self.claim()
        if self._path:
            try:
                self._write(self._path, review)
            except OSError as error:
                if error.errno not in _NOT_WRITABLE:
                    raise
                self._release()
            else:
                return
        *beside, personal = self._new_paths()
        for path in beside:
            try:
                self._begin(path, review)
            except OSError:
                self._release()
            else:
                return
        personal.parent.mkdir(parents=True, exist_ok=True)
        self._begin(personal, review)

    def save_as(self, path: Path, review: Review, *, replaces: bool = False) -> None:
        """Write the review to another place, and go on there. What was there, if `replaces`, gets another name.

        Raises:
            ReviewError: another window has the review that is there, a folder is, or a file that is not to be replaced;
                or the name or folder is none for a review.
            OSError: it can't be written there. In all cases the review stays where it was.
        """
        check_answers(path.parent, ReviewError)  # a write that hangs would keep all later ones
        if self._path and self._lock and is_same_file(path, self._path):
            self._write(self._path, review)
            return
        check_place(path)
        path = resolved(path)
        lock = ReviewLock(path)
        lock.acquire()
        try:
            if os.path.lexists(path):
                if path.is_dir() or not replaces:
                    what = tr("There is a folder of this name") if path.is_dir() else tr("There is a file of this name")
                    raise ReviewError(what, subject=path, advice=tr("Choose another name or folder."))
                set_aside(path)
            self._write(path, review)
        except BaseException:
            lock.release()
            raise
        self._release()
        self._lock, self._path = lock, path
        remember_place(self._found.fingerprint, path)

    def keep_aside(self, review: Review) -> Path:
        """Write the review among the person's data, while another thread hangs in `write`; returns the file.

        Raises:
            ReviewError: another window has it.
            OSError: it can't be written there.
        """
        path = personal_path(self._found.video, self._found.fingerprint)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = ReviewLock(path)
        lock.acquire()
        try:
            write_review(path, _stamped(review, path))
        finally:
            lock.release()
        return path

    def close(self) -> None:
        """Let others write it."""
        self._release()

    def _new_paths(self) -> list[Path]:
        video, fingerprint = self._found.video, self._found.fingerprint
        beside = []
        if self._found.may_be_beside and not isinstance(video, RemotePath):
            beside = [usual_path(video) if self._is_free(usual_path(video)) else own_path(video, fingerprint)]
        return [*beside, personal_path(video, fingerprint)]

    def _is_free(self, path: Path) -> bool:
        """Whether a review can have that name, and none of another recording has."""
        if name_bytes(path.name) > LONGEST_NAME_BYTES:
            return False
        try:
            return (
                not os.path.lexists(path) or read_review(path).review.recording_of(self._found.fingerprint) is not None
            )
        except ReviewError:
            return False

    def _begin(self, path: Path, review: Review) -> None:
        self._take(path)
        self._write(path, review)

    def _take(self, path: Path) -> None:
        lock = ReviewLock(path)
        lock.acquire()
        self._lock, self._path, self._written = lock, path, None
        if path.exists() and read_review(path).review.saved > self._stamp:
            self._release()
            raise ChangedReviewError(path)

    def _write(self, path: Path, review: Review) -> None:
        if path == self._path:
            self._check_lock(path)
            self._check_own(path)
        review = _stamped(review, path)
        write_review(path, review)
        self._stamp, self._written = review.saved, _state(path)

    def _check_lock(self, path: Path) -> None:
        """Take the lock again if somebody has removed its file with the review's.

        Raises:
            ReviewError: another window has it by now.
            OSError: the folder is gone, or an empty one under the name of a disk that was taken away.
        """
        if self._lock is None or self._lock.is_in_place:
            return
        if not self._lock.is_folder_in_place and not path.exists():
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), str(path.parent))
        self._lock.take_anew()

    def _check_own(self, path: Path) -> None:
        """Check that nobody has written the file since: not all shares tell other machines of locks.

        Raises:
            ChangedReviewError: somebody has; it is no longer this store's.
        """
        try:
            if self._written is None or self._written == _state(path):
                return
            saved = read_review(path).review.saved
        except (FileNotFoundError, ReviewError):
            return  # it is made anew, and damage is set aside
        if saved != self._stamp:
            self._release()
            raise ChangedReviewError(path)

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        if lock:
            lock.release()


def _state(path: Path) -> tuple[int, int, int]:
    """What tells one version of a file from another."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _without_links(path: Path) -> Path:
    return answer_in_time(path.parent, lambda: resolved(path), otherwise=path)


def _stamped(review: Review, path: Path) -> Review:
    """The review as it is written to a file: its recordings as seen from there, when and by whom it is saved."""
    recordings = tuple(placed(each, as_path(each.path), path) for each in review.recordings)
    saved = datetime.now(UTC).isoformat()  # to the microsecond: it tells this version from any other
    return replace(review, recordings=recordings, saved=saved, saved_by=person())
