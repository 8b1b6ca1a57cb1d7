from __future__ import annotations

from collections import Counter

from vadgui.ui.action_specs import SPECS
from vadgui.ui.keymap import normal_key


def test_no_key_means_two_things() -> None:
    keys = Counter(key for spec in SPECS for key in spec.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_keys_are_declared_as_they_are_compared() -> None:
    assert [key for spec in SPECS for key in spec.keys if normal_key(key) != key] == []
