from __future__ import annotations

import numpy as np
import pytest

from engine.export.drawing import BACKGROUND
from engine.export.header import Header, Title
from engine.export.layout import HEADER_PX
from engine.video.frame import Pixels

WIDEST = "2026-12-28 20:48:28 CEST    Frame 88888888    88:48:28.888"
POSITION = "2026-03-01 10:15:02 CET    Frame 1234    00:00:49.360"
WIDTHS_PX = [1888, 1248, 828, 640, 360]


def drawn(width_px: int, title: Title, *positions: str, widest: str = WIDEST) -> Pixels:
    picture = np.full((HEADER_PX, width_px, 3), BACKGROUND, np.uint8)
    header = Header(picture, title, widest)
    for position in positions:
        header.draw(position)
    return picture


@pytest.mark.parametrize("width_px", WIDTHS_PX)
@pytest.mark.parametrize("others", ["11-15-00_main", "10-45-00_main", "10-15-00_side"])
def test_recordings_of_one_camera_are_told_apart(width_px: int, others: str) -> None:
    one, other = (
        Title(f"north-gate_2026-03-01_{of}.mp4", "working copy", "confirmed") for of in ("10-15-00_main", others)
    )
    assert (drawn(width_px, one, POSITION) != drawn(width_px, other, POSITION)).any()


@pytest.mark.parametrize("width_px", WIDTHS_PX)
@pytest.mark.parametrize("name", ["01.mp4", "north-gate_2026-03-01_10-15-00_main.mp4", "視" * 83 + ".mp4"])
def test_title_and_position_do_not_touch(width_px: int, name: str) -> None:
    title = Title(name, "Arbeitskopie", "bestätigt")
    empty = drawn(width_px, Title())
    title_ink = (drawn(width_px, title) != empty).any(axis=2)
    position_ink = (drawn(width_px, title, POSITION) != drawn(width_px, title)).any(axis=2)
    assert title_ink.any()
    assert position_ink.any()
    assert not title_ink[:, -1].any(), "it is not cut off"
    rows, columns = np.nonzero(position_ink)
    assert not title_ink[rows.min() :, columns.min() :].any()


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_nothing_of_an_earlier_position_remains(width_px: int) -> None:
    title = Title("north-gate_2026-03-01_10-15-00_main.mp4", "working copy", "confirmed")
    assert (drawn(width_px, title, WIDEST, POSITION) == drawn(width_px, title, POSITION)).all()


def test_the_longest_position_fits_a_narrow_picture() -> None:
    ink = (drawn(300, Title("gate.mp4"), WIDEST) != drawn(300, Title("gate.mp4"))).any(axis=(0, 2))
    assert not ink[:2].any()


def test_without_texts_there_is_nothing() -> None:
    assert (drawn(828, Title(), "", widest="") == BACKGROUND).all()
