"""Sheets of real transitions: contents of the panels, and positions of the boxes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.analysis.pipeline import inspect_pair
from engine.figures.choosing import Region
from engine.figures.drawing import SheetKind, Transition, draw_sheet
from engine.figures.sheet import BOX, CELL_PX, INK, PAPER, Row, boxed, cell_size, compose, fitted, zoomed
from tests.vadgui.fakes import MemoryVideo, StillPredictor

LABELLED = Region(0.0, 0.0, 0.4, 0.5)


@pytest.fixture
def transition() -> Transition:
    """A transition in which a box appears at the top left of a grey scene."""
    predictor: Any = StillPredictor()
    source = MemoryVideo(Path("clip"), 30, burst=[20])
    previous, frame = source.read(19), source.read(20)
    return Transition("clip", previous, inspect_pair(previous, frame, predictor), True, [LABELLED], [LABELLED])


def shows(sheet: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(sheet.astype(int) - colour).max(axis=2) <= 2).sum())


@pytest.mark.parametrize(("kind", "cells"), [(SheetKind.OVERVIEW, 5), (SheetKind.MOTION, 3), (SheetKind.COMPARISON, 4)])
def test_a_sheet_has_its_panels_side_by_side(kind: SheetKind, cells: int, transition: Transition) -> None:
    sheet = draw_sheet(kind, [transition, transition], 4.0)
    width, height = cell_size(transition.aspect)
    pictures = cells * width if kind is not SheetKind.COMPARISON else 2 * (width + height)
    assert pictures < sheet.shape[1] < pictures + 150
    assert sheet.shape[0] > 2 * height
    assert shows(sheet, BOX) > 500
    assert (sheet[:, 0] == PAPER).all()


def test_more_rows_make_a_sheet_higher_but_not_wider(transition: Transition) -> None:
    one, three = (draw_sheet(SheetKind.OVERVIEW, [transition] * rows, 4.0) for rows in (1, 3))
    assert one.shape[1] == three.shape[1]
    assert three.shape[0] - one.shape[0] > 2 * CELL_PX


def test_without_labels_nothing_is_boxed_red_in_the_overview(transition: Transition) -> None:
    sheet = draw_sheet(SheetKind.OVERVIEW, [replace(transition, regions=[], regions_before=[], abnormal=None)], 4.0)
    assert shows(sheet, BOX) == 0
    # The darkest patch is outlined even so.
    assert shows(sheet, (255, 190, 0)) > 200


def test_flows_are_labelled_where_they_start(transition: Transition) -> None:
    """A fast object is at different positions in I_{t-1} and I_t."""
    before = replace(transition, regions_before=[Region(0.5, 0.5, 0.9, 0.9)])
    for kind in (SheetKind.OVERVIEW, SheetKind.MOTION):
        same, moved = (draw_sheet(kind, [each], 4.0) for each in (transition, before))
        width = same.shape[1]
        changed = np.flatnonzero((same != moved).any(axis=(0, 2)))
        first, last = (0.2, 0.6) if kind is SheetKind.OVERVIEW else (0.0, 1.0)
        assert first * width < changed.min()
        assert changed.max() < last * width


def test_white_cells_have_an_edge() -> None:
    blank = np.full((50, 80, 3), 255, np.uint8)
    sheet = compose([""], [Row("", "", [blank])], [], None)
    assert 2 * (50 + 80) <= (sheet != 255).any(axis=2).sum() <= 2 * (50 + 80) + 8


def test_the_comparison_zooms_into_the_predicted_and_the_real_region(transition: Transition) -> None:
    sheet = draw_sheet(SheetKind.COMPARISON, [transition], 4.0)
    width, height = cell_size(transition.aspect)
    middle = sheet.shape[1] // 2
    predicted, real = (sheet[100 : 100 + height - 40, start : start + height - 40] for start in
                       (middle - height + 20, middle + 30))  # fmt: skip
    # The stub detector predicts the grey scene; the real region is white.
    assert np.median(predicted) < 100
    assert np.median(real) > 250
    assert width > height


def test_a_region_of_a_normal_frame_is_chosen_by_its_motion(transition: Transition) -> None:
    still = replace(transition, regions=[], regions_before=[], abnormal=False)
    # The teacher's flow is zero, so the darkest patch is compared.
    assert shows(draw_sheet(SheetKind.COMPARISON, [still], 4.0), BOX) > 500


def test_zooming_is_exact() -> None:
    picture = np.zeros((8, 16, 3), np.uint8)
    picture[4:, 8:] = 200
    np.testing.assert_array_equal(zoomed(picture, Region(0.5, 0.5, 1, 1), 40)[8:, 8:], 200)
    assert zoomed(picture, Region(0.5, 0.5, 1, 1), 40).max() == 200
    half = zoomed(picture, Region(0.25, 0.25, 0.75, 0.75), 64)
    assert (half[40:, 40:] == 200).all()
    assert (half[:24, :24] == 0).all()


def test_boxes_do_not_change_the_original_picture() -> None:
    picture = np.full((40, 60, 3), 9, np.uint8)
    marked = boxed(picture, [Region(0.25, 0.25, 0.75, 0.75)], INK)
    assert (picture == 9).all()
    assert (marked[20, 30] == 9).all()
    assert shows(marked, INK) > 50


@pytest.mark.parametrize("aspect", [0.3, 1.0, 1.78, 8.0])
def test_cells_keep_the_frame_s_aspect(aspect: float) -> None:
    width, height = cell_size(aspect)
    assert width / height == pytest.approx(aspect, rel=0.03)
    assert height <= CELL_PX
    assert fitted(np.zeros((7, 5, 3), np.uint8), width, height).shape == (height, width, 3)


def test_long_headings_and_notes_stay_inside_the_sheet() -> None:
    cell = np.full((50, 80, 3), 128, np.uint8)
    sheet = compose(
        ["A caption that is far too long"], [Row("name " * 30, "details " * 9, [cell])], ["word " * 40], None
    )
    assert (sheet[:, :10] == PAPER).all()
    assert (sheet[:, -10:] == PAPER).all()
    assert sheet.shape[0] > 250
