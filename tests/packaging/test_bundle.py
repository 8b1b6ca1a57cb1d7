"""The bundle works where neither this environment nor the checkout is, and in a Debian that has nothing yet."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from engine.common.system_libraries import LIBRARIES, apt_install

PACKAGING = Path(__file__).parents[2] / "packaging"

pytestmark = [pytest.mark.abuse, pytest.mark.timeout(2 * 3600)]


@pytest.fixture(scope="module")
def bundling() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PACKAGING))
        return importlib.import_module("bundle")


@pytest.fixture(scope="module")
def bundle(bundling: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one that VADGUI_BUNDLE names, or one that is built for this."""
    if given := os.environ.get("VADGUI_BUNDLE"):
        return Path(given)
    built: Path | None = bundling.build_bundle(tmp_path_factory.mktemp("bundle"))
    if built is None:
        pytest.skip("PyInstaller can't be installed from here")
    return built


def test_the_bundle_works_without_the_checkout(bundling: ModuleType, bundle: Path) -> None:
    bundling.check(bundle)


def test_the_bundle_works_in_a_bare_debian(bundling: ModuleType, bundle: Path) -> None:
    """In the root that VADGUI_BARE_ROOT names, made by `debootstrap --variant=minbase bookworm ROOT`."""
    named = os.environ.get("VADGUI_BARE_ROOT")
    if not named:
        pytest.skip("needs VADGUI_BARE_ROOT")
    root = Path(named)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    inside = ["chroot", str(root), "env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run([*inside, "apt-get", "update", "-q"], check=True)
    subprocess.run([*inside, *apt_install(LIBRARIES)], check=True)
    copy = root / "opt" / "vadgui"
    shutil.copytree(bundle, copy, symlinks=True, dirs_exist_ok=True)
    try:
        bundling.check(copy, root)
    finally:
        shutil.rmtree(copy)
