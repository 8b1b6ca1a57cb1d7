"""`vad archive`, run as people run it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.review.document import JudgedSegment, Verdict
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    """Two cameras' recordings, one of them reviewed."""
    for number, name in enumerate(("north/20260328_100000.mp4", "south/20260328_110000.mp4")):
        path = tmp_path / "footage" / name
        path.parent.mkdir(parents=True)
        make_clip(path, range(100 * number, 100 * number + 50), fps=5)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    write_review(path, JudgedSegment(start=5, stop=10, verdict=Verdict.CONFIRMED, note="a thief"))
    return tmp_path / "footage"


@pytest.fixture
def place(tmp_path: Path, footage: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of that footage, named by the environment."""
    place = tmp_path / "archive.sqlite3"
    monkeypatch.setenv("VADGUI_ARCHIVE", str(place))
    result = run("scan", footage, "--camera-from", "{camera}/**")
    assert result.exit_code == 0, result.output
    assert "2 recordings: 2 new, 1 review read." in result.stdout
    return place


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["archive", *map(str, arguments)])


def test_later_scans_need_no_folders(place: Path, footage: Path) -> None:
    assert run("scan").stdout == "2 recordings: nothing new.\n"
    (footage / "north" / "a.mp4").write_bytes(b"x" * 1000)
    os.utime(footage / "north" / "a.mp4", (1_700_000_000, 1_700_000_000))
    result = run("scan", "--archive", place)
    assert result.exit_code == 0
    assert "a.mp4" in result.stderr
    assert "a.mp4" in run("status").stdout


def test_a_renamed_folder_is_told_and_its_recordings_keep_what_is_known(place: Path, footage: Path) -> None:
    footage.rename(footage.with_name("renamed"))
    renamed = run("scan", footage.with_name("renamed"), "--camera-from", "{camera}/**")
    assert "2 recordings: 2 moved, 1 review read." in renamed.stdout
    assert f"{footage} is gone" in renamed.stdout
    assert "[confirmed]" in run("search").stdout
    again = run("scan", "--archive", place)
    assert (again.stdout, again.stderr.strip()) == ("2 recordings: nothing new.\n", "")


def test_status_says_how_far_each_camera_is(place: Path) -> None:
    assert place.exists()
    lines = run("status").stdout.splitlines()
    assert lines[0] == "north: 10 s in 1 recording"
    assert "  segments: 1 confirmed" in lines
    cameras = json.loads(run("status", "--json").stdout)["cameras"]
    assert [each["waiting"] for each in cameras] == [1, 1]


def test_search_and_export_find_the_same(place: Path, tmp_path: Path) -> None:
    assert place.exists()
    found = run("search", "--camera", "south", "--from", "2026-03-28", "--to", "2026-03-28", "--verdict", "confirmed")
    assert "2026-03-28 11:00:01" in found.stdout
    assert "[confirmed]" in found.stdout
    assert run("search", "--to", "2026-03-27").stdout == ""
    assert run("export", "--out", tmp_path / "found.json").exit_code == 0
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["segments"][0]["note"] == "a thief"
    assert run("export", "--out", tmp_path / "found.txt").exit_code == 2


def test_a_camera_that_is_not_there_is_told_with_those_that_are(place: Path, tmp_path: Path) -> None:
    assert place.exists()
    for command in (["search"], ["export", "--out", tmp_path / "x.csv"], ["analyse", "--detector", "plaza"]):
        result = run(*command, "--camera", "nroth")
        assert result.exit_code == 1
        assert "no camera of this name: nroth" in result.stderr
        assert "There are: north, south." in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--from", "yesterday"),
        ("--region", "0,0,1"),
        ("--region", "0.5,0,0.2,1"),
        ("--verdict", "maybe"),
        ("--min-score", "nan"),
        ("--limit", "9" * 25),
        ("--from", "2026-03-29", "--to", "2026-03-28"),
        ("--from", "2026-03-28T10:00", "--to", "2026-03-28T10:00"),
    ],
)
def test_options_that_make_no_sense_are_refused(place: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run("search", "--archive", place, *options).exit_code == 2
    assert run("export", "--archive", place, "--out", tmp_path / "found.csv", *options).exit_code == 2
    assert not (tmp_path / "found.csv").exists()


def test_without_an_archive_it_says_how_to_make_one(tmp_path: Path, footage: Path) -> None:
    result = run("status", "--archive", tmp_path / "none")
    assert (result.exit_code, "vad archive scan" in result.stderr) == (1, True)
    assert not (tmp_path / "none").exists()
    assert run("scan", "--archive", tmp_path / "none", "--camera", "north").exit_code == 2
    named = run("scan", footage, "--archive", tmp_path / "named", "--camera", "gate")
    assert named.exit_code == 0
    assert run("status", "--archive", tmp_path / "named").stdout.startswith("gate: ")
