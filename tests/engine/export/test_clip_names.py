from __future__ import annotations

import pytest

from engine.common.errors import ExportError
from engine.common.names import name_bytes
from engine.export.clip_names import FIELDS, clip_name
from tests.engine.export.reviews import reviewed

GATE = reviewed()


def name(template: str, stem: str = "gate") -> str:
    return clip_name(template, stem, GATE, GATE.segments[0], ".mp4")


def test_every_field_is_filled_in() -> None:
    made = name("_".join(f"{{{field}}}" for field in FIELDS))
    begins = GATE.time_of_day(1.0)
    assert begins is not None
    assert made == f"gate_1_confirmed_25_49_{begins:%Y-%m-%d_%H-%M-%S}.mp4"


def test_without_a_time_of_day_the_time_in_the_recording_is_taken() -> None:
    silent = reviewed(start=None)
    assert clip_name("{time}", "gate", silent, silent.segments[2], ".mp4") == "00-00-04.mp4"


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("../{segment}", "_.._1.mp4"),
        ("a:b*{segment}?", "a_b_1_.mp4"),
        ("con", "_con.mp4"),
        ("LPT1.x", "_LPT1.x.mp4"),
        ("dots...", "dots.mp4"),
        (".{segment}", "_.1.mp4"),
    ],
)
def test_names_are_safe_on_every_system(template: str, made: str) -> None:
    assert name(template) == made


def test_long_names_are_cut() -> None:
    made = name("{recording}-{segment}", "視" * 200)
    assert name_bytes(made) <= 255
    assert made.endswith("-1.mp4")
    assert made != name("{recording}-{segment}", "視" * 201)
    assert name_bytes(name("n" * 300)) <= 255


@pytest.mark.parametrize("template", ["", "  ", "{number}", "{recording", "a}b", "{recording.__class__}"])
def test_templates_that_mean_nothing_are_refused_with_what_there_is(template: str) -> None:
    with pytest.raises(ExportError) as refused:
        name(template)
    assert "{recording}" in refused.value.advice
