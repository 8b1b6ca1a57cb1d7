from __future__ import annotations

from collections import Counter

from vadgui.ui.action_spec import MENUS
from vadgui.ui.action_specs import SPECS
from vadgui.ui.keymap import normal_key


def test_no_key_means_two_things() -> None:
    keys = Counter(key for spec in SPECS for key in spec.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_keys_are_declared_as_they_are_compared() -> None:
    assert [key for spec in SPECS for key in spec.keys if normal_key(key) != key] == []


def test_mnemonics_differ_within_a_menu() -> None:
    for menu in MENUS:
        for submenu in {spec.submenu for spec in SPECS}:
            texts = [spec.text for spec in SPECS if (spec.menu, spec.submenu) == (menu, submenu)]
            if not submenu:
                texts += sorted({spec.submenu for spec in SPECS if spec.menu == menu and spec.submenu})
            marks = Counter(text[text.index("&") + 1].lower() for text in texts if "&" in text)
            assert [mark for mark, count in marks.items() if count > 1] == [], (menu, submenu)
