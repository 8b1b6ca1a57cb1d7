"""The folded list below the segments: what is the next most suspicious, whatever the threshold."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListView, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession
from vadgui.segments.delegate import SegmentDelegate
from vadgui.segments.model import SegmentModel
from vadgui.ui import theme

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
    """A line that unfolds into a list; a click goes to a moment, a double click plays it."""

    play_requested = Signal(Segment)

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = MomentModel(session, self)
        self.fold_button = QToolButton()
        self.fold_button.setText("Next most suspicious")
        self.fold_button.setToolTip(
            "The highest scores beside what is flagged, whatever the threshold.\n"
            "To keep one, go there and mark its first frame with I, its last with O."
        )
        self.fold_button.setCheckable(True)
        self.fold_button.setAutoRaise(True)
        self.fold_button.setArrowType(Qt.ArrowType.RightArrow)
        self.fold_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.fold_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.fold_button.toggled.connect(self._fold)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(SegmentDelegate(session, self))
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setAccessibleName("Next most suspicious")
        self.list.hide()
        self.list.clicked.connect(self._go)
        self.list.doubleClicked.connect(lambda index: self.play_requested.emit(self.model.segment(index.row())))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.fold_button)
        layout.addWidget(self.list, stretch=1)
        scoring = session.scoring
        for changed in (scoring.scores_changed, scoring.segments_changed, session.video_changed):
            changed.connect(self._update)
        session.thumbnail_arrived.connect(self.model.repaint_peak)
        theme.changed.connect(self.list.viewport().update)
        self._update()

    def _fold(self, is_open: bool) -> None:
        self.fold_button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.list.setVisible(is_open)
        self.model.is_shown = is_open
        self._update()

    def _update(self) -> None:
        self.setVisible(self._session.video is not None)
        self.model.update()

    def _go(self, index: QModelIndex) -> None:
        self._session.scoring.select(None)
        self._session.seek(self.model.segment(index.row()).peak_frame)
