"""Bundled resources are found, and errors name missing ones."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import resources
from engine.common.errors import VadError

_LINE_ICONS = (
    "analyse",
    "export",
    "flag",
    "jump-back",
    "jump-forward",
    "next-segment",
    "open",
    "pause",
    "play",
    "previous-segment",
    "settings",
    "step-back",
    "step-forward",
    "stop",
)


@pytest.mark.parametrize("name", _LINE_ICONS)
def test_line_icons_share_one_style(name: str) -> None:
    drawing = ElementTree.parse(resources.icon_path(name)).getroot()
    assert drawing.get("viewBox") == "0 0 24 24"
    assert drawing.get("stroke") == "currentColor"
    assert drawing.get("stroke-width") == "1.75"
    assert drawing.get("stroke-linecap") == "round"
    assert {element.get("stroke") for element in drawing} == {None}


def test_the_program_has_an_icon() -> None:
    assert ElementTree.parse(resources.icon_path("vadgui")).getroot().get("viewBox") == "0 0 256 256"


def test_the_demo_clip_is_beside_its_labels() -> None:
    assert resources.demo_video().parent == resources.demo_labels().parent


def test_every_bundled_detector_has_a_file() -> None:
    for name in resources.bundled_detectors():
        assert resources.detector_path(name).stat().st_size > 0


@pytest.mark.parametrize("find", [resources.detector_path, resources.icon_path, resources.style_sheet])
@pytest.mark.parametrize("name", ["no such thing", "../demo/plaza", ""])
def test_errors_name_the_missing_resource(find: object, name: str) -> None:
    with pytest.raises(VadError) as caught:
        find(name)  # type: ignore[operator]
    assert caught.value.subject == name
    assert caught.value.advice


def test_errors_list_the_available_resources() -> None:
    with pytest.raises(VadError) as caught:
        resources.icon_path("pley")
    assert "play" in caught.value.advice


def test_a_folder_without_detectors_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resources, "_HERE", tmp_path)
    assert resources.bundled_detectors() == ()
    with pytest.raises(VadError) as caught:
        resources.detector_path("plaza")
    assert "install" in caught.value.advice


def test_drawing_needs_neither_torch_nor_qt() -> None:
    program = (
        "import sys; import resources.plaza.clips; "
        "print([name for name in ('torch', 'PySide6', 'pyqtgraph') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
