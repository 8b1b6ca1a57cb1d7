"""Make pictures of the documentation from the bundled demo, as the program shows it now.

`QT_QPA_PLATFORM=offscreen python packaging/pictures.py [review] [lanes] [recordings]`
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QPoint, Qt
from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import resources  # noqa: E402
from engine.common.language import SOURCE_LANGUAGE  # noqa: E402
from engine.video import open_video  # noqa: E402
from vadgui.errors import ErrorReporter  # noqa: E402
from vadgui.model.engine_state import AnalysisPhase  # noqa: E402
from vadgui.program import Program  # noqa: E402
from vadgui.settings import Settings  # noqa: E402
from vadgui.timeline.lanes import FLOW_ERROR, PSNR, WORST_PATCH  # noqa: E402
from vadgui.ui import theme  # noqa: E402
from vadgui.ui.language import install_language  # noqa: E402
from vadgui.window.review_splitter import ReviewSplitter  # noqa: E402

IMAGES = ROOT / "docs" / "images"
_LIMIT_MS = 1_800_000
_FPS = 25
_PARTS = {
    "plaza-east_2026-03-14_18-00-00.mp4": range(200, 1025),
    "plaza-east_2026-03-14_18-30-00.mp4": range(0, 825),
    "plaza-east_2026-03-14_19-00-00.mp4": range(825, 1650),
    "plaza-east_2026-03-14_20-00-00.mp4": range(400, 1225),
    "plaza-east_2026-03-14_20-30-00.mp4": range(600, 1425),
}
"""Recordings of one evening: stretches of the demo clip."""
_BROKEN = "plaza-east_2026-03-14_19-30-00.mp4"


def review(program: Program) -> None:
    """A segment under review, in the whole window."""
    program.window.resize(1440, 900)
    program.open_demo()
    _wait(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    program.session.navigation.select(max(program.session.scoring.segments, key=lambda each: each.peak_score))
    _save(program, "review")


def lanes(program: Program) -> None:
    """The lower part of the window, with lanes under the score."""
    review_is_open = program.session.video is not None
    if not review_is_open:
        review(program)
    window, series = program.window, program.window.timeline.lanes
    keys = [lane.key for lane in series.offered if lane.is_score]
    series.show([*keys, PSNR.key, WORST_PATCH.key, FLOW_ERROR.key])
    window.resize(1440, 1240)
    splitter = window.findChild(ReviewSplitter)
    assert splitter is not None
    splitter.grow_timeline(300)  # all lanes in sight
    _settle(program)
    area = window.timeline.rect().translated(window.timeline.mapTo(window, QPoint(0, 0)))
    window.grab(area).save(str(IMAGES / "lanes.png"))
    series.show(())


def recordings(program: Program, folder: Path) -> None:
    """Six recordings in the list, one of them broken, one partly reviewed."""
    for name, frames in _PARTS.items():
        _cut(folder / name, frames)
    (folder / _BROKEN).write_bytes(b"A recorder that lost its power leaves such files.")
    program.window.resize(1280, 800)
    program.begin(folder / next(iter(_PARTS)), resources.detector_path("plaza"), [folder])
    rows = program.recordings.model
    _wait(lambda: len(rows.recordings) == len(_PARTS) + 1)
    _wait(lambda: all(str(each.stage) in ("analysed", "failed") for each in rows.recordings))
    program.open_video(folder / "plaza-east_2026-03-14_18-30-00.mp4")
    _wait(lambda: program.session.video is not None and "18-30" in program.session.video.name)
    _wait(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    program.session.navigation.select_next()
    program.window.reviewing.confirm()
    _save(program, "recordings")


def _cut(target: Path, frames: range) -> None:
    """Write a stretch of the demo clip as a recording of its own."""
    source = open_video(resources.demo_video())
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(_FPS), options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = source.info.width_px, source.info.height_px, "yuv420p"
        for frame in source.frames(frames.start, frames.stop):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.pixels, format="rgb24")))
        container.mux(stream.encode(None))
    source.close()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = QDeadlineTimer(_LIMIT_MS)
    while not condition():
        if deadline.hasExpired():
            raise TimeoutError(condition)
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.01)  # QTest.qWait would keep Python's lock, and with it the engine's thread from working


def _settle(program: Program) -> None:
    session = program.session
    _wait(session.view_is_settled)
    _wait(lambda: all(session.thumbnails.get(each.peak_frame) is not None for each in session.scoring.segments))
    until = time.monotonic() + 1  # lanes and lists follow bit by bit
    _wait(lambda: time.monotonic() > until)


def _save(program: Program, name: str) -> None:
    _settle(program)
    program.window.timeline.plot.setFocus(Qt.FocusReason.OtherFocusReason)
    program.window.statusBar().clearMessage()
    program.window.grab().save(str(IMAGES / f"{name}.png"))


def main(names: list[str]) -> None:
    """Make the pictures of these names; all without any."""
    app = QApplication([])
    install_language(app, SOURCE_LANGUAGE)
    theme.install(app, theme.ThemeChoice.LIGHT)
    with tempfile.TemporaryDirectory() as folder:
        settings, reporter = Settings.temporary(), ErrorReporter()
        program = Program(settings, reporter, analyses=Path(folder) / "analyses")
        program.window.show()
        if not names or "review" in names:
            review(program)
        if not names or "lanes" in names:
            lanes(program)
        program.close()
        if not names or "recordings" in names:
            program = Program(
                settings,
                reporter,
                analyses=Path(folder) / "analyses",
                recordings_file=Path(folder) / "recordings.json",
            )
            program.window.show()
            videos = Path(folder) / "videos"
            videos.mkdir()
            recordings(program, videos)
            program.close()
        reporter.close()


if __name__ == "__main__":
    main(sys.argv[1:])
