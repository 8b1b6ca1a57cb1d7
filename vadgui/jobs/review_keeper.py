"""Keeps the review of the open recording on disk: a thread of its own writes it soon after each change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from PySide6.QtCore import QObject, QTimer, Signal

from engine.common.errors import ReviewError
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import is_same_file
from engine.review.document import Review
from engine.review.store import ChangedReviewError, FoundReview, ReviewStore
from vadgui.jobs.threads import HANGING_SECONDS, join_or_leave

SOON_MS = 500
"""How long a decision may stay unsaved, but for the time that writing takes."""
LATER_MS = 10_000
"""The same for where the playhead is."""
_STILL_HANGING_SECONDS = 0.2


class _Turn:
    """A task that one of two may do, whoever comes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def is_taken(self) -> bool:
        """Whether the other has it; if not, the caller has."""
        return not self._lock.acquire(blocking=False)


class ReviewKeeper(QObject):
    """Asks for the document when it is time to save it, and writes it."""

    refused = Signal(object)
    """ReviewError: the review can't be changed by this window."""
    failed = Signal(object)
    """The exception with which a write failed; it is tried again later."""
    saved = Signal()
    saved_as = Signal(object)
    """Path of the file that the review is kept in from now on."""
    _posted = Signal(object)

    def __init__(self, document: Callable[[], Review | None]) -> None:
        """`document` gives what is to be saved, or None; `close` ends the thread."""
        super().__init__()
        self._document = document
        self._store: ReviewStore | None = None
        self._refused_store: ReviewStore | None = None
        self._known_path: Path | None = None
        """Where the person thinks that the review is kept."""
        self._unsaved: tuple[ReviewStore, Review] | None = None
        """What is being written, or could not be."""
        self._newest: tuple[ReviewStore, Review] | None = None
        """What was to be written last."""
        self._aside: tuple[ReviewStore, Review] | None = None
        """The same, once it is kept among the person's data as a write hangs or fails."""
        self._is_hanging = False
        self._left: list[ReviewStore] = []
        """Those in which a thread hangs or hung: what becomes of them is nobody's concern any more."""
        self._tasks: SimpleQueue[Callable[[], None] | None]
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._save)
        self._posted.connect(self._receive)
        self._thread = self._begin_thread()

    @property
    def path(self) -> Path | None:
        """The file of the review that is kept; None where there is none yet."""
        return self._store.path if self._store else None

    @property
    def is_unsaved(self) -> bool:
        """Whether what was written last is nowhere on disk: after a `flush`, whether something would be lost."""
        if self._is_hanging:
            return self._newest is not None and self._newest is not self._aside
        unsaved = self._unsaved
        return unsaved is not None and unsaved[0] is self._store and unsaved is not self._aside

    def attend(self, found: FoundReview | None) -> None:
        """Keep another recording's review from now on; call `flush` before the document is another."""
        if not self._thread.is_alive():
            return  # what was still being opened while the window closed
        before, self._store = self._store, ReviewStore(found) if found else None
        self._known_path = self.path
        if before:
            self._tasks.put(before.close)
        if store := self._store:
            self._tasks.put(lambda: self._claim(store))

    def save_soon(self) -> None:
        """Something was decided."""
        self._start(SOON_MS)

    def save_later(self) -> None:
        """The playhead has moved."""
        self._start(LATER_MS)

    def save_as(self, path: Path, review: Review, *, replaces: bool) -> None:
        """Write the review elsewhere and keep it there; a failure is told, and it stays where it was.

        Where the thread hangs in a write to the place before, another goes on in its stead: on a disk that is gone this
        is how the review is rescued.
        """
        store = self._store
        if store is None:
            return
        self._timer.stop()  # `review` is newer than what waits
        turn = _Turn()

        def write() -> None:
            if not turn.is_taken():
                self._write_as(store, path, review, replaces)

        def go_on_if_it_hangs() -> None:
            if self._store is store and self._thread.is_alive() and not turn.is_taken():
                self._leave_thread(store)
                self.save_as(path, self._document() or review, replaces=replaces)

        self._tasks.put(write)
        QTimer.singleShot(int(1000 * HANGING_SECONDS), self, go_on_if_it_hangs)

    def _begin_thread(self) -> threading.Thread:
        """Take up tasks in a thread of its own: a daemon, as nothing ends a write that hangs, and the program must end
        all the same."""
        self._tasks = SimpleQueue()
        thread = threading.Thread(target=self._work, args=[self._tasks], name="vadgui-review", daemon=True)
        thread.start()
        return thread

    def _leave_thread(self, store: ReviewStore) -> None:
        """Leave the thread that hangs to itself; it gives the lock back if it ever goes on."""
        self._tasks.put(store.close)
        self._tasks.put(None)
        join_or_leave(self._thread, self, 0.0)
        self._thread = self._begin_thread()
        self._left.append(store)
        self._store = ReviewStore(store.found)
        self._is_hanging = False
        self._unsaved = self._newest = self._aside = None

    def flush(self) -> None:
        """Write now what waits, and return when it is on disk; nothing once closed.

        If that hangs, it is written among the person's data instead, where it is found with the recording.
        """
        if not self._thread.is_alive():
            return
        if self._timer.isActive():
            self._save()
        done = threading.Event()
        self._tasks.put(done.set)
        self._is_hanging = not done.wait(_STILL_HANGING_SECONDS if self._is_hanging else HANGING_SECONDS)
        if self._is_hanging:
            self._keep_aside()

    def close(self) -> None:
        """Write what waits and end the thread; closing twice is fine."""
        if not self._thread.is_alive():
            return
        self.flush()
        self.attend(None)
        self._tasks.put(None)
        join_or_leave(self._thread, self, _STILL_HANGING_SECONDS if self._is_hanging else None)

    def _start(self, within_ms: int) -> None:
        if self._store and (not self._timer.isActive() or self._timer.remainingTime() > within_ms):
            self._timer.start(within_ms)

    def _save(self) -> None:
        self._timer.stop()
        store, review, unsaved = self._store, self._document(), self._unsaved
        if unsaved and unsaved[0] is store:
            review = review or unsaved[1]  # nothing can be decided any more, but something was
        if store and review:
            newest = self._newest = store, review
            self._tasks.put(lambda: self._write(newest))

    def _keep_aside(self) -> None:
        if self._newest is None or self._newest is self._aside:
            return
        try:
            kept = self._kept_aside(self._newest)
        except (OSError, ReviewError) as error:
            self.failed.emit(error)
            return
        what = tr("The folder of the review does not answer")
        self.failed.emit(ReviewError(what, subject=self._newest[0].path, advice=_where_it_is_kept(kept)))

    def _kept_aside(self, newest: tuple[ReviewStore, Review]) -> Path:
        """Keep it among the person's data, where it is found with the recording."""
        store, review = newest
        kept = store.keep_aside(review)
        self._aside = newest
        return kept

    # In the thread

    def _work(self, tasks: SimpleQueue[Callable[[], None] | None]) -> None:
        while task := tasks.get():
            task()

    def _claim(self, store: ReviewStore) -> None:
        try:
            store.claim()
        except ReviewError as error:
            self._refuse(store, error)

    def _write(self, newest: tuple[ReviewStore, Review]) -> None:
        store, review = newest
        if store is self._refused_store or store in self._left:
            return
        self._unsaved = newest
        try:
            store.write(review)
        except ChangedReviewError as error:
            self._unsaved = None
            self._refuse(store, self._with_what_is_kept(newest, error))
        except ReviewError as error:
            self._unsaved = None
            advice = " ".join((error.advice, tr("What you decided here last is not kept.")))
            self._refuse(store, ReviewError(error.what, subject=error.subject, advice=advice))
        except OSError as error:
            if store not in self._left:
                failure = self._failure(newest, error)
                self._post(lambda: self._tell_failure(failure))
        except Exception as error:
            # Catches everything: the thread must live on, the next try may succeed.
            unexpected = error
            self._post(lambda: self._tell_failure(unexpected))
        else:
            self._unsaved = None
            path = store.path
            self._post(lambda: self._tell_where(store, path))
            self._post(self.saved.emit)

    def _failure(self, newest: tuple[ReviewStore, Review], error: OSError) -> ReviewError:
        """What to tell of a review that can't be written where it belongs."""
        try:
            kept = self._kept_aside(newest)
        except (OSError, ReviewError):
            advice = tr("{problem}. What you decide is kept in this window, and saving is tried again.").format(
                problem=error.strerror
            )
        else:
            advice = tr("{problem}. {place} Saving is tried again.").format(
                problem=error.strerror, place=_where_it_is_kept(kept)
            )
        return ReviewError(tr("The review can't be saved"), subject=newest[0].path, advice=advice)

    def _with_what_is_kept(self, newest: tuple[ReviewStore, Review], error: ReviewError) -> ReviewError:
        """The error, and where to find what was decided since."""
        try:
            kept = self._kept_aside(newest)
        except (OSError, ReviewError):
            return error
        advice = f"{error.advice} {_where_it_is_kept(kept)}"
        return ReviewError(error.what, subject=error.subject, advice=advice)

    def _write_as(self, store: ReviewStore, path: Path, review: Review, replaces: bool) -> None:
        failure: Exception | None = None
        try:
            store.save_as(path, review, replaces=replaces)
        except OSError as error:
            failure = ReviewError(
                tr("The review can't be saved there"),
                subject=path,
                advice=tr("{reason}. It stays where it was; choose another folder.").format(reason=error.strerror),
            )
        except Exception as error:
            # Catches everything: the thread must live on, and the person hears of it.
            failure = error
        if failure:
            told = failure
            self._post(lambda: self._tell_failure(told))
        if (kept := store.path) and is_same_file(kept, path):
            if self._unsaved and self._unsaved[0] is store:
                self._unsaved = None
            self._post(lambda: self._tell_where(store, kept, always=True))

    def _refuse(self, store: ReviewStore, error: ReviewError) -> None:
        self._refused_store = store
        self._post(lambda: self.refused.emit(error) if store is self._store else None)

    def _post(self, deliver: Callable[[], object]) -> None:
        self._posted.emit(deliver)

    # In the GUI thread

    def _receive(self, deliver: Callable[[], object]) -> None:
        deliver()

    def _tell_where(self, store: ReviewStore, path: Path | None, *, always: bool = False) -> None:
        """Tell of another place than before: that of the person's choice, or because that could not be written."""
        if store is not self._store:
            return
        before, self._known_path = self._known_path, path
        if always or (before and before != path):
            self.saved_as.emit(path)

    def _tell_failure(self, error: Exception) -> None:
        self.failed.emit(error)
        self._start(LATER_MS)


def _where_it_is_kept(path: Path) -> str:
    words = tr("What you decided is kept in {path}, and comes with the recording when it is opened.")
    return words.format(path=displayable(path))
