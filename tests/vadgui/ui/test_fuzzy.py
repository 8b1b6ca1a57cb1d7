from __future__ import annotations

import pytest

from vadgui.ui.fuzzy import rank

NAMES = ["Export segment", "Exports", "Next segment", "Next unreviewed", "Hand over", "Full screen"]


def best(typed: str) -> list[str]:
    """The names that fit, the best first."""
    ranks = {name: rank(typed, name) for name in NAMES}
    return sorted((name for name in NAMES if ranks[name] is not None), key=lambda name: ranks[name] or 0)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("exp", ["Export segment", "Exports"]),
        ("segment", ["Export segment", "Next segment"]),
        ("seg nex", ["Next segment"]),
        ("nxsg", ["Next segment"]),
        ("fs", ["Full screen"]),
        ("exprot", ["Export segment", "Exports"]),
        ("view", ["Next unreviewed"]),
        ("zzz", []),
        ("next zzz", []),
    ],
)
def test_what_is_typed_finds(typed: str, found: list[str]) -> None:
    assert best(typed) == found


def test_the_name_counts_more_than_what_is_beside_it() -> None:
    in_name, beside = rank("view", "View all"), rank("view", "Zoom in", "View Timeline")
    assert in_name is not None
    assert beside is not None
    assert in_name < beside


def test_nothing_typed_fits_all() -> None:
    assert rank("", "Anything") == 0
