"""Recordings that come into a watched folder."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.export.stream_copy import copy_clip
from engine.video import open_video
from engine.video.encoding import ClipFormat, Encoding
from engine.video.exported import is_exported
from engine.video.picture_sequence import PictureSequence
from engine.video.watching import REST_SECONDS, FolderWatch
from engine.video.writer import ClipWriter
from tests.clips import make_clip


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_recording_is_found_once_it_rests(tmp_path: Path) -> None:
    clock = Clock()
    watch = FolderWatch(tmp_path, clock)
    recording = tmp_path / "gate.mp4"
    assert list(watch.look([])) == []
    for size in range(1, 5):
        recording.write_bytes(bytes(size))
        assert list(watch.look([])) == []
        clock.now += REST_SECONDS - 1
    recording.write_bytes(bytes(9))
    assert list(watch.look([])) == [], "it has grown in the last moment"
    clock.now += REST_SECONDS
    assert list(watch.look([])) == [recording]
    assert list(watch.look([recording])) == []


def test_what_the_program_exported_is_no_recording(tmp_path: Path) -> None:
    source, clock = make_clip(tmp_path / "gate.mp4", 10), Clock()
    folder = tmp_path / "new"
    folder.mkdir()
    pixels = np.zeros((64, 64, 3), np.uint8)
    for kind, name in ((ClipFormat.MP4, "a.mp4"), (ClipFormat.FFV1, "b.mkv")):
        with ClipWriter(folder / name, 64, 64, encoding=Encoding(kind)) as writer:
            writer.write(pixels, 0.0, 0.04)
    with PictureSequence(folder / "c", 0, np.array([0.0])) as pictures:
        pictures.write(pixels, 0.0, 0.04)
    package = folder / "d" / "data"
    package.mkdir(parents=True)
    (folder / "d" / "bag-info.txt").write_text("Bag-Software-Agent: vadgui 1.0\n")
    for place in (package, folder):
        shutil.copy(source, place / "gate.mp4")
    with open_video(source) as video:
        list(copy_clip(video, 0, 5, folder / "e.mp4"))
    watch = FolderWatch(folder, clock)
    assert list(watch.look([])) == []
    clock.now += REST_SECONDS
    assert list(watch.look([])) == [folder / "gate.mp4"]
    clock.now += REST_SECONDS
    assert list(watch.look([folder / "gate.mp4"])) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_a_playlist_names_is_not_opened(tmp_path: Path) -> None:
    """Under any name: whether it is an exported clip is asked of the file alone."""
    os.mkfifo(tmp_path / "pipe")  # whoever opens it waits
    playlist = tmp_path / "gate.mp4"
    playlist.write_text("ffconcat version 1.0\nfile pipe\n")
    asking = threading.Thread(target=is_exported, args=(playlist, tmp_path), daemon=True)
    asking.start()
    asking.join(10)
    is_waiting = asking.is_alive()
    if is_waiting:
        (tmp_path / "pipe").write_bytes(b"")
    assert not is_waiting


def test_a_file_that_is_written_again_in_place_does_not_rest(tmp_path: Path) -> None:
    clock = Clock()
    watch = FolderWatch(tmp_path, clock)
    (tmp_path / "gate.mp4").write_bytes(b"a")
    assert list(watch.look([])) == []
    clock.now += REST_SECONDS
    (tmp_path / "gate.mp4").write_bytes(b"b")
    assert list(watch.look([])) == []


def test_a_folder_that_is_gone_says_so_and_is_looked_for_again(tmp_path: Path) -> None:
    clock = Clock()
    folder = tmp_path / "disk"
    watch = FolderWatch(folder, clock)
    assert list(watch.look([])) == []
    assert watch.problem.startswith("The folder is gone")
    folder.mkdir()
    (folder / "gate.mp4").touch()
    assert list(watch.look([])) == []
    assert watch.problem == ""
    clock.now += REST_SECONDS
    assert list(watch.look([])) == [folder / "gate.mp4"]
