from pathlib import Path

import numpy as np
import pytest

from engine.datasets.dataset import LabelledVideo


@pytest.mark.parametrize(
    ("labels", "events"),
    [("0110010", [(1, 3), (5, 6)]), ("1101", [(0, 2), (3, 4)]), ("000", []), ("1", [(0, 1)]), ("", [])],
)
def test_events_are_the_runs_of_abnormal_frames(labels: str, events: list[tuple[int, int]]) -> None:
    abnormal = np.array([label == "1" for label in labels], np.bool_)
    assert LabelledVideo("01", Path("01.avi"), abnormal).events == events
