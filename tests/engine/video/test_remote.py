"""Recordings that a URL names are those on disk, frame by frame, and are fetched by ranges."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import VideoError
from engine.common.remote_path import BLOCK_BYTES, RemotePath, as_path
from engine.video import open_video
from engine.video.header import read_header
from engine.video.helper.source import HelperSource
from tests.clips import make_clip, read_number
from tests.remote_files import MemoryStore, web_server


@pytest.fixture(autouse=True)
def _large_clips_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw pictures are for helpers, which know nothing of a store in this process's memory."""
    monkeypatch.setattr("engine.video.trust._is_helper", True)


def large_clip(path: Path) -> Path:
    """120 frames in 55 MB."""
    return make_clip(path, 120, size=(640, 480), codec="rawvideo", container_format="matroska", b_frames=0)


def test_frames_times_and_fingerprint_are_those_of_the_file(tmp_path: Path, store: MemoryStore) -> None:
    path = make_clip(tmp_path / "20260328_100000.mp4", 40)
    url = store.put("cam/20260328_100000.mp4", path.read_bytes())
    with open_video(path) as local, open_video(url) as remote:
        assert remote.info.fingerprint == local.info.fingerprint
        assert (remote.info.name, remote.info.start) == (local.info.name, local.info.start)
        assert np.array_equal(remote.times, local.times)
        for number in (33, 5, 39, 0):
            assert np.array_equal(remote.read(number).pixels, local.read(number).pixels)
        assert [read_number(frame.pixels) for frame in remote.frames()] == list(range(40))


@pytest.mark.parametrize("container", ["matroska", "mpegts", "avi"])
def test_other_containers_are_read_alike(tmp_path: Path, store: MemoryStore, container: str) -> None:
    path = make_clip(tmp_path / "clip", 40, container_format=container, b_frames=0)
    with open_video(store.put("clip", path.read_bytes())) as remote:
        assert [read_number(remote.read(number).pixels) for number in (25, 3, 39)] == [25, 3, 39]


def test_a_header_takes_a_part_of_the_file(tmp_path: Path, store: MemoryStore) -> None:
    path = large_clip(tmp_path / "clip.mkv")
    header = read_header(as_path(store.put("clip.mkv", path.read_bytes())))
    assert header == read_header(path)
    assert sum(store.fetched) < path.stat().st_size / 2
    assert max(store.fetched) <= BLOCK_BYTES


def test_opened_again_and_jumped_in_it_is_fetched_in_parts(tmp_path: Path, store: MemoryStore) -> None:
    path = large_clip(tmp_path / "clip.mkv")
    url = store.put("clip.mkv", path.read_bytes())
    open_video(url).close()
    store.fetched.clear()
    with open_video(url) as source:
        assert read_number(source.read(40).pixels) == 40
    assert 0 < sum(store.fetched) < path.stat().st_size / 2


def test_a_connection_that_fails_once_is_tried_again(tmp_path: Path, store: MemoryStore) -> None:
    url = store.put("clip.mp4", make_clip(tmp_path / "clip.mp4", 40).read_bytes())
    store.fails = [ConnectionResetError("reset"), TimeoutError("slow")]
    with open_video(url) as source:
        assert (len(source), store.fails) == (40, [])


def test_a_connection_that_is_lost_in_the_middle_is_no_end_of_the_file(tmp_path: Path, store: MemoryStore) -> None:
    path = large_clip(tmp_path / "clip.ts")
    with open_video(store.put("clip.mkv", path.read_bytes())) as source:
        frames = source.frames()
        next(frames)
        store.fails = [ConnectionResetError("reset by the other side")] * 9
        with pytest.raises(VideoError, match="can't be read from where it is") as failed:
            list(frames)
    assert "reset by the other side" in failed.value.advice


def test_what_is_not_there_or_may_not_be_read_is_said(tmp_path: Path, store: MemoryStore) -> None:
    with pytest.raises(VideoError, match="There is no such file") as missing:
        open_video("memory://nowhere.mp4")
    assert missing.value.subject == "memory://nowhere.mp4"
    url = store.put("clip.mp4", make_clip(tmp_path / "clip.mp4").read_bytes())
    store.fails = [PermissionError()]
    with pytest.raises(VideoError, match="can't be read from where it is"):
        open_video(url)
    assert store.fails == []
    with pytest.raises(VideoError, match="can't be reached") as unknown:
        open_video("nothing-such://host/clip.mp4")
    assert "nothing-such" in unknown.value.advice


def test_another_file_under_the_same_url_is_noticed(tmp_path: Path, store: MemoryStore) -> None:
    url = store.put("clip.mp4", make_clip(tmp_path / "clip.mp4").read_bytes())
    with open_video(url) as source:
        assert not source.is_changed()
        store.put("clip.mp4", make_clip(tmp_path / "other.mp4", range(100, 140)).read_bytes())
        assert source.is_changed()


@pytest.mark.parametrize(
    "playlist", [b"#EXTM3U\n#EXTINF:2,\nmemory://clip.ts\n", b"ffconcat version 1.0\nfile clip.ts\n"]
)
def test_a_playlist_is_refused(tmp_path: Path, store: MemoryStore, playlist: bytes) -> None:
    store.put("clip.ts", make_clip(tmp_path / "clip.ts", 40, container_format="mpegts").read_bytes())
    with pytest.raises(VideoError, match="names other files"):
        open_video(store.put("list.mp4", playlist))


@pytest.mark.usefixtures("connections")
def test_a_web_server_is_asked_for_ranges(tmp_path: Path) -> None:
    pytest.importorskip("aiohttp", reason="needs the extra http")
    path = large_clip(tmp_path / "clip.mkv")
    with web_server(tmp_path) as server:
        header = read_header(as_path(f"{server.url}/clip.mkv"))
        assert header.fingerprint == read_header(path).fingerprint
        assert 0 < sum(server.sent) < path.stat().st_size / 2
        with open_video(f"{server.url}/clip.mkv") as source:
            assert read_number(source.read(40).pixels) == 40


@pytest.mark.usefixtures("connections")
def test_a_file_of_a_web_server_is_decoded_by_a_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp", reason="needs the extra http")
    monkeypatch.setattr("engine.video.trust._is_helper", False)
    path = make_clip(tmp_path / "clip.mkv", 60, codec="ffv1", b_frames=0)
    with web_server(tmp_path) as server, open_video(f"{server.url}/clip.mkv") as source:
        assert isinstance(source, HelperSource)
        assert source.info.fingerprint == read_header(path).fingerprint
        assert read_number(source.read(40).pixels) == 40


def test_a_url_is_a_path_with_its_parts() -> None:
    assert not as_path("file://").exists(), "not the present folder"
    path = as_path("s3://bucket/north/10-00.mp4")
    assert isinstance(path, RemotePath)
    assert str(path) == str(path.absolute()) == "s3://bucket/north/10-00.mp4"
    assert (path.name, path.suffix, str(path.parent)) == ("10-00.mp4", ".mp4", "s3://bucket/north")
    assert path.parent / "10-00.mp4" == path == pickle.loads(pickle.dumps(path))
    assert str(pickle.loads(pickle.dumps(path))) == str(path)
    assert path.relative_to(as_path("s3://bucket")).as_posix() == "north/10-00.mp4"


def test_names_of_this_machine_stay_what_they_are(tmp_path: Path) -> None:
    for name in ("clip.mp4", "s3:/clip.mp4", str(tmp_path), "a b:c.mp4"):
        assert type(as_path(name)) is type(Path()), name
    assert as_path(f"file://{tmp_path}/a%20b.mp4") == tmp_path / "a b.mp4"
    assert not as_path("file://[host/a.mp4").exists()
