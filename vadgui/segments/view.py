"""The widget that lists the flagged segments."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.scoring.drift import OTHER_SCENE
from engine.scoring.segments import Segment
from engine.scoring.zones import zones_in_words
from vadgui.model.session import AnalysisPhase, ReviewSession
from vadgui.segments.delegate import SegmentDelegate
from vadgui.segments.hours_bar import HoursBar
from vadgui.segments.model import Hours, SegmentFilter, SegmentModel, SegmentOrder
from vadgui.segments.moments import Moments
from vadgui.ui import theme

_UNFINISHED = {AnalysisPhase.RUNNING, AnalysisPhase.PAUSED, AnalysisPhase.CANCELLED, AnalysisPhase.FAILED}


class SegmentList(QWidget):
    """Lists the session's segments; a click jumps to one, a double click plays it."""

    play_requested = Signal(Segment)

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._following_session = False
        self.model = SegmentModel(session, self)
        self.list = _list_view(self.model, SegmentDelegate(session, self))
        self._count = QLabel()
        self.order_box = QComboBox()
        for order in SegmentOrder:
            self.order_box.addItem(order.value, order)
        self.order_box.setAccessibleName("Order of the segments")
        self.order_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.order_box.activated.connect(lambda: self._arrange(self.order_box.currentData(), self.model.filter))
        self.filter_box = QComboBox()
        for which in SegmentFilter:
            self.filter_box.addItem(which.value, which)
        self.filter_box.setAccessibleName("Which segments are listed")
        self.filter_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.filter_box.activated.connect(lambda: self._arrange(self.model.order, self.filter_box.currentData()))
        self.hours = HoursBar(session)
        self.hours.hours_chosen.connect(self._choose_hours)
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(16)
        self.place_line = _PlaceLine(session, self.model)
        self._lay_out()
        self.setMinimumWidth(240)

        self.list.clicked.connect(self._on_chosen)
        self.list.doubleClicked.connect(lambda index: self.play_requested.emit(self.model.segment(index.row())))
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        session.scoring.segments_changed.connect(self._show_segments)
        session.scoring.selection_changed.connect(self._show_selection)
        session.video_changed.connect(self._update_texts)
        session.detector_changed.connect(self._update_texts)
        # Another detector may have scores with reasons, which add a line to each row.
        session.detector_changed.connect(self.list.scheduleDelayedItemsLayout)
        session.analysis_changed.connect(self._update_texts)
        session.scoring.rule_changed.connect(self._update_texts)
        session.scoring.scores_changed.connect(self._update_texts)
        session.clock_changed.connect(self._show_segments)
        session.thumbnail_arrived.connect(self.model.repaint_peak)
        session.places.changed.connect(self._show_segments)
        theme.changed.connect(self.list.viewport().update)
        self._show_segments()

    def message(self) -> str:
        """The text shown in place of an empty list."""
        return self._empty.text()

    def count_text(self) -> str:
        """The number of segments, as the header shows it."""
        return self._count.text()

    def show_time_of_day(self, shown: bool) -> None:
        """Show when segments were by the clock on the wall, or by the recording's own time."""
        self.model.show_time_of_day(shown)

    def _choose_hours(self, hours: Hours | None) -> None:
        self.model.set_hours(hours)
        self._show_segments()

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(8, 3, 8, 3)
        header.addWidget(self._count, stretch=1)
        header.addWidget(self.hours.button)
        header.addWidget(self.filter_box)
        header.addWidget(self.order_box)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self._empty)
        self.moments = Moments(self._session)
        self.moments.play_requested.connect(self.play_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addWidget(self.hours)
        layout.addWidget(self.place_line)
        layout.addLayout(self._pages, stretch=1)
        layout.addWidget(self.moments, stretch=0)
        # Unfolded, both lists share the height.
        self.moments.fold_button.toggled.connect(lambda is_open: layout.setStretchFactor(self.moments, int(is_open)))

    def _arrange(self, order: SegmentOrder, which: SegmentFilter) -> None:
        if (order, which) != (self.model.order, self.model.filter):
            self._update_model(order, which)
            self._update_texts()
            self._scroll_to_selection()

    def _show_segments(self) -> None:
        self._update_model(self.model.order, self.model.filter)
        self._update_texts()

    def _update_model(self, order: SegmentOrder, which: SegmentFilter) -> None:
        """Update the rows; the segment at the top of the view stays there, found again by its peak frame."""
        top = self.list.indexAt(self.list.viewport().rect().topLeft())
        anchor = self.model.segment(top.row()) if top.isValid() and top.row() > 0 else None
        # Qt changes the current row when its segment is removed. Nobody chose that: it must not move the playhead.
        self._following_session = True
        self.model.arrange(order, which)
        self._following_session = False
        self._show_selection()
        row = self.model.row_holding(anchor.peak_frame) if anchor else None
        if row is not None and row != top.row():
            self.list.scrollTo(self.model.index(row), QAbstractItemView.ScrollHint.PositionAtTop)

    def _show_selection(self) -> None:
        row = self.model.row_of(self._session.scoring.selected)
        selection = self.list.selectionModel()
        current = selection.currentIndex()
        if row is not None and current.isValid() and current.row() == row and selection.isSelected(current):
            return
        self._following_session = True
        if row is None:
            selection.clear()
        else:
            self.list.setCurrentIndex(self.model.index(row))
        self._following_session = False

    def _scroll_to_selection(self) -> None:
        current = self.list.currentIndex()
        if current.isValid():
            self.list.scrollTo(current)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._following_session:
            self._on_chosen(current)

    def _on_chosen(self, index: QModelIndex) -> None:
        self._session.select_segment(self.model.segment(index.row()))

    def _update_texts(self) -> None:
        """Show the number of segments, or why there are none."""
        session = self._session
        count = len(session.scoring.segments)
        phase = session.analysis.phase
        so_far = " so far" if phase in _UNFINISHED else ""
        is_counted = count > 0 or phase is AnalysisPhase.DONE
        left = len(session.review.unreviewed)
        if not count or left == count:
            words = f"{count} segment{'' if count == 1 else 's'}"
        else:
            words = f"{left} of {count} left"
        self._count.setText(f"{words}{so_far}" if is_counted else "")
        self.order_box.setEnabled(count > 1)
        self.filter_box.setEnabled(count > 0)
        listed = self.model.rowCount()
        self._pages.setCurrentWidget(self.list if listed else self._empty)
        self.place_line.show_found()
        if not listed:
            nothing = f"No segment here is “{self.model.filter.value.lower()}”."
            if self.model.hours:
                nothing = "No segment of these hours is listed."
            if session.places.rectangle:
                nothing = "Looking …" if session.places.is_looking else "Nothing flagged happened in the rectangle."
            self._empty.setText(nothing if count else self._reason_for_none())

    def _reason_for_none(self) -> str:
        session = self._session
        if session.video is None:
            return "Open a video to see what is unusual in it."
        analysed = not np.isnan(session.scoring.scores).all()
        if session.scoring.is_other_scene:
            return f"{OTHER_SCENE} Nothing is flagged."
        enter = session.scoring.rule.enter
        per_hour = session.scoring.scorer.false_alarms_at(enter)
        at_threshold = f"at the threshold of {enter:.2f}"
        if per_hour is not None:
            at_threshold = f"at about {per_hour:.2g} false alarms an hour"
        if zones := zones_in_words(session.review.zones):
            at_threshold += f"; the picture has {zones}"
        match session.analysis.phase:
            case AnalysisPhase.DONE:
                return f"Nothing flagged {at_threshold}."
            case AnalysisPhase.IDLE if session.detector is None and not session.detector_is_coming:
                return "Not analysed yet. Choose a detector first."
            case AnalysisPhase.IDLE:
                return "Not analysed yet."
            case _:
                return f"Nothing flagged so far {at_threshold}." if analysed else "Not analysed yet."


class _PlaceLine(QWidget):
    """Says that only segments of one place are listed, and lists all again."""

    def __init__(self, session: ReviewSession, model: SegmentModel) -> None:
        super().__init__()
        self._session = session
        self._model = model
        self._text = QLabel()
        self.clear_button = QToolButton()
        self.clear_button.setText("Show all")
        self.clear_button.setAutoRaise(True)
        self.clear_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear_button.clicked.connect(lambda: session.places.search(None))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 3)
        layout.addWidget(self._text, stretch=1)
        layout.addWidget(self.clear_button)

    def text(self) -> str:
        """How many segments there are at the place; empty without a search."""
        return self._text.text()

    def show_found(self) -> None:
        """Count anew."""
        places = self._session.places
        self.setVisible(places.rectangle is not None)
        words = f"In the rectangle: {self._model.rowCount()} of {len(self._session.scoring.segments)}"
        self._text.setText(f"{words}{', looking …' * places.is_looking}" if places.rectangle else "")


def _list_view(model: SegmentModel, delegate: SegmentDelegate) -> QListView:
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(delegate)
    # All rows have the same height: Qt can compute the positions of thousands of rows without asking for each.
    view.setUniformItemSizes(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setFrameShape(QListView.Shape.NoFrame)
    view.setAccessibleName("Flagged segments")
    return view
