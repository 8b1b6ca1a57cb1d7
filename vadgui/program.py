"""Connects the window, the review session and the jobs: which signal starts which job, and where results go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker

import resources
from engine.common.errors import DetectorFileError, DeviceError, VadError, VideoError
from engine.common.in_time import is_file_in_time
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import written_out
from engine.common.remote_path import RemotePath, as_path
from engine.review.files import usual_paths
from engine.video import open_video
from engine.video.given_rates import give_rate
from vadgui import errors
from vadgui.archive.controller import ArchiveController
from vadgui.export_controller import ExportController
from vadgui.hang_watch import HangWatch
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.export_queue import ExportQueue
from vadgui.jobs.messages import VideoOpened
from vadgui.jobs.openers import PredictorOpener, VideoOpener
from vadgui.jobs.request_queue import QueueJob
from vadgui.jobs.source_guard import SourceChange
from vadgui.learning_controller import LearningController
from vadgui.model.engine_state import DetectorSummary
from vadgui.model.session import ReviewSession
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.playback.player import Player
from vadgui.recordings.controller import RecordingsController
from vadgui.recordings.model import RecordingModel
from vadgui.review_controller import ReviewController
from vadgui.settings import Settings
from vadgui.training.controller import TrainingController
from vadgui.window.main_window import MainWindow

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_DEMO_DETECTOR = "plaza"
_BATCH_ON_CPU = 2  # a larger batch is faster, but the view at the playhead has to wait until it is done


def open_predictor(path: Path, device: str) -> Predictor:
    """Load a detector. It imports torch, which takes seconds, so it is called in the worker's thread only."""
    from engine.models.predictor import Predictor

    predictor = Predictor.open(path, device)
    if predictor.is_on_cpu:
        predictor.batch_size = _BATCH_ON_CPU
    return predictor


class Program(QObject):
    """Owns one window with its session and jobs, and connects their signals."""

    def __init__(
        self,
        settings: Settings,
        reporter: errors.ErrorReporter,
        *,
        analyses: Path,
        video_opener: VideoOpener = open_video,
        predictor_opener: PredictorOpener = open_predictor,
        controller: TrainingController | None = None,
        recordings_file: Path | None = None,
    ) -> None:
        """Start the engine's thread; `close` ends it. Without `recordings_file` no list of recordings is kept."""
        super().__init__()
        self._settings = settings
        self._reporter = reporter
        self.session = ReviewSession()
        self.player = Player(self.session)
        self.worker = EngineWorker(video_opener, predictor_opener, analyses)
        self.exports = ExportQueue(video_opener, predictor_opener, analyses)
        self.controller = controller or TrainingController(
            settings, analyses=analyses, video_opener=video_opener, predictor_opener=predictor_opener
        )
        self.recordings = RecordingsController(self.session, self.worker, RecordingModel(self), recordings_file)
        self.window = MainWindow(self.session, self.player, settings, self.recordings.model)
        self.export_controller = ExportController(
            self.window, self.exports, lambda: ReviewSnapshot.of(self.session), settings
        )
        self.hang_watch = HangWatch(self.window, self.worker, self._abandon_video)
        self.review_controller = ReviewController(self.window, self.session, self.worker, reporter, settings)
        self.reviews = self.review_controller.keeper
        self.learning = LearningController(
            self.window, self.session, self.worker, self.reviews, self.recordings, settings
        )
        self.archives = ArchiveController(settings, self.window.actions_by_name.keymap, self.window)
        self._pending_detector: Path | None = None
        self._detector_asked_for: Path | None = None
        """The recording for which the detector that is loaded, or is on its way, was asked for."""
        self._connect_session()
        self._connect_window()
        self._connect_training()
        self.learning.learnt.connect(self.open_detector)
        settings.changed.connect(self._use_setting)
        self._connect_recordings()
        self._connect_archives()

    def open_video(self, path: Path) -> None:
        """Open a recording, or the one of a review's file, in place of the present one."""
        if self.review_controller.may_leave(lambda: self.open_video(path)):
            self.recordings.expect_opening()
            self.worker.open_video(path, self.recordings.navigation.wanted_frame(path))
            self._follow_awaited()

    def _follow_awaited(self) -> None:
        """Whoever has asked for another recording means that one by what they decide: nothing is said of this one."""
        awaited = self.worker.awaited
        words = tr("{name} is being opened: nothing can be decided until it is there.")
        self.session.review.wait(words.format(name=displayable(awaited.name)) if awaited else "")

    def open_detector(self, path: Path, device: str | None = None) -> None:
        """Load a detector, but only after a recording is open: the first frame must not wait for torch."""
        self._pending_detector = path
        self._settings.device = device or self._settings.device
        if not self.recordings.queue.is_held:  # else it is for the recording that is being opened
            self._load_pending_detector()
            if self._pending_detector is not None:
                words = tr("{name} will be used for the next recording that you open.")
                self.window.tell(words.format(name=displayable(path.stem)))

    def _use_setting(self, setting: object) -> None:
        """Another device holds at once: the detector is loaded anew on it, unless one is on its way anyhow."""
        detector = self.session.detector
        on_its_way = self.session.detector_is_coming or self._pending_detector is not None
        if setting is Settings.device and detector and not on_its_way:
            self.open_detector(detector.path)

    def begin(self, video: Path | None, detector: Path | None, others: Sequence[Path] = ()) -> None:
        """Open the recording and the detector that the command line names; with `others` all go onto the list."""
        if video:
            self.recordings.add([video, *others], opens=True)
        if detector:
            self.open_detector(detector)

    def open_demo(self) -> None:
        """Open the bundled clip with its detector."""
        self.open_video(resources.demo_video())
        self.open_detector(resources.detector_path(_DEMO_DETECTOR))

    def close(self) -> None:
        """End all threads; frames analysed so far are stored."""
        self.player.pause()
        self.archives.close()
        self.hang_watch.close()
        self.review_controller.close()
        self.worker.close()
        self.recordings.close()
        self.exports.close()
        self.export_controller.close()
        self.controller.close()
        self.learning.close()

    # Session and worker

    def _connect_session(self) -> None:
        session, worker = self.session, self.worker
        session.view_requested.connect(worker.show)
        session.frames_first_changed.connect(worker.set_frames_first)
        session.trace.requested.connect(worker.trace_window)
        worker.window_traced.connect(session.trace.add)
        session.thumbnails.requested.connect(worker.make_thumbnail)
        session.places.wanted.connect(worker.find_places)
        worker.video_opened.connect(self._video_opened)
        worker.video_closed.connect(self._video_closed)
        worker.source_changed.connect(self._source_changed)
        worker.detector_closed.connect(session.drop_detector)
        worker.detector_read.connect(session.read_detector)
        worker.detector_opened.connect(self._detector_opened)
        worker.view_ready.connect(session.show)
        worker.thumbnail_ready.connect(session.thumbnails.add)
        worker.clock_found.connect(session.review.take_found_zone)
        worker.places_ready.connect(
            lambda asked, seconds: session.places.add(asked.start, asked.stop, asked.threshold, seconds)
        )
        worker.signals_ready.connect(session.scoring.add)
        worker.times_revised.connect(session.revise_times)
        worker.analysis_changed.connect(session.set_analysis)
        worker.failed.connect(self._worker_failed)
        worker.opening_failed.connect(self._opening_failed)
        self.exports.failed.connect(self._reporter.report)
        self.export_controller.failed.connect(self._reporter.report)

    def _worker_failed(self, error: Exception) -> None:
        self.session.expect_detector(self.worker.awaited_detector is not None)
        # What is remembered would fail at every start.
        video = self.session.video
        remembered = [self._settings.last_detector, self._settings.detector_for(video.path) if video else None]
        for detector in filter(None, remembered):
            if isinstance(error, DetectorFileError) and error.subject == displayable(detector):
                self._settings.forget_detector(detector)
        if isinstance(error, DeviceError) and error.subject == self._settings.device:
            with QSignalBlocker(self._settings):  # to load the detector again is the person's choice
                self._settings.device = "auto"
        about = self.session.video.path if self.session.video else None
        if isinstance(error, VideoError) and error.subject:
            about = as_path(error.subject)  # the one that could not be opened, perhaps
        self._reporter.report(error, about)

    def _opening_failed(self, path: Path, error: Exception) -> None:
        self._follow_awaited()
        self.window.hand_over.opening_failed()
        if not self.recordings.opening_failed(path, error):
            self._worker_failed(error)
            self._load_pending_detector()

    def _video_opened(self, opened: VideoOpened) -> None:
        self._follow_awaited()
        self._reporter.leave_behind(opened.info.path)
        # Remember the recording first: the window lists recent ones as soon as the session changes.
        self._settings.remember_video(opened.info.path)
        review = opened.review.opened
        if review and review.path not in usual_paths(opened.info.path, opened.info.fingerprint):
            self._settings.remember_video(review.path)
        if not isinstance(opened.info.path, RemotePath):
            self._settings.video_folder = str(opened.info.path.parent)
        may_analyse = self._choose_detector(opened.info.path)
        self.review_controller.open(opened)
        self.worker.set_zones(self.session.review.zones)
        if opened.first_view.index == self.session.playhead:
            self.session.show(opened.first_view)
        self._load_pending_detector()
        if may_analyse:
            self._begin_analysis()
        self.recordings.video_opened(opened)

    def _choose_detector(self, video: Path) -> bool:
        """Take the detector that was asked for, or that of the folder; whether the one in use is right.

        A detector knows one camera: where none was chosen yet, none is taken from elsewhere, and the window asks.
        """
        awaited = self.worker.awaited_detector
        if self._pending_detector is None and awaited and self._was_asked_for(video):
            self._pending_detector = awaited  # what is loaded for another recording counts when it is asked for again
        if self._pending_detector is not None:
            return False
        current = self.session.detector.path if self.session.detector and not awaited else None
        wanted = self._settings.detector_for(video)
        if current is not None and current == wanted:
            return True
        if wanted is not None and is_file_in_time(wanted):
            self._pending_detector = wanted
        elif current is not None or awaited:
            self.session.expect_detector(False)
            self.session.drop_detector()
            self.worker.close_detector()
        return False

    def _was_asked_for(self, video: Path) -> bool:
        """Whether the detector that comes was asked for in a recording's folder, not in one that was left meanwhile."""
        asked_for = self._detector_asked_for
        return asked_for is not None and written_out(asked_for).parent == written_out(video).parent

    def _video_closed(self) -> None:
        self._follow_awaited()
        self.review_controller.leave()
        self.session.close_video()

    def _source_changed(self, change: SourceChange) -> None:
        """Say so. What is decided about other pictures would stand in the review of the ones before."""
        review = self.session.review
        self.window.source_banner.tell(change)
        if change is SourceChange.REPLACED:
            self.review_controller.save()
            review.set_access(review.notice, tr("Nothing can be decided until the recording is opened again."))

    def _close_video(self) -> None:
        if self.review_controller.may_leave(self._close_video):
            self.worker.close_video()
            self._follow_awaited()

    def _abandon_video(self, hanging: Path) -> None:
        if self.review_controller.may_leave(lambda: self._abandon_video(hanging)):
            self.worker.abandon(hanging)
            self.session.expect_detector(False)

    def _load_pending_detector(self) -> None:
        if self._pending_detector is not None and self.session.video is not None:
            self._detector_asked_for = self.session.video.path
            self.worker.open_detector(self._pending_detector, self._settings.device)
            self.session.expect_detector(True)
            self._pending_detector = None

    def _detector_opened(self, detector: DetectorSummary) -> None:
        if self.session.video is not None:
            self._settings.remember_detector(self.session.video.path, detector.path)
            self.recordings.use_detector(self.session.video.path, detector.name)
        self.session.use_detector(detector)
        self.session.expect_detector(self.worker.awaited_detector is not None)
        self._begin_analysis()

    def _begin_analysis(self) -> None:
        # Whoever opened a recording or a detector has forgotten them.
        self.worker.set_zones(self.session.review.zones)
        detector, review = self.session.detector, self.session.review
        if detector and detector.calibration and not review.zones_are_touched and not review.zones:
            self.worker.find_clock()
        if self._settings.analyse_on_open:
            self.worker.run_analysis()

    # Window

    def _connect_window(self) -> None:
        window, worker = self.window, self.worker
        window.video_chosen.connect(self.open_video)
        window.demo_chosen.connect(self.open_demo)
        window.rate_given.connect(self._give_rate)
        window.close_video_requested.connect(self._close_video)
        window.source_banner.open_button.clicked.connect(self._open_again)
        window.detector_chosen.connect(self.open_detector)
        window.detector_banner.use_requested.connect(self.open_detector)
        window.run_requested.connect(lambda: self._run_all(True))
        window.pause_requested.connect(lambda: self._run_all(False))
        window.cancel_requested.connect(worker.cancel_analysis)
        window.hand_over.video_requested.connect(self.open_video)
        worker.opening_changed.connect(window.show_opening)

    def _open_again(self) -> None:
        if self.session.video:
            self.open_video(self.session.video.path)

    def _give_rate(self, fps: float) -> None:
        video = self.session.video
        if video is None:
            return
        try:
            give_rate(video.fingerprint, fps)
        except VadError as error:
            self._reporter.report(error)
        else:
            self.open_video(video.path)

    def _run_all(self, goes_on: bool) -> None:
        """Whoever pauses the analysis wants the machine for something else: the others wait too."""
        if goes_on:
            self.worker.run_analysis()
        else:
            self.worker.pause_analysis()
        self.recordings.model.set_paused(not goes_on)

    def _job_of(self, video: Path) -> QueueJob | None:
        """How a recording of the list is analysed; not where its folder has no detector yet: nobody would be asked."""
        detector = self._settings.detector_for(video)
        return QueueJob(video, detector, self._settings.device) if detector else None

    def _connect_recordings(self) -> None:
        recordings, window = self.recordings, self.window
        dock = window.docks.recordings
        window.recordings_chosen.connect(recordings.add)
        dock.view.open_requested.connect(lambda path: self.open_video(as_path(path)))
        dock.view.segment_requested.connect(recordings.navigation.open_at)
        dock.view.remove_requested.connect(recordings.remove)
        dock.view.again_requested.connect(recordings.analyse_again)
        window.requests.search_chosen.connect(recordings.relinking.find)
        dock.view.move_requested.connect(recordings.model.move)
        dock.view.hand_over_requested.connect(lambda paths: self.export_controller.hand_over([*map(Path, paths)]))
        window.requests.watch_chosen.connect(recordings.watch)
        dock.view.stop_watching_requested.connect(recordings.stop_watching)
        dock.view.pause_requested.connect(recordings.model.set_paused)
        dock.neighbour_requested.connect(recordings.navigation.open_neighbour)
        window.reviewing.go_elsewhere = recordings.navigation.open_unreviewed
        window.reviewing.count_unanalysed = recordings.model.count_unanalysed
        recordings.open_requested.connect(self.open_video)
        self.export_controller.made.connect(recordings.leave_out)
        recordings.told.connect(window.tell)
        recordings.queue.job_of = self._job_of
        recordings.failed.connect(self._reporter.report)
        recordings.model.set_paused(not self._settings.analyse_on_open)
        recordings.begin()

    def _connect_archives(self) -> None:
        archives, window = self.archives, self.window
        window.actions_by_name["open_archive"].triggered.connect(lambda _: archives.ask())
        window.archive_dropped.connect(archives.open)
        archives.open_requested.connect(self._open_of_archive)
        archives.failed.connect(self._reporter.report)

    def _reviewed_videos(self) -> dict[Path, str]:
        self.reviews.flush()  # whoever asks reads the reviews' files
        return self.recordings.fingerprints()

    def _open_of_archive(self, path: Path, seconds: float, detector: Path | None) -> None:
        """Show a moment of a recording; by the detector that has analysed it, where its folder has none yet."""
        if detector and self._settings.detector_for(path) is None:
            self._pending_detector = detector
        self.recordings.navigation.open_at_seconds(path, seconds)

    def _connect_training(self) -> None:
        controller, window = self.controller, self.window
        controller.use_current_detector(lambda: self.session.detector.path if self.session.detector else None)
        controller.use_videos(self._reviewed_videos)
        controller.failed.connect(self._reporter.report)
        controller.detector_accepted.connect(self.open_detector)
        controller.run_changed.connect(window.training_status.show_run)
        controller.may_close_now.connect(window.close)
        window.train_requested.connect(lambda: controller.open_wizard(window))
        window.library_requested.connect(lambda: controller.open_library(window))
        window.may_close = lambda: (
            self.review_controller.may_leave(window.close)
            and self.learning.may_close(window.close)
            and controller.may_close(window)
        )
