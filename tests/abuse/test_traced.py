"""One run of each command, traced: no network, no other program, no file outside its folders, all on disk in time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

if sys.platform != "linux" or not shutil.which("strace"):
    pytest.skip("needs strace", allow_module_level=True)

from engine.models.detector import PRESETS
from tests.abuse.commands import COMMANDS, Place, make_material
from tests.tiny import TINY

ROOT = Path(__file__).parents[2]
CALLS = "%network,execve,openat,creat,rename,renameat,renameat2,link,linkat,fsync"
READING: dict[str, Callable[[Path], list[object]]] = {
    "footage": lambda material: ["footage", material / "gate.mp4"],
    "plan": lambda material: [
        "plan",
        "out/run",
        "--footage",
        material / "normal",
        "--preset",
        "fast",
        "--device",
        "cpu",
    ],
    "doctor": lambda _: ["doctor"],
    "detectors list": lambda _: ["detectors", "list"],
    "timing": lambda material: ["timing", "--detector", material / "tiny.safetensors", "--device", "cpu", "--quiet"],
}
FONTS = {"train": {"fc-list"}}
"""Where curves are drawn, matplotlib asks fontconfig once which fonts there are, if that is installed."""
ASKS_THE_MACHINE = {"doctor", "plan", "timing"}
"""Commands that may start system tools, such as `nvidia-smi`, to say what machine this is."""

QUICK = ("footage", "detectors list")
"""With every `make test`: what opens a socket or starts a program as soon as it is imported shows in each command."""

pytestmark = pytest.mark.timeout(300)


@dataclass
class Trace:
    """What a run asked of the system."""

    domains: set[str] = field(default_factory=set)
    """Of sockets."""
    programs: list[str] = field(default_factory=list)
    written: set[Path] = field(default_factory=set)
    """Files opened for writing."""
    unsynced: list[str] = field(default_factory=list)
    """What got its name before it was on disk."""

    @classmethod
    def read(cls, lines: list[str], folder: Path) -> Trace:
        trace, synced = cls(), set[Path]()
        for line in lines:
            call = re.match(r"\d+\s+(\w+)\((.*)\)\s+= (\d+)", line)
            if not call:
                continue  # unfinished, or failed
            name, arguments, _ = call.groups()
            paths = [folder / text for text in re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)]
            if name == "socket":
                trace.domains.add(arguments.split(",")[0])
            elif name == "execve":
                trace.programs.append(paths[0].name)
            elif name in ("openat", "creat") and (name == "creat" or re.search("O_(WRONLY|RDWR)", arguments)):
                trace.written.add(Path(os.path.normpath(paths[0])))
            elif name == "fsync":
                synced |= {Path(text) for text in re.findall(r"<(.*)>", arguments)}
            elif name.startswith(("rename", "link")) and paths[0].name.startswith(".vadgui-"):
                made = Path(os.path.normpath(paths[0]))
                files = {each for each in trace.written if made in (each, *each.parents)}
                # Names of temporary files inside a package have changed by now.
                files = {each for each in files if not (each != made and each.name.startswith(".vadgui-"))}
                trace.unsynced += [f"{each} becomes {paths[1]}" for each in files - synced]
        return trace


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "tiny", TINY)
        return make_material(tmp_path_factory.mktemp("material"))


def traced(arguments: list[object], place: Place) -> Trace:
    strace = ["strace", "-f", "-y", "--seccomp-bpf", "-s", "4096", "-e", f"trace={CALLS}", "-o", place.folder / "trace"]
    command = [*strace, sys.executable, "-m", "tests.tiny", *arguments]
    environment = {**os.environ, **place.environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [*map(str, command)], cwd=place.folder / "work", env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0 or arguments[0] in ("doctor", "footage", "plan"), ran.stderr
    return Trace.read((place.folder / "trace").read_text().splitlines(), place.folder / "work")


ALL = {**READING, **{each.name: each.arguments for each in COMMANDS}}
BEFORE = {each.name: each.before for each in COMMANDS if each.before}


@pytest.mark.parametrize(
    "name", [each if each in QUICK else pytest.param(each, marks=pytest.mark.abuse) for each in ALL]
)
def test_what_a_command_asks_of_the_system(tmp_path: Path, material: Path, name: str) -> None:
    place = Place.make(tmp_path / "place")
    for arguments in BEFORE.get(name, ()):
        traced(arguments(material), place)
    untouched = {path: path.stat().st_mtime_ns for path in material.rglob("*")}
    trace = traced(ALL[name](material), place)
    assert trace.domains <= {"AF_UNIX"}, trace.domains
    # With uname, Python names the system in reports.
    others = set(trace.programs[1:]) - {"uname"} - FONTS.get(name, set())
    assert not others or name in ASKS_THE_MACHINE, others
    outside = {
        path for path in trace.written if not path.is_relative_to(tmp_path) and path.parts[1] not in ("tmp", "dev")
    }
    assert not outside, outside
    assert not trace.unsynced, trace.unsynced
    assert {path: path.stat().st_mtime_ns for path in material.rglob("*")} == untouched
