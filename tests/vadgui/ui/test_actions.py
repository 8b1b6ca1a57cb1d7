from __future__ import annotations

from collections import Counter

from vadgui.ui.action_specs import ALL_SPECS, WINDOWS
from vadgui.ui.keymap import normal_key


def test_no_key_means_two_things() -> None:
    for specs in WINDOWS:
        keys = Counter(key for spec in specs for key in spec.keys)
        assert [key for key, count in keys.items() if count > 1] == []


def test_no_two_actions_have_one_name() -> None:
    names = Counter(spec.name for spec in ALL_SPECS)
    assert max(names.values()) == 1


def test_keys_are_declared_as_they_are_compared() -> None:
    assert [key for spec in ALL_SPECS for key in spec.keys if normal_key(key) != key] == []
