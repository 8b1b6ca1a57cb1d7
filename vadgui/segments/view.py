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
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.common.language import tr, tr_n, tr_noop
from engine.scoring.drift import OTHER_SCENE
from engine.scoring.segments import Segment
from engine.scoring.zones import zones_in_words
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.session import ReviewSession
from vadgui.segments.delegate import SegmentDelegate
from vadgui.segments.filter_box import FilterBox
from vadgui.segments.hours_bar import HoursBar
from vadgui.segments.model import Hours, Reason, SegmentFilter, SegmentModel, SegmentOrder
from vadgui.segments.moments import Moments
from vadgui.ui import theme
from vadgui.ui.widgets import ElidedLabel

_COUNT_PX = 95
"""The boxes beside it are narrower before the count is cut."""
_RAREST = 0.001
"""The fewest false alarms an hour that are told as a number, as above the timeline."""
_UNFINISHED = {AnalysisPhase.RUNNING, AnalysisPhase.PAUSED, AnalysisPhase.CANCELLED, AnalysisPhase.FAILED}
_NONE_LISTED = {
    SegmentFilter.UNREVIEWED: tr_noop("No segment here is “unreviewed”."),
    SegmentFilter.CONFIRMED: tr_noop("No segment here is “confirmed”."),
    SegmentFilter.DISMISSED: tr_noop("No segment here is “dismissed”."),
    SegmentFilter.UNSURE: tr_noop("No segment here is “unsure”."),
    SegmentFilter.BOOKMARKED: tr_noop("No segment here is “bookmarked”."),
    SegmentFilter.NOTED: tr_noop("No segment here is “with a note”."),
}


class SegmentList(QWidget):
    """Lists the session's segments; a click jumps to one, a double click plays it."""

    play_requested = Signal(Segment)

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._following_session = False
        self.model = SegmentModel(session, self)
        self.list = _list_view(self.model, SegmentDelegate(session, self))
        self._count = ElidedLabel(QSizePolicy.Policy.Preferred, _COUNT_PX)
        self.order_box = QComboBox()
        for order in SegmentOrder:
            self.order_box.addItem(tr(order.value), order)
        self.order_box.setAccessibleName(tr("Order of the segments"))
        self.order_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.order_box.activated.connect(lambda: self._arrange(self.order_box.currentData(), self.model.filter))
        self.filter_box = FilterBox(self.model)
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
        session.thumbnails.arrived.connect(self.model.repaint_peak)
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

    def _arrange(self, order: SegmentOrder, which: SegmentFilter | Reason) -> None:
        if (order, which) != (self.model.order, self.model.filter):
            self._update_model(order, which)
            self._update_texts()
            self._scroll_to_selection()

    def _show_segments(self) -> None:
        self._update_model(self.model.order, self.model.filter)
        self._update_texts()

    def _update_model(self, order: SegmentOrder, which: SegmentFilter | Reason) -> None:
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
        self._session.navigation.select(self.model.segment(index.row()))

    def _update_texts(self) -> None:
        """Show the number of segments, or why there are none."""
        session = self._session
        count = len(session.scoring.segments)
        phase = session.analysis.phase
        is_counted = count > 0 or phase is AnalysisPhase.DONE
        left = len(session.review.unreviewed)
        self._count.setText(_count_words(count, left, so_far=phase in _UNFINISHED) if is_counted else "")
        self._count.setToolTip(self._count.text())
        self.order_box.setEnabled(count > 1)
        self.filter_box.setEnabled(count > 0)
        listed = self.model.rowCount()
        self._pages.setCurrentWidget(self.list if listed else self._empty)
        self.place_line.show_found()
        if not listed:
            self._empty.setText(self._reason_for_none_listed() if count else self._reason_for_none())

    def _reason_for_none_listed(self) -> str:
        places = self._session.places
        if places.rectangle:
            return tr("Looking …") if places.is_looking else tr("Nothing flagged happened in the rectangle.")
        if self.model.hours:
            return tr("No segment of these hours is listed.")
        if isinstance(self.model.filter, Reason):
            return tr("No segment here is “{reason}”.").format(reason=self.model.filter.in_words)
        return tr(_NONE_LISTED.get(self.model.filter, ""))

    def _reason_for_none(self) -> str:
        session = self._session
        if session.video is None:
            return tr("Open a video to see what is unusual in it.")
        analysed = not np.isnan(session.scoring.scores).all()
        if session.scoring.is_other_scene:
            nothing = tr("Nothing is flagged.")
            return f"{tr(OTHER_SCENE)} {nothing}"
        enter = session.scoring.rule.enter
        per_hour = session.scoring.scorer.false_alarms_at(enter)
        at_threshold = tr("at the threshold of {threshold:.2f}").format(threshold=enter)
        if per_hour is not None:
            about = tr("at about {rate:.2g} false alarms an hour")
            rare = tr("at less than {rate:.2g} false alarms an hour")
            at_threshold = (rare if per_hour < _RAREST else about).format(rate=max(per_hour, _RAREST))
        if doubt := session.scoring.doubt():
            at_threshold = f"{at_threshold} ({doubt.text})"
        if zones := zones_in_words(session.review.zones):
            at_threshold = tr("{at_threshold}; the picture has {zones}").format(at_threshold=at_threshold, zones=zones)
        match session.analysis.phase:
            case AnalysisPhase.DONE:
                told = tr("Nothing flagged {at_threshold}.").format(at_threshold=at_threshold)
                return " ".join([told, self._highest_in_words()]) if doubt else told
            case AnalysisPhase.IDLE if session.detector is None and not session.detector_is_coming:
                return tr("Not analysed yet. Choose a detector first.")
            case AnalysisPhase.IDLE:
                return tr("Not analysed yet.")
            case _ if analysed:
                return tr("Nothing flagged so far {at_threshold}.").format(at_threshold=at_threshold)
            case _:
                return tr("Not analysed yet.")

    def _highest_in_words(self) -> str:
        scoring = self._session.scoring
        highest = float(np.fmax.reduce(scoring.flaggable, initial=-np.inf))
        if np.isneginf(highest):
            return ""
        told = tr("The most suspicious moments are below; the first: {described}.")
        return told.format(described=scoring.scorer.describe(highest))


def _count_words(count: int, left: int, *, so_far: bool) -> str:
    """How many segments there are, or how many of them are left to review."""
    if count and left != count:
        words = tr("{left} of {count} left so far") if so_far else tr("{left} of {count} left")
    elif so_far:
        words = tr("{count} so far")
    else:
        words = tr_n("{count} segment", "{count} segments", count)
    return words.format(left=left, count=count)


class _PlaceLine(QWidget):
    """Says that only segments of one place are listed, and lists all again."""

    def __init__(self, session: ReviewSession, model: SegmentModel) -> None:
        super().__init__()
        self._session = session
        self._model = model
        self._text = QLabel()
        self.clear_button = QToolButton()
        self.clear_button.setText(tr("Show all"))
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
        found = tr("In the rectangle: {found} of {count}")
        words = tr("In the rectangle: {found} of {count}, looking …") if places.is_looking else found
        said = words.format(found=self._model.rowCount(), count=len(self._session.scoring.segments))
        self._text.setText(said if places.rectangle else "")


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
    view.setAccessibleName(tr("Flagged segments"))
    return view
