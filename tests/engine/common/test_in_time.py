"""Questions to a folder that does not answer are given up, and not asked again until it does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.common import in_time
from engine.common.errors import ExportError
from engine.common.in_time import answer_in_time, check_answers, is_file_in_time, is_folder_in_time


@pytest.fixture
def asked() -> list[str]:
    """The questions that came to the dead share."""
    return []


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> Iterator[Callable[[], str]]:
    """A question that is not answered before the test ends."""
    monkeypatch.setattr(in_time, "WAIT_SECONDS", 0.05)
    is_back = threading.Event()

    def hang() -> str:
        asked.append(threading.current_thread().name)
        is_back.wait(30)
        return "there"

    yield hang
    is_back.set()
    ends = time.monotonic() + 30
    while in_time._waiting and time.monotonic() < ends:
        time.sleep(0.01)
    assert not in_time._waiting, "who is back is asked again"


def test_what_is_there_is_told_and_what_is_raised_is_raised(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert is_file_in_time(tmp_path / "file")
    assert not is_file_in_time(tmp_path)
    assert is_folder_in_time(tmp_path)
    assert not is_folder_in_time(tmp_path / "none")
    check_answers(tmp_path / "none", ExportError)
    with pytest.raises(FileNotFoundError):
        answer_in_time(tmp_path, (tmp_path / "none").read_bytes, b"")


def test_a_folder_that_hangs_is_asked_once(tmp_path: Path, hang: Callable[[], str], asked: list[str]) -> None:
    share, below = tmp_path / "share", tmp_path / "share" / "below"
    assert answer_in_time(share, hang, "unknown") == "unknown"
    assert answer_in_time(share, hang, "unknown") == "unknown"
    assert answer_in_time(below, hang, "unknown") == "unknown"
    assert len(asked) == 1
    assert is_folder_in_time(tmp_path), "the folder above is another's"
    with pytest.raises(ExportError, match="does not answer"):
        check_answers(below, ExportError)


def test_folders_beside_it_are_asked(tmp_path: Path, hang: Callable[[], str]) -> None:
    assert answer_in_time(tmp_path / "share", hang, "unknown") == "unknown"
    (tmp_path / "shared").mkdir()
    assert is_folder_in_time(tmp_path / "shared")
