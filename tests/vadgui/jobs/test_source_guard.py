"""The look at the open recording's file."""

from __future__ import annotations

import pytest

from engine.common.remote_path import RemotePath
from tests.vadgui.fakes import MemoryVideo
from vadgui.jobs.source_guard import SourceGuard


def test_a_recording_elsewhere_is_not_asked_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RemotePath] = []
    monkeypatch.setattr(RemotePath, "stat", lambda self, **_: asked.append(self))
    guard = SourceGuard(MemoryVideo(RemotePath("https://archive.example/gate.mp4"), 30))
    asked.clear()
    assert guard.look() is None
    assert asked == []
