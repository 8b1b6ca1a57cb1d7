"""What the export dialog says and chooses."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from vadgui.dialogs.export import ClipRange, ExportDialog


def clip_of(video: Path, *, has_sound: bool = False) -> ClipRange:
    return ClipRange(video, 3, 9, 0.12, 0.24, np.zeros(20), None, has_sound)


@pytest.mark.parametrize("has_sound", [True, False])
def test_it_says_that_sound_is_not_kept_where_there_is_some(tmp_path: Path, qtbot: QtBot, has_sound: bool) -> None:
    dialog = ExportDialog(clip_of(Path("gate.mp4"), has_sound=has_sound), tmp_path)
    qtbot.addWidget(dialog)
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert ("has sound; the clip will have none" in said) is has_sound


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
