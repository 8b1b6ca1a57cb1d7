from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from vadgui.timeline.pyramid import MinMaxPyramid, Stretches
from vadgui.timeline.trace import ColumnFrames, draw_trace, draw_traces, sample_columns
from vadgui.ui import theme


def scores_with_gaps(count: int, seed: int) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(seed)
    scores = noise.random(count, dtype=np.float32)
    start = int(noise.integers(0, count))
    scores[start : start + count // 3] = np.nan
    return scores


@settings(max_examples=60)
@given(st.integers(1, 5000), st.integers(1, 40), st.integers(0, 1000))
def test_extremes_cover_each_stretch_and_a_margin_of_up_to_a_quarter(count: int, stretches: int, seed: int) -> None:
    scores = scores_with_gaps(count, seed)
    edges = np.linspace(0, count, min(stretches, count) + 1).astype(np.intp)
    starts, stops = edges[:-1], edges[1:]
    low, high = MinMaxPyramid(scores).extremes(Stretches(starts, stops))
    margin = int(np.median(stops - starts)) // 4
    for start, stop, lowest, highest in zip(starts, stops, low, high, strict=True):
        exact = scores[start:stop][~np.isnan(scores[start:stop])]
        wider = scores[max(start - margin, 0) : stop + margin]
        if len(exact):
            assert lowest <= exact.min()
            assert highest >= exact.max()
        assert np.isnan(lowest) or lowest in wider
        assert np.isnan(highest) or highest in wider


def test_columns_of_few_frames_show_exactly_the_frame_on_screen() -> None:
    times = np.array([0.0, 1.0, 1.5, 4.0])
    scores = np.array([0.1, 0.2, np.nan, 0.4], np.float32)
    columns = sample_columns([MinMaxPyramid(scores)], ColumnFrames.of(times, 5.0, -1.0, 6.0, width=14))
    nothing = float("nan")
    expected = [nothing] * 2 + [0.1] * 2 + [0.2] + [nothing] * 5 + [0.4] * 2 + [nothing] * 2
    np.testing.assert_allclose(columns.high[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(columns.low, columns.high)
    np.testing.assert_array_equal(np.flatnonzero(columns.pending[0]), [5, 6, 7, 8, 9])


def test_one_high_frame_among_a_million_is_seen() -> None:
    scores = np.zeros(1_000_000, np.float32)
    scores[654_321] = 1.0
    times = np.arange(len(scores)) / 25
    columns = sample_columns(
        [MinMaxPyramid(scores)], ColumnFrames.of(times, len(scores) / 25, 0.0, len(scores) / 25, width=1000)
    )
    seen = np.flatnonzero(columns.high[0] == 1.0)
    assert 654 in seen
    assert np.all(np.abs(seen - 654) <= 1)


def test_curve_is_drawn_at_its_score_and_marked_above_the_threshold() -> None:
    times = np.arange(4) * 1.0
    scores = np.array([0.0, 0.25, 0.75, np.nan], np.float32)
    columns = sample_columns([MinMaxPyramid(scores)], ColumnFrames.of(times, 4.0, 0.0, 4.0, width=40))
    image = draw_trace(columns, 101, 1.0, 0.5, theme.LIGHT)
    colours = theme.LIGHT
    curve_rows = [y for y in range(101) if image.pixelColor(15, y) == QColor(colours.accent)]
    assert abs(np.mean(curve_rows) - 75) <= 1.5
    flagged_rows = [y for y in range(101) if image.pixelColor(25, y) == QColor(colours.alert)]
    assert abs(np.mean(flagged_rows) - 25) <= 1.5
    assert {image.pixelColor(35, y).name() for y in range(101)} == {colours.pending, colours.border}
    # The jump from 0.25 to 0.75 is a line, and the part of it above the threshold is marked.
    jump = {image.pixelColor(20, y).name() for y in range(30, 75)}
    assert jump == {colours.accent, colours.alert}


def test_a_curve_without_a_threshold_has_no_flagged_part() -> None:
    times = np.arange(40) * 1.0
    scores = np.linspace(0.0, 1.0, 40, dtype=np.float32)
    columns = sample_columns([MinMaxPyramid(scores)], ColumnFrames.of(times, 40.0, 0.0, 40.0, width=40))
    for threshold in (np.inf, 1.5):
        image = draw_trace(columns, 101, 1.0, threshold, theme.LIGHT)
        colours = {image.pixelColor(x, y).name() for x in range(40) for y in range(101)}
        assert QColor(theme.LIGHT.accent).name() in colours
        assert QColor(theme.LIGHT.alert).name() not in colours


def test_curves_drawn_at_once_look_as_each_does_alone() -> None:
    times = np.arange(400) / 25
    series = [MinMaxPyramid(scores_with_gaps(400, seed)) for seed in range(3)]
    frames = ColumnFrames.of(times, 16.0, -1.0, 17.0, width=90)
    tops, thresholds = np.array([1.0, 0.8, 2.0]), np.array([0.5, np.inf, 0.2])
    together = draw_traces(sample_columns(series, frames), 31, tops, thresholds, theme.DARK)
    for row, one in enumerate(series):
        alone = draw_trace(sample_columns([one], frames), 31, tops[row], thresholds[row], theme.DARK)
        assert together.copy(0, 31 * row, 90, 31) == alone
