"""The demo without a screen: reviews the bundled clip by itself and leaves a screenshot and an exported clip."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.export.clip import ExportOptions
from vadgui.dialogs.export import ClipRange
from vadgui.errors import ErrorReporter, Wording
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.model.session import AnalysisPhase, ReviewSession
from vadgui.program import Program

_TIME_LIMIT_SECONDS = 1800.0  # a slow machine without half precision takes ten minutes
_POLL_SECONDS = 0.05
_SIZE_PX = (1440, 900)


class DemoError(Exception):
    """The demo can't go on; says why."""


async def run_demo(program: Program, reporter: ErrorReporter, output: Path) -> int:
    """Do what a person would do with the demo; the exit status."""
    failures: list[Wording] = []
    reporter.told.connect(failures.append)

    async def until(condition: Callable[[], bool]) -> None:
        while not condition():
            if failures:
                raise DemoError(f"{failures[0].headline}\n{failures[0].text}\n{failures[0].details}")
            await asyncio.sleep(_POLL_SECONDS)

    try:
        async with asyncio.timeout(_TIME_LIMIT_SECONDS):
            output.mkdir(parents=True, exist_ok=True)
            await _review(program, output, until)
    except TimeoutError:
        print(f"The demo was not done after {_TIME_LIMIT_SECONDS:.0f} seconds.", file=sys.stderr)
    except (DemoError, OSError) as error:
        print(f"The demo failed. {error}", file=sys.stderr)
    else:
        return 0
    return 1


async def _review(program: Program, output: Path, until: Callable[[Callable[[], bool]], Awaitable[None]]) -> None:
    session, window = program.session, program.window
    window.resize(*_SIZE_PX)
    print("Opening the demo clip and its detector …", flush=True)
    program.open_demo()
    await until(lambda: session.analysis.done > 0)
    for tenths in range(2, 10, 2):
        await until(lambda tenths=tenths: session.analysis.done * 10 >= session.analysis.total * tenths)  # type: ignore[misc]
        print(f"Analysed {tenths * 10} % of {session.frame_count} frames …", flush=True)
    await until(lambda: session.analysis.phase is AnalysisPhase.DONE)
    if not session.scoring.segments:
        raise DemoError("The detector flagged nothing in the demo clip.")
    print(f"Analysed {session.frame_count} frames on {_device(session)}: {_flagged(session)}.", flush=True)
    session.select_segment(max(session.scoring.segments, key=lambda segment: segment.peak_score))
    peaks = [segment.peak_frame for segment in session.scoring.segments]
    await until(lambda: session.view_is_settled() and all(session.thumbnail(peak) is not None for peak in peaks))
    screenshot = output / "vadgui-demo.png"
    _save_screenshot(window, screenshot)
    print(f"Screenshot: {screenshot.resolve()}", flush=True)
    clip = await _export(program, output, until)
    print(f"Exported clip: {clip.resolve()}", flush=True)


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


async def _export(program: Program, output: Path, until: Callable[[Callable[[], bool]], Awaitable[None]]) -> Path:
    """Export the selected segment; where the clip lies."""
    session = program.session
    clip = ClipRange.of_selection(session)
    if clip is None:
        raise DemoError("No segment is selected.")
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    program.export(clip, ExportOptions(threshold=session.scoring.rule.enter), output.resolve() / clip.file_name)
    await until(lambda: states[-1].phase is ExportPhase.DONE)
    return states[-1].path
