"""Stored analyses are kept within what the settings allow."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.scoring.signals import missing_signals
from vadgui.jobs.analysis_pruning import AnalysisPruning
from vadgui.settings import Settings


def stored(folder: Path, name: str, days: float) -> Path:
    key = AnalysisKey(name, "", "")
    with ScoreStore(folder, key) as store:
        store.append(np.arange(10), missing_signals(10))
    path = folder / key.file_name
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


def test_what_the_settings_do_not_allow_is_removed(qtbot: QtBot, settings: Settings, tmp_path: Path) -> None:
    old, new = stored(tmp_path, "old", 40), stored(tmp_path, "new", 20)
    pruning = AnalysisPruning(settings, tmp_path)
    try:
        pruning.prune()
        qtbot.wait(200)
        assert old.exists()
        settings.analyses_days = 30.0
        pruning.prune()
        qtbot.waitUntil(lambda: not old.exists())
        assert new.exists()
        settings.analyses_gib = 0.0
        pruning.prune()
        qtbot.waitUntil(lambda: not new.exists())
    finally:
        pruning.close()
