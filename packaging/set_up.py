"""Prepares a checkout for `make`: system libraries, a virtual environment in .venv, and pinned packages in it.

Runs on the standard library alone, changes nothing outside the checkout but missing system packages, and does
nothing twice: each step looks first whether it is needed.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.common import system_libraries  # noqa: E402  (needs the path above)

ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""Torch's Linux default brings 2.9 GB of CUDA, of no use without an NVIDIA driver; this index has the CPU build."""
INDEX_TIMEOUT_SECONDS = 4

CHECK_WINDOW = "from PySide6.QtWidgets import QApplication; QApplication([]); import av, cv2, torch"


class SetUpError(Exception):
    """Set-up can't go on; the message says what a person does about it."""


def main() -> None:
    """Take every step, then leave the stamps that tell `make` so."""
    parser = argparse.ArgumentParser(description="Prepare this checkout: system libraries, .venv, pinned packages.")
    parser.add_argument("--dev", action="store_true", help="also install what the tests and checks need")
    dev = parser.parse_args().dev
    try:
        install_system_packages()
        create_environment()
        install_packages(dev)
        check_window()
    except SetUpError as error:
        sys.exit(f"\nSet-up stopped: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"\nSet-up stopped: this failed, see above: {shlex.join(error.cmd)}")
    for stamp in ("ready", "ready-dev") if dev else ("ready",):
        (ENVIRONMENT / stamp).touch()


def install_system_packages() -> None:
    """Install Qt's system libraries, and Debian's venv package where Python came without it.

    Raises:
        SetUpError: something is missing and may not, or can't, be installed from here.
    """
    missing = system_libraries.missing()
    command = system_libraries.apt_install(missing)
    names = [library.soname for library in missing]
    if importlib.util.find_spec("ensurepip") is None and not PYTHON.exists():
        command.append(f"python3.{sys.version_info.minor}-venv")
        names.append("Python's venv module")
    if not names:
        return
    say(f"Missing on this system: {', '.join(names)}")
    if shutil.which("apt-get") is None:
        advice = system_libraries.advice(missing) if missing else "Install Python with its venv module (ensurepip)."
        raise SetUpError(advice)
    become_root = root_prefix()
    if become_root is None:
        raise SetUpError(f"run this, then try again:\n    sudo apt-get update && sudo {shlex.join(command)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Package lists are absent on fresh systems and soon out of date elsewhere.
    run([*become_root, "apt-get", "update"], env=environment)
    run([*become_root, *command], env=environment)
    still_missing = system_libraries.missing()
    if still_missing:
        raise SetUpError(f"{', '.join(library.soname for library in still_missing)} can't be loaded after installing.")


def root_prefix() -> list[str] | None:
    """What to put before a command that root must run; None where that needs a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def create_environment() -> None:
    """Create .venv, anew where its Python is gone or is not this one."""
    question = "import sys, pip; print(sys.version)"
    if PYTHON.exists():
        answer = subprocess.run([PYTHON, "-c", question], capture_output=True, text=True)
        if answer.stdout.strip() == sys.version.strip():
            return
    say(f"Creating a virtual environment with Python {platform.python_version()} in .venv")
    run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])


def install_packages(dev: bool) -> None:
    """Install vadgui itself, in place, and its packages at the pinned versions."""
    say("Installing packages into .venv (torch is large: the first time takes minutes)")
    extra_index = ["--extra-index-url", TORCH_CPU_INDEX] if wants_cpu_torch() and answers(TORCH_CPU_INDEX) else []
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--constraint", str(CONSTRAINTS), *extra_index, "--editable", f"{ROOT}[dev,docs]" if dev else str(ROOT)])


def wants_cpu_torch() -> bool:
    """Whether this is a Linux machine without an NVIDIA driver."""
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}:
        return False
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return True
    return False


def answers(index: str) -> bool:
    """Whether a package index can be reached soon; one that can't would hold pip up for minutes, then fail it."""
    # In a process of its own: looking up a host's name knows no time limit.
    question = f"import urllib.request as r; r.urlopen(r.Request('{index}/torch/', method='HEAD'))"
    try:
        asked = subprocess.run([sys.executable, "-c", question], capture_output=True, timeout=INDEX_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def check_window() -> None:
    """Open Qt as the program does, without a screen.

    Raises:
        SetUpError: a library that Qt or another package needs can't be loaded.
    """
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    tried = subprocess.run([PYTHON, "-c", CHECK_WINDOW], env=environment, capture_output=True, text=True)
    if tried.returncode != 0:
        raise SetUpError(f"the installed packages don't load:\n{tried.stderr.strip()}")


def run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Show a command and run it in the checkout; a failure raises CalledProcessError."""
    print(f"+ {shlex.join(command)}", flush=True)
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def say(sentence: str) -> None:
    """Tell what comes next, before its output."""
    print(f"\n{sentence}", flush=True)


if __name__ == "__main__":
    main()
