"""The wheel works where the checkout is not, and an audit says what it could not look up."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "packaging" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.abuse
def test_the_wheel_works_without_the_checkout(release: ModuleType, tmp_path: Path) -> None:
    wheel, sdist = release.build(tmp_path)
    assert sdist.stat().st_size > 1_000_000
    release.check(wheel)


@pytest.mark.abuse
def test_requirements_have_the_pinned_versions_and_hashes(release: ModuleType, tmp_path: Path) -> None:
    written = release.write_requirements(tmp_path)
    if written is None:
        pytest.skip("the package index can't be reached from here")
    lines = written.read_text().replace("\\\n", "").splitlines()
    assert all("--hash=sha256:" in line for line in lines)
    pinned = {line.split()[0] for line in lines if not line.startswith(("nvidia-", "cuda-", "triton"))}
    known = release.CONSTRAINTS.read_text().lower().splitlines()
    others = {each.partition("==")[0] for each in pinned if each not in known}
    assert others <= {"brotlicffi", "colorama"}, "those that other systems need"
    assert {"av", "torch"} <= {each.partition("==")[0] for each in pinned}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([{"name": "av", "version": "18.1.0", "vulns": []}], 0, "1 packages looked up, 0 with known"),
        ([{"name": "av", "version": "18.1.0", "vulns": [{"id": "CVE-1"}]}], 1, "av 18.1.0: CVE-1"),
        ([{"name": "av", "skip_reason": "not found"}], 0, "SKIPPED: 1 of 1 packages can't be looked up from here: av"),
    ],
)
def test_an_audit_says_what_it_found(
    release: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    packages: list[Any],
    code: int,
    said: str,
) -> None:
    answer = subprocess.CompletedProcess([], 0, stdout=json.dumps({"dependencies": packages}))
    monkeypatch.setattr(release, "environment_with", lambda *_: "python")
    monkeypatch.setattr(release.subprocess, "run", lambda *_, **__: answer)
    assert release.audit() == code
    assert said in capsys.readouterr().out


def test_an_audit_without_network_is_skipped_aloud(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(release, "_environment", lambda _: "python")
    monkeypatch.setattr(release.subprocess, "run", fail)
    assert release.audit() == 0
    assert "SKIPPED: pip-audit" in capsys.readouterr().out
