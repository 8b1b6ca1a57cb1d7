"""Damaged and hostile videos of every container: refused with a word or read, in time, within memory, no crash."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from engine.video import open_video
from engine.video.picture_file import MAX_PIXELS
from tests.abuse.mutations import MUTATIONS
from tests.abuse.probe import Probe
from tests.clips import make_clip, put_pixel_aspect, write_discs
from tests.engine.video.test_shape import with_display_size

SECONDS = 10.0
KINDS: dict[str, dict[str, object]] = {
    "a.mp4": {},
    "fragmented.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "a.mkv": {},
    "a.webm": {"codec": "libvpx-vp9", "b_frames": 0},
    "a.avi": {"codec": "mpeg4", "b_frames": 0},
    "b-frames.avi": {},
    "pictures.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p", "b_frames": 0},
    "plain.avi": {"codec": "rawvideo", "b_frames": 0},
    "a.ts": {"container_format": "mpegts"},
    "a.mpg": {"codec": "mpeg2video", "container_format": "mpeg"},
    "a.flv": {"b_frames": 0},
    "a.h264": {},
    "a.h265": {"codec": "libx265", "b_frames": 0, "codec_options": {"x265-params": "log-level=none"}},
    "sound.mp4": {"with_audio": True},
    "lossless.mkv": {"codec": "ffv1", "b_frames": 0},
}
QUICK = range(1)
WHOLE = range(1, 13)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A whole video of every kind."""
    folder = tmp_path_factory.mktemp("whole")
    return {name: make_clip(folder / name, 25, **options).read_bytes() for name, options in KINDS.items()}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VADGUI_CACHE", str(tmp_path_factory.mktemp("cache")))
        with Probe() as probe:
            yield probe


def check(probe: Probe, path: Path) -> None:
    said = probe.read(path, SECONDS)
    assert said.startswith(("ok", "refused")), f"{path}: {said}"


@pytest.mark.parametrize("kind", KINDS)
def test_whole_videos_are_read(tmp_path: Path, whole: dict[str, bytes], probe: Probe, kind: str) -> None:
    path = tmp_path / kind
    path.write_bytes(whole[kind])
    assert probe.read(path, SECONDS) == "ok 25 frames"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "seeds", [pytest.param(QUICK, id="quick"), pytest.param(WHOLE, id="whole", marks=pytest.mark.abuse)]
)
def test_damaged_videos(tmp_path: Path, whole: dict[str, bytes], probe: Probe, kind: str, seeds: range) -> None:
    for mutation in MUTATIONS:
        for seed in seeds:
            chance = random.Random(zlib.crc32(f"{kind} {mutation.__name__} {seed}".encode()))
            path = tmp_path / f"{mutation.__name__}-{seed}-{kind}"
            path.write_bytes(mutation(whole[kind], chance))
            check(probe, path)


@pytest.mark.parametrize("kind", KINDS)
def test_videos_under_the_name_of_another_container(
    tmp_path: Path, whole: dict[str, bytes], probe: Probe, kind: str
) -> None:
    for suffix in (".mp4", ".ts", ".h264", ".jpg", ".txt", ""):
        path = tmp_path / f"wrong{suffix}"
        path.write_bytes(whole[kind])
        check(probe, path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", bytes(100_000), b"\xff" * 100_000, b"#EXTM3U\n", b"\0\0\1" * 30_000],
    ids=["empty", "a byte", "zeros", "ones", "playlist", "start codes"],
)
@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".ts", ".h264", ".mkv", ".mjpeg", ".mpg"])
def test_what_is_no_video(tmp_path: Path, probe: Probe, content: bytes, suffix: str) -> None:
    path = tmp_path / f"none{suffix}"
    path.write_bytes(content)
    check(probe, path)


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (4098, 18), (18, 4098)])
def test_odd_sizes(tmp_path: Path, probe: Probe, size: tuple[int, int]) -> None:
    check(probe, make_clip(tmp_path / "odd.mkv", 5, size=size, codec="ffv1", b_frames=0))


def test_streams_that_change_size_and_codec(tmp_path: Path, probe: Probe) -> None:
    parts = [
        make_clip(tmp_path / f"{number}.ts", 10, size=size, codec=codec, container_format="mpegts", b_frames=0)
        for number, (size, codec) in enumerate(
            [((96, 64), "libx264"), ((640, 360), "libx264"), ((64, 96), "mpeg2video"), ((96, 64), "mpeg1video")]
        )
    ]
    for first in range(4):
        path = tmp_path / f"joined-{first}.ts"
        path.write_bytes(b"".join(part.read_bytes() for part in [*parts[first:], *parts[:first]]))
        check(probe, path)


@pytest.mark.parametrize(
    "ratio",
    [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 10_000),
        (65_535, 1),
        (0xFFFFFFFF, 1),
        (1, 0xFFFFFFFF),
        (0x80000000, 0x80000000),
        (1, 4),
        (4, 1),
        (401, 100),
    ],
)
def test_pixels_of_any_shape(tmp_path: Path, probe: Probe, ratio: tuple[int, int]) -> None:
    for size in ((96, 64), (2, 64), (4096, 2)):
        silent = make_clip(tmp_path / f"silent-{size[0]}.mp4", 5, size=size, b_frames=0)
        path = put_pixel_aspect(silent, tmp_path / f"{size[0]}.mp4", Fraction(3, 2))
        data = bytearray(path.read_bytes())
        place = data.index(b"pasp") + 4
        data[place : place + 8] = struct.pack(">II", *ratio)
        path.write_bytes(data)
        assert probe.read(path, SECONDS) == "ok 5 frames"


@pytest.mark.parametrize("size", [(0, 0), (1, 0xFFFF), (0xFFFF, 1), (0xFFFF, 0xFFFF)])
def test_display_sizes_of_any_shape(tmp_path: Path, probe: Probe, size: tuple[int, int]) -> None:
    silent = make_clip(tmp_path / "silent.mkv", 5, b_frames=0)
    path = tmp_path / "a.mkv"
    path.write_bytes(with_display_size(silent.read_bytes(), *size))
    check(probe, path)


def test_large_pictures_do_not_become_larger_than_any(tmp_path: Path, probe: Probe) -> None:
    # Stretched, it would have 67.2 million pixels.
    path = write_discs(tmp_path / "a.avi", (8192, 2050), Fraction(4), frames=2, codec="mjpeg", pixel_format="yuvj420p")
    with open_video(path) as source:
        assert (source.info.width_px, source.info.height_px) == (8192, 2050)
        assert source.info.width_px * 4 * source.info.height_px > MAX_PIXELS
    assert probe.read(path, 6 * SECONDS) == "ok 2 frames"
