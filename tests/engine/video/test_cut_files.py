"""Files that hold more than FFmpeg gives, or say that they do: cut, with holes, joined, with several videos."""

from __future__ import annotations

import os
import struct
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.video import open_video
from engine.video.integrity import Integrity
from engine.video.local_file import LocalFile
from engine.video.mp4_boxes import UnreadPart
from engine.video.source import VideoSource
from tests.clips import make_clip, numbered_picture, read_number

FRAMES, GOP = 60, 12
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
UNREAD = "of the file can't be read: what was recorded there is not known"


def in_words(source: VideoSource) -> list[str]:
    return Integrity.of(source.info, source.times).in_words()


def numbers(source: VideoSource) -> list[int]:
    return [read_number(frame.pixels) for frame in source.frames()]


def fragmented(path: Path) -> list[int]:
    """A recording in fragments of a GOP each, and where these begin."""
    make_clip(path, FRAMES, gop=GOP, container_options=FRAGMENTED)
    data = path.read_bytes()
    return [at - 4 for at in range(len(data)) if data[at : at + 4] == b"moof"]


@pytest.mark.parametrize("kept_bytes", [9, 40, 150])
def test_a_recording_in_fragments_ends_before_the_one_that_was_not_finished(tmp_path: Path, kept_bytes: int) -> None:
    path = tmp_path / "a.mp4"
    begins = fragmented(path)
    path.write_bytes(path.read_bytes()[: begins[3] + kept_bytes])
    with open_video(path) as source:
        assert numbers(source) == [*range(3 * GOP)]
        assert in_words(source) == [f"1 kB {UNREAD}"]


@pytest.mark.parametrize("content", [b"\0" * 5000, bytes(range(7, 256)) * 20], ids=["zeros", "noise"])
@pytest.mark.parametrize("header_bytes", [0, 8, 24])
def test_what_comes_after_a_damaged_fragment_is_read(tmp_path: Path, content: bytes, header_bytes: int) -> None:
    path = tmp_path / "a.mp4"
    begins = fragmented(path)
    data = bytearray(path.read_bytes())
    data[begins[2] + header_bytes : begins[3]] = content[: begins[3] - begins[2] - header_bytes]
    path.write_bytes(data)
    with open_video(path) as source:
        left = [*range(2 * GOP), *range(3 * GOP, FRAMES)]
        assert [read_number(source.read(number).pixels) for number in (30, 3, 40)] == [left[n] for n in (30, 3, 40)]
        assert numbers(source) == left
        np.testing.assert_allclose(source.times, np.array(left) / 25, atol=1e-3)
        assert in_words(source) == [f"1 kB {UNREAD}"]


def test_a_wrong_length_of_a_fragment_s_pictures_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    begins = fragmented(path)
    data = bytearray(path.read_bytes())
    place = data.index(b"mdat", begins[1]) - 4
    data[place : place + 4] = struct.pack(">I", 1 << 30)
    path.write_bytes(data)
    with open_video(path) as source:
        found = numbers(source)
        assert found[-3 * GOP :] == [*range(2 * GOP, FRAMES)]
        assert in_words(source)


def test_space_that_a_recorder_reserved_is_no_damage(tmp_path: Path) -> None:
    for name, options in (("a.mp4", FRAGMENTED), ("b.mp4", {})):
        path = make_clip(tmp_path / name, FRAMES, container_options=options)
        path.write_bytes(path.read_bytes() + bytes(100_000))
        with open_video(path) as source:
            assert len(source) == FRAMES
            assert in_words(source) == []


def test_vendors_boxes_are_no_damage(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", FRAMES, container_options=FRAGMENTED)
    box = struct.pack(">I4s", 108, b"gps ") + os.urandom(100)
    path.write_bytes(path.read_bytes() + box)
    with open_video(path) as source:
        assert len(source) == FRAMES
        assert in_words(source) == []


def test_a_recording_that_was_appended_to_another_is_told(tmp_path: Path) -> None:
    first, second = make_clip(tmp_path / "a.mp4", 30), make_clip(tmp_path / "b.mp4", 20)
    path = tmp_path / "joined.mp4"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    with open_video(path) as source:
        assert len(source) == 30
        assert source.info.unread_bytes == second.stat().st_size
        assert in_words(source) == [f"{round(second.stat().st_size / 1000)} kB {UNREAD}"]


@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">I4sI4s", 8, b"free", 4, b"????") * 200_000,
        struct.pack(">I4sI4s", 1 << 23, b"moof", 16, b"mfhd") * 200_000,
        (struct.pack(">I4sI4s", 24, b"moof", 16, b"mfhd") + bytes(9)) * 100_000,
        struct.pack(">I4s", 8 * 200_000, b"moof")
        + b"".join(struct.pack(">I4s", n * 8, b"traf") for n in range(199_999, 0, -1)),
    ],
    ids=["tiny", "no fragments", "fragments and holes", "tracks in tracks"],
)
def test_files_that_are_made_to_take_long_do_not(tmp_path: Path, content: bytes) -> None:
    path = make_clip(tmp_path / "a.mp4", FRAMES, container_options=FRAGMENTED)
    path.write_bytes(path.read_bytes() + content)
    began = time.process_time()
    with LocalFile(path) as file:
        file.skip_damaged_boxes()
    assert time.process_time() - began < 20


def test_parts_of_four_gigabytes_are_skipped() -> None:
    assert UnreadPart(7, 107).header == struct.pack(">I4s", 100, b"free")
    assert UnreadPart(7, 7 + (1 << 32)).header == struct.pack(">I4sQ", 1, b"free", 1 << 32)
    assert UnreadPart(7, 12).header == b""


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mkv", {}),
        ("a.webm", {"codec": "libvpx", "b_frames": 0}),
        ("a.avi", {"codec": "mpeg4", "b_frames": 0}),
        ("a.mp4", {"container_options": {"movflags": "faststart"}}),
        ("a.flv", {"b_frames": 0}),
    ],
)
def test_a_file_that_was_cut_is_told(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    path = make_clip(tmp_path / name, 250, **options)  # type: ignore[arg-type]
    with open_video(path) as source:
        assert source.info.announced_seconds == pytest.approx(10, abs=0.05)
        assert in_words(source) == []
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with open_video(path) as source:
        missing = 10 - source.info.duration_seconds
        assert missing > 3
        told = in_words(source)[0]
        assert told == f"Cut short: by its header the file lasts {missing:.0f} s longer than its pictures"


def test_what_an_edit_list_hides_is_not_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    options = {"use_editlist": "1", "movflags": "+negative_cts_offsets"}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.max_b_frames, stream.codec_context.time_base = 0, Fraction(1, 25)
        for number in range(-50, 50):
            picture = av.VideoFrame.from_ndarray(numbered_picture(max(number, 0)), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with open_video(path) as source:
        assert len(source) == 50
        assert in_words(source) == []


@pytest.mark.parametrize("name", ["two.mp4", "two.mkv", "two.ts"])
def test_a_second_camera_in_the_file_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("libx264", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(30):
            for camera, stream in enumerate(streams):
                picture = av.VideoFrame.from_ndarray(numbered_picture(number + 1000 * camera), format="rgb24")
                picture.pts, picture.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(picture))
        for stream in streams:
            container.mux(stream.encode(None))
    with open_video(path) as source:
        assert numbers(source) == [*range(30)]
        told = "The file holds another video, such as that of a second camera, which is not shown"
        assert in_words(source) == [told]


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_preview_before_the_video_is_not_taken_for_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        preview, stream = container.add_stream("mjpeg", rate=1), container.add_stream("libx264", rate=25)
        preview.width, preview.height, preview.pix_fmt = 192, 128, "yuvj420p"
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        container.start_encoding()
        picture = av.VideoFrame.from_ndarray(numbered_picture(999, 192, 128), format="rgb24")
        picture.pts, picture.time_base = 0, Fraction(1, 1)
        container.mux([*preview.encode(picture), *preview.encode(None)])
        for number in range(30):
            picture = av.VideoFrame.from_ndarray(numbered_picture(number), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with open_video(path) as source:
        assert numbers(source) == [*range(30)]
        assert in_words(source) == []
