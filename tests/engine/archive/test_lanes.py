"""Lanes of a day: which segments are seen from afar, and which one is meant by a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from engine.archive.lanes import Lane
from engine.archive.searching import Hit
from engine.review.document import Verdict

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)


def lane(*segments: tuple[float, float, float | None]) -> Lane:
    """Segments by begin and length in seconds from noon, and score."""
    hits = [
        Hit(
            path=Path("/f/1.mp4"), camera="north", number=number, start=0, stop=9, start_seconds=begins,
            stop_seconds=begins + length, start_time=NOON + timedelta(seconds=begins), peak_seconds=begins,
            peak_score=score, reason="", box=None, verdict=Verdict.UNREVIEWED, verdict_reason="", note="", reviewer="",
            detector_name="", score="", threshold=None, fingerprint="", detector_fingerprint="", recording_id=1,
        )
        for number, (begins, length, score) in enumerate(segments, 1)
    ]  # fmt: skip
    return Lane("north", [], hits)


def seen(lane: Lane, start: float, stop: float, apart: float) -> list[int]:
    moments = (NOON + timedelta(seconds=each) for each in (start, stop))
    return [lane.hits[number].number for number in lane.prominent(*moments, apart).tolist()]


def at(lane: Lane, seconds: float, within: float) -> int | None:
    hit = lane.hit_at(NOON + timedelta(seconds=seconds), within)
    return hit.number if hit else None


def test_of_segments_close_together_the_highest_is_seen_and_the_highest_is_last() -> None:
    made = lane((0, 1, 5.0), (1, 1, 9.0), (2, 1, 7.0), (100, 1, 8.0), (300, 1, None))
    assert seen(made, 0, 600, 10) == [5, 4, 2]
    assert seen(made, 0, 600, 0.5) == [5, 1, 3, 4, 2]


def test_of_many_segments_those_are_seen_that_are_the_highest_of_their_stretch() -> None:
    random = np.random.default_rng(0)
    begins = np.sort(random.integers(0, 5000, 400)).tolist()
    scores = random.integers(0, 20, 400).tolist()
    made = lane(*((begin, 1, float(score)) for begin, score in zip(begins, scores, strict=True)))
    highest: dict[int, tuple[int, int]] = {}
    for number, (begin, score) in enumerate(zip(begins, scores, strict=True), 1):
        stretch = int(NOON.timestamp() + begin) // 30
        highest[stretch] = max(highest.get(stretch, (-1, 0)), (score, -number))
    assert seen(made, 0, 6000, 30) == [-number for _, number in sorted(highest.values())]
    assert seen(made, 9000, 9100, 30) == []


def test_segments_outside_of_what_is_shown_are_left_out_but_those_that_reach_into_it() -> None:
    made = lane((0, 1, 5.0), (5000, 300, 9.0), (6000, 1, 7.0), (9000, 1, 8.0))
    assert seen(made, 5100, 7000, 1) == [3, 2]


def test_a_place_means_the_highest_segment_there() -> None:
    made = lane((0, 10, 5.0), (5, 10, 9.0), (100, 1, 7.0))
    assert at(made, 7, 0) == 2
    assert at(made, 2, 0) == 1
    assert at(made, 96, 5) == 3
    assert at(made, 50, 5) is None
    assert at(lane(), 0, 5) is None


def test_the_nearest_segment_is_that_which_begins_nearest() -> None:
    made = lane((0, 10, 5.0), (100, 10, 9.0))
    near = made.nearest(NOON + timedelta(seconds=60))
    assert near is not None
    assert near.number == 2
    assert lane().nearest(NOON) is None
