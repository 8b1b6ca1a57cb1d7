"""Frames are exact even with wrong indexes, and cached frames are fast."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import Cancelled
from engine.common.paths import indexes_folder
from engine.video import open_video
from engine.video.fingerprint import file_fingerprint, pictures_fingerprint
from engine.video.index_store import load_index, save_index
from tests.clips import make_clip, read_number


def canonical_index(path: Path):
    with open_video(path) as source:
        list(source.frames())
        found = load_index(source.info.fingerprint)
    assert found is not None
    assert found.checksums is not None
    return source.info.fingerprint, found


def test_frames_of_a_frozen_picture_are_numbered_correctly(tmp_path: Path) -> None:
    numbers = [0, 1, 2] + [3] * 30 + [4, 5] + [6] * 25
    path = make_clip(tmp_path / "frozen.mp4", numbers, gop=8)
    for _ in range(2):  # before and after the full pass
        with open_video(path) as source:
            for index in (20, 3, 59, 34, 4, 33, 2, 50):
                frame = source.read(index)
                assert read_number(frame.pixels) == numbers[index]
                assert frame.pts_seconds == pytest.approx(index / 25)
            list(source.frames())


@pytest.mark.parametrize("name", ["a.mp4", "a.h264"])
def test_wrong_checksums_in_an_index_only_cost_time(tmp_path: Path, name: str) -> None:
    """Happens when machines whose decoders differ in the last bit share a home folder."""
    path = make_clip(tmp_path / name, 60, gop=10)
    fingerprint, index = canonical_index(path)
    save_index(fingerprint, replace(index, checksums=index.checksums + np.uint32(1)))
    with open_video(path) as source:
        assert [read_number(source.read(index).pixels) for index in (44, 7, 59)] == [44, 7, 59]
        assert [read_number(frame.pixels) for frame in source.frames(35, 50)] == list(range(35, 50))


def test_pictures_are_right_despite_a_wrong_index(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 90, gop=30, b_frames=0)
    fingerprint, index = canonical_index(path)
    wrong = np.array([0, 7, 19, 41])
    lies = replace(index, keyframes=wrong, entries=index.pts[wrong]), replace(index, checksums=index.checksums + 1)
    wanted = [3, 25, 26, 64, 89]
    for lie in lies:
        save_index(fingerprint, lie)
        with open_video(path) as source:
            assert [read_number(frame.pixels) for frame in source.pictures(wanted, 32)] == wanted


@pytest.mark.slow
@pytest.mark.parametrize("gop", [12, 30])
def test_pictures_with_intra_refresh_are_complete(tmp_path: Path, gop: int) -> None:
    """The container marks frames as keyframes where an intra refresh only begins."""
    refreshed = {"x264-params": "intra-refresh=1"}
    path = make_clip(tmp_path / "a.mkv", 120, gop=gop, b_frames=0, codec_options=refreshed)
    with open_video(path) as source:
        assert len(source.keyframes) > 1
        for wanted in range(120):
            assert [read_number(frame.pixels) for frame in source.pictures([wanted], 32)] == [wanted]


@pytest.mark.parametrize("gop", [12, 30])
def test_frames_with_intra_refresh_are_those_of_a_pass(tmp_path: Path, gop: int) -> None:
    refreshed = {"x264-params": "intra-refresh=1"}
    path = make_clip(tmp_path / "a.mkv", 120, gop=gop, b_frames=0, codec_options=refreshed)
    with open_video(path) as source:
        read = {number: source.read(number).pixels for number in (100, 53, 119, 60, 14)}
        whole = [frame.pixels for frame in source.frames()]
        assert all(np.array_equal(pixels, whole[number]) for number, pixels in read.items())
        asked: list[None] = []
        source.prefetch(0, 1)
        source.read(90, should_stop=lambda: asked.append(None) is not None)
        assert len(asked) <= 2 * 2 * gop  # it was not decoded from the start


def test_frames_are_exact_where_only_some_keyframes_are_false(tmp_path: Path) -> None:
    """Joined of one part with keyframes and one that is renewed in parts: the probe at opening misses it."""
    whole = make_clip(tmp_path / "whole.ts", 96, gop=12, b_frames=0, container_format="mpegts")
    refreshed = {"x264-params": "intra-refresh=1"}
    numbers, times = range(96, 156), [4 + number / 25 for number in range(60)]
    options = {"gop": 12, "b_frames": 0, "container_format": "mpegts", "codec_options": refreshed}
    part = make_clip(tmp_path / "part.ts", numbers, times=times, **options)  # type: ignore[arg-type]
    path = tmp_path / "joined.ts"
    path.write_bytes(whole.read_bytes() + part.read_bytes())
    with open_video(path) as source:
        read = {number: source.read(number).pixels for number in (150, 101, 120, 30)}
        for frame in source.frames():
            assert frame.index not in read or np.array_equal(frame.pixels, read[frame.index])


@pytest.mark.parametrize(("name", "container_format"), [("a.mp4", None), ("a.mkv", None), ("a.ts", "mpegts")])
def test_pictures_far_apart_need_little_decoding(tmp_path: Path, name: str, container_format: str | None) -> None:
    path = make_clip(tmp_path / name, 300, gop=20, container_format=container_format)
    asked: list[None] = []
    with open_video(path) as source:
        list(source.pictures(range(25, 300, 50), 32, should_stop=lambda: asked.append(None) is not None))
        assert not source.numbers_are_certain  # no full pass was needed
    assert len(asked) < 100  # `should_stop` is called once per decoded frame


def test_pictures_of_an_intra_only_stream_decode_no_other_frames(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.avi", 60, codec="mjpeg", pixel_format="yuvj420p", b_frames=0)
    asked: list[None] = []
    with open_video(path) as source:
        list(source.pictures(range(0, 60, 5), 32, should_stop=lambda: asked.append(None) is not None))
    assert len(asked) == 12


def test_wrong_keyframes_in_an_index_only_cost_time(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 60, gop=30, b_frames=0)
    fingerprint, index = canonical_index(path)
    wrong = np.array([0, 7, 19, 41])
    save_index(fingerprint, replace(index, keyframes=wrong, entries=index.pts[wrong]))
    with open_video(path) as source:
        for number in (45, 8, 59, 20, 42):
            assert read_number(source.read(number).pixels) == number
        assert [read_number(frame.pixels) for frame in source.frames(20, 45)] == list(range(20, 45))


def test_indexes_are_stored_and_damaged_ones_are_rebuilt(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.avi", 40, b_frames=3)
    fingerprint, index = canonical_index(path)
    kept = load_index(fingerprint)
    assert kept is not None
    for name in ("pts", "keyframes", "entries", "checksums"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(index, name))
    assert (kept.entry_kind, kept.time_base) == (index.entry_kind, index.time_base)
    (file,) = indexes_folder().glob(f"{fingerprint}*")
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole[:200] + os.urandom(len(whole) - 200)):
        file.write_bytes(damaged)
        assert load_index(fingerprint) is None
        with open_video(path) as source:
            assert read_number(source.read(33).pixels) == 33


def test_an_unwritable_cache_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "file"))
    path = make_clip(tmp_path / "a.h264", 30)
    with open_video(path) as source:
        assert read_number(source.read(17).pixels) == 17


def test_a_cancelled_seek_keeps_the_frames_it_decoded(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 250, gop=250)
    with open_video(path) as source:
        asked = iter(range(190))
        with pytest.raises(Cancelled):
            source.read(200, should_stop=lambda: next(asked, None) is None)
        # Cached frames need no decoding, so `should_stop` is not called.
        assert read_number(source.read(180, should_stop=lambda: True).pixels) == 180
        with pytest.raises(Cancelled):
            source.read(20, should_stop=lambda: True)


def test_file_names_with_ffmpeg_syntax_are_plain_names(tmp_path: Path) -> None:
    for name in ("http:cam.mp4", "cam%03d.mp4", "-i.mp4", "a#b?c.mp4"):
        path = make_clip(tmp_path / "plain.mp4", 5).rename(tmp_path / name)
        with open_video(path) as source:
            assert read_number(source.read(4).pixels) == 4


def test_fingerprints_depend_on_the_end_of_a_file_and_on_names_in_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(bytes(5 << 20))
    before = file_fingerprint(path)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    assert file_fingerprint(path) != before
    pictures = [tmp_path / f"{number}.png" for number in range(5)]
    for picture in pictures:
        picture.write_bytes(picture.name.encode())
    whole = pictures_fingerprint(pictures)
    assert pictures_fingerprint(pictures[:-1]) != whole
    os.utime(pictures[0], (0, 0))
    assert pictures_fingerprint(pictures) == whole


def test_the_index_of_a_file_that_is_changed_meanwhile_is_not_kept(tmp_path: Path) -> None:
    """It would be taken for that of the file which had this fingerprint."""
    path = make_clip(tmp_path / "a.mp4", range(640, 680))  # no other test has made an index of it
    with open_video(path) as source:
        longer = make_clip(tmp_path / "longer.mp4", 60)
        path.write_bytes(longer.read_bytes())
        assert source.is_changed()
        source.verify()
        assert load_index(source.info.fingerprint) is None
    with open_video(path) as source:
        assert not source.is_changed()
        path.unlink()
        assert not source.is_changed()
