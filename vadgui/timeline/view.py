"""The timeline: anomaly score, segments, threshold and playhead over the whole recording."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QTimer
from PySide6.QtWidgets import QToolTip, QVBoxLayout, QWidget

from engine.common.language import number_text, tr, tr_n
from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession
from vadgui.timeline.header import TimelineHeader
from vadgui.timeline.hole_marks import HoleSpans
from vadgui.timeline.lane_stack import LaneMenu, LaneStack
from vadgui.timeline.lanes import LaneSeries
from vadgui.timeline.overview import OverviewStrip
from vadgui.timeline.plot import AXIS_WIDTH_PX, RIGHT_MARGIN_PX, TimelinePlot
from vadgui.timeline.scores import ScoreSeries
from vadgui.timeline.trim_lines import TrimLines
from vadgui.ui import theme
from vadgui.ui.clock_text import clock_text

_NARROWEST_PX = 3  # a segment is drawn at least this wide
_POINTING_PX = 3
_RULE_INTERVAL_MS = 40  # finding segments anew at every mouse move would make the line lag on long recordings


class TimelineView(QWidget):
    """Shows the session's scores over time and moves its playhead and threshold."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._series = ScoreSeries(session)
        self._shown_end = 0.0
        self._shows_time_of_day = False
        self._shown_scale: tuple[float, tuple[float, ...], bool] | None = None
        self.header = TimelineHeader(self)
        self.plot = TimelinePlot(self._series, self)
        self.lanes = LaneSeries(session, self._series, self)
        self.lane_stack = LaneStack(self._series, self.lanes, self.plot.box, self)
        self.lane_menu = LaneMenu(self.lanes, self)
        self.header.set_lane_menu(self.lane_menu)
        self.overview = OverviewStrip(self._series, self)
        self.trim_lines = TrimLines(session, self._series, self.plot)
        self.overview.set_margins(AXIS_WIDTH_PX, RIGHT_MARGIN_PX)
        self._rule_timer = QTimer(self, singleShot=True, interval=_RULE_INTERVAL_MS)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.plot, stretch=1)
        layout.addWidget(self.lane_stack)
        layout.addWidget(self.overview)
        self.setAccessibleName(tr("Timeline"))

        self._connect_session()
        self._connect_views()
        self._show_video()
        self._show_rule()

    def _connect_session(self) -> None:
        session = self._session
        session.video_changed.connect(self._show_video)
        session.review.opened.connect(self._let_go_of_threshold)
        session.clock_changed.connect(self._show_clock)
        session.playhead_changed.connect(self._follow_playhead)
        session.scoring.scores_changed.connect(self._show_scores)
        session.scoring.segments_changed.connect(self._show_segments)
        session.scoring.selection_changed.connect(self._show_selection)
        session.scoring.drifts_changed.connect(self._show_conditions)
        session.scoring.rule_changed.connect(self._show_rule)
        session.detector_changed.connect(self._show_rule)
        session.places.changed.connect(self._show_segments)

    def _connect_views(self) -> None:
        box, line = self.plot.box, self.plot.threshold
        box.time_picked.connect(self._on_time_picked)
        box.clicked.connect(self._on_clicked)
        self.trim_lines.frame_shown.connect(self._session.seek)
        box.sigXRangeChanged.connect(lambda: self.overview.set_visible(*box.span()))
        line.sigDragged.connect(lambda: self._rule_timer.isActive() or self._rule_timer.start())
        line.sigPositionChangeFinished.connect(self._take_over_threshold)
        line.sigPositionChangeFinished.connect(self._show_rule)  # where it was refused, the line goes back
        self._rule_timer.timeout.connect(self._take_over_threshold)
        self.overview.centre_requested.connect(self._centre)
        strips = self.lane_stack.strips
        strips.time_picked.connect(self._on_time_picked)
        strips.hovered.connect(self._point_at)
        strips.left.connect(self._point_nowhere)
        self.header.threshold_entered.connect(self._enter_threshold)
        self.header.zoom_requested.connect(self.zoom)
        self.header.all_requested.connect(self.zoom_to_all)
        self.plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self.plot.viewport().installEventFilter(self)
        theme.changed.connect(self.plot.apply_theme)

    def zoom(self, factor: float) -> None:
        """Magnify around the playhead where it is in view, else around the middle."""
        begin, stop = self.plot.box.span()
        here = self._playhead_seconds()
        self.plot.box.zoom(factor, here if begin <= here <= stop else (begin + stop) / 2)

    def zoom_to_all(self) -> None:
        """Show the whole recording."""
        self.plot.box.show_span(0.0, self._series.end_seconds)

    def zoom_to(self, segment: Segment) -> None:
        """Show a segment, with as much again before and after it."""
        starts, stops = self._series.spans_of([segment])
        length = float(stops[0] - starts[0])
        self.plot.box.show_span(float(starts[0]) - length, 3 * length)

    def pan(self, share: float) -> None:
        """Show later times, or earlier ones where negative, by a share of what is shown."""
        begin, stop = self.plot.box.span()
        self.plot.box.show_span(begin + share * (stop - begin), stop - begin)

    def show_time_of_day(self, shown: bool) -> None:
        """Label the axis with times of day, where they are known, or with the recording's own time."""
        self._shows_time_of_day = shown
        self._show_clock()

    def _show_clock(self) -> None:
        start, end = self._session.start, float(self._session.ends[-1]) if self._session.frame_count else 0.0
        changes = start.clock_changes(end) if start else []
        marks = [(float(self._series.scale.drawn(change.seconds)), change.in_words) for change in changes]
        self.plot.show_start(start if self._shows_time_of_day else None, marks, end)

    def _centre(self, seconds: float) -> None:
        begin, stop = self.plot.box.span()
        self.plot.box.show_span(seconds - (stop - begin) / 2, stop - begin)

    # What the session says

    def _show_video(self) -> None:
        self._series.forget()
        begin, stop = self.plot.box.span()
        # The same recording with revised times stays as it is zoomed; another one is shown whole.
        showed_all = self._session.view is None or (begin <= 0 and stop >= self._shown_end)
        self._shown_end = self._series.end_seconds
        self.plot.box.set_end(self._shown_end)
        self.plot.show_holes(self._series.scale, self._series.holes)
        self.overview.set_holes(self._series.holes)
        self.lane_stack.strips.set_holes(HoleSpans(self._series.holes))
        if showed_all:
            self.zoom_to_all()
        self.setEnabled(self._session.video is not None)
        self.plot.show_empty(self._session.video is None)
        self._point_nowhere()
        self.header.show_expected(self._session.scoring.expected_alarms(), self._session.scoring.doubt())
        self._show_clock()
        self._show_segments()
        self._show_conditions()
        self._show_playhead()
        self.overview.set_visible(*self.plot.box.span())

    def _show_scores(self) -> None:
        self._series.forget()
        self._show_scale()
        self.plot.scores.update()
        self.overview.update()

    def _show_segments(self) -> None:
        dismissed: list[Segment] = []
        others: list[Segment] = []
        for segment in filter(self._session.places.lets_through, self._session.scoring.segments):
            is_dismissed = isinstance(segment, ReviewedSegment) and segment.verdict is Verdict.DISMISSED
            (dismissed if is_dismissed else others).append(segment)
        self.plot.dismissed.set_spans(*self._series.spans_of(dismissed))
        spans = self._series.spans_of(others)
        self.plot.segments.set_spans(*spans)
        self.overview.set_spans(*spans)
        self.lane_stack.strips.set_segments(*spans)
        self._show_selection()
        self._label_threshold()

    def _show_conditions(self) -> None:
        conditions = self._series.conditions
        spans = np.array(self._series.condition_spans()).reshape(-1, 2)
        self.plot.conditions.set_spans(spans[:, 0], spans[:, 1])
        self.plot.conditions.set_words([each.words for each in conditions])
        self.overview.set_conditions(spans[:, 0], spans[:, 1])
        self.header.show_expected(self._session.scoring.expected_alarms(), self._session.scoring.doubt())
        self._show_scores()

    def _show_selection(self) -> None:
        selected = self._session.scoring.selected
        self.plot.selected.set_spans(*self._series.spans_of([selected] if selected else []))

    def _show_playhead(self) -> None:
        frame = [self._session.playhead]
        here, until = float(self._series.starts_of(frame)[0]), float(self._series.ends_of(frame)[0])
        self.plot.playhead.move_to(here, until)
        self.overview.set_playhead(here)
        self.lane_stack.strips.set_playhead(frame[0])

    def _follow_playhead(self) -> None:
        self._show_playhead()
        here = self._playhead_seconds()
        begin, stop = self.plot.box.span()
        if not begin <= here < stop:
            # A page on, with a little of what came before.
            length = stop - begin
            self.plot.box.show_span(here - 0.1 * length, length)

    def _show_scale(self) -> None:
        scoring, top = self._session.scoring, self._series.top
        scale = (top, scoring.scorer.axis_ticks(top), scoring.goes_beyond_top)
        if scale != self._shown_scale:
            self._shown_scale = scale
            self.plot.show_scale(*scale)
            self.plot.show_threshold(scoring.rule.enter)
            self.header.show_top(top)

    def _show_rule(self) -> None:
        self._series.forget_scale()
        # What a threshold means is known once the detector is.
        is_known = self._session.scored_by is not None or not self._session.detector_is_coming
        self.header.show_scorer(self._session.scoring.scorer if is_known else None)
        self.plot.show_lines(is_known)
        self._show_scale()
        enter = self._session.scoring.rule.enter
        if not self.plot.threshold.moving:
            self.plot.show_threshold(enter)
        self._label_threshold()
        self._draw_threshold(enter)

    def _draw_threshold(self, enter: float) -> None:
        self.plot.show_leave(self._session.scoring.rule.leave)
        self.plot.scores.set_threshold(enter)
        self.overview.set_threshold(enter)
        self.lane_stack.strips.set_threshold(enter)
        self.header.show_threshold(enter)
        self.header.show_expected(self._session.scoring.expected_alarms(), self._session.scoring.doubt())

    def _label_threshold(self) -> None:
        """While the line is dragged, it says how much would be flagged."""
        self.plot.label_threshold(self.flagged_in_words() if self.plot.threshold.moving else "")

    def flagged_in_words(self) -> str:
        """How many segments there are, and what share of the recording they are."""
        session = self._session
        segments = session.scoring.segments
        seconds = sum(float(session.ends[each.stop - 1] - session.times[each.start]) for each in segments)
        share = seconds / session.video.shown_seconds if session.video and session.video.shown_seconds else 0.0
        words = number_text(100 * share, ".0f" if share >= 0.095 or not segments else ".2g") + " %"
        text = tr_n(
            "{count} segment, {share} of the recording", "{count} segments, {share} of the recording", len(segments)
        )
        return text.format(count=len(segments), share=words)

    # What the person does

    def _playhead_seconds(self) -> float:
        return float(self._series.starts_of([self._session.playhead])[0])

    def _on_time_picked(self, seconds: float) -> None:
        self._session.seek(self._series.frame_at(seconds))

    def _on_clicked(self, seconds: float) -> None:
        """Select the segment under the mouse, however narrow it is drawn; elsewhere none."""
        begin, stop = self.plot.box.span()
        near = _NARROWEST_PX * (stop - begin) / max(self.plot.box.sceneBoundingRect().width(), 1.0)
        segments = self._session.scoring.segments
        starts, stops = self._series.spans_of(segments)
        away = np.maximum(starts - seconds, seconds - stops)
        nearest = int(away.argmin()) if len(away) else 0
        here = self._session.navigation.at(self._session.playhead)
        if here is None and len(away) and away[nearest] <= near:
            here = segments[nearest]
        self._session.scoring.select(here)

    def _take_over_threshold(self) -> None:
        self._rule_timer.stop()
        self._session.review.set_threshold(float(self.plot.threshold.value()))

    def _enter_threshold(self, enter: float) -> None:
        self._session.review.set_threshold(enter)
        if self._session.review.is_waiting:
            self._show_rule()

    def _let_go_of_threshold(self) -> None:
        """A drag that goes on is about the recording before."""
        self._rule_timer.stop()
        self.plot.threshold.moving = False
        self._show_rule()

    def _on_mouse_moved(self, scene_pos: QPointF) -> None:
        inside = self.plot.box.sceneBoundingRect().contains(scene_pos) and self._session.frame_count > 0
        if not inside:
            self._point_nowhere()
            return
        seconds = self.plot.box.seconds_at(scene_pos)
        self._point_at(seconds)
        wrong = ", ".join(self._wrong_at(seconds))
        told = tr("The camera fails: {conditions}.\nThere is no score here.").format(conditions=wrong)
        self.plot.conditions.setToolTip(told if wrong else "")
        # What does not fit into the header stands beside the mouse.
        tip = "" if self.header.reading_fits() else self.header.reading().replace("   ", "\n")
        if tip or QToolTip.isVisible():
            viewport = self.plot.viewport()
            QToolTip.showText(viewport.mapToGlobal(self.plot.mapFromScene(scene_pos)), tip, viewport)

    def _point_at(self, seconds: float) -> None:
        """Say what is known of the time under the mouse, in the plot or in a lane."""
        self.plot.hover.show()
        self.plot.hover.setValue(seconds)
        self.lane_stack.strips.set_hover(seconds)
        self.header.show_reading(self._hole_at(seconds) or self.reading_at(self._series.frame_at(seconds)))

    def _point_nowhere(self) -> None:
        self.plot.hover.hide()
        self.plot.conditions.setToolTip("")
        self.lane_stack.strips.set_hover(None)
        self.header.show_reading("")

    def _hole_at(self, seconds: float) -> str:
        """What is known of a time, as drawn, at which no frame is there; empty where there is one."""
        begin, stop = self.plot.box.span()
        # Near enough to point at, however narrow it is.
        near = _POINTING_PX * (stop - begin) / max(self.plot.box.sceneBoundingRect().width(), 1.0)
        for hole in self._series.holes:
            if hole.start - near <= seconds <= hole.stop + near:
                return hole.text
        return ""

    def reading_at(self, frame: int) -> str:
        """What is known of a frame, in a line: number, time, score, PSNR."""
        score = self._session.scoring.scores[frame]
        seconds, start = float(self._session.times[frame]), self._session.start
        words = [tr("Frame {frame}").format(frame=frame), clock_text(seconds)]
        words += [f"{start.at(seconds):%H:%M:%S}"] if start else []
        rough = self._series.rough_at(frame)
        if np.isnan(score):
            wrong = self._wrong_at(float(self._series.starts_of([frame])[0]))
            about = tr("not analysed yet")
            if rough is not None:
                score_text = self._session.scoring.scorer.describe(rough)
                about = tr("about {score} (rough, from the overview)").format(score=score_text)
            words.append(", ".join(wrong) or about)
        else:
            words.append(self._session.scoring.scorer.describe(float(score)))
            psnr = self._session.scoring.signals["psnr_db"][frame]
            words += [] if np.isnan(psnr) else [f"PSNR {number_text(psnr, '.1f')} dB"]
            words += filter(None, [self._session.scoring.light_at(frame)])
        return "   ".join(words)

    def _wrong_at(self, seconds: float) -> list[str]:
        spans = zip(self._series.conditions, self._series.condition_spans(), strict=True)
        return list(dict.fromkeys(each.words for each, (start, stop) in spans if start <= seconds <= stop))

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The scene tells where the mouse is, but not that it has left."""
        if event.type() == QEvent.Type.Leave:
            self._point_nowhere()
        return bool(super().eventFilter(watched, event))  # type: ignore[arg-type]
