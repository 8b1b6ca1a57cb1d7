"""Bundled resources: detectors, demo clip, style sheets, icons, languages, found wherever the program is installed."""

from __future__ import annotations

import os
from pathlib import Path

from engine.common.errors import VadError

_HERE = Path(__file__).resolve().parent


def bundled_detectors() -> tuple[str, ...]:
    """Names of the detectors that come with the program, in alphabetical order."""
    return _names("detectors", ".safetensors")


def detector_path(name: str) -> Path:
    """The file of a bundled detector, such as "plaza".

    Raises:
        VadError: there is no such detector.
    """
    return _find("detector", "detectors", name, ".safetensors")


def demo_video() -> Path:
    """The demo clip, a minute of the plaza; its labels are beside it.

    Raises:
        VadError: the clip is not installed.
    """
    return _find("demo clip", "demo", "plaza", ".mp4")


def demo_labels() -> Path:
    """The file with the labels of the demo clip; read it with `resources.plaza.labels.load_labels`.

    Raises:
        VadError: the labels are not installed.
    """
    return _find("label file", "demo", "plaza", ".labels.npz")


def contains(path: Path) -> bool:
    """Whether a file comes with the program: nothing of a person's is put beside it."""
    return Path(os.path.abspath(path)).is_relative_to(_HERE)  # noqa: PTH100 - the disk is not asked


def style_sheet(name: str) -> str:
    """The text of a Qt style sheet.

    Raises:
        VadError: there is no such style sheet.
    """
    return _find("style sheet", "styles", name, ".qss").read_text(encoding="utf-8")


def icon_path(name: str) -> Path:
    """The SVG file of an icon: "vadgui" is the program's, the others use `currentColor`, which the theme replaces.

    Raises:
        VadError: there is no such icon.
    """
    return _find("icon", "icons", name, ".svg")


def catalogues(language: str) -> tuple[Path, ...]:
    """The catalogues (PO files) with the texts of a language, such as "de"; one a part of the program."""
    return tuple(sorted((_HERE / "languages" / language).glob("*.po")))


def _find(kind: str, folder: str, name: str, suffix: str) -> Path:
    names = _names(folder, suffix)
    if name in names:
        return _HERE / folder / f"{name}{suffix}"
    available = f"There are: {', '.join(names)}." if names else "None is installed: install the program again."
    raise VadError(f"There is no such {kind}", subject=name, advice=available)


def _names(folder: str, suffix: str) -> tuple[str, ...]:
    return tuple(sorted(path.name.removesuffix(suffix) for path in (_HERE / folder).glob(f"*{suffix}")))
