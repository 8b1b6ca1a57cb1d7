"""The pinned versions cover all direct and indirect requirements of the project."""

from __future__ import annotations

import importlib.metadata
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OPTIONAL = {"aiohttp", "openvino", "psycopg", "ray", "s3fs"}
"""Need not be installed here: what they bring is then not looked into."""


def direct_requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return [Requirement(line) for line in lines]


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    """Version by canonical name."""
    lines = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def with_indirect(requirements: list[Requirement]) -> Iterator[tuple[str, Requirement]]:
    """Every requirement on this platform and the package that requires it, except torch's CUDA packages."""
    todo = [("vadgui", requirement) for requirement in requirements]
    seen: set[str] = set()
    while todo:
        asker, requirement = todo.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name.startswith(("nvidia-", "cuda-", "triton")):
            continue
        yield asker, requirement
        if requirement.name not in seen:
            seen.add(requirement.name)
            try:
                lines = importlib.metadata.requires(requirement.name) or []
            except importlib.metadata.PackageNotFoundError:
                if requirement.name in OPTIONAL:
                    continue
                raise
            todo.extend((requirement.name, Requirement(line)) for line in lines)


@pytest.mark.parametrize("requirement", direct_requirements(), ids=lambda requirement: requirement.name)
def test_each_direct_requirement_allows_its_pin(requirement: Requirement, pins: dict[str, str]) -> None:
    assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_indirect_requirements_are_pinned_and_fit(pins: dict[str, str]) -> None:
    misfits = []
    for asker, requirement in with_indirect(direct_requirements()):
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin, prereleases=True):
            misfits.append(f"{asker} asks for {requirement}, pinned: {pin}")
    assert not misfits


@pytest.mark.parametrize("broken", ["6.9.1", "6.9.2", "6.12.0"])
def test_versions_of_qt_known_to_break_are_not_allowed(broken: str) -> None:
    (qt,) = [requirement for requirement in direct_requirements() if requirement.name == "PySide6-Essentials"]
    assert not qt.specifier.contains(broken)
