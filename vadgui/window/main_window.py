"""The main window: the views of one review with docks, menus and actions. It requests work but does none."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QLabel,
    QMainWindow,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from engine.common.language import tr
from engine.hand_over.unfinished import UnfinishedExport
from vadgui.dialogs.help import AboutDialog
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.jobs.messages import Opening
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.reviewing import Reviewing
from vadgui.model.session import ReviewSession
from vadgui.panels.grid import PanelGrid
from vadgui.playback.go_to_box import GoToBox
from vadgui.playback.player import Player
from vadgui.playback.transport import TransportBar
from vadgui.recordings.dock import RecordingsDock
from vadgui.recordings.model import RecordingModel
from vadgui.segments.verdict_bar import VerdictBar
from vadgui.segments.view import SegmentList
from vadgui.settings import Settings
from vadgui.timeline.view import TimelineView
from vadgui.training.status import TrainingStatus
from vadgui.ui.actions import Actions
from vadgui.ui.focus_keys import FocusKeys
from vadgui.ui.icons import set_icon
from vadgui.ui.keymap import Keymap
from vadgui.window.analysis_status import AnalysisStatus
from vadgui.window.command_palette import CommandPalette
from vadgui.window.context_menus import add_context_menus
from vadgui.window.detector_banner import DetectorBanner
from vadgui.window.docks import Docks
from vadgui.window.drift_banner import DriftBanner
from vadgui.window.dropping import dropped, dropped_archives, has_files
from vadgui.window.empty_state import EmptyState
from vadgui.window.exports_view import ExportsView
from vadgui.window.hand_over_actions import HandOverActions
from vadgui.window.menus import Menus
from vadgui.window.playback_actions import PlaybackActions
from vadgui.window.redaction_actions import RedactionActions
from vadgui.window.requests import Requests
from vadgui.window.review_actions import ReviewActions
from vadgui.window.review_banner import ReviewBanner
from vadgui.window.review_splitter import ReviewSplitter
from vadgui.window.search_actions import SearchActions
from vadgui.window.source_banner import SourceBanner
from vadgui.window.status_messages import StatusMessages
from vadgui.window.view_actions import ViewActions
from vadgui.window.zone_actions import ZoneActions
from vadgui.window.zone_banner import ZoneBanner

_LAYOUT_VERSION = 1
_STATUS_TEXT_PX, _DETECTOR_TEXT_PX = 320, 420
_TOOL_ICON_PX = 18
_STATUS_MARGIN_PX = 10
_TOOL_BAR = ("open", "detector", "", "previous_segment", "next_segment", "export")


class MainWindow(QMainWindow):
    """Lays out the views, and emits signals for what the person requests."""

    video_chosen = Signal(object)
    """Path of a video or picture folder."""
    recordings_chosen = Signal(object)
    """Paths of files and folders, one or many."""
    demo_chosen = Signal()
    close_video_requested = Signal()
    rate_given = Signal(float)
    """Frames a second of the recording that is open, which does not store its rate."""
    detector_chosen = Signal(object, str)
    """Path of the detector and name of the device."""
    run_requested = Signal()
    pause_requested = Signal()
    cancel_requested = Signal()
    train_requested = Signal()
    library_requested = Signal()
    camera_requested = Signal()
    verdicts_requested = Signal()
    archive_dropped = Signal(str)
    """Path of an archive."""
    closed = Signal()

    def __init__(
        self, session: ReviewSession, player: Player, settings: Settings, recordings: RecordingModel | None = None
    ) -> None:
        super().__init__()
        self._session = session
        self._player = player
        self._settings = settings
        keymap = Keymap(settings.keys, self)
        keymap.changed.connect(lambda: setattr(settings, "keys", keymap.chosen))
        self.actions_by_name = Actions(self, keymap)
        self.panels = PanelGrid(session)
        self.transport = TransportBar(session, player)
        self.transport.explain_by(self.actions_by_name)
        self.source_banner = SourceBanner(session)
        self.messages = StatusMessages(self.statusBar(), session)
        self.zone_banner = ZoneBanner(session)
        self.drift_banner = DriftBanner(session)
        self.detector_banner = DetectorBanner(session, settings)
        self.timeline = TimelineView(session)
        self.segment_list = SegmentList(session)
        self.reviewing = Reviewing(session, self)
        self.verdict_bar = VerdictBar(session, self.actions_by_name)
        self.review_banner = ReviewBanner(session)
        self.review_actions = ReviewActions(
            self, self.actions_by_name, session, self.reviewing, self.verdict_bar, settings
        )
        self._focus_keys = FocusKeys(self, self.timeline.plot)
        self.exports = ExportsView()
        self.empty = EmptyState(self.actions_by_name["open"], self.actions_by_name["open_demo"])
        self.training_status = TrainingStatus()
        self.requests = Requests(self, session, settings, keymap)
        self.requests.recordings_chosen.connect(self.recordings_chosen)
        self.requests.rate_given.connect(self.rate_given)
        self.may_close: Callable[[], bool] = lambda: True
        """Called before the window closes. If it returns False, the window stays open until it is closed again."""
        self._opening = QLabel()
        self._detector = QLabel()
        self._pages = QStackedWidget()

        self._lay_out(recordings or RecordingModel(self))
        self._fill_status_bar()
        self._connect_requests()
        self._add_actions()
        self._connect_views()
        self._fill_menus()
        self._connect_session()
        add_context_menus(session, self.panels, self.timeline, self.segment_list, self.actions_by_name)
        self.setAcceptDrops(True)
        self._show_video()
        self._show_analysis()
        self._show_detector()
        self._restore()

    # State on screen

    def show_opening(self, opening: Opening) -> None:
        """Show what is being opened, and the share done."""
        share = f" {opening.share:.0%}" if opening.share is not None else ""
        text = tr("Opening {name} …").format(name=self._short(opening.name)) + share
        self._opening.setText(text if opening.name else "")
        # As far from the edge as what else stands there.
        self._opening.setContentsMargins(_STATUS_MARGIN_PX if opening.name else 0, 0, 0, 0)

    def show_export(self, state: ExportState) -> None:
        """Show an export's state; a new export shows the dock, and so does one that fails."""
        self.exports.show_export(state)
        if state.phase in (ExportPhase.WAITING, ExportPhase.FAILED):
            self.docks.exports.show()

    def offer_export(self, number: int, export: UnfinishedExport) -> None:
        """Offer an export that was not finished when the program ended; `number` identifies it."""
        self.exports.show_unfinished(number, export)
        self.docks.exports.show()

    def _short(self, text: str, width_px: int = _STATUS_TEXT_PX) -> str:
        # A status bar label is never narrower than its text: a long name would widen the window.
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width_px)

    def _show_video(self) -> None:
        video = self._session.video
        self._pages.setCurrentWidget(self._splitter if video else self.empty)
        if video is not None and self._session.view is None:
            # Else the first button would have the keyboard.
            self.timeline.plot.setFocus()
        self.docks.show_with_recording(video is not None)
        self._tool_bar.setVisible(video is not None)
        self.setWindowTitle(f"{video.name} — vadgui" if video else "vadgui")
        if video is None:
            self.empty.show_recent(self._settings.recent_videos)
        self._show_detector()

    def _show_detector(self) -> None:
        detector = self._session.detector
        # Without a recording, none is loaded: that says nothing about the one that is remembered.
        none = tr("No detector chosen") if self._session.video is not None else ""
        if self._session.detector_is_coming:
            none = tr("Loading the detector …")
        used = tr("{detector} on {device}").format(detector=detector.name, device=detector.device) if detector else ""
        self._detector.setText(self._short(used, _DETECTOR_TEXT_PX) if detector else none)
        told = [detector.remark, str(detector.path)] if detector else [tr("Analysis, Choose detector …")]
        self._detector.setToolTip("\n".join(filter(None, told)))
        self._enable()

    def _show_analysis(self) -> None:
        phase = self._session.analysis.phase
        ready = self._session.video is not None and self._session.detector is not None
        actions = self.actions_by_name
        actions["run"].setEnabled(ready and phase not in (AnalysisPhase.RUNNING, AnalysisPhase.DONE))
        is_paused = phase is AnalysisPhase.PAUSED
        actions.set_text("run", tr("&Resume analysis") if is_paused else tr("&Analyse"))
        set_icon(actions["run"], "play" if is_paused else "analyse")
        actions["pause"].setEnabled(phase is AnalysisPhase.RUNNING)
        actions["cancel"].setEnabled(phase in (AnalysisPhase.RUNNING, AnalysisPhase.PAUSED))

    def _enable(self) -> None:
        is_open = self._session.video is not None
        for name in ("close_video", "set_clock", "moments"):
            self.actions_by_name[name].setEnabled(is_open)
        can_set_rate = self._session.video is not None and self._session.video.rate != "stored"
        self.actions_by_name["set_rate"].setEnabled(can_set_rate)
        detector = self._session.detector
        can_learn = is_open and detector is not None and detector.calibration is not None
        self.actions_by_name["learn_verdicts"].setEnabled(can_learn)
        self._show_analysis()

    # Layout

    def _lay_out(self, recordings: RecordingModel) -> None:
        banners = (self.source_banner, self.review_banner, self.detector_banner, self.zone_banner, self.drift_banner)
        below = _column(self.transport, *banners, self.timeline, stretched=self.timeline)
        self._splitter = ReviewSplitter(self.panels, below)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self._splitter)
        self.setCentralWidget(self._pages)
        self.docks = Docks(
            self,
            self._session.review,
            recordings=RecordingsDock(recordings, self.actions_by_name),
            segments=_column(self.segment_list, self.verdict_bar, stretched=self.segment_list),
            exports=self.exports,
        )
        self._tool_bar = QToolBar(tr("Tool bar"))
        self._tool_bar.setObjectName("tools")
        self._tool_bar.setIconSize(QSize(_TOOL_ICON_PX, _TOOL_ICON_PX))
        self._tool_bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for name in _TOOL_BAR:
            if name:
                self._tool_bar.addAction(self.actions_by_name[name])
            else:
                self._tool_bar.addSeparator()
        self.addToolBar(self._tool_bar)
        self.resize(1280, 800)

    def _fill_menus(self) -> None:
        self.menus = Menus(self, self.actions_by_name, self._settings)
        self.menus.video_chosen.connect(self.video_chosen)

    def _fill_status_bar(self) -> None:
        actions = self.actions_by_name
        status = AnalysisStatus(self._session, actions["run"], actions["pause"], actions["cancel"])
        self.analysis_status = status
        self.statusBar().addWidget(self._opening)
        self.statusBar().addWidget(status)
        self.training_status.open_requested.connect(self.train_requested)
        self.statusBar().addPermanentWidget(self.training_status)
        self.statusBar().addPermanentWidget(self._detector)

    def _restore(self) -> None:
        self.restoreGeometry(self._settings.geometry)
        if self.restoreState(self._settings.layout, _LAYOUT_VERSION):
            self.docks.take_over_layout()
        # No recording is open yet, whatever the restored layout showed: hide tool bar and docks.
        self._show_video()
        self.docks.recordings.settle()

    def tell(self, message: str) -> None:
        """Show a line for a moment, in place of the analysis's state."""
        self.messages.tell(message)

    # Requests of the person

    def _connect_requests(self) -> None:
        """Menu items that ask something of the program, or open a dialog."""
        calls = {
            "open": self.requests.ask_for_videos,
            "open_folder": self.requests.ask_for_folder,
            "watch_folder": self.requests.ask_for_folder_to_watch,
            "find_moved": self.requests.ask_where_moved,
            "open_demo": self.demo_chosen.emit,
            "set_rate": self.requests.ask_for_rate,
            "set_clock": self.requests.ask_for_clock,
            "close_video": self.close_video_requested.emit,
            "quit": self.close,
            "detector": self.library_requested.emit,
            "run": self.run_requested.emit,
            "pause": self.pause_requested.emit,
            "cancel": self.cancel_requested.emit,
            "moments": self._enter_moments,
            "train": self.train_requested.emit,
            "library": self.library_requested.emit,
            "learn_verdicts": self.verdicts_requested.emit,
            "shortcuts": self.requests.show_keys,
            "settings": self.requests.change_settings,
            "about": lambda: AboutDialog(self).open(),
        }
        for name, call in calls.items():
            # Drop the argument `checked` of the signal. The others are connected where they belong.
            self.actions_by_name[name].triggered.connect(lambda _, call=call: call())

    def _add_actions(self) -> None:
        """What does the other actions, a part of the window each."""
        session, player = self._session, self._player
        self.go_to_box = GoToBox(session, self)
        self.actions_by_name["go_to"].triggered.connect(lambda _: self.go_to_box.open_box())
        self.command_palette = CommandPalette(self.actions_by_name, self._settings, self, session)
        self.actions_by_name["commands"].triggered.connect(lambda _: self.command_palette.toggle())
        PlaybackActions(self.actions_by_name, session, player, self._settings, self)
        self.view_actions = ViewActions(
            self, self.actions_by_name, session, self._settings, self.panels, self.timeline, self.segment_list
        )
        self.view_actions.use_docks(
            {
                "show_segments": self.docks.segments,
                "show_history": self.docks.history,
                "show_exports": self.docks.exports,
                "show_recordings": self.docks.recordings,
            }
        )
        self.view_actions.use_splitter(self._splitter)
        banners = (self.source_banner, self.review_banner, self.detector_banner, self.zone_banner, self.drift_banner)
        docks = self.docks
        beside = (docks.recordings, docks.segments, docks.history, docks.exports)
        self.view_actions.use_areas([self.empty, self.panels, self.transport, *banners, self.timeline, *beside])
        self.hand_over = HandOverActions(self, self.actions_by_name, session, self._settings)
        self.zone_actions = ZoneActions(self, self.actions_by_name["zones"], session, self.panels, self._settings)
        self.redaction_actions = RedactionActions(
            self.actions_by_name["redaction"], self.actions_by_name["zones"], session, self.panels, self
        )
        self.search_actions = SearchActions(
            self.actions_by_name["search_place"],
            [self.actions_by_name[name] for name in ("zones", "redaction")],
            session,
            self.panels,
        )

    def _connect_views(self) -> None:
        player = self._player
        self.empty.video_chosen.connect(self.video_chosen)
        self.reviewing.told.connect(self.messages.tell_of_recording)
        self.timeline.trim_lines.trimmed.connect(self.reviewing.trim)
        for tool in (self.panels.zone_tool, self.panels.redaction_tool, self.panels.search_tool):
            tool.told.connect(self.messages.tell_of_recording)
        self.review_actions.note_wanted.connect(self.docks.segments.show)
        self.detector_banner.choose_requested.connect(self.library_requested)
        self.drift_banner.learn_button.clicked.connect(lambda: self.camera_requested.emit())
        self.segment_list.play_requested.connect(lambda segment: player.play_run(segment.start, segment.stop))

    def _enter_moments(self) -> None:
        self.docks.segments.show()
        self.docks.segments.raise_()  # it may be a tab behind another
        self.segment_list.moments.enter()

    def _connect_session(self) -> None:
        session = self._session
        session.video_changed.connect(self._show_video)
        session.detector_changed.connect(self._show_detector)
        session.analysis_changed.connect(self._show_analysis)
        session.scoring.segments_changed.connect(self._enable)

    # Event handlers of Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, D102
        if has_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, D102
        event.acceptProposedAction()
        recordings, detectors = dropped(event)
        if recordings:
            self.recordings_chosen.emit(recordings)
        for archive in dropped_archives(event)[:1]:
            self.archive_dropped.emit(str(archive))
        for detector in detectors[:1]:
            self.detector_chosen.emit(detector, self._settings.device)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802, D102
        if not self.may_close():
            event.ignore()
            return
        self._settings.geometry = self.saveGeometry()
        if self._session.video is not None:
            # Without a recording the docks are hidden: such a layout must not be restored.
            self._settings.layout = self.saveState(_LAYOUT_VERSION)
        event.accept()
        self.closed.emit()


def _column(*widgets: QWidget, stretched: QWidget) -> QWidget:
    """Widgets below each other without space between them; one of them takes what is left."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget, stretch=int(widget is stretched))
    return column
