"""All files of the packages are in the wheel: a missing package-data pattern would show only after installing."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_kind_of_resource_is_package_data() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packaged = {Path(pattern).suffix for pattern in settings["tool"]["setuptools"]["package-data"]["*"]}
    everything = (path for package in ("engine", "resources", "vadgui") for path in (ROOT / package).rglob("*"))
    files = {path for path in everything if path.is_file() and "__pycache__" not in path.parts}
    left_out = {path.relative_to(ROOT) for path in files if path.suffix not in packaged | {".py"}}
    assert files
    assert not left_out
