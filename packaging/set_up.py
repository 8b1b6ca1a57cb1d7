"""Prepares a checkout for `make`: system libraries, a virtual environment in .venv, and pinned packages in it.

Uses only the standard library. Outside the checkout it changes nothing except that it installs missing system packages.
Each step first checks whether it is needed.
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
"""Index of torch's CPU build; the default Linux build contains 2.9 GB of CUDA, useless without an NVIDIA driver."""
INDEX_TIMEOUT_SECONDS = 4
DEV_EXTRAS = ["dev", "docs", "cluster", "postgres"]

CHECK_WINDOW = "from PySide6.QtWidgets import QApplication; QApplication([]); import av, cv2, torch"


class SetUpError(Exception):
    """Set-up can't go on; the message says how to fix it."""


def main() -> None:
    """Run all steps, then write the stamp files that tell `make` that set-up is done."""
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
    print_step(f"Missing on this system: {', '.join(names)}")
    if shutil.which("apt-get") is None:
        advice = system_libraries.advice(missing) if missing else "Install Python with its venv module (ensurepip)."
        raise SetUpError(advice)
    as_root = root_prefix()
    if as_root is None:
        raise SetUpError(f"run this, then try again:\n    sudo apt-get update && sudo {shlex.join(command)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Package lists are missing on new systems and often outdated on others.
    run([*as_root, "apt-get", "update"], env=environment)
    run([*as_root, *command], env=environment)
    still_missing = system_libraries.missing()
    if still_missing:
        raise SetUpError(f"{', '.join(library.soname for library in still_missing)} can't be loaded after installing.")


def root_prefix() -> list[str] | None:
    """The prefix that runs a command as root; None if that needs a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def create_environment() -> None:
    """Create .venv, again if its Python is missing or not the running one."""
    program = "import sys, pip; print(sys.version)"
    if PYTHON.exists():
        process = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True)
        if process.stdout.strip() == sys.version.strip():
            return
    print_step(f"Creating a virtual environment with Python {platform.python_version()} in .venv")
    run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])


def install_packages(dev: bool) -> None:
    """Install vadgui itself, in place, and its packages at the pinned versions."""
    print_step("Installing packages into .venv (torch is large: the first time takes minutes)")
    extra_index = ["--extra-index-url", TORCH_CPU_INDEX] if wants_cpu_torch() and responds(TORCH_CPU_INDEX) else []
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--constraint", str(CONSTRAINTS), *extra_index, "--editable", project(dev)])


def project(dev: bool) -> str:
    """What pip is to install: vadgui with OpenVINO where that makes analyses faster, which is on an x86 CPU."""
    extras = [*(DEV_EXTRAS if dev else []), *(["openvino"] if wants_cpu_torch() and is_x86() else [])]
    return f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)


def is_x86() -> bool:
    """Whether the processor is of the kind that OpenVINO is for."""
    return platform.machine() in {"x86_64", "AMD64"}


def wants_cpu_torch() -> bool:
    """Whether this is a Linux machine without an NVIDIA driver."""
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}:
        return False
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return True
    return False


def responds(index: str) -> bool:
    """Whether a package index responds quickly; pip would wait minutes for one that does not, and then fail."""
    # In a separate process that can be killed, because looking up a host name has no timeout.
    program = f"import urllib.request as r; r.urlopen(r.Request('{index}/torch/', method='HEAD'))"
    try:
        process = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=INDEX_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return process.returncode == 0


def check_window() -> None:
    """Check that Qt and the other packages load, using Qt's offscreen platform.

    Raises:
        SetUpError: a library that Qt or another package needs can't be loaded.
    """
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.run([PYTHON, "-c", CHECK_WINDOW], env=environment, capture_output=True, text=True)
    if process.returncode != 0:
        raise SetUpError(f"the installed packages don't load:\n{process.stderr.strip()}")


def run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Print a command and run it in the checkout; a failure raises CalledProcessError."""
    print(f"+ {shlex.join(command)}", flush=True)
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def print_step(sentence: str) -> None:
    """Print a heading for the next step, above its output."""
    print(f"\n{sentence}", flush=True)


if __name__ == "__main__":
    main()
