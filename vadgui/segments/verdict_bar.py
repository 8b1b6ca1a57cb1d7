"""Below the segment list: verdict buttons, the note of the current segment, and what the threshold hides."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.common.language import tr, tr_n
from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession
from vadgui.segments.model import judged_of
from vadgui.ui.widgets import text_label

_ICON_PX = 16


class VerdictBar(QWidget):
    """Shows the current segment's verdict and note; buttons trigger the window's actions."""

    note_written = Signal(object, str)
    """The segment, and its note."""

    def __init__(self, session: ReviewSession, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._noted: Segment | None = None
        """The segment whose note the field holds."""
        self.note = _NoteField()
        self._noting = actions["note"]
        self._noting.changed.connect(self._show_note_key)
        self._show_note_key()
        self.note.setAccessibleName(tr("Note on the segment"))
        self.note.editingFinished.connect(self.keep_note)
        self._hidden = text_label(role="muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for name in ("confirm", "dismiss", "unsure", "bookmark"):
            buttons.addWidget(_button(actions[name], with_text=name != "bookmark"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 8)
        layout.setSpacing(6)
        layout.addLayout(buttons)
        layout.addWidget(self.note)
        layout.addWidget(self._hidden)
        session.scoring.selection_changed.connect(self._show)
        session.scoring.segments_changed.connect(self._show)
        session.review.changed.connect(self._show)
        session.review.opened.connect(self._show)
        session.review.access_changed.connect(self._show)
        self._show()

    def _show_note_key(self) -> None:
        key = self._noting.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.note.setPlaceholderText(tr("Note ({key})").format(key=key) if key else tr("Note"))

    def edit_note(self) -> None:
        """Put the cursor into the note."""
        self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.note.selectAll()

    def hidden_text(self) -> str:
        """What is said of verdicts that are not in the list."""
        return self._hidden.text()

    def _show(self) -> None:
        review, selected = self._session.review, self._session.scoring.selected
        self.setEnabled(self._session.video is not None and not review.read_only)
        self._show_note(selected)
        self.note.setEnabled(selected is not None)
        self.note.setReadOnly(review.is_waiting)
        count = review.hidden_count
        self._hidden.setText(
            tr_n(
                "{count} judged segment is below the threshold: kept, and back with it.",
                "{count} judged segments are below the threshold: kept, and back with it.",
                count,
            ).format(count=count)
        )
        self._hidden.setVisible(count > 0)

    def _show_note(self, selected: Segment | None) -> None:
        before, self._noted = self._noted, selected
        is_another = not (before and selected and before.start < selected.stop and selected.start < before.stop)
        if is_another and before and self.note.isModified():
            # A click elsewhere selects another segment while the cursor stays here: the note is of the first one.
            self.note_written.emit(before, self.note.text())
        if is_another or not self.note.hasFocus():
            judged = judged_of(selected) if selected else None
            self.note.setText(judged.note if judged else "")
            self.note.setCursorPosition(0)  # else a long note shows its end

    def keep_note(self) -> None:
        """Take over a note that is being typed; of a long one its beginning is shown."""
        self.note.setCursorPosition(0)
        if self._noted and self.note.isModified():
            self.note_written.emit(self._noted, self.note.text())
            self.note.setModified(False)


class _NoteField(QLineEdit):
    """Enter keeps what was typed, Escape does not; both give the keys back to the window."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """End the typing."""
        if event.key() == Qt.Key.Key_Escape:
            self.undo_all()
            self.clearFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()  # which finishes the editing
        else:
            super().keyPressEvent(event)

    def undo_all(self) -> None:
        """Bring back the text that the field had when the typing began."""
        while self.isUndoAvailable():
            self.undo()


def _button(action: QAction, *, with_text: bool) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(_ICON_PX, _ICON_PX))
    style = Qt.ToolButtonStyle
    button.setToolButtonStyle(style.ToolButtonTextBesideIcon if with_text else style.ToolButtonIconOnly)
    button.setSizePolicy(
        QSizePolicy.Policy.Expanding if with_text else QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed
    )
    # Clicking must not take the keyboard focus from the timeline or the list.
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
