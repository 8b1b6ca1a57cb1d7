from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from engine.redaction.pixels import Redactor
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.redaction.source import RedactedVideo, redacted
from engine.scoring.zones import Points
from tests.engine.barcode_video import BarcodeVideo

WIDTH, HEIGHT = 128, 96
BOX = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
RIGHT = ((0.5, 0.25), (1.0, 0.25), (1.0, 0.75), (0.5, 0.75))
TRIANGLE = ((0.1, 0.1), (0.9, 0.2), (0.4, 0.9))
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
METHODS = tuple(RedactionMethod)


def region(points: Points, method: RedactionMethod = RedactionMethod.FILL, **more: int) -> RedactedRegion:
    return RedactedRegion(method, (Keyframe(0, points),), **more)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def scenery() -> np.ndarray:
    """A picture that is light above and dark below."""
    return np.repeat(np.linspace(220, 40, HEIGHT).astype(np.uint8)[:, None, None], WIDTH, 1).repeat(3, 2)


def covered(points: Points) -> np.ndarray:
    """Which pixels a polygon touches."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.round(np.array(points) * (WIDTH, HEIGHT)).astype(np.int32)], (255,))
    return mask > 0


def shown(picture: np.ndarray, *regions: RedactedRegion, frame: int = 0, **more: bool) -> np.ndarray:
    return Redactor(Redaction(regions, **more), WIDTH, HEIGHT).redacted(picture, frame)


@pytest.mark.parametrize(("method", "points"), list(product(METHODS, (BOX, TRIANGLE, WHOLE))))
def test_what_is_shown_does_not_depend_on_what_was_there(method: RedactionMethod, points: Points) -> None:
    one = noise(1)
    other = np.where(covered(points)[..., None], noise(2), one)
    assert np.array_equal(shown(one, region(points, method)), shown(other, region(points, method)))
    assert not np.array_equal(shown(one), shown(other))


@pytest.mark.parametrize(("method", "other_method"), list(product(METHODS, METHODS)))
def test_regions_over_one_another_tell_nothing_of_either(
    method: RedactionMethod, other_method: RedactionMethod
) -> None:
    regions = (region(BOX, method), region(RIGHT, other_method))
    other = np.where((covered(BOX) | covered(RIGHT))[..., None], noise(2), noise(1))
    assert np.array_equal(shown(noise(1), *regions), shown(other, *regions))


def test_fill_is_black_also_where_another_region_lies_over_it() -> None:
    picture = shown(scenery(), region(BOX), region(BOX, RedactionMethod.BLUR))
    assert not picture[covered(BOX)].any()
    assert (picture[:10] == scenery()[:10]).all()


@pytest.mark.parametrize("method", [RedactionMethod.BLUR, RedactionMethod.PIXELATE])
def test_blur_and_pixels_go_on_with_what_is_around(method: RedactionMethod) -> None:
    picture = shown(scenery(), region(BOX, method))[covered(BOX)].reshape(-1, 3).astype(int)
    expected = scenery()[covered(BOX)].reshape(-1, 3).astype(int)
    assert np.abs(picture - expected).mean() < 25
    assert picture.min() > 60  # no seam of black


def test_squares_are_of_one_colour_each() -> None:
    column = shown(scenery(), region(BOX, RedactionMethod.PIXELATE))[30:66, WIDTH // 2, 0].astype(int)
    assert 5 < (np.diff(column) != 0).sum() <= 13


def test_what_is_outside_is_left_as_it_was() -> None:
    far = ~cv2.dilate(covered(BOX).astype(np.uint8), np.ones((13, 13))).astype(bool)
    for method in METHODS:
        assert np.array_equal(shown(noise(1), region(BOX, method))[far], noise(1)[far])


def test_the_whole_picture_is_blurred_beyond_any_detail_and_regions_stay_unknown() -> None:
    picture = shown(noise(1), blurs_picture=True)
    assert picture.std() < noise(1).std() / 5
    one, other = noise(1), np.where(covered(BOX)[..., None], noise(2), noise(1))
    assert np.array_equal(shown(one, region(BOX), blurs_picture=True), shown(other, region(BOX), blurs_picture=True))


def test_a_recording_is_redacted_however_its_frames_are_read() -> None:
    video = BarcodeVideo([0.0, 0.04, 0.08, 0.12], 0.16, (WIDTH, HEIGHT))
    moving = RedactedRegion(RedactionMethod.FILL, (Keyframe(0, BOX), Keyframe(2, RIGHT)), start=0, stop=3)
    source = redacted(video, Redaction((moving,)))
    frames = list(source.frames())
    for frame, left in zip(frames[:3], (0.25, 0.375, 0.5), strict=True):
        black = np.flatnonzero((frame.pixels[HEIGHT // 2] == 0).all(axis=1))
        assert black[0] == pytest.approx(left * WIDTH, abs=6)
        assert np.array_equal(source.read(frame.index).pixels, frame.pixels)
        assert not frame.pixels.flags.writeable
    assert np.array_equal(frames[3].pixels, video.read(3).pixels)
    (square,) = source.pictures([0], 32)
    assert not square.pixels[12:20, 12:20].any()
    assert (source.info, len(source)) == (video.info, 4)
    assert isinstance(source, RedactedVideo)
    assert redacted(video, Redaction()) is video
