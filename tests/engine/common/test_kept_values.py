from __future__ import annotations

import threading
from pathlib import Path

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
