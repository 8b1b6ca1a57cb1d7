from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.common.atomic_write import PROCESS
from engine.hand_over.unfinished import UnfinishedExport, UnfinishedExports

KILLED = """
import os, sys
from pathlib import Path
from engine.common.atomic_write import temporary_path
from engine.hand_over.unfinished import UnfinishedExport, UnfinishedExports

out = Path(sys.argv[2])
exports = UnfinishedExports(Path(sys.argv[1]))
exports.begin(1, UnfinishedExport("a clip", "/gate.mp4", str(out), "clips", "selected", 30))
exports.begin(2, UnfinishedExport("a report", "/gate.mp4", str(out), "report", "all"))
exports.end(2)
temporary_path(out / "clip.mp4").write_bytes(b"half a clip")
package = temporary_path(out / "package")
(package / "data").mkdir(parents=True)
os._exit(9)
"""


def export(folder: Path, title: str = "a clip") -> UnfinishedExport:
    return UnfinishedExport(title, "/gate.mp4", str(folder), "clips", "selected", 30)


def test_what_a_killed_process_did_not_finish_is_found_once_and_its_remains_go(tmp_path: Path) -> None:
    kept, out = tmp_path / "kept", tmp_path / "out"
    out.mkdir()
    (out / "other.mp4").touch()
    (out / ".vadgui-of-another-1.partial").touch()
    subprocess.run([sys.executable, "-c", KILLED, kept, out], check=False)
    assert len(list(out.iterdir())) == 4
    mine = UnfinishedExports(kept)
    assert mine.take_over() == [export(out)]
    assert {path.name for path in out.iterdir()} == {"other.mp4", ".vadgui-of-another-1.partial"}
    assert mine.take_over() == []
    mine.adopt({-1: export(out)})
    assert [path.stem for path in kept.glob("*.json")] == [PROCESS]
    mine.end(-1)
    mine.close()
    assert not list(kept.iterdir())


def test_what_was_taken_over_but_not_adopted_is_found_again(tmp_path: Path) -> None:
    dead = UnfinishedExports(tmp_path, "dead")
    dead.begin(1, export(tmp_path))
    dead.close()
    ended, mine = UnfinishedExports(tmp_path, "ended"), UnfinishedExports(tmp_path, "mine")
    assert ended.take_over() == [export(tmp_path)]
    assert mine.take_over() == [], "two windows offer it once"
    ended.close()
    assert mine.take_over() == [export(tmp_path)]
    mine.close()


def test_what_a_living_process_does_is_left_alone(tmp_path: Path) -> None:
    other, mine = UnfinishedExports(tmp_path, "other"), UnfinishedExports(tmp_path, "mine")
    other.begin(1, export(tmp_path))
    assert mine.take_over() == []
    other.close()
    assert mine.take_over() == [export(tmp_path)]
    mine.close()


def test_what_was_finished_leaves_nothing(tmp_path: Path) -> None:
    exports = UnfinishedExports(tmp_path / "kept", "mine")
    exports.begin(1, export(tmp_path))
    exports.end(1)
    exports.end(1)
    exports.close()
    assert not list((tmp_path / "kept").iterdir())


def test_a_damaged_file_is_left_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("[{}]")
    assert UnfinishedExports(tmp_path, "mine").take_over() == []


def test_exports_go_on_where_nothing_can_be_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    exports = UnfinishedExports(tmp_path / "file" / "kept", "mine")
    exports.begin(1, export(tmp_path))
    exports.end(1)
    exports.close()


@pytest.mark.parametrize("title", ["caf\udce9", "視"])
def test_names_of_all_kinds_come_back(tmp_path: Path, title: str) -> None:
    other = UnfinishedExports(tmp_path, "other")
    other.begin(1, export(tmp_path, title))
    other.close()
    mine = UnfinishedExports(tmp_path, "mine")
    assert mine.take_over() == [export(tmp_path, title)]
    mine.close()
