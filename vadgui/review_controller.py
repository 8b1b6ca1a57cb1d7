"""The review of the open recording: opened with it, saved soon after each change, and not left before it is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from engine.common.errors import VadError
from engine.common.in_time import answer_in_time
from engine.common.language import tr
from engine.common.paths import is_same_file
from engine.review.camera_zones import remember_zones
from engine.review.clock import Clock
from engine.review.document import DetectorUsed, Review
from engine.video.name_patterns import remember_pattern
from vadgui.errors import ErrorReporter
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.messages import VideoOpened
from vadgui.jobs.review_keeper import ReviewKeeper
from vadgui.model.session import ReviewSession
from vadgui.save_as_controller import SaveAsController
from vadgui.settings import Settings
from vadgui.ui.questions import ask
from vadgui.window.main_window import MainWindow


class ReviewController(QObject):
    """Joins the session's review with its file; `close` ends the thread that writes it."""

    def __init__(
        self,
        window: MainWindow,
        session: ReviewSession,
        worker: EngineWorker,
        reporter: ErrorReporter,
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._worker = worker
        self._reporter = reporter
        self.keeper = ReviewKeeper(self._to_save)
        self._saving_as = SaveAsController(
            window, session, self.keeper, settings, lambda: session.review.keep(*self._in_use())
        )
        review, keeper = session.review, self.keeper
        review.changed.connect(keeper.save_soon)
        review.zones_changed.connect(self._use_zones)
        session.playhead_changed.connect(lambda _: keeper.save_later())
        keeper.refused.connect(lambda error: review.set_access(review.notice, _in_a_line(error)))
        keeper.failed.connect(reporter.report)
        window.requests.clock_chosen.connect(self._set_clock)

    def open(self, opened: VideoOpened) -> None:
        """Go on with what was decided of the recording, in this window or an earlier one."""
        session, found = self._session, opened.review
        self.keeper.flush()
        mine = session.review.document(session.playhead, None)
        is_mine = mine is not None and session.review.holds(opened.info.fingerprint)
        if found.opened and not _is_same(found.opened.path, self.keeper.path):
            is_mine = False  # somebody else's review of the same recording, or this one where it was moved to
        session.open_video(opened.info, opened.times, opened.first_view.index)
        if is_mine and mine:
            session.resume(mine, seeks=opened.request.wanted is None)
            return
        self.keeper.attend(found)
        if found.opened:
            session.resume(found.opened.review, found.notice, seeks=False)
        session.review.set_access(found.notice, _in_a_line(found.refusal) if found.refusal else "")

    def may_leave(self, leave: Callable[[], object]) -> bool:
        """Whether all that was decided is on disk. Where it can't be written, ask; `leave` is called if it may go."""
        self.save()  # besides, the same review may be read next
        if not self.keeper.is_unsaved:
            return True

        def give_up() -> None:
            self.keeper.attend(None)
            leave()

        ask(
            self._window,
            tr("What you decided last can't be saved."),
            tr(
                "It is kept in this window, and lost if you go on. Make room on the disk, or connect it again, and "
                "repeat what you did."
            ),
            {tr("Go on without saving"): give_up},
            otherwise=tr("Stay here"),
        )
        return False

    def save(self) -> None:
        """Write what was decided and what is being typed, and return when it is on disk."""
        self._window.verdict_bar.keep_note()
        self.keeper.flush()

    def leave(self) -> None:
        """Save what is not saved yet, and write no more to the file."""
        self.keeper.flush()
        self.keeper.attend(None)

    def close(self) -> None:
        """End the thread; what was decided is saved."""
        self.keeper.close()

    def _to_save(self) -> Review | None:
        return self._session.review.document(*self._in_use())

    def _in_use(self) -> tuple[int, DetectorUsed | None]:
        """Playhead and detector, for the document."""
        detector = self._session.detector
        return self._session.playhead, DetectorUsed(detector.name, detector.fingerprint) if detector else None

    def _use_zones(self) -> None:
        self._worker.set_zones(self._session.review.zones)
        self._session.forget_places()
        detector = self._session.detector
        # A clock that was found by itself is that of this recording; nobody has drawn it.
        if detector and detector.fingerprint and self._session.review.zones_are_touched:
            try:
                remember_zones(detector.fingerprint, self._session.review.zones)
            except VadError as error:
                self._reporter.report(error)

    def _set_clock(self, clock: Clock, pattern: str) -> None:
        review = self._session.review
        if clock != review.clock:
            review.edit(lambda editor: editor.set_clock(clock))
        if pattern:
            try:
                remember_pattern(pattern)
            except VadError as error:
                self._reporter.report(error)


def _is_same(opened: Path, kept: Path | None) -> bool:
    """Whether the review that was opened is the one that is kept."""
    return kept is not None and answer_in_time(kept.parent, lambda: is_same_file(opened, kept), opened == kept)


def _in_a_line(error: VadError) -> str:
    """What failed and what to do, without the path, which the person sees elsewhere."""
    return " ".join(filter(None, (f"{error.what}.", error.advice)))
