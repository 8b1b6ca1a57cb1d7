import json
import math
from dataclasses import replace

import pytest

from engine.common.errors import TrainingError
from engine.datasets.held_out import held_out_indices
from engine.training import RunSettings

SETTINGS = RunSettings(
    "Gate",
    ("a.mp4", "ü.mp4"),
    held_out=("ü.mp4",),
    left_out={"a.mp4": ((0.0, 1.5), (7.0, 8.0))},
    flow_radius_px=1.5,
    margin=False,
    cache_max_bytes=1000,
    calibrate=False,
)


def test_settings_come_back_from_json() -> None:
    assert RunSettings.from_json(SETTINGS.to_json()) == SETTINGS


def test_settings_of_an_older_or_newer_version_are_read() -> None:
    text = json.dumps({"name": "Gate", "videos": ["a.mp4"], "of_a_newer_version": 1})
    assert RunSettings.from_json(text) == RunSettings("Gate", ("a.mp4",), flow_radius_px=None, calibrate=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"name": "Gate"}',
        '{"name": "x", "videos": [], "left_out": 3}',
        '{"name": "x", "videos": "a.mp4"}',
        '{"name": "x", "videos": ["a.mp4"], "batch_size": "16"}',
        '{"name": "x", "videos": ["a.mp4"], "held_out": null}',
        "[" * 100_000,
    ],
)
def test_malformed_settings_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error is a ValueError too
        RunSettings.from_json(text)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"held_out": ("b.mp4",)}, "not among the footage"),
        ({"left_out": {"b.mp4": ((0.0, 1.0),)}}, "not among the footage"),
        ({"held_out": ("a.mp4", "ü.mp4")}, "All videos are held out"),
    ],
)
def test_contradictions_are_refused(changes: dict, what: str) -> None:
    SETTINGS.check()
    with pytest.raises(TrainingError, match=what):
        replace(SETTINGS, **changes).check()


@pytest.mark.parametrize(
    "changes",
    [
        {"left_out": {"a.mp4": ((2.0, 1.0),)}},
        {"batch_size": 0},
        {"frame_epochs": 0},
        {"batch_size": 10**12},
        *({"motion_learning_rate": rate} for rate in (0.0, -1e-4, 1e9, math.inf, math.nan)),
        {"frame_learning_rate": math.nan},
        {"seed": -1},
        {"seed": 2**63},
        {"cache_max_bytes": 0},
        *({"flow_radius_px": radius} for radius in (0.0, -1.0, math.inf, math.nan)),
    ],
)
def test_invalid_values_are_refused(changes: dict) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a programming error, whose message is not tested
        replace(SETTINGS, **changes)


@pytest.mark.parametrize(
    ("count", "held_out"), [(0, []), (1, []), (2, [1]), (3, [1]), (5, [2]), (10, [2, 7]), (16, [2, 8, 13])]
)
def test_a_fifth_is_held_out_evenly_spread(count: int, held_out: list[int]) -> None:
    assert held_out_indices(count) == held_out
