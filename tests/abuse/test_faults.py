"""Every command that writes, disturbed: killed, on a full disk, without the right to write, without memory.

Whatever bears its final name is whole, the message says what to do, and the next run does the work.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("needs fork, tmpfs and limits as Linux has them", allow_module_level=True)

from engine.models.detector import PRESETS
from tests.abuse.commands import COMMANDS, Place, Writing, flaws, make_material
from tests.abuse.forked import Ended, seconds_of
from tests.tiny import TINY

KILLS = int(os.environ.get("VADGUI_KILLS", "60"))
"""Of each command in the long part."""
DISK_BYTES = 160 << 20
QUICK = {"analyse", "package"}
"""Commands of the short part."""

every_command = pytest.mark.parametrize(
    "command",
    [
        pytest.param(each, id=each.name.replace(" ", "-"), marks=() if each.name in QUICK else pytest.mark.abuse)
        for each in COMMANDS
    ],
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 15 * KILLS)]


@pytest.fixture(scope="module", autouse=True)
def _tiny_models() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in (*PRESETS, "tiny"):
            patch.setitem(PRESETS, name, TINY)
        yield


@pytest.fixture(scope="module")
def folder(_tiny_models: None) -> Iterator[Path]:
    """A folder that everybody may enter: pytest's own belongs to one person."""
    with tempfile.TemporaryDirectory(prefix="vadgui-faults-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def material(folder: Path) -> Path:
    (folder / "material").mkdir()
    return make_material(folder / "material")


class Undisturbed:
    """What each command makes when nothing goes wrong, and how long it takes."""

    def __init__(self, folder: Path, material: Path) -> None:
        self._folder, self._material = folder, material
        self._known: dict[str, tuple[Place, float]] = {}

    def of(self, command: Writing) -> tuple[Place, float]:
        if command.name not in self._known:
            place = self.prepared(command, Path("undisturbed") / command.name)
            ended, seconds = seconds_of(place.start(command.arguments(self._material)))
            assert ended.code == 0, ended.said
            assert not list(flaws(place, place))
            assert not place.leftovers()
            self._known[command.name] = place, seconds
        return self._known[command.name]

    def prepared(self, command: Writing, name: Path) -> Place:
        """A place in which the command can be run."""
        place = Place.make(self._folder / name)
        for each in command.before:
            ended = place.start(each(self._material)).end()
            assert ended.code == 0, ended.said
        return place


@pytest.fixture(scope="module")
def undisturbed(folder: Path, material: Path) -> Undisturbed:
    return Undisturbed(folder, material)


@pytest.fixture(scope="module")
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, which fills up soon."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def check_said(ended: Ended) -> None:
    assert ended.code in (0, 1, 2), ended.said
    assert "Traceback" not in ended.said, ended.said
    assert "unexpected" not in ended.said, ended.said
    assert (ended.code == 0) == ("Error:" not in ended.said), ended.said


def check_whole(command: Writing, place: Place, reference: Place) -> None:
    found = list(flaws(place, reference))
    assert not found, (command.name, found)


def check_next_run(command: Writing, place: Place, reference: Place, material: Path) -> None:
    """The command does its work now, with whatever the disturbed run left in caches and library."""
    if not command.goes_on and place.results():
        place.out.rename(place.out.with_name("begun"))
        place.out.mkdir()
    if command.name == "train" and (place.out / "run" / "settings.json").exists():
        ended = place.start(["train", "out/run"]).end()
        if "holds no training run" in ended.said:
            ended = place.start(command.arguments(material)).end()
    else:
        ended = place.start(command.arguments(material)).end()
    done_before = any(each in ended.said for each in ("already", "There is no such detector"))
    assert ended.code == 0 or (command.name.startswith("detectors") and done_before), ended.said
    check_whole(command, place, reference)
    if ended.code == 0:
        assert not reference.results() - place.results(), (command.name, ended.said)


@every_command
@pytest.mark.parametrize("kills", [pytest.param(2, id="2"), pytest.param(KILLS, id="all", marks=pytest.mark.abuse)])
def test_killed_at_random_moments(material: Path, undisturbed: Undisturbed, command: Writing, kills: int) -> None:
    reference, seconds = undisturbed.of(command)
    chance = random.Random(zlib.crc32(f"{command.name} {kills}".encode()))
    place = None
    killed = 0
    for _ in range(kills):
        is_fresh = place is None
        place = place or undisturbed.prepared(command, Path("killed"))
        began = time.monotonic()
        ended = place.start(command.arguments(material)).end(kill_after_seconds=chance.uniform(0, seconds))
        killed += ended.code < 0
        if ended.code >= 0 and is_fresh:  # a machine that was busier before would be given moments after the end alone
            seconds = min(seconds, time.monotonic() - began)
        check_whole(command, place, reference)
        if ended.code >= 0 or not command.goes_on or chance.random() < 0.2:
            check_next_run(command, place, reference, material)
            place = None
    assert killed or kills < 10, "the moments should hit it"
    if place is not None:
        check_next_run(command, place, reference, material)


@every_command
@pytest.mark.parametrize(
    "free_bytes",
    [
        pytest.param(0, id="0"),
        *(pytest.param(free, id=str(free), marks=pytest.mark.abuse) for free in (4096, 16384, 65536, 262144, 1048576)),
    ],
)
def test_the_disk_is_full(
    material: Path, undisturbed: Undisturbed, small_disk: Path, command: Writing, free_bytes: int
) -> None:
    reference, _ = undisturbed.of(command)
    place = undisturbed.prepared(command, small_disk / "place")
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        status = os.statvfs(small_disk)
        file.write(bytes(max(status.f_bavail * status.f_frsize - free_bytes, 0)))
    try:
        ended = place.start(command.arguments(material)).end()
        check_said(ended)
        if ended.code:
            assert "disk" in ended.said.lower() or "space" in ended.said.lower(), ended.said
        check_whole(command, place, reference)
        assert not place.leftovers()
    finally:
        filler.unlink()
    check_next_run(command, place, reference, material)


@every_command
def test_the_disk_is_read_only(material: Path, undisturbed: Undisturbed, small_disk: Path, command: Writing) -> None:
    reference, _ = undisturbed.of(command)
    place = undisturbed.prepared(command, small_disk / "place")
    remount = ["mount", "-o", "remount,{}", str(small_disk)]
    subprocess.run([word.format("ro") for word in remount], check=True)
    try:
        ended = place.start(command.arguments(material)).end()
    finally:
        subprocess.run([word.format("rw") for word in remount], check=True)
    check_said(ended)
    assert ended.code == 1, ended.said
    assert not place.results()
    check_next_run(command, place, reference, material)


@every_command
def test_two_at_once(material: Path, undisturbed: Undisturbed, command: Writing) -> None:
    """Each does its work, or says that the other is at work or was faster; nothing is lost between them."""
    reference, _ = undisturbed.of(command)
    place = undisturbed.prepared(command, Path("two"))
    both = [ended.end() for ended in [place.start(command.arguments(material)) for _ in range(2)]]
    for ended in both:
        check_said(ended)
        assert ended.code == 0 or any(word in ended.said for word in ("already", "Another process", "no such detector"))
    check_whole(command, place, reference)
    assert place.results() >= reference.results()
    assert not place.leftovers()


@pytest.mark.abuse
@every_command
@pytest.mark.parametrize("mebibytes", [48, 192])
def test_there_is_not_enough_memory(material: Path, undisturbed: Undisturbed, command: Writing, mebibytes: int) -> None:
    reference, _ = undisturbed.of(command)
    place = undisturbed.prepared(command, Path("memory"))
    ended = place.start(command.arguments(material), mebibytes << 20).end()
    if ended.code >= 0:
        check_said(ended)
    check_whole(command, place, reference)
    check_next_run(command, place, reference, material)
    if ended.code < 0:
        pytest.xfail(f"a library died of it, with signal {-ended.code}; nothing was lost")
