"""The command line as a whole: fast start, both program names, and error messages."""

from __future__ import annotations

import errno
import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from engine import __main__
from engine.__main__ import cli
from engine.common.errors import DeviceError

ROOT = Path(__file__).parents[2]
COMMANDS = list(__main__._COMMANDS)


def engine(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "engine", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_a_name_outside_the_output_s_code_page_ends_nothing() -> None:
    script = "import click; from engine import __main__ as m; m.cli = lambda **_: click.echo('日本'); m.main()"
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "cp1252"}
    )
    assert ran.stdout.split() == [b"\\u65e5\\u672c"], ran.stderr


def test_threads_of_every_command_sleep_while_they_wait() -> None:
    """The OpenMP that comes with torch reads the policy while torch is imported."""
    script = (
        "import os, sys; from engine import __main__ as m;"
        " m.cli = lambda **_: print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules); m.main()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert ran.stdout == "passive False\n", ran.stderr


@pytest.fixture
def fail_with(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The exception that the stub command `fail` raises, put into this list by a test."""
    raised: list[BaseException] = []

    @click.command()
    def doctor() -> None:
        raise raised[0]

    monkeypatch.setattr("engine.commands.doctor.doctor", doctor)
    return raised


def test_python_m_engine_is_vad() -> None:
    ran = engine("--version")
    assert ran.stdout == f"vad {importlib.metadata.version('vadgui')}\n"
    assert engine("nothing").stderr.startswith("Usage: vad ")
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="vad")
    assert script.load() is __main__.main


def test_help_is_there_before_anything_heavy_is_imported() -> None:
    code = (
        "import sys; from engine.__main__ import cli; cli(['--help'], standalone_mode=False);"
        " print(*sys.modules, sep='\\n')"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = ran.stdout.split("Commands:")[1]
    for command in COMMANDS:
        assert f"  {command} " in listed
    assert not {"torch", "cv2", "av", "numpy", "PySide6"} & set(ran.stdout.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_without_torch(command: str) -> None:
    code = f"""
import sys
from engine.__main__ import cli
cli([{command!r}, '--help'], standalone_mode=False)
sys.exit('torch' in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "Usage: " in ran.stdout


def test_an_error_is_said_in_three_parts(fail_with: list[BaseException]) -> None:
    fail_with.append(DeviceError("No such device", subject="cuda:7", advice="Choose --device cpu."))
    result = CliRunner().invoke(cli, ["doctor"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: No such device: cuda:7\nChoose --device cpu.\n"


def test_debug_shows_where_an_error_came_from(fail_with: list[BaseException]) -> None:
    fail_with.append(DeviceError("No such device", subject="cuda:7"))
    result = CliRunner().invoke(cli, ["--debug", "doctor"])
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "DeviceError: No such device" in result.stderr


def test_running_out_of_memory_is_said_without_a_traceback(fail_with: list[BaseException]) -> None:
    fail_with.append(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"))
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The memory of this machine does not suffice.\nClose other programs")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["detectors", "export", "Demo plaza", "x" * 300], "x" * 300),
        (["evaluate", "x" * 300, "--detector", "plaza"], "x" * 300),
        (["verify", "y" * 5000], "y" * 5000),
    ],
)
def test_a_name_that_the_system_does_not_take_is_said_without_a_traceback(arguments: list[str], name: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("Error: ")
    assert name in result.stderr


def test_what_the_system_says_of_a_file_is_said_without_a_traceback(fail_with: list[BaseException]) -> None:
    fail_with.append(PermissionError(errno.EACCES, "Permission denied", "/locked/a\nb"))
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Permission denied: /locked/a\\x0ab\nCheck this name")


def test_a_failing_disk_is_said_without_a_traceback(fail_with: list[BaseException]) -> None:
    fail_with.append(OSError(errno.EIO, "Input/output error"))
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Input/output error.\nCheck that the disk works")


def test_ctrl_c_ends_with_its_own_status(fail_with: list[BaseException]) -> None:
    fail_with.append(KeyboardInterrupt())
    result = CliRunner().invoke(cli, ["doctor"])
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


def test_a_mistake_in_the_program_is_not_dressed_up(fail_with: list[BaseException]) -> None:
    fail_with.append(ZeroDivisionError())
    assert isinstance(CliRunner().invoke(cli, ["doctor"]).exception, ZeroDivisionError)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pipes as POSIX has them")
def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "doctor", "--json"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as said:
        assert said.read() == b""
    process.wait(timeout=60)


@pytest.mark.slow
def test_the_doctor_runs_as_a_program() -> None:
    ran = engine("doctor", "--json")
    content = json.loads(ran.stdout)
    assert ran.returncode == (0 if content["ok"] else 1)
