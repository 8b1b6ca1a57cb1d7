"""The list of system libraries, and the advice on missing ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.common import system_libraries
from engine.common.system_libraries import LIBRARIES, SystemLibrary

ABSENT = SystemLibrary("libvadgui-no-such.so.7", "libvadgui-no-such7", "this test")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux wheels expect system libraries")


@LINUX
def test_only_what_cannot_be_loaded_is_missing() -> None:
    present = SystemLibrary("libc.so.6", "libc6", "everything")
    assert system_libraries.missing([present, ABSENT]) == [ABSENT]


@LINUX
def test_a_file_that_is_no_library_is_missing(tmp_path: Path) -> None:
    damaged = tmp_path / "libdamaged.so"
    damaged.write_bytes(b"not an ELF file")
    library = SystemLibrary(str(damaged), "libdamaged", "this test")
    assert system_libraries.missing([library]) == [library]


def test_other_systems_lack_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert system_libraries.missing([ABSENT]) == []


def test_a_package_with_two_libraries_is_installed_once() -> None:
    glib = [library for library in LIBRARIES if library.debian_package == "libglib2.0-0"]
    assert len(glib) == 2
    assert system_libraries.apt_install(glib)[-2:] == ["--no-install-recommends", "libglib2.0-0"]


@pytest.mark.parametrize(("apt_get", "start"), [("/usr/bin/apt-get", "Run: sudo apt-get"), (None, "Install what")])
def test_advice_fits_the_machine_and_names_the_package(
    monkeypatch: pytest.MonkeyPatch, apt_get: str | None, start: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: apt_get)
    advice = system_libraries.advice([ABSENT])
    assert advice.startswith(start)
    assert advice.endswith(" libvadgui-no-such7")


def test_it_runs_on_the_standard_library_alone() -> None:
    root = Path(__file__).parents[3]
    # -S: without site-packages, as on a machine where nothing is installed yet.
    code = "from engine.common import system_libraries; print(len(system_libraries.LIBRARIES))"
    ran = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert int(ran.stdout) == len(LIBRARIES)
