"""Power cuts at every step of a save: the old or the new is there, and what was reported as saved is the new."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("needs /proc", allow_module_level=True)

import torch

from engine.common.kept_values import changed_values, kept_values
from engine.detector_library.metadata import MetadataFile
from engine.models.detector import PRESETS, Detector, DetectorSettings, load_detector, save_detector
from engine.models.detector_header import Label
from engine.review.document import Review
from engine.review.files import read_review, write_review
from engine.review.recording_list import ListedRecording, RecordingList, RecordingListFile
from engine.scoring.zone_files import read_zones, write_zones
from engine.scoring.zones import Zone, ZoneKind
from engine.training import Run
from engine.training.checkpoint import Checkpoint, StagePosition, find_checkpoint, save_last_checkpoint
from engine.video.picture_sequence import PictureSequence
from tests.abuse.power_cut import ForgetfulDisk
from tests.engine.review.making import recording
from tests.tiny import TINY

Save = Callable[[Path, int], object]
Load = Callable[[Path], object]


def save_review(folder: Path, value: int) -> None:
    write_review(folder / "a.review.json", Review(recordings=(recording(value),)))


def load_review(folder: Path) -> int:
    return read_review(folder / "a.review.json").review.recordings[0].frame_count


def save_list(folder: Path, value: int) -> None:
    file = RecordingListFile(folder / "recordings.json")
    file.open()
    file.write(RecordingList(recordings=(ListedRecording(path=str(value)),)))
    file.close()


def load_list(folder: Path) -> int:
    file = RecordingListFile(folder / "recordings.json")
    (only,) = file.open().recordings
    file.close()
    return int(only.path)


def save_library(folder: Path, value: int) -> None:
    with MetadataFile(folder).change() as metadata:
        metadata.labels["ab"] = Label(str(value))


def save_values(folder: Path, value: int) -> None:
    with changed_values(folder / "rates.json", dict[str, int]) as values:
        values["a"] = value


def save_zones(folder: Path, value: int) -> None:
    write_zones(folder / "a.geojson", (Zone.rectangle(ZoneKind.IGNORED, (0.1, 0.1), (0.4, 0.4), str(value)),))


def save_weights(folder: Path, value: int) -> None:
    save_detector(Detector(DetectorSettings("tiny", "tiny", "dis-ultrafast", float(value))), folder / "a.safetensors")


def save_checkpoint(folder: Path, value: int) -> None:
    reached = Checkpoint(StagePosition("motion", epoch=value), {}, {"weights": torch.zeros(4)})
    save_last_checkpoint(reached, Run(folder))


def load_checkpoint(folder: Path) -> int:
    found, _ = find_checkpoint(Run(folder))
    assert found
    return found.position.epoch


SAVED: dict[str, tuple[Save, Load]] = {
    "review": (save_review, load_review),
    "list of recordings": (save_list, load_list),
    "detector library": (save_library, lambda folder: int(MetadataFile(folder).read().labels["ab"].name)),
    "values given by a person": (save_values, lambda folder: kept_values(folder / "rates.json", dict[str, int])["a"]),
    "zones": (save_zones, lambda folder: int(read_zones(folder / "a.geojson")[0].name)),
    "detector": (save_weights, lambda folder: int(load_detector(folder / "a.safetensors")[0].settings.flow_radius_px)),
    "checkpoint": (save_checkpoint, load_checkpoint),
}


@pytest.mark.parametrize("kind", SAVED)
def test_a_save_survives_power_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    save, load = SAVED[kind]
    folder = tmp_path / "disk"
    folder.mkdir()
    for old in (1, 2):
        save(folder, old)
    disk = ForgetfulDisk(folder)
    with disk.watched():
        save(folder, 3)
    assert len(disk.left) > 4, "it was followed"

    def found_after(number: int) -> object:
        after = tmp_path / str(number)
        after.mkdir()
        for name, content in disk.left[number].items():
            (after / name).write_bytes(content)
        return load(after)

    found = [found_after(number) for number in range(len(disk.left))]
    assert set(found) <= {2, 3}
    assert found[-2:] == [3, 3], "whoever was told that it is saved finds it"


def test_the_disk_forgets_what_was_not_synced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    disk = ForgetfulDisk(tmp_path)
    with disk.watched():
        (tmp_path / "b").write_bytes(b"new")
        (tmp_path / "b").replace(tmp_path / "a")
    assert disk.left[-2:] == [{"a": b"old"}, {"a": b""}]


def test_a_folder_of_pictures_gets_its_name_when_all_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, Path]] = []
    sync, rename = os.fsync, os.rename

    def synced(descriptor: int) -> None:
        sync(descriptor)
        done.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink()))

    def renamed(source: Any, target: Any) -> None:
        rename(source, target)
        done.append(("rename", Path(target)))

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    with PictureSequence(tmp_path / "clip", 0, np.array([0.0])) as pictures:
        pictures.write(np.zeros((4, 4, 3), np.uint8), 0.0, 0.04)
    at = done.index(("rename", tmp_path / "clip"))
    assert done[at - 1][1].name.startswith(".vadgui-"), "the names of the pictures"
    assert done[at + 1] == ("sync", tmp_path), "the name of the folder"
