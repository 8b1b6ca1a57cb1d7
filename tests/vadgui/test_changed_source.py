"""The file of the open recording changes: the window says so, and opens it again when asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.video.opening import open_video
from tests.clips import make_clip
from tests.vadgui.conftest import StartProgram
from vadgui.jobs import engine_worker
from vadgui.jobs.source_guard import SourceChange, SourceGuard
from vadgui.program import Program


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[SourceChange | None]:
    """What each look at the file told; one follows another at once."""
    told: list[SourceChange | None] = []
    look = SourceGuard.look

    def noted(guard: SourceGuard) -> SourceChange | None:
        told.append(look(guard))
        return told[-1]

    monkeypatch.setattr(SourceGuard, "look", noted)
    monkeypatch.setattr(engine_worker, "_LOOK_MS", 50)
    return told


@pytest.fixture
def program(start_program: StartProgram, looks: list[SourceChange | None], tmp_path: Path, qtbot: QtBot) -> Program:
    del looks
    program = start_program()
    make_clip(tmp_path / "gate.mp4", 60)
    program.open_video(tmp_path / "gate.mp4")
    qtbot.waitUntil(lambda: program.session.frame_count == 60)
    return program


@pytest.mark.parametrize("in_place", [True, False])
def test_another_recording_under_the_same_name_is_told_and_opened_again(
    program: Program, qtbot: QtBot, tmp_path: Path, in_place: bool
) -> None:
    make_clip(tmp_path / "other.mp4", 80, size=(64, 96))
    if in_place:
        (tmp_path / "gate.mp4").write_bytes((tmp_path / "other.mp4").read_bytes())
    else:
        (tmp_path / "other.mp4").replace(tmp_path / "gate.mp4")
    banner, review = program.window.source_banner, program.session.review
    qtbot.waitUntil(banner.isVisible)
    assert "gate.mp4 is another file now" in banner.text()
    assert not review.edit(lambda editor: editor.draw(5, 10)), "nothing is decided about pictures that may be others"
    qtbot.mouseClick(banner.open_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.session.frame_count == 80)
    assert not banner.isVisible()
    assert not review.read_only
    assert review.edit(lambda editor: editor.draw(5, 10))


def test_a_recording_that_grows_can_be_reviewed(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    with (tmp_path / "gate.mp4").open("ab") as file:
        file.write(bytes(10_000))
    banner = program.window.source_banner
    qtbot.waitUntil(banner.isVisible)
    assert "has grown" in banner.text()
    assert not program.session.review.read_only


def test_a_file_that_was_only_touched_is_no_other(
    program: Program, looks: list[SourceChange | None], qtbot: QtBot, tmp_path: Path
) -> None:
    os.utime(tmp_path / "gate.mp4")
    before = len(looks)
    qtbot.waitUntil(lambda: len(looks) > before + 2)
    assert set(looks) == {None}
    assert not program.window.source_banner.isVisible()


@pytest.mark.parametrize("renamed", [True, False])
def test_a_file_that_is_gone_is_told_and_can_be_reviewed_and_comes_back(
    program: Program, qtbot: QtBot, tmp_path: Path, renamed: bool
) -> None:
    path, elsewhere = tmp_path / "gate.mp4", tmp_path / "elsewhere"
    content = path.read_bytes()
    elsewhere.mkdir()
    if renamed:
        path.rename(elsewhere / "yard.mp4")
    else:
        path.unlink()
    banner, review = program.window.source_banner, program.session.review
    qtbot.waitUntil(banner.isVisible)
    assert "gate.mp4 is not where it was" in banner.text()
    assert not banner.open_button.isVisible()
    assert not review.read_only
    assert review.edit(lambda editor: editor.draw(5, 10)), "what was seen can be judged"
    path.write_bytes(content)
    qtbot.waitUntil(lambda: not banner.isVisible())
    path.write_bytes(content[:-100])
    qtbot.waitUntil(banner.isVisible)
    assert "is another file now" in banner.text()
    assert banner.open_button.isVisible()


def test_a_file_that_is_replaced_through_a_moment_without_it_is_not_told_as_gone(tmp_path: Path) -> None:
    path = tmp_path / "gate.mp4"
    make_clip(path, 20)
    with open_video(path) as source:
        guard = SourceGuard(source)
        path.rename(tmp_path / "away.mp4")
        assert guard.look() is None
        (tmp_path / "away.mp4").rename(path)
        assert [guard.look() for _ in range(3)] == [None] * 3
