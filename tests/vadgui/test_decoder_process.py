"""A recording that a helper process decodes: seen as any other, and ended with it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from tests.clips import make_clip
from tests.vadgui.conftest import StartProgram

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def helpers() -> list[int]:
    """The ids of the helpers that this program has started and that run."""
    return [
        each.pid
        for each in psutil.Process().children()
        if each.status() != psutil.STATUS_ZOMBIE and "engine.video.helper.process" in each.cmdline()
    ]


def test_the_window_outlives_its_helper_and_ends_it(start_program: StartProgram, tmp_path: Path, qtbot: QtBot) -> None:
    video = make_clip(tmp_path / "gate.mkv", 60, codec="ffv1", b_frames=0)
    program = start_program()
    program.open_video(video)
    qtbot.waitUntil(lambda: program.session.frame_count == 60, timeout=60_000)
    program.session.seek(30)
    qtbot.waitUntil(program.session.view_is_settled, timeout=60_000)
    assert helpers()
    for each in helpers():
        os.kill(each, signal.SIGSEGV)
    program.session.seek(40)
    qtbot.waitUntil(program.session.view_is_settled, timeout=60_000)
    program.session.seek(41)  # the helper is started again
    qtbot.waitUntil(lambda: program.session.view is not None and program.session.view.index == 41, timeout=60_000)
    program.close()
    qtbot.waitUntil(lambda: not helpers(), timeout=60_000)
