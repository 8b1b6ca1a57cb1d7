"""Disks and shares that fail while a recording is read: that is never taken for its end."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from io import FileIO
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import VideoError
from engine.export.stream_copy import copy_clip
from engine.video import mp4_boxes, open_video
from engine.video.header import read_header
from engine.video.local_file import WAITS_SECONDS, LocalFile
from engine.video.sound import sound_of
from tests.clips import make_clip
from tests.engine.export.beeps import add_beeps

FRAMES = 120


class Disk:
    """Fails so many reads, once so many were made; nothing else is wrong with it."""

    def __init__(self) -> None:
        self.reads_before = 1 << 60
        self.failures = 0
        self.on_failure: Callable[[], object] = lambda: None

    def check(self) -> None:
        self.reads_before -= 1
        if self.reads_before < 0 and self.failures > 0:
            self.failures -= 1
            self.on_failure()
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def fail(self, after: int, times: int) -> None:
        self.reads_before, self.failures = after, times


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()

    class File(FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            disk.check()
            return super().read(size) or b""

        def close(self) -> None:
            was_open = not self.closed
            super().close()
            if was_open and disk.reads_before < 0 < disk.failures:  # on a share that is gone, closing fails, too
                raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    monkeypatch.setattr("engine.video.local_file.FileIO", File)
    monkeypatch.setattr("engine.video.local_file.WAITS_SECONDS", (0.0,) * len(WAITS_SECONDS))
    return disk


@pytest.fixture(autouse=True)
def forget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Forgets what is known of recordings."""
    folders = count()

    def forget() -> None:
        mp4_boxes._known.clear()
        monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / f"cache {next(folders)}"))

    forget()
    return forget


def clip(folder: Path, container: str) -> Path:
    """120 frames in several reads."""
    return make_clip(
        folder / "clip", FRAMES, size=(640, 480), codec="mpeg4", container_format=container, b_frames=0, gop=10
    )


def reads(path: Path, disk: Disk, forget: Callable[[], None]) -> int:
    """How many reads a full pass takes, with the opening."""
    forget()
    disk.fail(1 << 60, 0)
    with open_video(path) as source:
        list(source.frames())
    return (1 << 60) - disk.reads_before


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts"])
def test_a_read_that_fails_once_changes_nothing(
    tmp_path: Path, disk: Disk, forget: Callable[[], None], container: str
) -> None:
    path = clip(tmp_path, container)
    with open_video(path) as source:
        expected = [frame.pixels.copy() for frame in source.frames()]
    for after in np.linspace(0, reads(path, disk, forget) - 1, 8).astype(int).tolist():
        forget()
        disk.fail(after, 1)
        with open_video(path) as source:
            assert len(source) == FRAMES
            frames = [frame.pixels.copy() for frame in source.frames()]
            assert (len(source), source.info.lost) == (FRAMES, ())
        assert all(map(np.array_equal, frames, expected))
        assert disk.failures == 0


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts"])
def test_a_disk_that_keeps_failing_is_told_and_nothing_of_it_is_kept(
    tmp_path: Path, disk: Disk, forget: Callable[[], None], container: str
) -> None:
    path = clip(tmp_path, container)
    for after in np.linspace(0, reads(path, disk, forget) - 1, 8).astype(int).tolist():
        forget()
        disk.fail(after, 1 << 30)
        with pytest.raises(VideoError, match="can't be read from where it is"), open_video(path) as source:
            list(source.frames())
        disk.fail(0, 0)
        with open_video(path) as source:
            assert len(source) == FRAMES
            assert len(list(source.frames())) == FRAMES
            assert source.info.lost == ()


def test_a_file_that_was_replaced_meanwhile_is_not_read_on(tmp_path: Path, disk: Disk) -> None:
    path = clip(tmp_path, "matroska")
    disk.on_failure = lambda: path.write_bytes(b"another content")
    disk.fail(3, 1)
    with pytest.raises(VideoError, match="was changed"), open_video(path) as source:
        list(source.frames())


def test_a_header_is_not_read_from_a_failing_disk(tmp_path: Path, disk: Disk) -> None:
    path = clip(tmp_path, "avi")
    disk.fail(1, 1 << 30)
    with pytest.raises(VideoError, match="can't be read from where it is"):
        read_header(path)


def test_sound_and_copies_do_not_end_early(tmp_path: Path, disk: Disk) -> None:
    path = add_beeps(clip(tmp_path, "matroska"), tmp_path / "sound.mkv", 4, codec="pcm_s16le", rate=48_000)
    with open_video(path) as source:
        disk.fail(3, 1 << 30)
        with pytest.raises(VideoError, match="can't be read from where it is"):
            list(copy_clip(source, 10, 110, tmp_path / "copy.mkv"))
        assert not (tmp_path / "copy.mkv").exists()
    disk.fail(0, 0)
    sound = sound_of(path, [(0.0, 4.0)])
    assert sound is not None
    disk.fail(1, 1 << 30)
    with pytest.raises(VideoError, match="can't be read from where it is"):
        list(sound.until(4.0))
    sound.close()


def test_after_the_last_attempt_nothing_is_waited_for(tmp_path: Path, disk: Disk) -> None:
    path = clip(tmp_path, "mp4")
    file = LocalFile(path)
    disk.fail(0, 1 + len(WAITS_SECONDS))
    assert file.read(100) == b""
    assert disk.failures == 0
    assert file.error is not None
    assert file.read(100) == b""
    file.close()
