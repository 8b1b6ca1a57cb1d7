"""The bundle works where neither this environment nor the checkout is."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"


@pytest.mark.abuse
@pytest.mark.timeout(3600)
def test_the_bundle_works_without_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    bundle = importlib.import_module("bundle")
    built = bundle.build(tmp_path)
    if built is None:
        pytest.skip("PyInstaller can't be installed from here")
    bundle.check(built)
