"""Opening one file reads that file alone, within bounds, and fingerprints speak of all that is read."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from engine.common.errors import VideoError
from engine.video import fingerprint, open_video
from engine.video.decoder import _FORMATS
from engine.video.fingerprint import pictures_fingerprint
from engine.video.picture_file import MAX_PIXELS
from tests.clips import make_clip, numbered_picture, read_number

CASES = Path(__file__).parents[4] / "shared" / "cases" / "hostile"


def write_pictures(folder: Path, count: int, pattern: str = "s{}.png") -> list[Path]:
    paths = [folder / pattern.format(number) for number in range(count)]
    for number, path in enumerate(paths):
        assert cv2.imwrite(str(path), numbered_picture(number))
    return paths


@pytest.fixture
def neighbour(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "neighbour.ts", 40, container_format="mpegts")


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.ts"])
@pytest.mark.parametrize("ending", ["#EXT-X-ENDLIST\n", ""], ids=["finished", "live"])
def test_a_playlist_is_refused_under_any_name(tmp_path: Path, neighbour: Path, name: str, ending: str) -> None:
    (tmp_path / name).write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{neighbour}\n{ending}")
    with pytest.raises(VideoError, match="names other files"):
        open_video(tmp_path / name)


@pytest.mark.parametrize("start", ["ffconcat version 1.0\n", "\ufeffffconcat version 1.0\n", ""])
@pytest.mark.parametrize("name", ["list.txt", "list.mp4", "list.ffconcat"])
def test_a_list_of_files_to_join_is_refused(tmp_path: Path, neighbour: Path, start: str, name: str) -> None:
    (tmp_path / name).write_text(f"{start}file {neighbour.name}\n", "utf-8")
    with pytest.raises(VideoError, match="names other files"):
        open_video(tmp_path / name)


@pytest.mark.parametrize("name", ["s%d.png", "s%01d.png", "s%d.jpg"])
def test_a_name_that_is_a_pattern_does_not_open_its_neighbours(tmp_path: Path, name: str) -> None:
    suffix = Path(name).suffix
    pictures = write_pictures(tmp_path, 5, "s{}" + suffix)
    (tmp_path / name).write_bytes(pictures[0].read_bytes())
    with pytest.raises(VideoError, match="names other files"):
        open_video(tmp_path / name)


def test_a_video_whose_name_has_a_percent_sign_opens(tmp_path: Path) -> None:
    make_clip(tmp_path / "a%03d.mp4", 20)
    with open_video(tmp_path / "a%03d.mp4") as source:
        assert read_number(source.read(7).pixels) == 7


@pytest.mark.parametrize("format_name", ["concat", "dash", "hls", "image2", "imf", "lavfi", "mlv", "rtsp", "sdp"])
def test_formats_that_follow_names_are_on_no_list(format_name: str) -> None:
    assert format_name not in [name for entry in _FORMATS.split() for name in entry.split(",")]


# Pipes, devices and bombs


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.timeout(20)
def test_pipes_and_devices_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", Path("/dev/zero")):
        with pytest.raises(VideoError, match="Pipes and devices"):
            open_video(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.timeout(20)
def test_a_pipe_among_pictures_costs_that_frame_alone(tmp_path: Path) -> None:
    write_pictures(tmp_path, 3)
    os.mkfifo(tmp_path / "s3.png")
    with open_video(tmp_path) as source:
        assert read_number(source.read(2).pixels) == 2
        with pytest.raises(VideoError, match="can't be decoded"):
            source.read(3)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(100_000, 100_000), (30_000, 30_000), (9000, 9000), (1 << 30, 1)])
def test_a_picture_that_announces_too_many_pixels_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "0.png").write_bytes(png_header(*size))
    with pytest.raises(VideoError) as caught:
        open_video(tmp_path)
    assert "0.png" in caught.value.subject


def test_a_picture_file_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "0.png").open("wb") as file:
        file.truncate(8 << 30)
    with pytest.raises(VideoError, match="can't be decoded") as caught:
        open_video(tmp_path)
    assert "MiB" in caught.value.advice


def peak_of_opening(path: Path, tmp_path: Path) -> tuple[str, int]:
    """What opening says in a process of its own, and how many MiB that took at most."""
    code = (
        "import sys\n"
        "from engine.video import open_video\n"
        "from engine.common.errors import VideoError\n"
        "try:\n    print(len(open_video(sys.argv[1])))\n"
        "except VideoError as error:\n    print(error)\n"
        # Not getrusage, which counts what the process was forked from.
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    environment = os.environ | {"VADGUI_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=True)
    *said, peak = done.stdout.splitlines()
    return "\n".join(said), int(peak) // 1024


def make_bomb(path: Path, side: int, frames: int) -> Path:
    """A few kilobytes that decode to gigabytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = side
        stream.pix_fmt = "gray"
        stream.time_base = Fraction(1, 25)
        picture = av.VideoFrame.from_ndarray(np.zeros((side, side), np.uint8), format="gray")
        for number in range(frames):
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux counts it")
def test_a_video_of_huge_pictures_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    side = int(MAX_PIXELS**0.5) + 8
    said, peak = peak_of_opening(make_bomb(tmp_path / "bomb.mkv", side, 2), tmp_path)
    assert "million pixels" in said
    assert peak < 200


def test_the_bombs_of_a_report_are_refused(tmp_path: Path) -> None:
    if not CASES.is_dir():
        pytest.skip("needs the cases in ../shared/cases")
    for name in ("bomb.mkv", "hugepng.png"):
        with pytest.raises(VideoError, match="can be decoded"):
            open_video(CASES / name)
    (tmp_path / "0.png").symlink_to(CASES / "hugepng.png")
    with pytest.raises(VideoError, match="can't be decoded"):
        open_video(tmp_path)


# Fingerprints


def test_every_picture_of_a_folder_counts(tmp_path: Path) -> None:
    """Names, sizes, and the first, middle and last picture may well be the same."""
    pictures = [tmp_path / f"{number}.bmp" for number in range(9)]
    for number, picture in enumerate(pictures):
        assert cv2.imwrite(str(picture), numbered_picture(number))
    before = pictures_fingerprint(pictures)
    assert cv2.imwrite(str(pictures[3]), numbered_picture(99))
    assert pictures_fingerprint(pictures) != before


def test_the_fingerprint_of_many_large_pictures_reads_a_part_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "_PICTURES_BYTES", 64 << 10)
    pictures = [tmp_path / f"{number}.bmp" for number in range(9)]
    for picture in pictures:
        picture.write_bytes(bytes(100_000))
    before = pictures_fingerprint(pictures)
    for place in (0, 50_000, 99_999):
        data = bytearray(100_000)
        data[place] = 1
        pictures[4].write_bytes(data)
        assert pictures_fingerprint(pictures) != before
