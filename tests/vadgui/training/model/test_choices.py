from __future__ import annotations

from engine.flow.teachers import EXPERIMENTAL_TEACHERS
from vadgui.training.model.choices import TEACHERS


def test_cards_say_which_teachers_are_experimental() -> None:
    assert {choice.name for choice in TEACHERS if "(experimental)" in choice.title} == EXPERIMENTAL_TEACHERS
