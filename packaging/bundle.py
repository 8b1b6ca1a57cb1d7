"""Builds the program for machines without Python: a folder with `vad` and `vadgui` in it, by PyInstaller.

.venv/bin/python packaging/bundle.py            into dist/vadgui, for the system that it is run on
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release import CONSTRAINTS, ROOT, build, environment_with
from set_up import is_x86

BUNDLER = "pyinstaller==6.22.3"
SPEC = ROOT / "packaging" / "bundle.spec"


def main() -> int:
    """Build and try it; 0 also where the bundler can't be had, which is said aloud."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    chosen = parser.parse_args()
    bundle = build_bundle(chosen.out.absolute())
    if bundle:
        check(bundle)
        print(bundle)
    return 0


def build_bundle(folder: Path) -> Path | None:
    """The bundle, from the wheel and the pinned versions alone; None where the bundler can't be installed.

    An environment of its own, for PyInstaller follows whatever else is installed, too: that takes hours.

    Raises:
        subprocess.CalledProcessError: the packages can't be installed, or PyInstaller fails.
    """
    with tempfile.TemporaryDirectory() as place:
        python = environment_with(Path(place, "environment"), BUNDLER)
        if python is None:
            return None
        wheel, _ = build(Path(place, "wheel"))
        pins = ["--constraint", str(CONSTRAINTS)]
        # Whether the machines it goes to have a GPU, nobody knows here.
        wanted = f"{wheel}[openvino]" if is_x86() else str(wheel)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *pins, wanted], check=True)
        places = ["--distpath", str(folder), "--workpath", str(Path(place, "work"))]
        command = [python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", *places, str(SPEC)]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        environment.pop("PYTHONPATH", None)
        subprocess.run(command, cwd=place, env=environment, check=True)
    return folder / "vadgui"


def check(bundle: Path, root: Path | None = None) -> None:
    """Try the bundle without this environment: its doctor, an analysis, the window's demo.

    With `root`, in that root of another system, for which this has to be the superuser; the bundle has to lie in it.

    Raises:
        subprocess.CalledProcessError: something in it does not work.
        FileNotFoundError: the analysis or the demo wrote nothing.
    """
    suffix = ".exe" if os.name == "nt" else ""
    enter = [str(shutil.which("chroot")), str(root)] if root else []

    def seen(path: Path) -> str:
        return f"/{path.relative_to(root)}" if root else str(path)

    with tempfile.TemporaryDirectory(dir=root / "tmp" if root else None) as folder:
        home = Path(folder)
        results, shown, raw = home / "results", home / "shown", home / "raw.y4m"
        # A kind that no recorder writes: it is decoded by a helper process, which the bundle has to start.
        raw.write_bytes(b"YUV4MPEG2 W64 H48 F25:1 C420\n" + 20 * (b"FRAME\n" + bytes(64 * 48 * 3 // 2)))
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATHEXT") if name in os.environ}
        places = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP"), seen(home))
        system = {"PATH": os.defpath, "LANG": "C.UTF-8", "QT_QPA_PLATFORM": "offscreen"}
        video = seen(next(bundle.rglob("plaza.mp4")))
        for program, *arguments in (
            ("vad", "detectors", "list"),
            ("vad", "doctor"),
            ("vad", "analyse", video, "--detector", "plaza", "--device", "cpu", "--out", seen(results), "--quiet"),
            ("vad", "analyse", seen(raw), "--detector", "plaza", "--device", "cpu", "--out", seen(results), "--quiet"),
            ("vad", "-m", "vadgui", "--help"),
            ("vadgui", "--demo", "--output", seen(shown)),
        ):
            command = [*enter, seen(bundle / f"{program}{suffix}"), *arguments]
            subprocess.run(command, env={**kept, **places, **system}, check=True)
        for written in (results, shown):
            if not list(written.iterdir()):
                raise FileNotFoundError(f"nothing was written to {written.name}")


if __name__ == "__main__":
    sys.exit(main())
