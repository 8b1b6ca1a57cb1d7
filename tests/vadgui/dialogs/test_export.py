"""What the export dialog says and chooses."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from vadgui.dialogs.export import ClipRange, ExportDialog


def clip_of(video: Path, *, has_sound: bool = False) -> ClipRange:
    return ClipRange(video, 3, 9, 0.12, 0.24, np.zeros(20), None, has_sound)


def test_sound_is_offered_where_there_is_some(tmp_path: Path, qtbot: QtBot) -> None:
    silent = ExportDialog(clip_of(Path("gate.mp4")), tmp_path)
    dialog = ExportDialog(clip_of(Path("gate.mp4"), has_sound=True), tmp_path)
    for each in (silent, dialog):
        qtbot.addWidget(each)
        each.show()
    assert not silent.sound_box.isVisible()
    assert dialog.sound_box.isVisible()
    assert dialog.options().sound
    QTest.mouseClick(dialog.sound_box, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.sound_box.height() // 2))
    assert not dialog.options().sound


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9.mp4"), "n" * 250 + ".mp4", "gate\n.mp4"])
def test_the_suggested_name_can_be_shown_and_is_no_longer_than_file_systems_allow(
    tmp_path: Path, qtbot: QtBot, name: str
) -> None:
    dialog = ExportDialog(clip_of(Path(name)), tmp_path)
    qtbot.addWidget(dialog)
    target = dialog.target()
    assert target.parent == tmp_path
    assert target.name.endswith("_frames-3-8.mp4")
    target.touch()
