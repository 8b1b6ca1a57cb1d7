"""Which recordings a folder holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.common.errors import Cancelled, VideoError
from engine.video.finding import find_recordings


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(root: Path) -> list[str]:
    return [str(each.relative_to(root)) for each in find_recordings([root]) if isinstance(each, Path)]


def test_videos_are_found_at_every_depth_in_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "cam10.mp4", "cam2.MP4", "notes.txt", ".hidden.mp4", "night/one.avi", "night/deep/two.mkv")
    make(tmp_path, "cam2.MP4.review.json")
    assert found(tmp_path) == ["cam2.MP4", "cam10.mp4", "night/one.avi", "night/deep/two.mkv"]


def test_a_folder_of_pictures_is_a_recording_but_not_previews_beside_videos(tmp_path: Path) -> None:
    make(tmp_path, "Test001/001.tif", "Test001/002.tif", "films/a.mp4", "films/a.jpg")
    assert found(tmp_path) == ["films/a.mp4", "Test001"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    make(tmp_path, "a/one.mp4")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert found(tmp_path) == ["a/one.mp4"]


def test_what_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "stream.dav")
    assert list(find_recordings([tmp_path / "stream.dav", tmp_path / "gone"])) == [
        tmp_path / "stream.dav",
        tmp_path / "gone",
    ]


def test_a_folder_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/one.mp4", "b/two.mp4", "c/three.mp4")
    iterdir = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "b":
            raise PermissionError(13, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    results = list(find_recordings([tmp_path]))
    assert [each.name for each in results if isinstance(each, Path)] == ["one.mp4", "three.mp4"]
    errors = [each for each in results if isinstance(each, VideoError)]
    assert [error.subject for error in errors] == [str(tmp_path / "b")]


def test_a_search_can_be_stopped(tmp_path: Path) -> None:
    make(tmp_path, "a/one.mp4")
    with pytest.raises(Cancelled):
        list(find_recordings([tmp_path], lambda: True))
