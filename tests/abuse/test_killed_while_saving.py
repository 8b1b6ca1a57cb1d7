"""A window that is killed while it saves a review: the file always opens, at most two seconds of work are lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.review.files import read_review, usual_path
from engine.review.store import look_up

KILLS = int(os.environ.get("VADGUI_KILLS", "6"))
"""The whole of it is 200."""
MOST_SECONDS_LOST = 2.0


@pytest.mark.slow
@pytest.mark.timeout(60 + 8 * KILLS)
def test_a_review_survives_kills_at_random_moments(tmp_path: Path) -> None:
    video = tmp_path / "street.mp4"
    chance = random.Random(5)
    kept = 0
    for kill in range(KILLS):
        edits, killed_at = _edit_and_kill(video, seed=kill, seconds=chance.uniform(0.0, 2.2))
        if not usual_path(video).exists():
            assert not edits or killed_at - edits[0][1] < MOST_SECONDS_LOST
            continue
        opened = read_review(usual_path(video))
        assert opened.notice == "", "the file itself opens, not a backup"
        note = opened.review.recordings[0].segments[0].note
        assert int(note) >= kept, "what was on disk stays"
        kept = int(note)
        lost = [at for number, at in edits if number > kept]
        assert not lost or killed_at - lost[0] < MOST_SECONDS_LOST
    found = look_up(video, "synthetic")
    assert found.opened is not None
    assert kept > 0
    assert len(list(tmp_path.iterdir())) <= 6 + KILLS, "file, backups, lock, holder, and at most one leftover a kill"


def _edit_and_kill(video: Path, seed: int, seconds: float) -> tuple[list[tuple[int, float]], float]:
    """Let a process edit for some seconds from its first edit on; its edits with their times, and when it died."""
    command = [sys.executable, "-m", "tests.abuse.reviewer", str(video), str(seed)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        time.sleep(seconds)
        process.kill()
        killed_at = time.time()
        lines += process.stdout.read().splitlines()
    assert not any("refused" in line for line in lines), lines
    whole = [line.split() for line in lines if len(line.split()) == 2]
    return [(int(number), float(at)) for number, at in whole], killed_at
