"""The demo without a screen: analyses the bundled clip, and saves a screenshot and an exported clip."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget

from engine.common.paths import resolved
from engine.export.clip import ExportOptions
from engine.hand_over.jobs import ClipsJob, Subject
from vadgui.async_signals import until
from vadgui.errors import ErrorReporter, ErrorText
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.session import ReviewSession
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.program import Program

_TIME_LIMIT_SECONDS = 1800.0  # a slow machine without half precision takes ten minutes
_SIZE_PX = (1440, 900)


class DemoError(Exception):
    """The demo failed; the message says why."""


async def run_demo(program: Program, reporter: ErrorReporter, output: Path) -> int:
    """Run the demo in the window without a person; returns the exit status."""
    try:
        async with asyncio.timeout(_TIME_LIMIT_SECONDS):
            output.mkdir(parents=True, exist_ok=True)
            await _Demo(program, reporter, output).review()
    except TimeoutError:
        print(f"The demo was not done after {_TIME_LIMIT_SECONDS:.0f} seconds.", file=sys.stderr)
    except (DemoError, OSError) as error:
        print(f"The demo failed. {error}", file=sys.stderr)
    else:
        return 0
    return 1


class _Demo:
    """Steps through one review of the bundled clip."""

    def __init__(self, program: Program, reporter: ErrorReporter, output: Path) -> None:
        self._program = program
        self._session = program.session
        self._output = output
        self._reporter = reporter
        self._failures: list[ErrorText] = []
        reporter.reported.connect(self._failures.append)

    async def review(self) -> None:
        """Open and analyse the clip, take a screenshot of the segment with the highest score, and export it.

        Raises:
            DemoError: something failed, or nothing was flagged.
        """
        session, window = self._session, self._program.window
        window.resize(*_SIZE_PX)
        print("Opening the demo clip and its detector …", flush=True)
        self._program.open_demo()
        await self._analysed()
        device = _device(session)  # empty where the analysis of an earlier run was there before the detector
        where = f" on {device}" if device else ""
        print(f"Analysed {session.frame_count} frames{where}: {_flagged(session)}.", flush=True)
        session.navigation.select(max(session.scoring.segments, key=lambda segment: segment.peak_score))
        await self._until(self._all_is_shown, session.view_changed, session.thumbnails.arrived)
        screenshot = self._output / "vadgui-demo.png"
        _save_screenshot(window, screenshot)
        print(f"Screenshot: {resolved(screenshot)}", flush=True)
        clip = await self._exported()
        print(f"Exported clip: {resolved(clip)}", flush=True)

    async def _until(self, condition: Callable[[], bool], *signals: SignalInstance) -> None:
        """Wait until a condition holds, which is checked whenever one of the signals is emitted.

        Raises:
            DemoError: the program reported an error before that.
        """

        def holds() -> bool:
            if condition():
                return True
            if self._failures:
                first = self._failures[0]
                raise DemoError(f"{first.headline}\n{first.text}\n{first.details}")
            return False

        await until(holds, *signals, self._reporter.reported)

    async def _analysed(self) -> None:
        session = self._session
        await self._until(lambda: session.analysis.done > 0, session.analysis_changed)
        for tenths in range(2, 10, 2):
            await self._until(
                lambda tenths=tenths: session.analysis.done * 10 >= session.analysis.total * tenths,  # type: ignore[misc]
                session.analysis_changed,
            )
            print(f"Analysed {tenths * 10} % of {session.frame_count} frames …", flush=True)
        await self._until(lambda: session.analysis.phase is AnalysisPhase.DONE, session.analysis_changed)
        if not session.scoring.segments:
            raise DemoError("The detector flagged nothing in the demo clip.")

    def _all_is_shown(self) -> bool:
        session = self._session
        # `thumbnail` requests a missing one, so this asks for all of them before it checks any.
        thumbnails = [session.thumbnails.get(segment.peak_frame) for segment in session.scoring.segments]
        return session.view_is_settled() and all(thumbnail is not None for thumbnail in thumbnails)

    async def _exported(self) -> Path:
        """Export the selected segment; returns the clip's path."""
        snapshot, exports = ReviewSnapshot.of(self._session), self._program.exports
        if snapshot is None or snapshot.selected is None:
            raise DemoError("No segment is selected.")
        states: list[ExportState] = []
        exports.changed.connect(states.append)
        subject = Subject(snapshot.recording, snapshot.detector, knows_where=snapshot.knows_where)
        options = ExportOptions(outlines=True)
        exports.add(
            ClipsJob(
                subject, (snapshot.selected,), resolved(self._output), "{recording}_frames-{first}-{last}", options
            )
        )
        ends = (ExportPhase.DONE, ExportPhase.FAILED)
        await self._until(lambda: states[-1].phase in ends, exports.changed)
        if states[-1].failure:
            raise DemoError(states[-1].failure)
        return states[-1].path


def _device(session: ReviewSession) -> str:
    return session.detector.device if session.detector else ""


def _flagged(session: ReviewSession) -> str:
    count = len(session.scoring.segments)
    return f"{count} segment{'s' if count != 1 else ''} flagged"


def _save_screenshot(window: QWidget, path: Path) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    if not window.grab().save(str(unfinished), "PNG"):
        raise DemoError(f"The screenshot can't be written to {path}.")
    unfinished.replace(path)
