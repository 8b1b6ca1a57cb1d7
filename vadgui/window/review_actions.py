"""The actions of a review: what each key does, and when it can."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from engine.common.language import tr
from vadgui.model.reviewing import Reviewing
from vadgui.model.session import ReviewSession
from vadgui.segments.dismiss_menu import DismissMenu
from vadgui.segments.verdict_bar import VerdictBar
from vadgui.settings import Settings
from vadgui.ui.actions import Actions

_OF_A_SEGMENT = ("confirm", "dismiss", "unsure", "bookmark", "note", "split", "merge", "forget")
_OF_SEGMENTS = ("next_segment", "previous_segment")
_OF_A_RECORDING = ("begin_here", "end_here", "deselect")


class ReviewActions(QObject):
    """Connects the window's actions to the session's review."""

    note_wanted = Signal()
    """The cursor is about to go into the note: it must be in sight."""

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        session: ReviewSession,
        reviewing: Reviewing,
        verdict_bar: VerdictBar,
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._reviewing = reviewing
        self._verdict_bar = verdict_bar
        self._settings = settings
        self._actions = actions
        calls = {
            "next_segment": session.navigation.select_next,
            "previous_segment": session.navigation.select_previous,
            "next_unreviewed": reviewing.next_unreviewed,
            "previous_unreviewed": reviewing.previous_unreviewed,
            "confirm": reviewing.confirm,
            "dismiss": self._ask_for_reason,
            "unsure": reviewing.mark_unsure,
            "bookmark": reviewing.bookmark,
            "note": self._edit_note,
            "begin_here": reviewing.begin_here,
            "end_here": reviewing.end_here,
            "split": reviewing.split,
            "merge": reviewing.merge,
            "forget": reviewing.forget,
            "deselect": reviewing.deselect,
            "undo": session.review.undo,
            "redo": session.review.redo,
        }
        for name, call in calls.items():
            self._actions[name].triggered.connect(lambda _, call=call: call())
        for name in _OF_A_SEGMENT:  # a key held too long would judge segments that nobody has seen
            self._actions[name].setAutoRepeat(False)
        verdict_bar.note_written.connect(reviewing.write_note)
        scoring, review = session.scoring, session.review
        for changed in (scoring.segments_changed, scoring.selection_changed, review.changed, review.access_changed):
            changed.connect(self._enable)
        session.playhead_changed.connect(self._enable_at)
        self._enable()

    def _enable_at(self, _playhead: int) -> None:
        # At every frame that is played: only whether a key means a segment can change.
        if (self._session.navigation.current is not None) != self._actions["bookmark"].isEnabled():
            self._enable()

    def _enable(self) -> None:
        session, review = self._session, self._session.review
        is_free = session.video is not None and not review.read_only
        states = dict.fromkeys(_OF_SEGMENTS, bool(session.scoring.segments))
        states |= dict.fromkeys(_OF_A_SEGMENT, is_free and session.navigation.current is not None)
        states |= dict.fromkeys(_OF_A_RECORDING, is_free)
        states |= {"undo": is_free and bool(review.undo_name), "redo": is_free and bool(review.redo_name)}
        for name, state in states.items():
            self._actions[name].setEnabled(state)
        undo = tr("Undo: {change}").format(change=review.undo_name) if review.undo_name else tr("Undo")
        self._actions.set_text("undo", undo)
        redo = tr("Redo: {change}").format(change=review.redo_name) if review.redo_name else tr("Redo")
        self._actions.set_text("redo", redo)

    def _edit_note(self) -> None:
        if not self._session.review.may_change():
            return
        self._session.scoring.select(self._session.navigation.current)
        self.note_wanted.emit()
        self._verdict_bar.edit_note()

    def _ask_for_reason(self) -> None:
        if not self._session.review.may_change():
            return
        menu = DismissMenu(self._settings.dismiss_reasons, self._window)
        # With another recording on screen, they would judge a segment that nobody asked about.
        opened = self._session.review.opened
        opened.connect(menu.close)
        menu.asked.connect(lambda dialog: opened.connect(dialog.reject))
        menu.reason_added.connect(self._settings.add_dismiss_reason)
        menu.reason_chosen.connect(self._reviewing.dismiss)
        bar = self._verdict_bar
        corner = bar.mapToGlobal(QPoint(0, 0)) if bar.isVisible() else self._window.mapToGlobal(QPoint(40, 400))
        menu.pop_up(corner - QPoint(0, menu.sizeHint().height()))
