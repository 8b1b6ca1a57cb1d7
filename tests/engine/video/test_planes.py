"""Every pixel format, upright and stored from bottom to top, through the one conversion and the one checksum."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from engine.video import open_video
from engine.video.pixels import PixelReader
from engine.video.planes import picture_checksum, plane_rows
from tests.clips import make_clip, numbered_picture, read_number

SIZE = (97, 65)
"""Odd, so that halved planes are rounded and rows are padded."""


def picture() -> np.ndarray:
    """Smooth, coloured, and another upside down."""
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float32)
    channels = (60 + 100 * rows / SIZE[1], 40 + 150 * columns / SIZE[0], 200 - 80 * rows / SIZE[1])
    return np.stack(channels, axis=2).astype(np.uint8)


def made(pixel_format: str) -> VideoFrame | None:
    """The picture in a pixel format; None where FFmpeg can't write that one."""
    try:
        frame = VideoFrame.from_ndarray(picture(), format="rgb24").reformat(format=pixel_format)
    except (ValueError, av.error.FFmpegError):
        return None
    return frame if frame.format.name == pixel_format else None


def upside_down(frame: VideoFrame) -> VideoFrame:
    """The same bytes with a negative line size."""
    graph = av.filter.Graph()
    begin = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base="1/25")
    flip, end = graph.add("vflip"), graph.add("buffersink")
    begin.link_to(flip)
    flip.link_to(end)
    graph.configure()
    frame.pts = 0
    graph.push(frame)
    flipped = graph.pull()
    assert isinstance(flipped, VideoFrame)
    assert flipped.planes[0].line_size < 0
    return flipped


FORMATS = [name for name in sorted(av.video.format.names) if made(name) is not None]
WRONG_IN_FFMPEG = {"rgb4", "bgr4", "rgb555be", "bgr555be", "rgb565be", "bgr565be"}
"""libswscale writes them wrongly or can't filter them, and no codec stores them."""


def test_the_table_is_long() -> None:
    assert len(FORMATS) > 150
    assert {"yuv420p", "nv12", "yuyv422", "yuv422p10le", "p010le", "yuva444p16le", "bgr24", "rgb565le"} <= {*FORMATS}


@pytest.mark.parametrize("pixel_format", sorted({*FORMATS} - WRONG_IN_FFMPEG))
def test_every_format_is_converted_whichever_way_its_rows_are_stored(pixel_format: str) -> None:
    frame = made(pixel_format)
    assert frame is not None
    pixels = PixelReader(frame).frame(frame, 0, 0.0).stored
    assert pixels.shape == (SIZE[1], SIZE[0], 3)
    shades = frame.format.name.startswith("mono") or frame.format.bits_per_pixel <= 8
    if not shades and "gray" not in pixel_format and not pixel_format.startswith("ya"):
        assert np.abs(pixels.astype(int) - picture()).mean() < 8
    flipped = upside_down(frame)
    backwards = PixelReader(flipped).frame(flipped, 0, 0.0).stored
    # Colours that rows share are interpolated otherwise, and dithered ones come in another order.
    blurred = [cv2.blur(each.astype(np.float32), (9, 9)) for each in (backwards[::-1], pixels)]
    assert np.abs(blurred[0] - blurred[1])[8:-8, 8:-8].mean() < 4


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_every_visible_byte_counts_and_no_other(pixel_format: str) -> None:
    frame = made(pixel_format)
    assert frame is not None
    before = picture_checksum(frame)
    for number, plane in enumerate(frame.planes):
        rows = plane_rows(frame, number)
        assert rows.shape[0] == plane.height
        stored = np.frombuffer(memoryview(plane), np.uint8)
        for row, column in ((0, 0), (rows.shape[0] - 1, rows.shape[1] - 1), (rows.shape[0] // 2, rows.shape[1] // 2)):
            stored[row * plane.line_size + column] ^= 1
            assert picture_checksum(frame) != before
            stored[row * plane.line_size + column] ^= 1
        if rows.shape[1] < plane.line_size:
            stored[rows.shape[1]] ^= 1
    assert picture_checksum(frame) == before


def test_the_checksum_of_flipped_rows_is_that_of_what_they_show() -> None:
    frame = VideoFrame.from_ndarray(picture(), format="bgr24")
    upright = VideoFrame.from_ndarray(np.ascontiguousarray(picture()[::-1]), format="bgr24")
    assert picture_checksum(upside_down(frame)) == picture_checksum(upright)


def with_palette(path: Path, count: int) -> Path:
    """Numbers of colours, and the palette once, at the start of the file."""
    palette = np.full((256, 4), 255, np.uint8)
    palette[7, :3], palette[99, :3] = 208, 48
    with av.open(str(path), "w") as container:
        stream = container.add_stream("rawvideo", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "pal8"
        for number in range(count):
            colours = np.where(numbered_picture(number)[:, :, 0] > 128, 7, 99).astype(np.uint8)
            frame = VideoFrame.from_ndarray((colours, palette), format="pal8")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_palette_counts(tmp_path: Path) -> None:
    with av.open(str(with_palette(tmp_path / "a.avi", 2))) as container:
        frame = next(container.decode(video=0))
    before = picture_checksum(frame)
    np.frombuffer(memoryview(frame.planes[1]), np.uint8)[4 * 7] ^= 1
    assert picture_checksum(frame) != before


def test_pictures_with_a_palette_are_the_same_after_a_jump(tmp_path: Path) -> None:
    path = with_palette(tmp_path / "a.avi", 40)
    with open_video(path) as source:
        assert [read_number(source.read(number).pixels) for number in (30, 3, 39)] == [30, 3, 39]
        assert [read_number(frame.pixels) for frame in source.pictures([4, 20, 37], 32)] == [4, 20, 37]
        assert [read_number(frame.pixels) for frame in source.frames(33)] == list(range(33, 40))


def test_a_raw_avi_that_is_stored_from_bottom_to_top(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.avi", 30, codec="rawvideo", pixel_format="bgr24", b_frames=0)
    data = bytearray(path.read_bytes())
    header = data.index(b"strf") + 8
    assert struct.unpack_from("<i", data, header + 8) == (-64,)
    struct.pack_into("<i", data, header + 8, 64)
    path.write_bytes(data)
    with open_video(path) as source:
        source.verify()
        for number in (20, 3, 29):
            assert read_number(source.read(number).pixels[::-1]) == number
        assert [read_number(frame.pixels[::-1]) for frame in source.pictures([4, 20], 32)] == [4, 20]
