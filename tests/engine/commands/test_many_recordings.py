"""A review of a hundred recordings is handed over with few files open at once, and in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.engine.commands.reviews import write_joint_review

FEW, MANY = 10, 100
OPEN_FILES = 64
MEMORY_GROWTH_BYTES = 20e6
"""200 KB a recording: what a report holds of it and of its pictures, not its frames."""

COMMANDS = {
    "export": ["--tables", "csv,srt", "--report", "html", "--clips", "confirmed", "--copy"],
    "package": ["--clips", "unsure"],
}


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Reviews by how many recordings they are of, all of which differ."""
    made = {}
    for count in (FEW, MANY):
        folder = tmp_path_factory.mktemp(f"{count}-recordings")
        made[count] = write_joint_review(
            *(make_clip(folder / f"gate-{number:03}.mp4", range(number, number + 12)) for number in range(count))
        )
    return made


def peak_memory_bytes(*command: object) -> float:
    """What a command of `vad` took that may not open many files at once."""
    import resource  # not on Windows

    def limit_open_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))

    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, command)],
        stdout=subprocess.DEVNULL,
        preexec_fn=limit_open_files,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows neither limits nor measures a process like that")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_hundred_recordings_are_handed_over(reviews: dict[int, Path], tmp_path: Path, command: str) -> None:
    took = {
        count: peak_memory_bytes(command, review, *COMMANDS[command], "--out", tmp_path / str(count), "--quiet")
        for count, review in reviews.items()
    }
    assert took[MANY] - took[FEW] < MEMORY_GROWTH_BYTES
    out = tmp_path / str(MANY)
    if command == "export":
        assert len(list(out.glob("*.csv"))) == len(list(out.glob("*.srt"))) == len(list(out.glob("*.mp4"))) == MANY
        (report,) = out.glob("*.html")
    else:
        assert len(list((out / "data/originals").iterdir())) == MANY
        report = out / "data/report.html"
    assert f"Review of {MANY} recordings" in report.read_text(encoding="utf-8")
