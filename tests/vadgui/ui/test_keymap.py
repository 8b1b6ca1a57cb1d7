from __future__ import annotations

import pytest

from vadgui.ui.action_specs import SPECS
from vadgui.ui.keymap import Keymap, normal_key


def holders(keymap: Keymap) -> dict[str, list[str]]:
    """The actions of each key."""
    found: dict[str, list[str]] = {}
    for spec in SPECS:
        for key in keymap.keys(spec.name):
            found.setdefault(key, []).append(spec.name)
    return found


def test_without_a_choice_keys_are_the_declared_ones() -> None:
    keymap = Keymap()
    assert {spec.name: spec.keys for spec in SPECS} == {spec.name: keymap.keys(spec.name) for spec in SPECS}
    assert keymap.chosen == {}


def test_a_key_is_taken_from_whatever_had_it() -> None:
    keymap = Keymap()
    assert keymap.holder("y", "confirm") == "confirm"
    keymap.set_keys("dismiss", ["Y", "ctrl+shift+x", "Y"])
    assert keymap.keys("dismiss") == ("Y", "Ctrl+Shift+X")
    assert keymap.keys("confirm") == ()
    assert keymap.holder("X", "confirm") is None
    assert all(len(names) == 1 for names in holders(keymap).values())
    assert Keymap({name: list(keys) for name, keys in keymap.chosen.items()}).keys("dismiss") == keymap.keys("dismiss")


def test_one_or_all_are_reset() -> None:
    keymap = Keymap({"dismiss": ["Y"], "confirm": ["C"], "note": []})
    keymap.reset("confirm")
    assert (keymap.keys("confirm"), keymap.keys("dismiss")) == (("Y",), ())
    assert keymap.is_changed("dismiss")
    keymap.reset_all()
    assert keymap.chosen == {}
    assert keymap.keys("note") == ("N",)


def test_a_chosen_key_wins_over_a_declared_one() -> None:
    """Such as one that a later version of the program declares."""
    keymap = Keymap({"forget": ["Y"]})
    assert keymap.holder("Y", "confirm") == "forget"
    assert keymap.keys("confirm") == ()
    assert keymap.keys("next_segment") == ("Down", "]")


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        ({"fly": ["F"]}, "no action “fly”"),
        ({"confirm": "C"}, "“Confirm” can't be read"),
        ({"confirm": [3]}, "“Confirm” can't be read"),
        ({"confirm": None}, "“Confirm” can't be read"),
        ({"confirm": ["Ctrl+Nonsense"]}, "“Ctrl+Nonsense” is no key"),
        ({"confirm": ["A, B"]}, "“A, B” is no key"),
        ({"dismiss": ["C"], "confirm": ["C"]}, "C belongs to “Dismiss” already"),
    ],
)
def test_what_cant_be_used_is_left_out_and_told(chosen: dict[str, object], problem: str) -> None:
    keymap = Keymap({**chosen, "note": ["Ctrl+N"]})
    assert [problem in sentence for sentence in keymap.problems] == [True]
    assert keymap.keys("confirm") == ("Y",)
    assert keymap.keys("note") == ("Ctrl+N",)


def test_no_keys_at_all_is_a_choice() -> None:
    assert Keymap({"confirm": []}).keys("confirm") == ()


@pytest.mark.parametrize(
    ("text", "key"), [("ctrl+k", "Ctrl+K"), ("Delete", "Del"), ("é", "É"), ("", ""), ("Foo", ""), ("A, B", "")]
)
def test_keys_have_one_spelling(text: str, key: str) -> None:
    assert normal_key(text) == key


def test_a_key_may_mean_one_thing_in_each_window() -> None:
    keymap = Keymap({"archive_refresh": ["Y"]})
    assert (keymap.holder("Y", "confirm"), keymap.holder("Y", "archive_open")) == ("confirm", "archive_refresh")
    keymap.set_keys("archive_close", ["Y", "Ctrl+W"])
    assert (keymap.keys("archive_refresh"), keymap.keys("confirm")) == ((), ("Y",))
    assert Keymap({name: list(keys) for name, keys in keymap.chosen.items()}).chosen == keymap.chosen
