"""Events seen in the first moments, ranked over all videos."""

from __future__ import annotations

import numpy as np

from engine.evaluation.events import ScoredVideo
from engine.evaluation.ranked import ranked_figures


def video(peaks: dict[int, float], *events: tuple[int, int], seconds: int = 100) -> ScoredVideo:
    """A video of ten frames a second with scores of 0 but at some seconds."""
    scores = np.zeros(10 * seconds)
    for second, score in peaks.items():
        scores[10 * second] = score
    return ScoredVideo("clip", scores, np.arange(10 * seconds) / 10, float(seconds), events)


def test_events_count_by_the_moments_of_all_videos_the_highest_first() -> None:
    calm = dict.fromkeys(range(5, 95, 10), 1.0)
    one = video({**calm, 35: 5.0, 65: 3.0}, (345, 360), (640, 660))
    other = video({**calm, 45: 4.0}, (140, 160), (445, 447))
    found = ranked_figures([one, other])
    # Of four events, three have the highest scores; the fourth is among the 15 that score 1.
    assert found.by_moments[5] == 3
    assert found.by_moments[20] == 4
    # A moment lasts two seconds, and there are 200: five of them are a twentieth.
    assert found.by_footage == {0.05: 3, 0.1: 3, 0.2: 4}


def test_a_moment_that_shows_two_events_counts_both() -> None:
    found = ranked_figures([video({50: 2.0}, (492, 495), (503, 505))])
    assert set(found.by_moments.values()) == {2}
    assert found.by_footage == {0.05: 2, 0.1: 2, 0.2: 2}


def test_a_moment_longer_than_the_share_is_not_watched() -> None:
    found = ranked_figures([video({10: 2.0}, (95, 105), seconds=30)])
    assert found.by_footage == {0.05: 0, 0.1: 1, 0.2: 1}


def test_scores_of_nothing_show_nothing() -> None:
    found = ranked_figures([video({}, (5, 6))])
    assert set(found.by_moments.values()) == {0}
