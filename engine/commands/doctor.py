"""`vad doctor`: what is missing on this machine, and the command that fixes it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import click

from engine.common.paths import cache_folder

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

_LOWEST_FREE_BYTES = 2**30
_CODECS: dict[str, Literal["r", "w"]] = {"libx264": "w", "h264": "r", "hevc": "r", "mpeg4": "r", "mjpeg": "r"}


class State(StrEnum):
    """Result of a check: PROBLEM if something needed is missing, NOTE if something optional is."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Check:
    """One check and its result."""

    name: str
    state: State
    detail: str
    fix: str = ""
    """How to fix it, preferably a command; empty if the check passed."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object on stdout.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what is missing on this machine, and the command that fixes it.

    Ends with status 0 when everything needed is there, and with 1 otherwise.
    """
    checks = list(run_checks())
    healthy = all(check.state is not State.PROBLEM for check in checks)
    if as_json:
        click.echo(json.dumps({"ok": healthy, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        for check in checks:
            click.echo(f"{check.state.upper():8} {check.name}: {check.detail}")
            if check.fix:
                click.echo(f"{'':8} -> {check.fix}")
        click.echo("Everything needed is there." if healthy else "Something needed is missing: see each -> above.")
    ctx.exit(0 if healthy else 1)


def run_checks() -> Iterator[Check]:
    """Run all checks; imports torch."""
    yield from _python_and_packages()
    for check in _CHECKS:
        yield from check()


def _python_and_packages() -> Iterator[Check]:
    try:
        from packaging.requirements import Requirement
        from packaging.specifiers import SpecifierSet

        wanted = importlib.metadata.metadata("vadgui")["Requires-Python"]
    except ImportError as error:  # PackageNotFoundError is a subclass
        yield Check("Packages", State.PROBLEM, str(error), _pip_install("vadgui"))
        return
    if SpecifierSet(wanted).contains(platform.python_version(), prereleases=True):
        yield Check("Python", State.OK, platform.python_version())
    else:
        fix = f"Install Python {wanted} and make a new virtual environment with it."
        yield Check("Python", State.PROBLEM, f"{platform.python_version()}, but {wanted} is needed", fix)
    for text in importlib.metadata.requires("vadgui") or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement.name, requirement.specifier)


def _package(name: str, wanted: SpecifierSet) -> Check:
    fix = _pip_install(f"{name}{wanted}")
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, State.PROBLEM, "is not installed", fix)
    if version not in wanted:
        return Check(name, State.PROBLEM, f"{version}, but {wanted} is needed", fix)
    return Check(name, State.OK, version)


def _pip_install(requirement: str) -> str:
    if getattr(sys, "frozen", False):  # by PyInstaller: there is no pip
        return "Unpack the program anew: a part of it is missing or was changed."
    return f'Run: "{sys.executable}" -m pip install "{requirement}"'


def _devices() -> Iterator[Check]:
    try:
        import torch

        from engine.common.device import choose_compute
    except (ImportError, OSError) as error:
        yield Check("Computing", State.PROBLEM, f"torch can't be loaded ({error})", _pip_install("torch"))
        return
    yield Check("Computing", State.OK, choose_compute().label)
    for n in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(n).total_memory / 2**30
        yield Check(f"cuda:{n}", State.OK, f"{torch.cuda.get_device_name(n)}, {memory:.0f} GiB")
    if shutil.which("nvidia-smi") and not torch.cuda.is_available():
        if torch.version.cuda is None:
            detail = f"there is an NVIDIA driver, but torch {torch.__version__} is a build for CPUs alone"
            fix = "Install the CUDA build of torch for that driver: https://pytorch.org/get-started"
        else:
            detail = f"there is an NVIDIA driver, but torch {torch.__version__} can't use it"
            fix = f"Update the driver to one for CUDA {torch.version.cuda} or later."
        yield Check("CUDA", State.NOTE, detail, fix)


def _openvino() -> Iterator[Check]:
    import torch

    try:
        version = importlib.metadata.version("openvino")
    except importlib.metadata.PackageNotFoundError:
        can_install = not getattr(sys, "frozen", False)
        if can_install and platform.machine() in {"x86_64", "AMD64"} and not torch.cuda.is_available():
            detail = "not installed: it makes analyses without a GPU a third to two thirds faster"
            yield Check("OpenVINO", State.NOTE, detail, _pip_install("openvino"))
        return
    yield Check("OpenVINO", State.OK, f"{version}, runs the motion model on a CPU where that is faster")


def _qt_libraries() -> Iterator[Check]:
    from engine.common import system_libraries

    missing = system_libraries.missing()
    if missing:
        detail = ", ".join(f"{library.soname} ({library.purpose})" for library in missing)
        yield Check("System libraries", State.PROBLEM, f"missing: {detail}", system_libraries.advice(missing))
    else:
        yield Check("System libraries", State.OK, "all that Qt needs can be loaded")


def _codecs() -> Iterator[Check]:
    try:
        from av.codec import Codec
    except ImportError as error:
        yield Check("FFmpeg", State.PROBLEM, f"PyAV can't be loaded ({error})", _pip_install("av"))
        return
    missing = []
    for name, mode in _CODECS.items():
        try:
            Codec(name, mode)
        except ValueError:
            missing.append(name)
    if missing:
        fix = f'Run: "{sys.executable}" -m pip install --force-reinstall --only-binary av av'
        yield Check("FFmpeg", State.PROBLEM, f"PyAV lacks {', '.join(missing)}", fix)
    else:
        yield Check("FFmpeg", State.OK, f"has {', '.join(_CODECS)}")


def _screen() -> Iterator[Check]:
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        fix = "Nothing to do for the command line; `vadgui --demo` runs offscreen, the window needs a desktop."
        yield Check("Screen", State.NOTE, "there is none", fix)
    else:
        yield Check("Screen", State.OK, "there is one")


def _cache() -> Iterator[Check]:
    folder = cache_folder()
    elsewhere = "Name a folder on another disk in the environment variable VADGUI_CACHE."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield Check("Cache", State.PROBLEM, f"{folder} can't be written ({error.strerror})", elsewhere)
        return
    free = shutil.disk_usage(folder).free
    if free < _LOWEST_FREE_BYTES:
        detail = f"only {free / 2**20:.0f} MiB are free in {folder}"
        yield Check("Cache", State.PROBLEM, detail, f"Free some space there. {elsewhere}")
    else:
        yield Check("Cache", State.OK, f"{folder}, {free / 2**30:.0f} GiB free")


def _bundled_detectors() -> Iterator[Check]:
    from engine.common.errors import DetectorFileError
    from resources import bundled_detectors, detector_path

    fix = 'Install the program again, or give your own file with "--detector FILE".'
    names = bundled_detectors()
    if not names:
        yield Check("Detectors", State.PROBLEM, "none came with the program", fix)
    try:
        from engine.models.detector import load_detector
    except (ImportError, OSError):  # the check of the devices reports that torch can't be loaded
        return
    for name in names:
        try:
            load_detector(detector_path(name))
        except DetectorFileError as error:
            yield Check(f"Detector {name}", State.PROBLEM, error.what, fix)
        else:
            yield Check(f"Detector {name}", State.OK, "whole")


_CHECKS: tuple[Callable[[], Iterator[Check]], ...] = (
    _devices,
    _openvino,
    _qt_libraries,
    _codecs,
    _screen,
    _cache,
    _bundled_detectors,
)
