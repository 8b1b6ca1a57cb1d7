"""Recordings whose stored pixels are not square are shown in their true shape, wherever their ratio is written."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from engine.models.picture import model_picture
from engine.video import open_video
from engine.video.frame import Pixels
from engine.video.picture_file import MAX_PIXELS
from engine.video.shape import shown_size, size_in_words
from tests.clips import put_pixel_aspect, write_discs

FRAMES = 30


@dataclass(frozen=True)
class Kind:
    """A kind of recording: what is stored, and the size that it is to be shown in."""

    name: str
    stored: tuple[int, int]
    aspect: Fraction
    shown: tuple[int, int]
    codec: str = "libx264"
    container: str | None = None
    pixel_format: str = "yuv420p"


KINDS = [
    Kind("2cif.mp4", (704, 288), Fraction(6, 11), (704, 528)),
    Kind("half-d1.mkv", (352, 576), Fraction(24, 11), (768, 576)),
    Kind("d1.ts", (704, 576), Fraction(12, 11), (768, 576), container="mpegts"),
    Kind("hdv.mov", (1440, 1080), Fraction(4, 3), (1920, 1080)),
    Kind("960h.avi", (960, 288), Fraction(2, 5), (960, 720), codec="mpeg4"),
    Kind("pictures.avi", (352, 576), Fraction(24, 11), (768, 576), codec="mjpeg", pixel_format="yuvj420p"),
    Kind("cif.mpg", (352, 288), Fraction(12, 11), (384, 288), codec="mpeg2video", container="vob"),
    Kind("wide-d1.mp4", (704, 576), Fraction(16, 11), (1024, 576), codec="mpeg4"),
    Kind("stream.h264", (704, 288), Fraction(6, 11), (704, 528), container="h264"),
    Kind("stream.h265", (352, 288), Fraction(12, 11), (384, 288), codec="libx265", container="hevc"),
    # Decoded by a helper process.
    Kind("vcd.mpg", (352, 288), Fraction(12, 11), (384, 288), codec="mpeg1video", container="mpeg"),
    Kind("stream.m4v", (352, 288), Fraction(12, 11), (384, 288), codec="mpeg4", container="m4v"),
]


def recorded(folder: Path, kind: Kind, *, is_told: bool = True) -> Path:
    """A recording of that kind; if its shape `is_told`, by the file itself."""
    path = folder / kind.name if is_told else folder / f"silent-{kind.name}"
    write_discs(
        path,
        kind.stored,
        kind.aspect,
        frames=FRAMES,
        codec=kind.codec,
        container_format=kind.container,
        pixel_format=kind.pixel_format,
        is_told=is_told,
    )
    return path


def disc_size(pixels: Pixels) -> tuple[int, int]:
    """Width and height of the bright disc in a picture, in px."""
    is_bright = pixels[..., 1] > 128
    rows, columns = np.flatnonzero(is_bright.any(axis=1)), np.flatnonzero(is_bright.any(axis=0))
    return int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)


def assert_round(pixels: Pixels) -> None:
    width, height = disc_size(pixels)
    assert width > min(pixels.shape[:2]) / 3
    # A stored pixel is up to two and a half shown ones.
    assert width == pytest.approx(height, abs=3)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_round_is_shown_round(tmp_path: Path, kind: Kind) -> None:
    path = recorded(tmp_path, kind)
    with open_video(path) as source:
        assert (source.info.width_px, source.info.height_px) == pytest.approx(kind.shown, abs=1)
        assert source.info.stored_px == kind.stored
        assert source.info.size_in_words == size_in_words(kind.stored, kind.shown)
        jumped = [source.read(number).pixels for number in (FRAMES - 5, 3)]
        passed = [frame.pixels for frame in source.frames() if frame.index in (3, FRAMES - 5)]
        assert (source.read(3).pixels == passed[0]).all()  # a pass has checked the numbers
    assert (jumped[1] == passed[0]).all()
    assert (jumped[0] == passed[1]).all()
    for pixels in passed:
        assert pixels.shape == (source.info.height_px, source.info.width_px, 3)
        assert pixels.flags.c_contiguous
        assert not pixels.flags.writeable
        assert_round(pixels)


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[1], KINDS[-1]], ids=lambda kind: kind.name)
def test_what_detectors_see_is_made_of_the_stored_pixels(tmp_path: Path, kind: Kind) -> None:
    said, silent = recorded(tmp_path, kind), recorded(tmp_path, kind, is_told=False)
    with open_video(said) as source, open_video(silent) as plain:
        assert (plain.info.width_px, plain.info.height_px) == kind.stored
        wanted = [2, 9, 20]
        squares = [source.pictures(wanted, 64), plain.pictures(wanted, 64)]
        for ours, theirs in zip(*squares, strict=True):
            assert (ours.pixels == theirs.pixels).all()
        assert (model_picture(source.read(9).stored) == model_picture(plain.read(9).pixels)).all()


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turned_recording_is_turned_after_it_is_stretched(tmp_path: Path, quarter_turns: int) -> None:
    path = write_discs(tmp_path / "a.mp4", (352, 576), Fraction(24, 11), frames=5)
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter_turns]
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    data[matrix : matrix + 36] = struct.pack(
        ">9i", cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30
    )
    path.write_bytes(data)
    is_turned = quarter_turns % 2 == 1
    with open_video(path) as source:
        assert (source.info.width_px, source.info.height_px) == ((576, 768) if is_turned else (768, 576))
        assert source.info.stored_px == ((576, 352) if is_turned else (352, 576))
        pixels = source.read(3).pixels
        assert pixels.shape == (source.info.height_px, source.info.width_px, 3)
        assert_round(pixels)


def test_the_containers_word_comes_before_the_codecs(tmp_path: Path) -> None:
    path = put_pixel_aspect(
        write_discs(tmp_path / "codec.mp4", (704, 576), Fraction(12, 11), frames=5),
        tmp_path / "a.mp4",
        Fraction(16, 11),
    )
    with open_video(path) as source:
        assert (source.info.width_px, source.info.height_px) == (1024, 576)


def test_only_the_container_says_it(tmp_path: Path) -> None:
    silent = write_discs(tmp_path / "silent.mp4", (704, 288), Fraction(6, 11), frames=5, is_told=False)
    path = put_pixel_aspect(silent, tmp_path / "a.mp4", Fraction(6, 11))
    with open_video(path) as source:
        assert (source.info.width_px, source.info.height_px) == (704, 528)
        assert_round(source.read(4).pixels)


def test_the_display_size_of_matroska(tmp_path: Path) -> None:
    silent = write_discs(tmp_path / "silent.mkv", (352, 288), Fraction(12, 11), frames=5, is_told=False)
    with open_video(silent) as source:
        assert (source.info.width_px, source.info.height_px) == (352, 288)
    path = tmp_path / "a.mkv"
    path.write_bytes(with_display_size(silent.read_bytes(), 384, 288))
    with open_video(path) as source:
        assert (source.info.width_px, source.info.height_px) == (384, 288)
        assert_round(source.read(4).pixels)


def with_display_size(data: bytes, width: int, height: int) -> bytes:
    """A Matroska file whose video track says this size too; what lies behind it moves, so that no index fits."""
    added = b"\x54\xb0\x82" + struct.pack(">H", width) + b"\x54\xba\x82" + struct.pack(">H", height)
    added += b"\x54\xb2\x81\x00"  # in pixels; FFmpeg has written that nobody knows the unit

    def grown(data: bytes, path: Sequence[int]) -> bytes:
        """The elements with `added` in the one that this path of ids leads to."""
        if not path:
            return data + added
        place = 0
        while True:
            begin = place + 9 - data[place].bit_length()
            length = 9 - data[begin].bit_length()
            size = int.from_bytes(data[begin : begin + length], "big") & ((1 << 7 * length) - 1)
            content, stop = begin + length, begin + length + size
            if int.from_bytes(data[place:begin], "big") == path[0]:
                inside = grown(data[content:stop], path[1:])
                return data[:begin] + (len(inside) | 1 << 56).to_bytes(8, "big") + inside + data[stop:]
            place = stop

    segment, tracks, entry, video = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
    return grown(data, [segment, tracks, entry, video])


def test_a_ratio_that_changes_leaves_the_first(tmp_path: Path) -> None:
    parts = [
        write_discs(tmp_path / f"{n}.ts", (352, 288), aspect, frames=60, container_format="mpegts")
        for n, aspect in enumerate((Fraction(12, 11), Fraction(24, 11)))
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with open_video(path) as source:
        sizes = {frame.pixels.shape for frame in source.frames()}
        assert len(source) == 120
        assert sizes == {(source.info.height_px, source.info.width_px, 3)}
        assert (source.info.width_px, source.info.height_px) == (384, 288)
        assert source.read(100).pixels.shape == (288, 384, 3)


@pytest.mark.parametrize(
    ("aspect", "shown"),
    [
        (None, (704, 576)),
        (Fraction(0), (704, 576)),
        (Fraction(1), (704, 576)),
        (Fraction(-12, 11), (704, 576)),
        (Fraction(1, 10_000), (704, 576)),
        (Fraction(65_535), (704, 576)),
        (Fraction(401, 100), (704, 576)),
        (Fraction(4), (2816, 576)),
        (Fraction(1, 4), (704, 2304)),
        # What encoders make of a picture that was cropped or scaled by a pixel.
        (Fraction(1281, 1280), (704, 576)),
        (Fraction(136, 135), (704, 576)),
        (Fraction(64, 63), (715, 576)),
    ],
)
def test_absurd_ratios_and_those_that_nobody_sees_are_left_alone(
    aspect: Fraction | None, shown: tuple[int, int]
) -> None:
    assert shown_size((704, 576), aspect) == shown


def test_no_picture_becomes_larger_than_any_that_is_opened() -> None:
    assert shown_size((8192, 4096), Fraction(2)) == (16_384, 4096)
    assert MAX_PIXELS == 16_384 * 4096
    assert shown_size((8192, 4098), Fraction(2)) == (8192, 4098)
    assert shown_size((8192, 8192), Fraction(1, 4)) == (8192, 8192)


@pytest.mark.parametrize("size", [(1, 1), (1, 4096), (4096, 1), (3, 5)])
@pytest.mark.parametrize("aspect", [Fraction(1, 4), Fraction(12, 11), Fraction(4)])
def test_odd_sizes_have_a_shape(size: tuple[int, int], aspect: Fraction) -> None:
    from engine.video.frame import Frame

    shown = shown_size(size, aspect)
    stored = np.full((size[1], size[0], 3), 77, np.uint8)
    frame = Frame(stored, 0, 0.0, None if shown == size else shown)
    assert frame.pixels.shape == (shown[1], shown[0], 3)
    assert (frame.pixels == 77).all()


def test_square_pixels_are_not_touched(tmp_path: Path) -> None:
    with open_video(write_discs(tmp_path / "a.mp4", (96, 64), Fraction(1), frames=5)) as source:
        frame = source.read(2)
        assert frame.pixels is frame.stored
        assert source.info.unstretched_px is None
        assert source.info.size_in_words == "96 × 64"


def test_a_picture_is_stretched_once_for_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    resize = cv2.resize

    def counted(*args: object, **options: object) -> np.ndarray:
        calls.append(args)
        return resize(*args, **options)  # type: ignore[call-overload, no-any-return]

    path = write_discs(tmp_path / "a.mp4", (352, 288), Fraction(12, 11), frames=5)
    with open_video(path) as source:
        monkeypatch.setattr("engine.video.frame.cv2.resize", counted)
        for frame in source.frames():
            assert frame.stored.shape == (288, 352, 3)
        assert not calls
        assert source.read(3).pixels is source.read(3).pixels
        assert len(calls) == 1


def test_players_see_the_same_shape(tmp_path: Path) -> None:
    """What is expected above is what FFmpeg tells players."""
    for kind in KINDS[:3]:
        with av.open(str(recorded(tmp_path, kind))) as container:
            stream = container.streams.video[0]
            assert stream.display_aspect_ratio == Fraction(*kind.shown)
