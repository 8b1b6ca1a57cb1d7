from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.common.language import in_language
from engine.export.drawing import (
    BLACK_DB,
    WHITE_DB,
    conspicuity,
    draw_mask,
    draw_outlines,
    draw_text,
    draw_zones,
    fit_text,
    flow_wheel,
    overlay_mask,
    psnr_mask,
    suspicion,
    text_width,
)
from engine.scoring.where import Outline
from engine.scoring.zones import Zone, ZoneKind
from engine.video.frame import Pixels

patch_values = arrays(np.float32, (4, 4), elements=st.floats(0, 80, width=32))


def ink(picture: Pixels) -> tuple[int, int, int, int]:
    """Box of all that is not black: left, top, right, bottom."""
    rows, columns = np.nonzero(picture.max(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def drawn(text: str, size_px: int = 20, **options: float) -> Pixels:
    picture = np.zeros((60, 600, 3), np.uint8)
    draw_text(picture, text, 200, 30, size_px, (255, 255, 255), **options)  # type: ignore[arg-type]
    return picture


@pytest.mark.parametrize("text", ["Überwachung", "Камера", "Κάμερα", "摄像机", "カメラ", "카메라", "الكاميرا"])
def test_the_font_has_letters_of_every_script(text: str) -> None:
    # Letters that the font lacks are drawn as identical question marks.
    assert not np.array_equal(drawn(text), drawn("?" * len(text)))
    letters = {drawn(letter).tobytes() for letter in text}
    assert len(letters) == len(set(text))
    assert drawn("?").tobytes() not in letters


def test_text_is_anti_aliased() -> None:
    assert len(np.unique(drawn("Sog"))) > 10


@pytest.mark.parametrize("text", ["Frame 123", "i", "WWW 00:00:12.345"])
@pytest.mark.parametrize("size_px", [12, 19, 30])
def test_text_width_matches_the_drawn_pixels(text: str, size_px: int) -> None:
    left, _, right, _ = ink(drawn(text, size_px))
    assert text_width(text, size_px) == pytest.approx(right - left, abs=0.2 * size_px)


def test_alignment() -> None:
    left, top, _, bottom = ink(drawn("HHH"))
    assert left == pytest.approx(200, abs=3)
    assert (top + bottom) / 2 == pytest.approx(30, abs=1)
    left, _, right, _ = ink(drawn("HHH", align=0.5))
    assert (left + right) / 2 == pytest.approx(200, abs=2)
    assert ink(drawn("HHH", align=1))[2] == pytest.approx(200, abs=3)


def test_all_digits_have_the_same_width() -> None:
    assert len({text_width(digit * 8, 19, bold=True) for digit in "0123456789"}) == 1


@pytest.mark.slow
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60), st.integers(20, 300))
def test_fitted_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    text = text.replace("…", "")
    fitted = fit_text(text, width, 16)
    assert text_width(fitted, 16) <= width
    if fitted != text:
        assert text_width(text, 16) > width
        begin, _, end = fitted.partition("…")
        assert text.startswith(begin)
        assert text.endswith(end)


@given(patch_values)
def test_mask_is_darker_where_prediction_was_worse(values: np.ndarray) -> None:
    # Sample a pixel beside the number and inside the outline of the worst patch.
    grey = psnr_mask(values)[8::64, 8::64, 0].astype(int)
    order = np.argsort(values, axis=None)
    assert (np.diff(grey.ravel()[order]) >= 0).all()
    assert (grey[values >= WHITE_DB] == 255).all()
    assert (grey[values <= BLACK_DB] == 0).all()


def test_mask_fills_pictures_of_any_size_without_gaps() -> None:
    values = np.linspace(21, 39, 16).reshape(4, 4)
    picture = np.full((101, 179, 3), 7, np.uint8)
    draw_mask(picture, values)
    expected = 255 * (1 - (40 - values) / 20)
    for row in range(4):
        for column in range(4):
            # The lower left corner of a patch is beside its number; in the worst patch, its outline is there.
            corner = picture[round(101 * (row + 1) / 4) - 1, round(179 * column / 4)]
            if (row, column) != (0, 0):
                assert corner == pytest.approx(expected[row, column], abs=1)


def test_mask_has_numbers_where_they_are_readable() -> None:
    values = np.full((4, 4), 60.0)
    large, small = np.zeros((256, 256, 3), np.uint8), np.zeros((40, 60, 3), np.uint8)
    draw_mask(large, values)
    draw_mask(small, values)
    assert large[192:, 192:].min() == 0
    assert (small[30:, 45:] == 255).all()


def test_the_masks_numbers_are_written_as_the_language_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("engine.export.drawing.draw_text", lambda _, text, *__, **___: written.append(text))
    with in_language("de"):
        psnr_mask(np.full((4, 4), 30.25))
    assert set(written) == {"30,2"}


def test_infinite_psnr_is_drawn() -> None:
    values = np.full((4, 4), np.inf)
    values[1, 1] = 10.0
    assert psnr_mask(values)[4, 4, 0] == 255
    assert psnr_mask(values)[72, 72, 0] == 0


@given(patch_values)
def test_suspicion_and_conspicuity_are_between_0_and_1(values: np.ndarray) -> None:
    for share in (suspicion(values), conspicuity(values)):
        assert ((share >= 0) & (share <= 1)).all()
        worst, best = values.argmin(), values.argmax()
        assert share.flat[worst] == share.max()
        assert share.flat[best] == share.min()


def test_overlay_marks_only_what_stands_out() -> None:
    frame = np.full((200, 320, 3), 120, np.uint8)
    values = np.full((4, 4), 32.0)
    values[2, 1] = 18.0
    marked = overlay_mask(frame, values, 0.8)
    assert (frame == 120).all()
    touched = np.any(marked != frame, axis=2)
    assert touched[100:150, 80:160].all()
    touched[100:150, 80:160] = False
    assert not touched.any()
    red, green, blue = marked[100:150, 80:160].reshape(-1, 3).mean(axis=0)
    assert red > green > blue


def test_overlay_without_opacity_only_outlines_the_worst() -> None:
    frame = np.full((200, 320, 3), 120, np.uint8)
    values = np.full((4, 4), 32.0)
    values[2, 1] = 18.0
    assert (overlay_mask(frame, values, 0.0)[110:140, 90:150] == 120).all()


def test_wheel_is_a_disc() -> None:
    wheel = flow_wheel(90, (1, 2, 3))
    assert wheel.shape == (90, 90, 3)
    assert (wheel[0, 0] == (1, 2, 3)).all()
    assert (wheel[-1, -1] == (1, 2, 3)).all()
    assert wheel[45, 45].min() > 245  # no motion is white
    right, left = wheel[45, 86], wheel[45, 4]
    assert right[0] > 200 > right[2]  # red: to the right
    assert left[2] > 200 > left[0]


def outline(left: float, top: float, size: float = 0.1) -> Outline:
    corners = [(left, top), (left + size, top), (left + size, top + size), (left, top + size)]
    return Outline(np.array(corners, np.float32), 4.0, "unusually fast", "2.0 px a frame, here usually 0.6 at most")


def test_outlines_are_drawn_where_things_are_with_words_beside_them() -> None:
    picture = np.full((480, 640, 3), 128, np.uint8)
    draw_outlines(picture, [outline(0.5, 0.5)])
    changed = np.argwhere((picture != 128).any(axis=-1))
    inside = picture[246:282, 327:377]
    assert (inside == 128).all()  # what is outlined stays visible
    assert tuple(picture[240, 350]) == (255, 210, 0)
    assert changed[:, 0].min() < 230  # the words are above it


def test_words_go_below_what_is_at_the_top_and_never_over_another_thing() -> None:
    top = np.full((480, 640, 3), 128, np.uint8)
    draw_outlines(top, [outline(0.5, 0.0)])
    assert np.argwhere((top != 128).any(axis=-1))[:, 0].max() > 60
    above, below = outline(0.5, 0.3), outline(0.5, 0.41)
    both = np.full((480, 640, 3), 128, np.uint8)
    draw_outlines(both, [above, below])
    for each in (above, below):
        left, up, right, down = each.box
        inside = both[round(up * 480) + 5 : round(down * 480) - 5, round(left * 640) + 5 : round(right * 640) - 5]
        assert (inside == 128).all()


def test_words_that_a_narrow_picture_has_no_room_for_go_on_in_a_second_line() -> None:
    narrow = np.full((240, 360, 3), 128, np.uint8)
    long = replace(outline(0.5, 0.5), values="2.0 px a frame more than predicted, here usually 0.6 at most")
    draw_outlines(narrow, [long])
    letters = np.argwhere((narrow > 230).all(axis=-1))[:, 0]
    assert 19 < np.ptp(letters) < 38  # two lines of words
    wordy = replace(outline(0.5, 0.5), values="word " * 60)
    short = np.full((240, 360, 3), 128, np.uint8)
    draw_outlines(short, [wordy])
    alone = np.full((240, 360, 3), 128, np.uint8)
    draw_outlines(alone, [replace(wordy, values="")])
    np.testing.assert_array_equal(short, alone)


def test_words_and_lines_grow_with_large_pictures() -> None:
    heights, widths = [], []
    for height in (540, 2160):
        picture = np.full((height, height * 16 // 9, 3), 128, np.uint8)
        draw_outlines(picture, [outline(0.5, 0.5)])
        yellow = (picture == (255, 210, 0)).all(axis=-1)
        widths.append(yellow[:, round(0.55 * height * 16 / 9)].sum() / 2)
        heights.append(np.ptp(np.argwhere((picture > 230).all(axis=-1))[:, 0]))
    assert heights[1] == pytest.approx(4 * heights[0], rel=0.15)
    assert widths[1] == pytest.approx(4 * widths[0], rel=0.3)


def test_a_narrow_upright_picture_has_the_reason_alone() -> None:
    upright = np.full((426, 240, 3), 128, np.uint8)
    draw_outlines(upright, [replace(outline(0.5, 0.5), values="much too long for two lines of such a picture " * 2)])
    assert (upright > 230).all(axis=-1).any()


def test_small_pictures_have_lines_alone() -> None:
    picture = np.full((120, 160, 3), 128, np.uint8)
    draw_outlines(picture, [outline(0.5, 0.5)])
    rows = np.argwhere((picture != 128).any(axis=-1))[:, 0]
    assert rows.min() > 55
    assert rows.max() < 76


def test_what_does_not_count_is_darkened_and_hatched_and_the_rest_stays() -> None:
    grey = np.full((200, 300, 3), 128, np.uint8)
    picture = grey.copy()
    draw_zones(picture, [Zone.rectangle(ZoneKind.IGNORED, (0, 0), (0.5, 1))])
    blind, rest = picture[10:-10, 10:140], picture[10:-10, 160:]
    assert np.array_equal(rest, grey[10:-10, 160:])
    assert (blind[..., 0] < 100).mean() > 0.6
    assert (blind[..., 0] > 150).mean() > 0.1  # the lines


def test_where_something_is_watched_all_else_does_not_count() -> None:
    grey = np.full((200, 300, 3), 128, np.uint8)
    picture = grey.copy()
    watched = Zone.rectangle(ZoneKind.WATCHED, (0.5, 0), (1, 1))
    draw_zones(picture, [watched, Zone.rectangle(ZoneKind.IGNORED, (0.5, 0.5), (1, 1))])
    assert np.array_equal(picture[10:90, 160:-10], grey[10:90, 160:-10])
    for blind in (picture[10:-10, 10:140], picture[110:-10, 160:-10]):
        assert (blind[..., 0] < 100).mean() > 0.6
    draw_zones(again := grey.copy(), [])
    assert np.array_equal(again, grey)
