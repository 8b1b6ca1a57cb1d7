"""The seconds to learn from and the seconds held out, as the wizard shows them and as training splits them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.footage_check import FootageReport, FootageSummary
from vadgui.training.model.footage_draft import FootageDraft

pytestmark = pytest.mark.usefixtures("qapp")


def draft(*seconds: float, held_out: tuple[int, ...] = ()) -> tuple[FootageDraft, list[Path]]:
    """A draft with checked recordings of these lengths; the check proposes to hold out those at indices `held_out`."""
    footage = FootageDraft()
    paths = [Path(f"{number}.mp4") for number in range(len(seconds))]
    footage.add_videos(paths)
    for path, length in zip(paths, seconds, strict=True):
        footage.add_check_result(FootageReport(path, round(25 * length), length, 25.0, 640, 360, str(path), ()))
    chosen = tuple(paths[index] for index in held_out)
    footage.add_check_result(FootageSummary(tuple(paths), 0, sum(seconds), 300.0, chosen, (), None))
    return footage, paths


def test_held_out_recordings_are_not_learnt_from() -> None:
    footage, paths = draft(100, 50, 30, held_out=(1,))
    assert footage.seconds() == (130, 50)
    footage.leave_out(paths[0], (10, 30))
    footage.leave_out(paths[1], (0, 5))
    assert footage.seconds() == (110, 45)
    footage.set_held_out(paths[2], True)
    assert footage.seconds() == (80, 75)


def test_where_nobody_holds_out_a_recording_training_chooses() -> None:
    footage, paths = draft(100, 50, 30, held_out=(1,))
    footage.set_held_out(paths[1], False)
    assert footage.held_out() == frozenset()
    assert footage.seconds() == (130, 50)


def test_the_end_of_a_single_recording_is_held_out() -> None:
    footage, paths = draft(200)
    assert footage.seconds() == (159, 40)  # one second between the two parts belongs to neither
    footage.leave_out(paths[0], (0, 100))
    assert footage.seconds() == (79, 20)
    assert draft(20)[0].seconds() == (20, 0)
