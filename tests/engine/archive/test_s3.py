"""Recordings of an S3 store: a server that speaks its protocol on this machine, reached as any other store is."""

from __future__ import annotations

import csv
import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result
from fsspec.asyn import get_loop

from engine.__main__ import cli
from engine.common.errors import VideoError
from engine.common.remote_path import BLOCK_BYTES, as_path
from engine.video import open_video
from engine.video.header import read_header
from tests.clips import make_clip, read_number
from tests.engine.archive.test_analysing import film

s3fs = pytest.importorskip("s3fs", reason="needs the extra s3")
if any(importlib.util.find_spec(name) is None for name in ("moto", "flask_cors")):
    pytest.skip("needs pip install 'moto[server]'", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_look_ups")]

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """URL of a server that takes any credentials."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/moto-api/")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def _look_ups() -> None:
    """The thread in which the connections look up names of servers, which outlives a test, too."""
    executor = ThreadPoolExecutor(1)
    executor.submit(int).result()
    get_loop().call_soon_threadsafe(get_loop().set_default_executor, executor)


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[s3fs.S3FileSystem]:
    """The store, with a bucket `cctv`; it is found by what the environment says, as on a person's machine."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    system = s3fs.S3FileSystem()
    system.mkdir("cctv")
    yield system
    system.rm("cctv", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def _wait_until_it_answers(url: str) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            urlopen(url, timeout=PATIENCE_SECONDS).close()
        except URLError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return


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
    s3: s3fs.S3FileSystem, footage: Path, tmp_path: Path, calibrated_file: Path
) -> None:
    for number, camera in enumerate(("north", "south")):
        (footage / camera).mkdir()
        path = film(footage / camera / f"20260328_1{number}0000.mp4", 40, seed=number)
        s3.put(str(path), f"cctv/{camera}/{path.name}")
    there = exported(tmp_path / "there.archive", "s3://cctv", calibrated_file)
    here = exported(tmp_path / "here.archive", str(footage), calibrated_file)
    assert there == here != []


def test_a_header_and_a_frame_are_read_by_ranges(
    s3: s3fs.S3FileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def test_missing_files_and_buckets_are_said(s3: s3fs.S3FileSystem, tmp_path: Path) -> None:
    assert s3.exists("cctv")
    with pytest.raises(VideoError, match="There is no such file"):
        open_video("s3://cctv/nowhere.mp4")
    arguments = ["archive", "scan", "s3://nowhere", "--archive", str(tmp_path / "site.archive")]
    refused = CliRunner().invoke(cli, arguments)
    assert refused.exit_code != 0
    assert "s3://nowhere" in refused.output
    assert "no such folder" in refused.output
