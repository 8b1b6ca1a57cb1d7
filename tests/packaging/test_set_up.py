"""Set-up on machines with missing libraries, without root, or with a package index that does not respond."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from engine.common import system_libraries
from engine.common.system_libraries import SystemLibrary

ROOT = Path(__file__).parents[2]
ABSENT = SystemLibrary("libvadgui-no-such.so.7", "libvadgui-no-such7", "this test")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="make and set_up.sh are for Linux and macOS")


@pytest.fixture(scope="module")
def set_up() -> ModuleType:
    spec = importlib.util.spec_from_file_location("set_up", ROOT / "packaging" / "set_up.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_sh(tmp_path: Path, version: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run set_up.sh with a stub `python3` of `version` as the only Python on the PATH, which prints its arguments."""
    python = tmp_path / "python3"
    python.write_text(
        f"#!/bin/sh\nversion_info={version}\n"
        'case "$1" in -c) [ "$version_info" -ge 11 ] && [ "$version_info" -le 13 ];; *) echo "ran $*";; esac\n'
    )
    python.chmod(0o755)
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    return subprocess.run(
        ["/bin/sh", ROOT / "packaging" / "set_up.sh", "--dev"],
        env={"PATH": str(tmp_path), **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("version", ["11", "13"])
def test_a_supported_python_runs_set_up(tmp_path: Path, version: str) -> None:
    assert run_sh(tmp_path, version).stdout == "ran packaging/set_up.py --dev\n"


@pytest.mark.parametrize("version", ["10", "14"])
def test_without_a_supported_python_the_error_lists_the_versions(tmp_path: Path, version: str) -> None:
    ran = run_sh(tmp_path, version)
    assert ran.returncode == 1
    assert "3.11, 3.12 or 3.13" in ran.stderr


def test_a_python_named_by_the_person_is_never_replaced_by_another(tmp_path: Path) -> None:
    ran = run_sh(tmp_path, "11", PYTHON="/no/such/python")
    assert ran.returncode == 1
    assert "PYTHON=/no/such/python" in ran.stderr


def test_without_root_it_stops_with_the_exact_command(set_up: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "missing", lambda: [ABSENT])
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(set_up, "run", lambda *_, **__: pytest.fail("nothing may be run"))
    with pytest.raises(set_up.SetUpError, match=r"sudo apt-get install -y .*libvadgui-no-such7"):
        set_up.install_system_packages()


def test_with_root_it_installs_what_is_missing(set_up: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[ABSENT], []])
    commands: list[list[str]] = []
    monkeypatch.setattr(system_libraries, "missing", lambda: next(answers))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(set_up, "run", lambda command, **_: commands.append(command))
    set_up.install_system_packages()
    assert [command[:2] for command in commands] == [["apt-get", "update"], ["apt-get", "install"]]
    assert commands[1][-1] == "libvadgui-no-such7"


def test_what_still_does_not_load_after_installing_stops_it(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_libraries, "missing", lambda: [ABSENT])
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(set_up, "run", lambda *_, **__: None)
    with pytest.raises(set_up.SetUpError, match=r"libvadgui-no-such\.so\.7 can't be loaded"):
        set_up.install_system_packages()


class _Index(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/good/torch/" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_pip_gets_only_an_index_that_responds(set_up: ModuleType, index: str) -> None:
    assert set_up.responds(f"{index}/good")
    assert not set_up.responds(f"{index}/bad")


def test_a_silent_index_is_given_up_soon(set_up: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(set_up, "INDEX_TIMEOUT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not set_up.responds(f"http://127.0.0.1:{silent.getsockname()[1]}")


def test_a_second_run_keeps_the_environment(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(set_up, "run", lambda command: commands.append(command))
    monkeypatch.setattr(set_up, "PYTHON", Path(sys.executable))
    set_up.create_environment()
    assert commands == []
    monkeypatch.setattr(set_up, "PYTHON", tmp_path / "gone")
    set_up.create_environment()
    assert [command[1:4] for command in commands] == [["-m", "venv", "--clear"]]


@pytest.mark.parametrize(
    ("has_gpu", "machine", "dev", "extras"),
    [
        (False, "x86_64", False, "[openvino]"),
        (False, "x86_64", True, "[dev,docs,cluster,postgres,openvino]"),
        (True, "x86_64", False, ""),
        (False, "aarch64", False, ""),
    ],
)
def test_openvino_comes_where_a_pc_has_no_gpu(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch, has_gpu: bool, machine: str, dev: bool, extras: str
) -> None:
    monkeypatch.setattr(set_up, "wants_cpu_torch", lambda: not has_gpu)
    monkeypatch.setattr(set_up.platform, "machine", lambda: machine)
    assert set_up.project(dev) == f"{ROOT}{extras}"
