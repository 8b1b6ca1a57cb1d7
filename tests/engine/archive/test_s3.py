"""Recordings of an S3 store: a server that speaks its protocol on this machine, reached as any other store is."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.common.errors import VideoError
from engine.common.remote_path import BLOCK_BYTES, as_path
from engine.video import open_video
from engine.video.header import read_header
from tests.clips import make_clip, read_number
from tests.engine.archive.test_analysing import film

if TYPE_CHECKING:
    from s3fs import S3FileSystem

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("look_ups")]


def vad_archive(place: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["archive", *arguments, "--archive", str(place)])
    assert done.exit_code == 0, done.output
    return done


def exported(place: Path, footage: str, detector: Path) -> list[dict[str, str]]:
    """What is found in a folder, by way of all the commands, without what differs from folder to folder."""
    vad_archive(place, "scan", footage, "--camera-from", "{camera}/**", "--rest", "0")
    assert "nothing new" in vad_archive(place, "scan", "--rest", "0").stdout
    analysed = vad_archive(place, "analyse", "--detector", str(detector), "--device", "cpu")
    assert "2 recordings analysed, 0 failed" in analysed.output
    assert "20260328_100000.mp4" in vad_archive(place, "search").stdout
    table = place.with_suffix(".csv")
    vad_archive(place, "export", "--out", str(table))
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert all(row["path"].startswith(footage) for row in rows)
    return [{name: value for name, value in row.items() if name != "path"} for row in rows]


def test_all_commands_find_there_what_they_find_here(
    s3: S3FileSystem, footage: Path, tmp_path: Path, calibrated_file: Path
) -> None:
    for number, camera in enumerate(("north", "south")):
        (footage / camera).mkdir()
        path = film(footage / camera / f"20260328_1{number}0000.mp4", 40, seed=number)
        s3.put(str(path), f"cctv/{camera}/{path.name}")
    there = exported(tmp_path / "there.archive", "s3://cctv", calibrated_file)
    here = exported(tmp_path / "here.archive", str(footage), calibrated_file)
    assert there == here != []


def test_a_header_and_a_frame_are_read_by_ranges(
    s3: S3FileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_clip(tmp_path / "a.mkv", 60, size=(640, 480), codec="rawvideo", container_format="matroska", b_frames=0)
    s3.put(str(path), "cctv/a.mkv")
    fetched: list[int] = []
    read = s3.cat_file

    def counted(*arguments: object, **more: object) -> bytes:
        data: bytes = read(*arguments, **more)
        fetched.append(len(data))
        return data

    monkeypatch.setattr(s3, "cat_file", counted)
    assert read_header(as_path("s3://cctv/a.mkv")) == read_header(path)
    assert 0 < sum(fetched) < path.stat().st_size / 2
    assert max(fetched) <= BLOCK_BYTES
    with open_video("s3://cctv/a.mkv") as source:
        assert read_number(source.read(40).pixels) == 40


def test_missing_files_and_buckets_are_said(s3: S3FileSystem, tmp_path: Path) -> None:
    assert s3.exists("cctv")
    with pytest.raises(VideoError, match="There is no such file"):
        open_video("s3://cctv/nowhere.mp4")
    arguments = ["archive", "scan", "s3://nowhere", "--archive", str(tmp_path / "site.archive")]
    refused = CliRunner().invoke(cli, arguments)
    assert refused.exit_code != 0
    assert "s3://nowhere" in refused.output
    assert "no such folder" in refused.output
