"""`vad doctor` on simulated machines, each of which lacks something."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.commands import doctor
from engine.commands.doctor import Check, State
from engine.common import system_libraries
from engine.common.system_libraries import SystemLibrary

DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.fixture(autouse=True)
def _healthy_machine(
    monkeypatch: pytest.MonkeyPatch, detector_file: Path, cache: Path  # noqa: ARG001
) -> None:  # fmt: skip
    monkeypatch.setattr(system_libraries, "missing", lambda: [])
    monkeypatch.setattr("resources.bundled_detectors", lambda: ("plaza",))
    monkeypatch.setattr("resources.detector_path", lambda _: detector_file)
    monkeypatch.setenv("DISPLAY", ":0")


def run_all_checks() -> dict[str, Check]:
    return {check.name: check for check in doctor.run_checks()}


def the_problem() -> Check:
    (problem,) = [check for check in run_all_checks().values() if check.state is State.PROBLEM]
    return problem


def pretend_versions(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        pretended = versions.get(name.replace("-", "_"), "")
        if pretended is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return pretended or real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)


def test_a_healthy_machine_passes_all_checks() -> None:
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 0, result.output
    assert "Everything needed is there." in result.stdout
    assert "PROBLEM" not in result.stdout
    checks = run_all_checks()
    assert checks["torch"].detail == importlib.metadata.version("torch")
    assert checks["Computing"].state is State.OK
    assert "libx264" in checks["FFmpeg"].detail
    assert "pytest" not in checks


@pytest.mark.parametrize(
    ("installed", "machine", "state"),
    [("2026.4", "x86_64", State.OK), (None, "AMD64", State.NOTE), (None, "arm64", None)],
)
def test_openvino_is_advised_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, installed: str | None, machine: str, state: State | None
) -> None:
    pretend_versions(monkeypatch, openvino=installed)
    monkeypatch.setattr(doctor.platform, "machine", lambda: machine)
    found = run_all_checks().get("OpenVINO")
    assert (found and found.state) == state
    if state is State.NOTE:
        assert found is not None
        assert "openvino" in found.fix


def test_doctor_prints_json(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_versions(monkeypatch, qasync=None)
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    content = json.loads(result.stdout)
    assert (result.exit_code, content["ok"]) == (1, False)
    (problem,) = [check for check in content["checks"] if check["state"] == "problem"]
    assert problem["name"] == "qasync"


def test_a_missing_package_comes_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_versions(monkeypatch, qasync=None)
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert "PROBLEM  qasync: is not installed" in result.stdout
    assert f'-> Run: "{sys.executable}" -m pip install "qasync>=0.28"' in result.stdout


def test_the_bundle_has_no_pip_to_install_with(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_versions(monkeypatch, qasync=None)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    result = CliRunner().invoke(cli, ["doctor"])
    assert "-> Unpack the program anew" in result.stdout
    assert "-m pip" not in result.stdout


@pytest.mark.parametrize("version", ["6.12.0", "6.9.1", "6.7.3"])
def test_a_version_out_of_range_is_a_problem(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    pretend_versions(monkeypatch, PySide6_Essentials=version)
    problem = the_problem()
    assert problem.name == "PySide6-Essentials"
    assert problem.detail.startswith(f"{version}, but ")
    assert "<6.12" in problem.fix


def test_local_builds_of_a_version_are_that_version(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_versions(monkeypatch, torch="2.13.0+cu130")
    assert run_all_checks()["torch"].state is State.OK


def test_another_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.python_version", lambda: "3.14.0")
    assert the_problem().name == "Python"


def test_a_program_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "metadata", nothing)
    assert "pip install" in the_problem().fix


def test_missing_system_libraries_come_with_their_command(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = SystemLibrary("libEGL.so.1", "libegl1", "any window")
    monkeypatch.setattr(system_libraries, "missing", lambda: [absent])
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    problem = the_problem()
    assert "libEGL.so.1 (any window)" in problem.detail
    assert problem.fix == "Run: sudo apt-get install -y --no-install-recommends libegl1"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a screen")
def test_no_screen_is_only_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 0
    assert "NOTE     Screen: there is none" in result.stdout


def test_a_cache_that_cannot_be_written_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "file" / "cache"))
    problem = the_problem()
    assert problem.name == "Cache"
    assert "VADGUI_CACHE" in problem.fix


def test_a_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: DiskUsage(10**12, 10**12, 5 * 2**20))
    assert the_problem().detail.startswith("only 5 MiB are free")


def test_a_missing_codec_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor._CODECS, "no-such-codec", "w")
    assert the_problem().detail == "PyAV lacks no-such-codec"


def test_detectors_that_are_missing_or_damaged_are_problems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damaged = tmp_path / "plaza.safetensors"
    damaged.write_bytes(b"\0" * 64)
    monkeypatch.setattr("resources.detector_path", lambda _: damaged)
    assert the_problem().name == "Detector plaza"
    monkeypatch.setattr("resources.bundled_detectors", lambda: ())
    assert the_problem().name == "Detectors"


@pytest.mark.parametrize(
    ("cuda", "detail", "fix"),
    [(None, "a build for CPUs alone", "CUDA build of torch"), ("13.0", "can't use it", "CUDA 13.0")],
)
def test_an_nvidia_driver_that_torch_cannot_use_is_a_note(
    monkeypatch: pytest.MonkeyPatch, cuda: str | None, detail: str, fix: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.version.cuda", cuda)
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/nvidia-smi" if name == "nvidia-smi" else None)
    check = run_all_checks()["CUDA"]
    assert check.state is State.NOTE
    assert detail in check.detail
    assert fix in check.fix
