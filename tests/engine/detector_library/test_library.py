"""Tests the library with real detector files, changes by hand, and a second process."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.common.errors import DetectorFileError
from engine.detector_library import DetectorLibrary, LibraryEntry, detector_name, file_entry, find_detector, metadata
from engine.detector_library.metadata import MetadataFile
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.models.detector_header import read_header
from resources import detector_path

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two detector files that differ only in their settings."""
    folder = tmp_path_factory.mktemp("runs")
    paths = []
    for name in ("Gate", "Yard"):
        record = {"videos": ["monday.mp4", "tuesday.mp4"], "transitions": 99, "motion_epochs": 5, "frame_epochs": 3}
        torch.manual_seed(0)
        settings = DetectorSettings(name, "fast", "dis-fast", 4.0, created="2025-03-01T12:00:00+00:00", training=record)
        paths.append(folder / name / "detector.safetensors")
        save_detector(Detector(settings), paths[-1])
    return paths[0], paths[1]


@pytest.fixture
def gate(trained: tuple[Path, Path]) -> Path:
    return trained[0]


@pytest.fixture
def yard(trained: tuple[Path, Path]) -> Path:
    return trained[1]


@pytest.fixture
def library(tmp_path: Path) -> DetectorLibrary:
    return DetectorLibrary(tmp_path / "detectors")


def own_names(library: DetectorLibrary) -> list[str]:
    return [entry.name for entry in library.entries() if not entry.is_bundled]


def test_an_empty_library_has_the_bundled_detectors_and_creates_no_folder(library: DetectorLibrary) -> None:
    assert library.entries()
    assert all(entry.is_bundled and not entry.problem for entry in library.entries())
    assert not library.folder.exists()


def test_an_added_detector_is_described_without_loading_it(library: DetectorLibrary, gate: Path) -> None:
    added = library.add(gate, name="North gate", note="dry weather", camera="Gate 1")
    assert added in library.entries()
    assert (added.name, added.note, added.camera) == ("North gate", "dry weather", "Gate 1")
    assert (added.preset, added.teacher, added.created[:10]) == ("fast", "dis-fast", "2025-03-01")
    assert added.training["videos"] == ["monday.mp4", "tuesday.mp4"]
    assert not added.calibrated
    assert added.path.read_bytes() == gate.read_bytes()
    assert added.path.name == "north-gate.safetensors"


def test_a_detector_cannot_be_added_twice(library: DetectorLibrary, gate: Path) -> None:
    library.add(gate, name="North gate")
    with pytest.raises(DetectorFileError, match="already, as 'North gate'"):
        library.add(gate, name="Another")


def test_no_two_detectors_share_a_name_or_a_file(library: DetectorLibrary, gate: Path, yard: Path) -> None:
    first = library.add(gate, name="Nord/Süd")
    with pytest.raises(DetectorFileError, match="of this name already"):
        library.add(yard, name="nord/süd")
    second = library.add(yard, name="Nord Süd")
    assert first.path != second.path
    with pytest.raises(DetectorFileError, match="of this name already"):
        library.rename(second.path, "NORD/SÜD")


@pytest.mark.parametrize("name", ["con", "..", "a" * 300, "日本", "../../etc/passwd", "  "])
def test_any_name_gives_a_valid_file_name(library: DetectorLibrary, gate: Path, name: str) -> None:
    if not name.strip():
        with pytest.raises(DetectorFileError, match="needs a name"):
            library.add(gate, name=name)
        return
    added = library.add(gate, name=name)
    assert added.name == name
    assert added.path.parent == library.folder
    assert added.path.stem not in ("con", "..")


def test_renaming_changes_neither_file_nor_fingerprint(library: DetectorLibrary, gate: Path) -> None:
    added = library.add(gate)
    assert added.name == "Gate"  # the name in its settings
    renamed = library.rename(added.path, "South gate")
    annotated = library.annotate(added.path, note="from May on", camera="Gate 2")
    assert (renamed.name, annotated.name, annotated.note) == ("South gate", "South gate", "from May on")
    assert annotated.path.read_bytes() == gate.read_bytes()
    assert annotated.fingerprint == load_detector(gate)[1]


@pytest.mark.slow
def test_an_exported_detector_keeps_its_name_in_another_library(
    library: DetectorLibrary, gate: Path, tmp_path: Path
) -> None:
    added = library.add(gate, name="Tor ‘Süd’", note="note", camera="cam")
    exported = library.export(added.path, tmp_path)
    detector, fingerprint = load_detector(exported)
    original, original_fingerprint = load_detector(gate)
    assert fingerprint == original_fingerprint
    for name, tensor in original.state_dict().items():
        torch.testing.assert_close(detector.state_dict()[name], tensor, rtol=0, atol=0)
    imported = DetectorLibrary(tmp_path / "elsewhere").import_(exported)
    assert (imported.name, imported.note, imported.camera) == ("Tor ‘Süd’", "note", "cam")
    assert imported.fingerprint == added.fingerprint
    with pytest.raises(DetectorFileError, match="such a file already"):
        library.export(added.path, tmp_path)
    assert library.export(added.path, exported, overwrite=True) == exported
    with pytest.raises(DetectorFileError, match="such a file already"):
        library.export(added.path, added.path, overwrite=True)
    with pytest.raises(DetectorFileError, match="can't be exported"):
        library.export(added.path, tmp_path / "no" / "folder.safetensors")


def test_a_name_from_a_file_is_numbered_if_it_is_taken(
    library: DetectorLibrary, gate: Path, yard: Path, tmp_path: Path
) -> None:
    other = DetectorLibrary(tmp_path / "other")
    exported = other.export(other.add(yard, name="Gate").path, tmp_path)
    library.add(gate, name="Gate")
    assert library.import_(exported).name == "Gate (2)"


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "flipped", "missing", "folder"])
def test_damaged_detectors_cannot_be_added(library: DetectorLibrary, gate: Path, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "file.safetensors"
    data = bytearray(gate.read_bytes())
    data[-1000] ^= 1
    contents = {"text": b"hello, I am text", "empty": b"", "cut": data[: len(data) // 2], "flipped": data}
    if damage in contents:
        file.write_bytes(contents[damage])
    elif damage == "folder":
        file.mkdir()
    with pytest.raises(DetectorFileError):
        library.import_(file)
    assert own_names(library) == []


@pytest.mark.parametrize(
    "record", [{"videos": 5}, {"videos": [5]}, {"held_out": None}, {"held_out_since": 1.0}, ["monday.mp4"]]
)
def test_a_training_record_of_wrong_types_is_refused(library: DetectorLibrary, tmp_path: Path, record: Any) -> None:
    settings = DetectorSettings("Gate", "fast", "dis-fast", 4.0, training=record)
    save_detector(Detector(settings), tmp_path / "gate.safetensors")
    with pytest.raises(DetectorFileError):
        library.add(tmp_path / "gate.safetensors")
    library.folder.mkdir(exist_ok=True)
    shutil.copy(tmp_path / "gate.safetensors", library.folder)
    (entry,) = [entry for entry in library.entries() if not entry.is_bundled]
    assert "not a detector" in entry.problem


@pytest.mark.parametrize("key", ["settings", "library"])
def test_a_header_nested_too_deeply_is_refused(gate: Path, tmp_path: Path, key: str) -> None:
    with safe_open(gate, framework="pt") as file:
        header = file.metadata()
    save_file(load_file(gate), tmp_path / "gate.safetensors", {**header, key: "[" * 100_000})
    with pytest.raises(DetectorFileError, match="not a detector"):
        read_header(tmp_path / "gate.safetensors")


def test_a_deleted_detector_can_be_imported_again(library: DetectorLibrary, gate: Path) -> None:
    added = library.add(gate, name="North gate", note="kept")
    moved = library.delete(added.path)
    assert own_names(library) == []
    restored = library.import_(moved)
    assert (restored.name, restored.note) == ("North gate", "kept")


def test_active_detectors_of_earlier_versions_stay_in_the_file(library: DetectorLibrary, gate: Path) -> None:
    """Earlier versions treat a metadata file without them as damaged."""
    added = library.add(gate, name="North gate")
    memory = library.folder / "library.json"
    content = json.loads(memory.read_text())
    content["active"] = {"": added.fingerprint, "Gate 1": "gone"}
    memory.write_text(json.dumps(content))
    library.rename(added.path, "South gate")
    assert own_names(library) == ["South gate"]
    assert json.loads(memory.read_text())["active"] == content["active"]


def test_bundled_detectors_cannot_be_changed(library: DetectorLibrary) -> None:
    bundled = library.entries()[0]
    for change in (
        lambda: library.rename(bundled.path, "mine"),
        lambda: library.annotate(bundled.path, note="mine"),
        lambda: library.delete(bundled.path),
    ):
        with pytest.raises(DetectorFileError, match="came with the program"):
            change()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": "1"}', b'{"version": 1, "labels": 3, "active": {}}', b"\xff\xfe", b"[" * 100_000],
)
def test_a_damaged_metadata_file_is_renamed_and_detectors_stay_listed(
    library: DetectorLibrary, gate: Path, content: bytes
) -> None:
    added = library.add(gate, name="North gate")
    memory = library.folder / "library.json"
    memory.write_bytes(content)
    assert own_names(library) == ["Gate"]  # the name in its file
    library.rename(added.path, "North gate")
    assert own_names(library) == ["North gate"]
    (kept,) = library.folder.glob("library.damaged-*.json")
    assert kept.read_bytes() == content


def test_a_metadata_file_of_a_newer_version_is_not_changed(library: DetectorLibrary, gate: Path) -> None:
    added = library.add(gate)
    memory = library.folder / "library.json"
    memory.write_text(json.dumps({"version": 2, "something": "else"}))
    assert own_names(library) == ["Gate"]
    with pytest.raises(DetectorFileError, match="newer version"):
        library.rename(added.path, "Other")
    assert json.loads(memory.read_text())["version"] == 2


def test_files_may_be_renamed_added_damaged_and_deleted_by_hand(
    library: DetectorLibrary, gate: Path, yard: Path
) -> None:
    added = library.add(gate, name="North gate")
    added.path.rename(library.folder / "by hand.safetensors")
    shutil.copy(yard, library.folder / "dropped in.safetensors")
    (library.folder / "broken.safetensors").write_bytes(b"{}")
    assert own_names(library) == ["broken", "North gate", "Yard"]
    renamed = library.find("North gate")
    assert renamed is not None
    assert renamed.path.name == "by hand.safetensors"
    broken = library.entries()[0]
    assert broken.problem
    with pytest.raises(DetectorFileError):
        library.rename(broken.path, "x")
    library.delete(broken.path)
    renamed.path.unlink()
    assert library.find("North gate") is None
    assert own_names(library) == ["Yard"]
    with pytest.raises(DetectorFileError, match="not in the library"):
        library.rename(renamed.path, "gone")


def test_names_of_the_user_s_detectors_come_before_bundled_ones(
    gate: Path, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_DETECTORS", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path)
    library = DetectorLibrary()
    bundled = library.entries()[0]
    assert find_detector(bundled.path.stem) == bundled.path
    mine = library.add(gate, name="North gate")
    assert find_detector("north GATE") == mine.path
    assert find_detector("nobody") is None
    assert find_detector("x" * 5000) is None
    assert find_detector("\0") is None
    (tmp_path / "North gate").touch()
    assert find_detector("North gate") == Path("North gate")
    for copy in ("a", "b"):
        shutil.copy(yard, library.folder / f"{copy}.safetensors")
    with pytest.raises(DetectorFileError, match="2 detectors have this name"):
        find_detector("Yard")


def test_detector_name_is_a_name_that_find_detector_finds(
    library: DetectorLibrary, gate: Path, yard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_DETECTORS", str(library.folder))
    bundled = library.entries()[0]
    assert detector_name(bundled.path) == bundled.path.stem
    mine = library.add(gate, name="North gate")
    assert detector_name(mine.path) == "North gate"
    assert detector_name(gate) is None
    for copy in ("a", "b"):
        shutil.copy(yard, library.folder / f"{copy}.safetensors")
    assert detector_name(library.folder / "b.safetensors") is None
    assert detector_name(library.folder / "absent.safetensors") is None


def test_a_folder_that_cannot_be_written_is_an_error(gate: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DetectorFileError, match="can't be written"):
        DetectorLibrary(tmp_path / "file" / "detectors").add(gate)


def test_a_library_locked_by_another_process_is_an_error(
    library: DetectorLibrary, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "_TIMEOUT_SECONDS", 0.1)
    library.add(gate)
    with FileLock(library.folder / ".lock"), pytest.raises(DetectorFileError, match="written") as caught:
        library.rename("Gate", "Yard")
    assert "another process is using it" in caught.value.advice


def test_concurrent_changes_by_two_processes_are_all_saved(library: DetectorLibrary) -> None:
    code = """
import sys
from pathlib import Path
from engine.detector_library.metadata import MetadataFile
from engine.models.detector_header import Label
memory = MetadataFile(Path(sys.argv[1]))
print(flush=True)
sys.stdin.readline()
for n in range(15):
    with memory.change() as metadata:
        metadata.labels[f"{sys.argv[2]} {n}"] = Label("x")
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(library.folder), who],
            cwd=ROOT,
            env=os.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in "ab"
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()  # wait until both processes are ready
    for process in processes:
        process.communicate("go\n", timeout=60)
        assert process.returncode == 0
    assert len(MetadataFile(library.folder).read().labels) == 30


def test_fully_held_out_videos_are_not_training_videos() -> None:
    record = {"videos": ["a.mp4", "b.mp4"], "held_out": ["b.mp4"]}
    assert LibraryEntry(Path("x"), "x", training=record).training_videos() == ["a.mp4"]
    # If there is a single video, only its end is held out, so it is a training video too.
    alone = {"videos": ["a.mp4"], "held_out": ["a.mp4"], "held_out_since": {"a.mp4": 80.0}}
    assert LibraryEntry(Path("x"), "x", training=alone).training_videos() == ["a.mp4"]
    assert LibraryEntry(Path("x"), "x", training={"videos": ["a.mp4"]}).training_videos() == ["a.mp4"]
    assert LibraryEntry(Path("x"), "x").training_videos() == []


def test_a_detector_of_several_lights_says_what_each_can_promise(tmp_path: Path) -> None:
    known, _ = load_detector(detector_path("ped2"))
    calibration = known.settings.calibration
    assert calibration is not None
    assert calibration.reference is not None
    dark = tuple(each / 2 for each in calibration.reference.layout)
    night = replace(calibration.lights[0], seconds=90.0, reference=replace(calibration.reference, layout=dark))
    settings = replace(known.settings, calibration=calibration.with_lights([night]))
    save_detector(known.with_settings(settings), tmp_path / "both.safetensors")
    day, evening = file_entry(tmp_path / "both.safetensors").lights
    least = math.ceil(night.least_false_alarms)
    assert day.startswith("usual light: ")
    assert evening == f"darker: 90 s of normal footage, which can't promise less than {least} false alarms an hour"
    assert file_entry(detector_path("ped2")).lights == ()
    unreviewed = replace(calibration.with_lights([night]), unreviewed=True)
    save_detector(known.with_settings(replace(settings, calibration=unreviewed)), tmp_path / "unreviewed.safetensors")
    for told in file_entry(tmp_path / "unreviewed.safetensors").lights:
        assert told.endswith("of footage that nobody reviewed, which can't promise a number of false alarms")
