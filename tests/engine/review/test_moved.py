"""Recordings of the list that are not where they were."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.common.errors import Cancelled
from engine.review.moved import find_moved, missing
from engine.review.recording_list import ListedRecording
from engine.video import open_video
from engine.video.fingerprint import file_fingerprint


def listed(path: Path, content: bytes) -> ListedRecording:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return ListedRecording(path=str(path), fingerprint=file_fingerprint(path))


def test_moved_and_renamed_recordings_are_found_by_their_content(tmp_path: Path) -> None:
    gate = listed(tmp_path / "old" / "gate.mp4", b"gate")
    street = listed(tmp_path / "old" / "street.mp4", b"street")
    stays = listed(tmp_path / "stays.mp4", b"stays")
    gone = listed(tmp_path / "old" / "gone.mp4", b"gone")
    (tmp_path / "old" / "gone.mp4").unlink()
    (tmp_path / "old").rename(tmp_path / "new")
    (tmp_path / "new" / "gate.mp4").rename(tmp_path / "new" / "renamed.mp4")
    (tmp_path / "new" / "gate.mp4").write_bytes(b"another recording of that name")
    moved = missing([gate, street, stays, gone])
    assert moved == [gate, street, gone]
    found = dict(find_moved(moved, tmp_path))
    assert found == {gate.path: tmp_path / "new" / "renamed.mp4", street.path: tmp_path / "new" / "street.mp4"}


def test_one_that_was_never_opened_is_known_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "gate.mp4").touch()
    assert list(find_moved([ListedRecording(path="/old/gate.mp4")], tmp_path)) == [
        ("/old/gate.mp4", tmp_path / "gate.mp4")
    ]


def test_a_folder_of_pictures_is_found_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((16, 16, 3), 40 * number, np.uint8))
    with open_video(folder) as source:
        recording = ListedRecording(path=str(folder), fingerprint=source.info.fingerprint)
    folder.rename(tmp_path / "new")
    assert list(find_moved([recording], tmp_path)) == [(str(folder), tmp_path / "new")]


def test_copies_of_one_recording_are_all_found_each_under_its_own_name(tmp_path: Path) -> None:
    copies = [listed(tmp_path / "old" / name, b"gate") for name in ("gate.mp4", "archived.mp4", "a.mp4")]
    (tmp_path / "old").rename(tmp_path / "new")
    (tmp_path / "new" / "a.mp4").rename(tmp_path / "new" / "renamed.mp4")
    found = dict(find_moved(missing(copies), tmp_path))
    names = {Path(before).name: now.name for before, now in found.items()}
    assert names == {"gate.mp4": "gate.mp4", "archived.mp4": "archived.mp4", "a.mp4": "renamed.mp4"}


def test_recordings_of_one_name_that_were_never_opened_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    moved = [ListedRecording(path=f"/old/{camera}/0800.mp4") for camera in ("south", "north")]
    for camera in ("north", "south"):
        (tmp_path / camera).mkdir()
        (tmp_path / camera / "0800.mp4").touch()
    assert dict(find_moved(moved, tmp_path)) == {
        "/old/south/0800.mp4": tmp_path / "south" / "0800.mp4",
        "/old/north/0800.mp4": tmp_path / "north" / "0800.mp4",
    }


def test_the_file_of_another_recording_is_not_taken_for_its_name(tmp_path: Path) -> None:
    opened = listed(tmp_path / "old" / "a" / "0800.mp4", b"opened")
    (tmp_path / "old").rename(tmp_path / "new")
    never = ListedRecording(path=str(tmp_path / "old" / "b" / "0800.mp4"))
    assert dict(find_moved([never, opened], tmp_path)) == {opened.path: tmp_path / "new" / "a" / "0800.mp4"}


def test_copies_of_which_one_was_never_opened_are_both_found(tmp_path: Path) -> None:
    opened, copy = (listed(tmp_path / "old" / name, b"gate") for name in ("b.mp4", "a.mp4"))
    (tmp_path / "old").rename(tmp_path / "new")
    found = dict(find_moved([opened, ListedRecording(path=copy.path)], tmp_path))
    assert found == {opened.path: tmp_path / "new" / "b.mp4", copy.path: tmp_path / "new" / "a.mp4"}


def test_one_known_by_its_name_gets_the_file_whose_folders_are_like_its_own(tmp_path: Path) -> None:
    for camera in ("north", "south"):
        (tmp_path / camera).mkdir()
        (tmp_path / camera / "0800.mp4").touch()
    moved = [ListedRecording(path="/old/south/0800.mp4")]
    assert dict(find_moved(moved, tmp_path)) == {"/old/south/0800.mp4": tmp_path / "south" / "0800.mp4"}


def test_many_recordings_of_one_name_are_matched_by_the_longest_common_end(tmp_path: Path) -> None:
    days = range(400)
    moved = [ListedRecording(path=f"/old/{day}/hour/0800.mp4") for day in days]
    for day in days:
        (tmp_path / str(day) / "hour").mkdir(parents=True)
        (tmp_path / str(day) / "hour" / "0800.mp4").touch()
    found = dict(find_moved(moved, tmp_path))
    assert found == {each.path: tmp_path / Path(each.path).relative_to("/old") for each in moved}


def test_matching_recordings_of_one_name_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "0800.mp4").touch()
    asked: list[None] = []

    def stop_after_the_search() -> bool:
        asked.append(None)
        return len(asked) > 1

    with pytest.raises(Cancelled):
        list(find_moved([ListedRecording(path="/old/0800.mp4")], tmp_path, stop_after_the_search))


def test_one_copy_is_that_of_one_recording(tmp_path: Path) -> None:
    copies = [listed(tmp_path / "old" / name, b"gate") for name in ("a.mp4", "b.mp4")]
    (tmp_path / "old" / "a.mp4").unlink()
    (tmp_path / "old").rename(tmp_path / "new")
    assert dict(find_moved(missing(copies), tmp_path)) == {copies[1].path: tmp_path / "new" / "b.mp4"}


def test_a_path_that_is_too_long_for_this_machine_is_missing() -> None:
    recording = ListedRecording(path=f"/videos/{300 * 'x'}.mp4")
    assert missing([recording]) == [recording]
