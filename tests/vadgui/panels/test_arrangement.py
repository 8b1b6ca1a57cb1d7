from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSize

from vadgui.panels.arrangement import arrange

TITLE_PX = 20


@given(
    st.integers(320, 4000),
    st.integers(200, 2500),
    st.floats(0.5, 2.4),
    st.integers(1, 5),
    st.booleans(),
)
def test_panels_are_inside_the_area_without_overlap_in_the_videos_aspect(
    width: int, height: int, aspect: float, count: int, large_first: bool
) -> None:
    rects = arrange(QSize(width, height), aspect, TITLE_PX, count, large_first)
    assert len(rects) == count
    for rect in rects:
        assert QRect(0, 0, width, height).contains(rect)
        assert abs(rect.width() - (rect.height() - TITLE_PX) * aspect) <= 3 * max(aspect, 1)
    assert not any(one.intersects(other) for one, other in combinations(rects, 2))


def test_wide_area_has_the_frame_left_of_two_by_two_panels() -> None:
    large, *small = arrange(QSize(1600, 500), 16 / 9, TITLE_PX, 5, large_first=True)
    assert all(rect.left() > large.right() for rect in small)
    assert len({rect.left() for rect in small}) == 2
    assert len({rect.top() for rect in small}) == 2
    assert small[0].top() == large.top()
    assert small[-1].bottom() == large.bottom()
    assert large.width() > 1.5 * small[0].width()


def test_tall_area_has_the_frame_above_the_others() -> None:
    large, *small = arrange(QSize(600, 900), 16 / 9, TITLE_PX, 5, large_first=True)
    assert all(rect.top() > large.bottom() for rect in small)
    assert large.width() >= 1.5 * small[0].width()


def test_no_panels_need_no_rectangles() -> None:
    assert arrange(QSize(600, 900), 1.5, TITLE_PX, 0, large_first=True) == []
