from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QKeySequence

from vadgui.ui.actions import SPECS


def test_no_key_means_two_things() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in SPECS for key in spec.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert "" not in keys
