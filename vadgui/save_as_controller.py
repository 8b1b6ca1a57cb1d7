"""Saves the review of the open recording where a person says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from engine.common.errors import ReviewError
from engine.common.in_time import answer_in_time
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import is_same_file
from engine.review.document import Review
from engine.review.files import SUFFIX, read_review, usual_path
from vadgui.dialogs.files import REVIEW_FILTER, ask_for_target
from vadgui.jobs.review_keeper import ReviewKeeper
from vadgui.model.session import ReviewSession
from vadgui.settings import Settings
from vadgui.ui.questions import ask
from vadgui.window.main_window import MainWindow


class SaveAsController(QObject):
    """Asks for the file, and before it takes another one's place."""

    def __init__(
        self,
        window: MainWindow,
        session: ReviewSession,
        reviews: ReviewKeeper,
        settings: Settings,
        keep: Callable[[], Review | None],
    ) -> None:
        """`keep` gives the review to be saved, or None where nothing can be."""
        super().__init__(window)
        self._window = window
        self._session = session
        self._reviews = reviews
        self._settings = settings
        self._keep = keep
        self._action = window.actions_by_name["save_as"]
        self._action.triggered.connect(lambda _: self.ask_where())
        for changed in (session.video_changed, session.review.access_changed):
            changed.connect(self._enable)
        reviews.saved_as.connect(self._saved_as)
        self._enable()

    def ask_where(self) -> QFileDialog | None:
        """Choose the file; the one that it is kept in now is offered."""
        video = self._session.video
        if video is None:
            return None
        self._window.verdict_bar.keep_note()
        target = self._reviews.path or usual_path(video.path)
        dialog = ask_for_target(self._window, tr("Save review as"), target, REVIEW_FILTER, SUFFIX, self.save)
        # It asks here, where it can say what is there; the system's dialog may not see that a suffix is added.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        self._session.review.opened.connect(dialog.reject)  # the file was meant for the recording before
        return dialog

    def save(self, path: Path) -> None:
        """Save it there under a review's suffix; ask first where there is something else."""
        if not path.name.endswith(SUFFIX):
            path = path.with_name(f"{path.name.removesuffix('.json').removesuffix('.review')}{SUFFIX}")
        kept = self._reviews.path
        # A folder that does not answer is told when it is written to.
        there = answer_in_time(path.parent, lambda: _what_is_there(path, kept), otherwise="")
        if not there:
            self._save(path, replaces=False)
            return
        box = ask(
            self._window,
            tr("{name} is there already. Replace it?").format(name=displayable(path.name)),
            there,
            {tr("Replace"): lambda: self._save(path, replaces=True)},
        )
        self._session.review.opened.connect(box.reject)

    def _save(self, path: Path, *, replaces: bool) -> None:
        if review := self._keep():
            self._reviews.save_as(path, review, replaces=replaces)

    def _saved_as(self, path: Path) -> None:
        self._settings.remember_video(path)
        words = tr("The review is kept in {path} from now on.")
        self._window.messages.tell_of_recording(words.format(path=displayable(path)))

    def _enable(self) -> None:
        self._action.setEnabled(self._session.video is not None and not self._session.review.read_only)


def _what_is_there(path: Path, kept: Path | None) -> str:
    """In words, so that nobody replaces a day's work for its name; empty where there is nothing to be replaced."""
    if is_same_file(path, kept) or not os.path.lexists(path) or path.is_dir():
        return ""
    try:
        review = read_review(path).review
    except ReviewError:
        return tr("It can't be read as a review. It is kept beside the new one, under another name.")
    names = displayable(", ".join(each.name for each in review.recordings))
    text = tr("It is the review of {recordings}, saved {time}. It is kept beside the new one, under another name.")
    return text.format(recordings=names, time=review.saved[:16].replace("T", " ") or "?")
