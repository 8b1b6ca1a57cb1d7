"""A cache's file that can't be made sense of is put aside; what the machine refuses is said."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from engine.common.cache_files import put_aside, read_or_put_aside


def refuse(error: Exception):
    def read(_: Path) -> None:
        raise error

    return read


def test_what_is_whole_is_read_and_what_is_missing_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert read_or_put_aside(path, Path.read_text) is None
    path.write_text("whole")
    assert read_or_put_aside(path, Path.read_text) == "whole"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        RuntimeError(),
        NotImplementedError(),
        TypeError(),
        MemoryError(),
        sqlite3.OperationalError("utf-8"),
    ],
    ids=repr,
)
def test_whatever_damage_raises_the_file_is_put_aside_with_a_word(
    tmp_path: Path, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_text("damaged")
    path.with_name("a.sqlite3-wal").touch()
    assert read_or_put_aside(path, refuse(error), ["-wal"]) is None
    assert [file.name for file in tmp_path.iterdir()] == ["a.damaged"]
    assert path.with_suffix(".damaged").read_text() == "damaged"
    assert str(path) in caplog.text


def test_what_the_machine_refuses_stays_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_text("whole")
    with pytest.raises(PermissionError):
        read_or_put_aside(path, refuse(PermissionError(13, "no")))
    assert path.read_text() == "whole"


def test_what_another_process_has_made_anew_meanwhile_is_read_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_text("damaged")

    def read(path: Path) -> str:
        text = path.read_text()
        if text == "damaged":  # the other read it, too, and is faster
            put_aside(path)
            path.write_text("whole")
            raise ValueError(text)
        return text

    assert read_or_put_aside(path, read) == "whole"
    assert path.read_text() == "whole"
    assert path.with_suffix(".damaged").read_text() == "damaged"


def test_what_another_process_has_put_aside_meanwhile_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_text("damaged")

    def read(path: Path) -> str:
        path.read_text()
        put_aside(path)
        raise ValueError

    assert read_or_put_aside(path, read) is None
    assert [file.name for file in tmp_path.iterdir()] == ["a.damaged"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes as POSIX has them")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_a_file_is_put_aside_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    os.mkfifo(path)
    assert read_or_put_aside(path, Path.read_bytes) is None
    assert [file.name for file in tmp_path.iterdir()] == ["a.damaged"]


@pytest.mark.parametrize("target", ["gone.npz", "a.npz"], ids=["nowhere", "in a circle"])
def test_a_link_that_leads_to_no_file_is_put_aside(tmp_path: Path, target: str) -> None:
    path = tmp_path / "a.npz"
    path.symlink_to(tmp_path / target)
    assert read_or_put_aside(path, Path.read_text) is None
    assert [each.name for each in tmp_path.iterdir()] == ["a.damaged"]
    path.write_text("whole")
    assert read_or_put_aside(path, Path.read_text) == "whole"
