"""Builds a release: wheel and sdist, tried out in a bare environment, an SBOM, and requirements with hashes.

.venv/bin/python packaging/release.py            into the folder dist
.venv/bin/python packaging/release.py --audit    only looks up known vulnerabilities of the pinned packages
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
SBOM_TOOL = "cyclonedx-bom==7.5.0"
HASH_TOOL = "uv==0.13.9"
AUDIT_TOOL = "pip-audit==2.10.1"
_INSTALL_SECONDS = 120
_AUDIT_SECONDS = 180


def main() -> int:
    """Build into dist, or audit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--audit", action="store_true", help="only look up known vulnerabilities")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    chosen = parser.parse_args()
    if chosen.audit:
        return audit()
    wheel, sdist = build(chosen.out)
    check(wheel)
    sbom = write_sbom(chosen.out)
    requirements = write_requirements(chosen.out)
    print(*(path for path in (wheel, sdist, sbom, requirements) if path), sep="\n")
    return 0


def build(folder: Path) -> tuple[Path, Path]:
    """Wheel and sdist, built by the setuptools of this environment from a copy of what git tracks."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as copy:
        copy_of_head(Path(copy))
        program = (
            "import sys; from setuptools import build_meta as b; folder = sys.argv[1];"  # setuptools changes sys.argv
            " print(b.build_sdist(folder), b.build_wheel(folder))"
        )
        command = [sys.executable, "-c", program, str(folder.absolute())]
        built = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=True)
        sdist, wheel = built.stdout.split()[-2:]
    return folder / wheel, folder / sdist


def copy_of_head(folder: Path) -> None:
    """Put what git tracks into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)


def check(wheel: Path) -> None:
    """Try the wheel where its requirements are, but not this checkout: help, detectors, the demo's files.

    Raises:
        subprocess.CalledProcessError: something in it does not work.
    """
    with tempfile.TemporaryDirectory() as folder:
        python = _environment(Path(folder))
        _pip(python, "install", "--quiet", "--no-deps", "--no-index", str(wheel.absolute()))
        place = subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        )
        # Its requirements are those of this environment, found after the wheel itself.
        Path(place.strip(), "requirements.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
        resources = (
            "import engine, resources, vadgui, pathlib; assert resources.demo_video().is_file();"
            f" assert pathlib.Path(engine.__file__).is_relative_to({str(Path(folder).resolve())!r});"
            " assert resources.detector_path('plaza').is_file()"
        )
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "VADGUI_DETECTORS": str(Path(folder, "none"))}
        environment.pop("PYTHONPATH", None)
        for arguments in (["-c", resources], ["-m", "engine", "--help"], ["-m", "engine", "detectors", "list"]):
            subprocess.run([python, *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)


def write_sbom(folder: Path) -> Path | None:
    """A CycloneDX list of this environment's packages; None, said aloud, where the tool can't be had."""
    target = folder / "sbom.cdx.json"
    with tempfile.TemporaryDirectory() as place:
        tool = environment_with(Path(place), SBOM_TOOL)
        if tool is None:
            return None
        command = [
            tool,
            "-m",
            "cyclonedx_py",
            "environment",
            sys.executable,
            "--pyproject",
            str(ROOT / "pyproject.toml"),
        ]
        subprocess.run([*command, "--output-reproducible", "--output-file", str(target)], check=True)
    return target


def write_requirements(folder: Path) -> Path | None:
    """All that the program needs on each system, at the pinned versions, with the hashes of PyPI's files.

    None, said aloud, where the tool or the index can't be had. torch is PyPI's: its CPU build has other files.
    """
    target = folder / "requirements.txt"
    with tempfile.TemporaryDirectory() as place:
        tool = environment_with(Path(place), HASH_TOOL)
        if tool is None:
            return None
        pins = ["--constraint", str(CONSTRAINTS), "--universal", "--python-version", "3.11"]
        written = ["--generate-hashes", "--no-annotate", "--no-header", "--quiet", "--output-file", str(target)]
        command = [tool, "-m", "uv", "pip", "compile", *pins, *written, str(ROOT / "pyproject.toml")]
        try:
            subprocess.run(command, timeout=_INSTALL_SECONDS, stdout=subprocess.DEVNULL, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            print("SKIPPED: the package index can't be reached from here; there is no list of hashes.")
            return None
    return target


def audit() -> int:
    """Look up the pinned versions in the public list of vulnerabilities; 1 where one is known."""
    with tempfile.TemporaryDirectory() as place:
        tool = environment_with(Path(place), AUDIT_TOOL)
        if tool is None:
            return 0
        command = [tool, "-m", "pip_audit", "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip"]
        try:
            ran = subprocess.run(
                [*command, "--format", "json", "--progress-spinner", "off"],
                capture_output=True,
                text=True,
                timeout=_AUDIT_SECONDS,
                check=False,
            )
            packages = json.loads(ran.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            print("SKIPPED: the list of known vulnerabilities can't be reached from here; nothing was audited.")
            return 0
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    hit = [each for each in packages if each.get("vulns")]
    if unknown:
        print(f"SKIPPED: {len(unknown)} of {len(packages)} packages can't be looked up from here: {', '.join(unknown)}")
    for each in hit:
        print(f"{each['name']} {each['version']}: {', '.join(vulnerability['id'] for vulnerability in each['vulns'])}")
    print(f"{len(packages) - len(unknown)} packages looked up, {len(hit)} with known vulnerabilities")
    return 1 if hit else 0


def _environment(folder: Path) -> str:
    venv.create(folder, with_pip=True)
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


def environment_with(folder: Path, requirement: str) -> str | None:
    """The Python of an environment that has a tool; None, said aloud, where it can't be installed."""
    python = _environment(folder)
    try:
        _pip(python, "install", "--quiet", requirement)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        print(f"SKIPPED: {requirement} can't be installed from here.")
        return None
    return python


def _pip(python: str, *arguments: str) -> None:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, timeout=_INSTALL_SECONDS, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
