"""Segments against a slow reference that walks from frame to frame, and the rules one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring.segments import Segment, SegmentRule, find_segments

NAN = float("nan")
BARE = SegmentRule(enter=0.5, leave=0.4, min_length_seconds=0, merge_gap_seconds=0, padding_seconds=0)


def at(fps: float, *scores: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array(scores, np.float32), np.arange(len(scores)) / fps


def spans(segments: list[Segment]) -> list[tuple[int, int]]:
    return [(segment.start, segment.stop) for segment in segments]


def reference_ends(times_ms: list[int]) -> tuple[list[int], set[int]]:
    """When frames leave the screen, and which of them come after a gap."""
    steps = [after - before for before, after in itertools.pairwise(times_ms)]
    ends, gaps = [], set()
    for n, step in enumerate(steps):
        near = sorted([*steps[max(n - 15, 0) : n], *steps[n + 1 : n + 16]])
        usual = near[3 * (len(near) - 1) // 4] if near else step
        is_long = step > 5 * usual
        ends.append(times_ms[n] + (usual if is_long else step))
        if is_long and step - usual >= 1000:
            gaps.add(n + 1)
    if times_ms:
        last = sorted(steps[-15:])
        usual = last[3 * (len(last) - 1) // 4] if last else 0
        ends.append(times_ms[-1] + (min(steps[-1], usual) if last and steps[-1] > 5 * usual else [0, *steps][-1]))
    return ends, gaps


def reference(scores: list[float], times_ms: list[int], rule: SegmentRule) -> list[tuple[int, int]]:
    """The rules word by word, in whole milliseconds."""
    count = len(scores)
    ends, gaps = reference_ends(times_ms)
    min_length, gap, padding = (
        round(1000 * s) for s in (rule.min_length_seconds, rule.merge_gap_seconds, rule.padding_seconds)
    )
    runs: list[list[int]] = []
    for n in range(count):
        if scores[n] >= rule.leave:
            if n and scores[n - 1] >= rule.leave and n not in gaps:
                runs[-1].append(n)
            else:
                runs.append([n])
    runs = [run for run in runs if any(scores[n] >= rule.enter for n in run)]
    runs = [run for run in runs if ends[run[-1]] - times_ms[run[0]] >= min_length]
    merged: list[list[int]] = []
    for run in runs:
        if merged and times_ms[run[0]] - ends[merged[-1][-1]] <= gap:
            between = range(merged[-1][-1] + 1, run[0])
            if not any(scores[n] != scores[n] for n in between) and not gaps & {*between, run[0]}:
                merged[-1] += [*between, *run]
                continue
        merged.append(list(run))
    flagged = set()
    for run in merged:
        earliest, latest = times_ms[run[0]] - padding, ends[run[-1]] + padding
        flagged.update(run)
        for step in (-1, 1):
            n = run[0] if step < 0 else run[-1]
            while 0 <= n < count and scores[n] == scores[n] and earliest <= times_ms[n] < latest:
                flagged.add(n)
                if (n + (step > 0)) in gaps:
                    break
                n += step
    starts = [n for n in sorted(flagged) if n - 1 not in flagged or n in gaps]
    stops = [n + 1 for n in sorted(flagged) if n + 1 not in flagged or n + 1 in gaps]
    return list(zip(starts, stops, strict=True))


tenths = st.integers(0, 10).map(lambda n: n / 10)
steps_ms = st.sampled_from([40, 40, 40, 40, 40, 40, 400, 1300, 60_000])
rules = st.builds(
    lambda low, high, *durations: SegmentRule(max(low, high), min(low, high), *(d / 1000 for d in durations)),
    tenths,
    tenths,
    st.integers(0, 300),
    st.integers(0, 400),
    st.integers(0, 300),
)


@pytest.mark.slow
@given(
    frames=st.lists(
        st.tuples(st.one_of(tenths, tenths, tenths, st.just(NAN)), st.integers(1, 120) | steps_ms), max_size=60
    ),
    rule=rules,
)
@settings(max_examples=500)
def test_the_reference_finds_the_same_at_variable_rate(frames: list[tuple[float, int]], rule: SegmentRule) -> None:
    scores = [score for score, _ in frames]
    times_ms = np.cumsum([0, *(step for _, step in frames)])[:-1].tolist()
    segments = find_segments(np.array(scores), np.array(times_ms) / 1000, rule)
    assert spans(segments) == reference(scores, times_ms, rule)
    for segment in segments:
        inside = scores[segment.start : segment.stop]
        assert segment.peak_score == max(inside) >= rule.enter
        assert segment.peak_frame == segment.start + inside.index(max(inside))


def test_a_segment_enters_high_and_leaves_low() -> None:
    scores, seconds = at(10, 0.3, 0.45, 0.6, 0.45, 0.3, 0.45, 0.3, 0.5, 0.1)
    assert find_segments(scores, seconds, BARE) == [
        Segment(1, 4, peak_frame=2, peak_score=float(np.float32(0.6))),
        Segment(7, 8, peak_frame=7, peak_score=0.5),
    ]


def test_five_frames_of_40_ms_last_200_ms() -> None:
    scores, seconds = at(25, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0)
    rule = SegmentRule(min_length_seconds=0.2, merge_gap_seconds=0, padding_seconds=0)
    for start in (0.0, 1234.56, 86_400.0):
        assert spans(find_segments(scores, seconds + start, rule)) == [(1, 6)]


def test_the_same_rule_means_the_same_time_at_any_rate() -> None:
    for fps in (5, 30):
        scores = np.zeros(10 * fps)
        scores[2 * fps : 3 * fps] = 1
        (segment,) = find_segments(scores, np.arange(len(scores)) / fps, SegmentRule(padding_seconds=0.4))
        assert (segment.start / fps, segment.stop / fps) == pytest.approx((1.6, 3.4), abs=1 / fps)


def test_scattered_spikes_do_not_add_up() -> None:
    scores, seconds = at(25, *[1, 0, 0, 0, 0] * 20)
    assert find_segments(scores, seconds, SegmentRule(min_length_seconds=0.1, merge_gap_seconds=1)) == []


def test_near_runs_become_one_whose_peak_is_the_highest_of_both() -> None:
    scores, seconds = at(10, 0.6, 0.6, 0, 0, 0, 0.9, 0.7, 0)
    rule = SegmentRule(0.5, 0.4, min_length_seconds=0, merge_gap_seconds=0.3, padding_seconds=0)
    assert find_segments(scores, seconds, rule) == [Segment(0, 7, 5, float(np.float32(0.9)))]


def test_frames_without_a_score_end_merging_and_padding() -> None:
    scores, seconds = at(10, NAN, 0, 1, 1, NAN, 1, 1, 0, 0, 0)
    rule = SegmentRule(min_length_seconds=0, merge_gap_seconds=5, padding_seconds=0.2)
    assert spans(find_segments(scores, seconds, rule)) == [(1, 4), (5, 9)]


def test_padded_segments_that_touch_become_one() -> None:
    scores, seconds = at(10, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0)
    rule = SegmentRule(min_length_seconds=0, merge_gap_seconds=0, padding_seconds=0.1)
    assert spans(find_segments(scores, seconds, rule)) == [(0, 6), (7, 10)]


@pytest.mark.parametrize("gap_seconds", [3600.0, 24 * 365.25 * 86400.0])
def test_segments_end_at_a_gap(gap_seconds: float) -> None:
    scores, seconds = at(10, *[0.0] * 20, *[1.0] * 20, *[0.0] * 20)
    seconds[30:] += gap_seconds
    rule = SegmentRule(merge_gap_seconds=2 * gap_seconds, padding_seconds=2 * gap_seconds)
    assert spans(find_segments(scores, seconds, rule)) == [(0, 30), (30, 60)]


def test_a_single_frame_before_a_gap_is_too_short() -> None:
    scores, seconds = at(10, *[0.0] * 19, 1.0, *[0.0] * 20)
    seconds[20:] += 3600
    assert find_segments(scores, seconds, SegmentRule(min_length_seconds=0.2)) == []
    assert len(find_segments(scores, seconds, SegmentRule(min_length_seconds=0.1))) == 1


def test_nothing_is_found_in_nothing() -> None:
    assert find_segments(np.empty(0), np.empty(0), BARE) == []
    assert find_segments(np.full(5, NAN), np.arange(5.0), BARE) == []
    assert find_segments(np.zeros(5), np.arange(5.0), BARE) == []


def test_a_video_of_one_frame_can_be_a_segment() -> None:
    assert find_segments(np.ones(1), np.zeros(1), BARE) == [Segment(0, 1, 0, 1.0)]


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="3 scores at 2 times"):
        find_segments(np.ones(3), np.arange(2.0), BARE)


def test_a_rule_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="leave"):
        SegmentRule(enter=0.3, leave=0.4)
    with pytest.raises(ValueError, match="finite"):
        SegmentRule(enter=float("nan"))
    with pytest.raises(ValueError, match="finite"):
        SegmentRule(padding_seconds=float("inf"))
    with pytest.raises(ValueError, match="negative"):
        SegmentRule(padding_seconds=-1)


def test_a_million_frames_have_hundreds() -> None:
    """What that takes is measured by `make bench BENCH=scoring`."""
    scores = np.repeat(np.random.default_rng(0).random(10_000).astype(np.float32), 100)
    segments = find_segments(scores, np.arange(len(scores)) / 25, SegmentRule(enter=0.9, leave=0.8))
    assert len(segments) > 500
