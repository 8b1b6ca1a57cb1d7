"""The program `vadgui`: its command line, event loop, error hooks and settings, and one `Program` with its window."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import qasync
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

import resources
from engine.common.errors import DetectorFileError
from engine.common.paths import analyses_folder, recordings_file
from engine.common.remote_path import as_path
from engine.detector_library import find_detector
from vadgui import errors
from vadgui.demo import run_demo
from vadgui.garbage import GarbageCollector
from vadgui.jobs.analysis_pruning import AnalysisPruning
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.ui import theme
from vadgui.ui.icons import program_icon
from vadgui.ui.language import install_language

SWITCH_INTERVAL_SECONDS = 0.0005  # with it a Python loop in a thread delays the GUI by 6 ms, without it by 120


def detector_argument(text: str) -> Path:
    """The path that `--detector` means: a file where there is one, else a library or bundled detector of that name."""
    try:
        return find_detector(text) or Path(text)
    except DetectorFileError as error:
        raise argparse.ArgumentTypeError(f"{error.what}. {error.advice}") from error


def has_screen() -> bool:
    """Whether Qt would find a screen to open a window on."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal"):
        return False
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _pass_on_qt_message(_kind: QtMsgType, _context: QMessageLogContext, message: str | None) -> None:
    """Print Qt's messages, except the warning that every window with a minimum size causes without a screen."""
    if message and "propagateSizeHints" not in message:
        print(message, file=sys.stderr)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; None means `sys.argv`."""
    parser = argparse.ArgumentParser(prog="vadgui", description="Review surveillance video for what is unusual.")
    parser.add_argument(
        "videos",
        metavar="VIDEO",
        nargs="*",
        type=as_path,
        help="videos, folders and URLs to review; the first is opened",
    )
    parser.add_argument(
        "--detector",
        metavar="D",
        type=detector_argument,
        help="detector file, name of one of your own (`vad detectors list`), or one that comes with the program: "
        + ", ".join(resources.bundled_detectors()),
    )
    parser.add_argument("--archive", metavar="FILE|URL", help="open an archive that `vad archive scan` made")
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
    """Run the program until its window is closed; returns the exit status."""
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
    # Idle OpenMP threads must not spin beside decoder and GUI; torch reads this variable when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    # Python's own Ctrl-C handler never runs inside Qt's loop. The default one kills, which stored analyses survive.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("vadgui")
    app.setWindowIcon(program_icon())
    app.setQuitOnLastWindowClosed(False)  # quitting while `run` still waits would raise; `run` ends by itself
    with qasync.QEventLoop(app) as loop:
        return int(loop.run_until_complete(run(app, options, loop)))


async def run(app: QApplication, options: argparse.Namespace, loop: asyncio.AbstractEventLoop) -> int:
    """Show the window, open what the options name, and wait until the window is closed; returns the exit status."""
    with_screen = has_screen()
    settings = Settings() if with_screen else Settings.temporary()
    reporter = errors.ErrorReporter()
    errors.install(reporter, loop)
    install_language(app, settings.language)
    theme.install(app, theme.ThemeChoice(settings.theme))
    collector = GarbageCollector()
    pruning = AnalysisPruning(settings, analyses_folder())
    list_file = recordings_file() if with_screen else None
    program = Program(settings, reporter, analyses=analyses_folder(), recordings_file=list_file)
    try:
        reporter.set_parent_window(program.window)
        program.window.show()
        if not with_screen:
            return await run_demo(program, reporter, options.output)
        closed = asyncio.Event()
        program.window.closed.connect(closed.set)
        if options.demo:
            program.open_demo()
        else:
            first, *others = options.videos or [None]
            program.begin(first, options.detector, others)
            program.controller.find_pending_run()
        if options.archive:
            program.archives.open(options.archive)
        program.export_controller.offer_unfinished()
        await closed.wait()
        return 0
    finally:
        program.close()
        reporter.close()
        pruning.close()
        collector.close()
