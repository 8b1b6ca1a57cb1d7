"""The demo without a screen: it writes a screenshot and a clip, or prints why it could not."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
import qasync
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

import resources
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from vadgui.demo import run_demo
from vadgui.errors import ErrorReporter
from vadgui.program import Program

BURST = range(30, 40)


@pytest.fixture
def program(start_program: StartProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(resources, "demo_video", lambda: tmp_path / "plaza.mp4")
    monkeypatch.setattr(resources, "detector_path", lambda _: tmp_path / "still.safetensors")
    return start_program(FakeFiles(plaza=lambda path: MemoryVideo(path, 60, BURST, is_scene=True)))


def run(qapp: QApplication, program: Program, reporter: ErrorReporter, output: Path) -> int:
    with qasync.QEventLoop(qapp) as loop:
        return int(loop.run_until_complete(run_demo(program, reporter, output)))


def test_writes_a_screenshot_and_a_clip_and_prints_their_paths(
    qapp: QApplication, program: Program, reporter: ErrorReporter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(qapp, program, reporter, tmp_path / "out") == 0
    segment = program.session.scoring.selected
    assert segment is not None
    picture = tmp_path / "out" / "vadgui-demo.png"
    clip = tmp_path / "out" / f"plaza_frames-{segment.start}-{segment.stop - 1}.mp4"
    printed = capsys.readouterr().out
    assert str(picture) in printed
    assert str(clip) in printed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([picture.name, clip.name])
    image = QImage(str(picture))
    assert image.width() >= 1280
    shades = {image.pixel(x, y) for x in range(0, image.width(), 40) for y in range(0, image.height(), 40)}
    assert len(shades) > 5, "the screenshot must not be blank"
    with av.open(str(clip)) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(segment)


def test_fails_with_a_reason(
    qapp: QApplication,
    program: Program,
    reporter: ErrorReporter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(resources, "demo_video", lambda: tmp_path / "gone.mp4")
    assert run(qapp, program, reporter, tmp_path / "out") == 1
    assert "This file holds no video" in capsys.readouterr().err
