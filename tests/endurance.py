"""Hours of review in minutes, again and again in one window: does it keep memory, threads or open files?

    python -m tests.endurance --minutes 120 --json endurance.json

A turn opens a recording, waits for its analysis, plays, seeks, moves the threshold, judges segments and takes a verdict
back, exports a clip, and closes the recording. After each turn memory, threads and handles are noted; the slope is
that of a straight line through the second half of the turns, when every cache has its size.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
_SETTLE_SECONDS = 0.2
_TURN_SECONDS = 1800.0


@dataclass(frozen=True)
class Sample:
    """What the program holds after a turn."""

    seconds: float
    """Since the start."""
    resident_mb: float
    objects: int
    """That Python's garbage collector knows."""
    threads: int
    handles: int


def main() -> int:
    """Review for some minutes and print the slopes; 0 when nothing grows."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all samples there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vadgui-endurance-") as folder:
        _live_in(Path(folder))
        samples = _review(Path(folder), chosen.minutes * 60)
    found = slopes(samples)
    if chosen.json:
        content = {"slopes": found, "samples": [asdict(each) for each in samples]}
        chosen.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"{len(samples)} turns in {samples[-1].seconds / 60:.1f} minutes, of the second half:")
    for name, (per_turn, noise) in found.items():
        print(f"  {name}: {per_turn:+.3f} a turn (standard error {noise:.3f})")
    leaks = [name for name, (per_turn, noise) in found.items() if per_turn > max(3 * noise, _ALLOWED[name])]
    print(f"Grows: {', '.join(leaks)}" if leaks else "Nothing grows.")
    return 1 if leaks else 0


_ALLOWED = {"resident_mb": 0.1, "objects": 40.0, "threads": 0.02, "handles": 0.02}
"""A turn. An export adds a row of some twenty objects to its list, and each judgement a step to the undo history."""


def slopes(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """By quantity, how much it grows a turn, and the standard error of that."""
    late = samples[len(samples) // 2 :]
    turns = np.arange(len(late), dtype=float)
    found = {}
    for name in _ALLOWED:
        values = np.array([float(getattr(each, name)) for each in late])
        slope, offset = np.polyfit(turns, values, 1)
        residuals = values - (slope * turns + offset)
        spread = np.sqrt((residuals**2).sum() / max(len(late) - 2, 1) / ((turns - turns.mean()) ** 2).sum())
        found[name] = float(slope), float(spread)
    return found


def _live_in(folder: Path) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "VADGUI_CACHE"):
        os.environ[name] = str(folder / name.lower())


def _review(folder: Path, seconds: float) -> list[Sample]:
    import qasync
    from PySide6.QtWidgets import QApplication

    import resources
    from engine.common.paths import analyses_folder
    from tests.clips import make_clip
    from vadgui.errors import ErrorReporter
    from vadgui.program import Program
    from vadgui.settings import Settings

    app = QApplication.instance() or QApplication([])
    videos = [Path(shutil.copy(resources.demo_video(), folder / "plaza.mp4")), make_clip(folder / "gate.mp4", 200)]
    reporter = ErrorReporter()
    errors: list[str] = []
    reporter.reported.connect(lambda text: errors.append(f"{text.headline} {text.text}"))
    with qasync.QEventLoop(app) as loop:
        program = Program(Settings.temporary(), reporter, analyses=analyses_folder())
        program.window.resize(1280, 720)
        program.window.show()
        try:
            return loop.run_until_complete(_turns(program, videos, folder, seconds, errors))
        finally:
            program.close()
            reporter.close()


async def _turns(program, videos: list[Path], folder: Path, seconds: float, errors: list[str]) -> list[Sample]:  # type: ignore[no-untyped-def]
    chance, process, samples = random.Random(1), psutil.Process(), []
    began = time.monotonic()
    while time.monotonic() - began < seconds or len(samples) < 6:
        turn = len(samples)
        await asyncio.wait_for(_turn(program, videos[turn % 2], folder, chance), _TURN_SECONDS)
        if errors:
            raise RuntimeError(f"turn {turn + 1}: {errors[0]}")
        if turn % 10 == 9:
            shutil.rmtree(os.environ["VADGUI_CACHE"], ignore_errors=True)  # the next turns analyse anew
        gc.collect()
        samples.append(
            Sample(
                time.monotonic() - began,
                process.memory_info().rss / 1e6,
                len(gc.get_objects()),
                process.num_threads(),
                process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
            )
        )
        print(f"turn {turn + 1}: {samples[-1]}", flush=True)
    return samples


async def _turn(program, video: Path, folder: Path, chance: random.Random) -> None:  # type: ignore[no-untyped-def]
    import resources
    from vadgui.model.engine_state import AnalysisPhase

    session, reviewing = program.session, program.window.reviewing
    program.begin(video, resources.detector_path("plaza"))
    await _until(lambda: session.video is not None and session.video.path == video)
    await _until(lambda: session.detector is not None and session.analysis.phase is AnalysisPhase.DONE)
    program.player.toggle()
    await asyncio.sleep(1.0)
    program.player.pause()
    for _ in range(5):
        session.seek(chance.randrange(session.frame_count))
        await asyncio.sleep(0.05)
    await _until(session.view_is_settled)
    usual = session.scoring.rule.enter
    for enter in (usual * 0.5, usual * 0.8, usual):
        session.review.set_threshold(enter)
        await asyncio.sleep(0.05)
    for act in (reviewing.confirm, lambda: reviewing.dismiss("weather"), reviewing.bookmark, session.review.undo):
        session.navigation.select_next()
        act()
        await asyncio.sleep(0.05)
    await _export(program, folder)
    program.window.close_video_requested.emit()
    await _until(lambda: session.video is None)
    await asyncio.sleep(_SETTLE_SECONDS)


async def _export(program, folder: Path) -> None:  # type: ignore[no-untyped-def]
    from engine.export.clip import ExportOptions
    from engine.export.clip_names import DEFAULT_TEMPLATE
    from engine.hand_over.jobs import ClipsJob, Subject
    from vadgui.jobs.export_queue import ExportPhase
    from vadgui.model.snapshot import ReviewSnapshot

    ended: list[ExportPhase] = []

    def note(state: object) -> None:
        phase = getattr(state, "phase", None)
        if phase not in (ExportPhase.WAITING, ExportPhase.RUNNING):
            ended.append(phase)  # type: ignore[arg-type]

    program.exports.changed.connect(note)
    snapshot = ReviewSnapshot.of(program.session)
    assert snapshot is not None
    options = ExportOptions(panels=("frame",), score_strip=True)
    clips = folder / "clips"
    subject = Subject(snapshot.recording)
    program.exports.add(ClipsJob(subject, snapshot.recording.segments[:1], clips, DEFAULT_TEMPLATE, options))
    await _until(lambda: bool(ended))
    program.exports.changed.disconnect(note)
    assert ended == [ExportPhase.DONE]
    shutil.rmtree(clips)


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    raise SystemExit(main())
