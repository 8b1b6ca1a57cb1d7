"""The folded list below the segments: what is the next most suspicious, whatever the threshold."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.common.language import tr
from engine.scoring.segments import Segment
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.session import ReviewSession
from vadgui.segments.delegate import SegmentDelegate
from vadgui.segments.model import SegmentModel
from vadgui.ui import theme
from vadgui.ui.list_view import ListView

_COUNT = 10


class MomentModel(SegmentModel):
    """One row for each moment, the most suspicious first; none while it is not shown."""

    def __init__(self, session: ReviewSession, parent: QObject | None = None) -> None:
        super().__init__(session, parent)
        self.is_shown = False

    def wanted(self) -> list[Segment]:
        """The best moments beside what is flagged."""
        return self._session.scoring.moments(_COUNT) if self.is_shown else []

    def detail(self, segment: Segment) -> str:
        """How rare it is, in place of frames that nobody has chosen."""
        return self._session.scoring.scorer.describe(segment.peak_score).partition(", ")[2]


class Moments(QWidget):
    """A line that unfolds into a list; a click or an arrow goes to a moment, a double click or Enter plays it."""

    play_requested = Signal(Segment)

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_updating = False
        self.model = MomentModel(session, self)
        self.fold_button = QToolButton()
        self.fold_button.setText(tr("Next most suspicious"))
        self.fold_button.setToolTip(
            tr(
                "The highest scores beside what is flagged, whatever the threshold.\n"
                "To keep one, go there and mark its first frame with I, its last with O."
            )
        )
        self.fold_button.setCheckable(True)
        self.fold_button.setAutoRaise(True)
        self.fold_button.setArrowType(Qt.ArrowType.RightArrow)
        self.fold_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.fold_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.fold_button.toggled.connect(self._fold)
        self.fold_button.clicked.connect(self._take_over)
        self._offered = ("", Path())
        self._unfolded_itself = False
        self.list = ListView(tr("Next most suspicious"), self.model, SegmentDelegate(session, self))
        self.list.hide()
        self.list.clicked.connect(self._go)
        self.list.selectionModel().currentChanged.connect(self._go_on)
        self.list.doubleClicked.connect(self._play)
        self.list.key_pressed.connect(lambda _: self._play(self.list.currentIndex()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.fold_button)
        layout.addWidget(self.list, stretch=1)
        scoring = session.scoring
        for changed in (scoring.scores_changed, scoring.segments_changed, session.video_changed):
            changed.connect(self._update)
        session.analysis_changed.connect(self._offer)
        session.video_changed.connect(self._fold_again)
        scoring.selection_changed.connect(self._show_chosen)
        session.thumbnails.arrived.connect(self.model.repaint_peak)
        theme.changed.connect(self.list.viewport().update)
        self._update()

    def enter(self) -> None:
        """Unfold the list, put the keyboard into it, and go to the most suspicious moment."""
        self.fold_button.setChecked(True)
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if self.model.rowCount():
            self.list.choose(0)

    def _take_over(self) -> None:
        self._unfolded_itself = False

    def _offer(self) -> None:
        """Unfold where nothing reaches a threshold of which little is known; once for each analysis."""
        session = self._session
        video, detector, scoring = session.video, session.scored_by, session.scoring
        if not (video and detector) or session.analysis.phase is not AnalysisPhase.DONE:
            return
        analysed = video.fingerprint, detector.path
        if scoring.segments or scoring.is_other_scene or not scoring.doubt() or analysed == self._offered:
            return
        self._offered = analysed
        if not self.fold_button.isChecked():
            self._unfolded_itself = True
            self.fold_button.setChecked(True)

    def _fold_again(self) -> None:
        video = self._session.video
        if self._unfolded_itself and not (video and video.fingerprint == self._offered[0]):
            self._take_over()
            self.fold_button.setChecked(False)

    def _fold(self, is_open: bool) -> None:
        self.fold_button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.list.setVisible(is_open)
        self.model.is_shown = is_open
        self._update()

    def _update(self) -> None:
        self.setVisible(self._session.video is not None)
        # Qt chooses another row when the current one leaves the list: nobody wants to go there.
        self._is_updating = True
        self.model.update()
        self._is_updating = False
        self._show_chosen()

    def _show_chosen(self) -> None:
        moment = self._session.scoring.moment
        row = self.model.row_holding(moment.peak_frame) if moment else None
        self._is_updating = True
        self.list.choose(-1 if row is None else row)
        self._is_updating = False

    def _go_on(self, current: QModelIndex) -> None:
        if current.isValid() and not self._is_updating:
            self._go(current)

    def _play(self, index: QModelIndex) -> None:
        if index.isValid():
            self.play_requested.emit(self.model.segment(index.row()))

    def _go(self, index: QModelIndex) -> None:
        moment = self.model.segment(index.row())
        self._session.scoring.look_into(moment)
        self._session.seek(moment.peak_frame)
