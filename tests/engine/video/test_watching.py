"""Recordings that come into a watched folder."""

from __future__ import annotations

from pathlib import Path

from engine.video.watching import REST_SECONDS, FolderWatch


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
