"""`vad detectors` from its command line: importing, listing, renaming, exporting and deleting."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli


@pytest.fixture(autouse=True)
def _temporary_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VADGUI_DETECTORS", str(tmp_path / "mine"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["detectors", *map(str, arguments)])


def listed() -> dict[str, dict]:
    return {entry["name"]: entry for entry in json.loads(run("list", "--json").stdout)["detectors"]}


def test_import_rename_export_and_delete_a_detector(detector_file: Path, tmp_path: Path) -> None:
    assert "none of your own yet" in run("list").stdout
    a_run = tmp_path / "run"
    a_run.mkdir()
    assert "holds no detector" in run("import", a_run).stderr
    shutil.copy(detector_file, a_run / "detector.safetensors")
    assert run("import", a_run, "--name", "North gate", "--camera", "Gate 1").exit_code == 0
    assert run("import", a_run).exit_code == 1
    assert run("rename", "north gate", "South gate", "--note", "dry weather").exit_code == 0
    mine = listed()["South gate"]
    assert (mine["camera"], mine["note"]) == ("Gate 1", "dry weather")
    text = run("list").stdout
    for expected in ("South gate\n", "for Gate 1", "preset fast", "not calibrated", "dry weather"):
        assert expected in text
    assert "(came with the program as plaza)" in text
    exported = tmp_path / "out.safetensors"
    assert run("export", "South gate", exported).exit_code == 0
    assert run("delete", mine["path"], "--force").exit_code == 0
    assert "South gate" not in listed()
    assert run("import", exported).stdout.startswith("South gate -> ")


def test_errors_explain_the_problem(detector_file: Path) -> None:
    unknown = run("rename", "nobody", "somebody")
    assert unknown.exit_code == 1
    assert "There are: " in unknown.stderr
    run("import", detector_file)
    assert run("rename", "untrained").exit_code == 2
    assert run("rename", "untrained", " ").exit_code == 1
    assert run("import", "missing.safetensors").exit_code == 1


def test_other_commands_find_a_detector_by_its_name(detector_file: Path, tmp_path: Path) -> None:
    run("import", detector_file, "--name", "North gate")
    found = CliRunner().invoke(cli, ["analyse", "gone.mp4", "--detector", "north gate", "--out", str(tmp_path)])
    assert "Detector untrained on" in found.stderr
    unknown = CliRunner().invoke(cli, ["analyse", "gone.mp4", "--detector", "nobody", "--out", str(tmp_path)])
    assert unknown.exit_code == 2
    assert "North gate" in unknown.stderr


def test_the_old_spelling_says_that_detectors_are_not_activated() -> None:
    old = run("activate", "South gate", "--camera", "Gate 1")
    assert old.exit_code == 2
    assert "--detector" in old.stderr
    assert "activate" not in run("--help").stdout
