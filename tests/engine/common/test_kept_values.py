from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from engine.common.kept_values import changed_values, kept_values


def test_what_is_kept_at_the_same_moment_is_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "data" / "rates.json"

    def keep(number: int) -> None:
        for turn in range(5):
            with changed_values(path, dict[str, float]) as values:
                values[f"{number}-{turn}"] = float(turn)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept_values(path, dict[str, float])) == 40


def test_a_damaged_file_counts_as_empty_and_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text('{"a": 10.0')
    assert kept_values(path, dict[str, float]) == {}
    with changed_values(path, dict[str, float]) as values:
        values["b"] = 5.0
    assert kept_values(path, dict[str, float]) == {"b": 5.0}
    assert path.with_suffix(".damaged").read_text() == '{"a": 10.0'


def test_an_entry_that_cannot_be_used_costs_no_other_one(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    text = '{"a": 10.0, "b": "fast", "c": null, "d": [], "e": 25}'
    path.write_text(text)
    assert kept_values(path, dict[str, float]) == {"a": 10.0, "e": 25.0}
    with changed_values(path, dict[str, float]) as values:
        values["f"] = 5.0
    assert kept_values(path, dict[str, float]) == {"a": 10.0, "e": 25.0, "f": 5.0}
    assert path.with_suffix(".damaged").read_text() == text


def test_of_a_list_the_sound_entries_are_used(tmp_path: Path) -> None:
    path = tmp_path / "patterns.json"
    path.write_text('["%Y", 5, null, "%m"]')
    assert kept_values(path, list[str]) == ["%Y", "%m"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    os.mkfifo(path)
    assert kept_values(path, dict[str, float]) == {}
    with pytest.raises(OSError, match="pipe"), changed_values(path, dict[str, float]):
        pass
