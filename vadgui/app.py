"""Wiring only: event loop, error hook, settings, window, and the jobs that answer what the session wants."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import qasync
from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

import resources
from engine.detector_library import find_detector
from engine.errors import DetectorFileError
from engine.export import ExportOptions
from engine.paths import analyses_folder
from engine.video import open_video
from vadgui import errors, theme
from vadgui.demo import run_demo
from vadgui.dialogs.export import ClipRange
from vadgui.garbage import GarbageCollector
from vadgui.icons import program_icon
from vadgui.jobs.engine_room import PredictorOpener, VideoOpener
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.export_queue import ExportJob, ExportQueue, ExportState
from vadgui.jobs.messages import VideoOpened
from vadgui.main_window import MainWindow
from vadgui.playback.player import Player
from vadgui.session import DetectorSummary, ReviewSession
from vadgui.settings import Settings
from vadgui.training_desk import TrainingDesk

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_DEMO_DETECTOR = "plaza"
_SWITCH_INTERVAL_SECONDS = 0.0005  # a Python loop in a thread delays the GUI by 6 ms with it, by 120 without
_BATCH_ON_CPU = 2  # a larger one is faster, but the frame under the playhead has to wait for it


def open_predictor(path: Path, device: str) -> Predictor:
    """Load a detector; only here, in the worker's thread, torch is imported: it takes seconds."""
    from engine.models.predictor import Predictor

    predictor = Predictor.open(path, device)
    if predictor.is_on_cpu:
        predictor.batch_size = _BATCH_ON_CPU
    return predictor


class Program(QObject):
    """One window on one review, joined to its jobs."""

    def __init__(
        self,
        settings: Settings,
        teller: errors.ErrorTeller,
        *,
        analyses: Path,
        video_opener: VideoOpener = open_video,
        predictor_opener: PredictorOpener = open_predictor,
        desk: TrainingDesk | None = None,
    ) -> None:
        """Start the engine's thread; `close` ends it."""
        super().__init__()
        self._settings = settings
        self._teller = teller
        self.session = ReviewSession()
        self.player = Player(self.session)
        self.worker = EngineWorker(video_opener, predictor_opener, analyses)
        self.exports = ExportQueue(video_opener, predictor_opener)
        self.desk = desk or TrainingDesk(
            settings, analyses=analyses, video_opener=video_opener, predictor_opener=predictor_opener
        )
        self.window = MainWindow(self.session, self.player, settings)
        self._wanted_detector: Path | None = None
        self._join_session()
        self._join_window()
        self._join_desk()

    def open_video(self, path: Path) -> None:
        """Open a recording in place of the present one."""
        self.worker.open_video(path)

    def open_detector(self, path: Path, device: str | None = None) -> None:
        """Load a detector, once there is a recording to use it on: nobody waits for torch before a first frame."""
        self._settings.device = device or self._settings.device
        self._wanted_detector = path
        if self.session.video is not None:
            self._load_wanted_detector()

    def begin(self, video: Path | None, detector: Path | None) -> None:
        """Open what the command line names; the detector used last where it names none."""
        detector = detector or default_detector(self._settings)
        if video:
            self.open_video(video)
        if detector:
            self.open_detector(detector)

    def open_demo(self) -> None:
        """Open the bundled clip with its detector."""
        self.open_video(resources.demo_video())
        self.open_detector(resources.detector_path(_DEMO_DETECTOR))

    def close(self) -> None:
        """End all threads; what was analysed is saved."""
        self.player.pause()
        self.worker.close()
        self.exports.close()
        self.desk.close()

    # Session and worker

    def _join_session(self) -> None:
        session, worker = self.session, self.worker
        session.view_wanted.connect(worker.show)
        session.thumbnail_wanted.connect(worker.make_thumbnail)
        worker.video_opened.connect(self._video_opened)
        worker.video_closed.connect(session.close_video)
        worker.detector_opened.connect(self._detector_opened)
        worker.view_ready.connect(session.show)
        worker.thumbnail_ready.connect(session.add_thumbnail)
        worker.signals_ready.connect(session.scoring.add)
        worker.times_revised.connect(session.revise_times)
        worker.analysis_changed.connect(session.set_analysis)
        worker.failed.connect(self._worker_failed)
        self.exports.failed.connect(self._teller.tell)

    def _worker_failed(self, error: Exception) -> None:
        # If it was not the detector's loading that failed, its arrival sets this right.
        self.session.expect_detector(False)
        self._teller.tell(error)

    def _video_opened(self, opened: VideoOpened) -> None:
        # Remembered first: the window shows recent recordings as soon as the session changes.
        self._settings.remember_video(opened.info.path)
        self._settings.video_folder = str(opened.info.path.parent)
        self.session.open_video(opened.info, opened.times)
        self.session.show(opened.first_view)
        if self._wanted_detector is not None:
            self._load_wanted_detector()
        self._begin_analysis()

    def _load_wanted_detector(self) -> None:
        if self._wanted_detector is not None:
            self.worker.open_detector(self._wanted_detector, self._settings.device)
            self.session.expect_detector(True)
            self._wanted_detector = None

    def _detector_opened(self, detector: DetectorSummary) -> None:
        self._settings.detector = str(detector.path)
        self.session.use_detector(detector)
        self._begin_analysis()

    def _begin_analysis(self) -> None:
        if self._settings.analyse_on_open:
            self.worker.run_analysis()

    # Window

    def _join_window(self) -> None:
        window, worker = self.window, self.worker
        window.video_chosen.connect(self.open_video)
        window.demo_chosen.connect(self.open_demo)
        window.close_video_wanted.connect(worker.close_video)
        window.detector_chosen.connect(self.open_detector)
        window.run_wanted.connect(worker.run_analysis)
        window.pause_wanted.connect(worker.pause_analysis)
        window.cancel_wanted.connect(worker.cancel_analysis)
        window.export_chosen.connect(self.export)
        window.export_cancelled.connect(self.exports.cancel)
        worker.opening_changed.connect(window.show_opening)
        self.exports.changed.connect(window.show_export)

    def _join_desk(self) -> None:
        desk, window = self.desk, self.window
        desk.use_current_detector(lambda: self.session.detector.path if self.session.detector else None)
        desk.failed.connect(self._teller.tell)
        desk.detector_accepted.connect(self.open_detector)
        desk.run_changed.connect(window.training_status.show_run)
        desk.may_close_now.connect(window.close)
        window.train_wanted.connect(lambda: desk.open_wizard(window))
        window.library_wanted.connect(lambda: desk.open_library(window))
        window.may_close = lambda: desk.may_close(window)

    def export(self, clip: ClipRange, options: ExportOptions, target: Path) -> ExportState:
        """Queue the export of a clip, and remember how it was asked for."""
        self._settings.export_folder = str(target.parent)
        self._settings.export_panels = ",".join(options.panels)
        self._settings.export_strip = options.score_strip
        job = ExportJob(
            video=clip.video,
            start=clip.start,
            stop=clip.stop,
            scores=clip.scores,
            target=target,
            options=options,
            detector=clip.detector,
            device=self._settings.device,
        )
        return self.exports.add(job)


def default_detector(settings: Settings) -> Path | None:
    """The detector used last, else the demo's."""
    last = Path(settings.detector) if settings.detector else None
    if last and last.is_file():
        return last
    return resources.detector_path(_DEMO_DETECTOR) if _DEMO_DETECTOR in resources.bundled_detectors() else None


def detector_argument(text: str) -> Path:
    """The path of a detector file, or of a detector from the library or a bundled one by its name; files go first."""
    try:
        return find_detector(text) or Path(text)
    except DetectorFileError as error:
        raise argparse.ArgumentTypeError(f"{error.what}. {error.advice}") from error


def has_screen() -> bool:
    """Whether Qt would find a screen to open a window on."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal"):
        return False
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _pass_on_qt_message(_kind: QtMsgType, _where: QMessageLogContext, message: str | None) -> None:
    """Without a screen Qt complains of every window that has a least size."""
    if message and "propagateSizeHints" not in message:
        print(message, file=sys.stderr)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line's."""
    parser = argparse.ArgumentParser(prog="vadgui", description="Review surveillance video for what is unusual.")
    parser.add_argument("video", metavar="VIDEO", nargs="?", type=Path, help="video or folder of pictures to open")
    parser.add_argument(
        "--detector",
        metavar="D",
        type=detector_argument,
        help="detector file, name of one of your own (`vad detectors list`), or one that comes with the program: "
        + ", ".join(resources.bundled_detectors()),
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="open the bundled demo; without a screen, save a screenshot and an exported clip instead",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        default=Path("demo-output"),
        help="where the demo without a screen saves them (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program until its window is closed; its exit status."""
    options = parse_arguments(arguments)
    if not has_screen():
        if not options.demo:
            print(
                "vadgui: there is no screen here. `vadgui --demo` shows what it does without one;"
                " `vad analyse` and `vad export` work without one.",
                file=sys.stderr,
            )
            return 1
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        qInstallMessageHandler(_pass_on_qt_message)
    # Before torch is imported: its idle threads must not spin beside decoder and GUI.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.setswitchinterval(_SWITCH_INTERVAL_SECONDS)
    # Qt's loop never lets Python see Ctrl-C; analyses survive a kill.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("vadgui")
    app.setWindowIcon(program_icon())
    app.setQuitOnLastWindowClosed(False)  # quitting under a running coroutine would raise; `run` ends by itself
    with qasync.QEventLoop(app) as loop:
        return int(loop.run_until_complete(run(app, options, loop)))


async def run(app: QApplication, options: argparse.Namespace, loop: asyncio.AbstractEventLoop) -> int:
    """Show the window, open what was asked for, and wait until the person closes it; the exit status."""
    with_screen = has_screen()
    settings = Settings() if with_screen else Settings.forgotten()
    teller = errors.ErrorTeller()
    errors.install(teller, loop)
    theme.install(app, theme.ThemeChoice(settings.theme))
    collector = GarbageCollector()
    program = Program(settings, teller, analyses=analyses_folder())
    try:
        teller.set_parent_window(program.window)
        program.window.show()
        if not with_screen:
            return await run_demo(program, teller, options.output)
        closed = asyncio.Event()
        program.window.closed.connect(closed.set)
        if options.demo:
            program.open_demo()
        else:
            program.begin(options.video, options.detector)
            program.desk.look_for_runs()
        await closed.wait()
        return 0
    finally:
        program.close()
        teller.close()
        collector.close()
