"""Counting false alarms against what is promised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.calibrating.held_out_signals import HeldOutSignals
from engine.scoring.evidence import EVIDENCE
from engine.scoring.signals import missing_signals
from tests.research.promise.__main__ import count_alarms

pytestmark = pytest.mark.research

FRAMES, FPS = 1200, 10


def normal_videos() -> list[HeldOutSignals]:
    random = np.random.default_rng(5)
    videos = []
    for number in range(4):
        signals = missing_signals(FRAMES)
        for name in EVIDENCE:
            signals[name][1:] = random.normal(3, 1, FRAMES - 1)
        videos.append(HeldOutSignals(Path(f"{number}.mp4"), np.arange(FRAMES) / FPS, signals))
    return videos


def test_normal_life_stays_within_the_range() -> None:
    for per_hour in (2, 60):
        found = count_alarms(normal_videos(), per_hour)
        assert found.least <= found.counted <= found.most


def test_what_no_other_half_has_shown_is_counted_once_an_alarm() -> None:
    videos = normal_videos()
    for start in (100, 600):
        videos[2].signals[EVIDENCE[0]][start : start + 30] += 30
    assert count_alarms(videos, 2).counted == count_alarms(normal_videos(), 2).counted + 2
