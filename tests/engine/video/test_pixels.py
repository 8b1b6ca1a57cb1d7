from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from engine.video import open_video
from engine.video.pixels import PixelReader
from tests.clips import write_clip

WIDTH, HEIGHT = 64, 48
COEFFICIENTS = {"bt601": (0.299, 0.114, 5), "bt709": (0.2126, 0.0722, 1)}
"""Weights of red and blue in luma, and FFmpeg's number of the matrix."""


def write_planes(path: Path, planes: Sequence[int], pixel_format: str, *, codec: str = "ffv1", **tags: int) -> Path:
    """One frame of one colour, its planes given as they are to be stored."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options={"qp": "0"} if codec == "libx264" else {})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        frame = av.VideoFrame(WIDTH, HEIGHT, pixel_format)
        for tag, value in tags.items():
            setattr(stream.codec_context, tag, value)
            setattr(frame, tag, value)
        for plane, value in zip(frame.planes, planes, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def first_colour(path: Path) -> np.ndarray:
    with open_video(path) as source:
        pixels = source.read(0).pixels
    assert (pixels == pixels[0, 0]).all()
    return pixels[0, 0].astype(int)


@pytest.mark.parametrize("level", [0, 16, 100, 235, 255])
@pytest.mark.parametrize(("codec", "pixel_format"), [("ffv1", "gray"), ("libx264", "gray"), ("libx264", "yuv420p")])
def test_full_range_stays_full_range(tmp_path: Path, level: int, codec: str, pixel_format: str) -> None:
    planes = [level] if pixel_format == "gray" else [level, 128, 128]
    path = write_planes(tmp_path / "a.mkv", planes, pixel_format, codec=codec, color_range=ColorRange.JPEG)
    assert first_colour(path) == pytest.approx([level] * 3, abs=1)


@pytest.mark.parametrize(("luma", "level"), [(16, 0), (126, 128), (235, 255)])
def test_limited_range_is_stretched(tmp_path: Path, luma: int, level: int) -> None:
    path = write_planes(tmp_path / "a.mkv", [luma, 128, 128], "yuv420p", color_range=ColorRange.MPEG)
    assert first_colour(path) == pytest.approx([level] * 3, abs=1)


@pytest.mark.parametrize("matrix", COEFFICIENTS)
@pytest.mark.parametrize("colour", [(200, 40, 40), (40, 200, 40), (40, 40, 200), (230, 159, 0)])
def test_colours_follow_the_matrix_in_the_file(tmp_path: Path, matrix: str, colour: tuple[int, int, int]) -> None:
    red_share, blue_share, number = COEFFICIENTS[matrix]
    red, green, blue = (value / 255 for value in colour)
    luma = red_share * red + (1 - red_share - blue_share) * green + blue_share * blue
    planes = [
        round(16 + 219 * luma),
        round(128 + 112 * (blue - luma) / (1 - blue_share)),
        round(128 + 112 * (red - luma) / (1 - red_share)),
    ]
    path = write_planes(tmp_path / "a.mkv", planes, "yuv444p", color_range=ColorRange.MPEG, colorspace=number)
    assert first_colour(path) == pytest.approx(colour, abs=4)


def test_alpha_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    picture = np.full((HEIGHT, WIDTH, 4), (200, 100, 50, 7), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgra"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgba")))
        container.mux(stream.encode(None))
    assert first_colour(path).tolist() == [200, 100, 50]


CORNERS = np.kron([[250, 20], [90, 170]], np.ones((HEIGHT // 2, WIDTH // 2))).astype(np.uint8)[..., None].repeat(3, -1)
TURNS = {0: CORNERS, 1: np.rot90(CORNERS), 2: np.rot90(CORNERS, 2), 3: np.rot90(CORNERS, 3)}


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), CORNERS),
        ((-1, 0, 0, 1), CORNERS[:, ::-1]),
        ((1, 0, 0, -1), CORNERS[::-1]),
        ((0, 1, 1, 0), CORNERS.transpose(1, 0, 2)),
        ((0, -1, -1, 0), CORNERS[::-1, ::-1].transpose(1, 0, 2)),
        ((0, 1, -1, 0), TURNS[3]),
        ((0, -1, 1, 0), TURNS[1]),
        ((-1, 0, 0, -1), TURNS[2]),
        ((0, 0, 0, 0), CORNERS),
    ],
)
def test_pictures_are_turned_and_mirrored_as_the_file_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], shown: np.ndarray
) -> None:
    path = write_clip(tmp_path / "a.mp4", [CORNERS] * 3)
    a, b, c, d = (number << 16 for number in matrix)
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44  # version 0: the 3x3 matrix follows 40 bytes of times, id and volume
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    with open_video(path) as source:
        assert source.read(2).pixels.shape == shown.shape
        assert np.abs(source.read(2).pixels.astype(int) - shown).mean() < 8
        (square,) = source.pictures([1], 32)
        corners = square.pixels[4::24, 4::24, 0].astype(int)
        assert corners == pytest.approx(shown[4 :: len(shown) - 8, 4 :: shown.shape[1] - 8, 0].astype(int), abs=12)


@pytest.mark.parametrize("angle", TURNS)
def test_pictures_are_turned_where_pyav_does_not_know_all_that_comes_with_them(angle: int) -> None:
    class Odd:
        rotation = 90 * angle

        @property
        def side_data(self) -> dict[str, bytes]:
            raise ValueError("34 is not a valid Type")

    frame = av.VideoFrame.from_ndarray(CORNERS, format="rgb24")
    assert (PixelReader(frame).upright(CORNERS, Odd()) == TURNS[angle]).all()  # type: ignore[arg-type]
