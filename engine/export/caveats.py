"""What keeps scores of a recording from meaning what they usually do, for whoever reads what is handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.scoring.calibration import Calibration
from engine.scoring.conditions import Condition, conditions_told
from engine.scoring.drift import OTHER_SCENE, Drift, drifts_in_words
from engine.scoring.zones import Zones, zones_in_words


def blind_in_words(zones: Zones) -> Iterator[str]:
    """That parts of the picture did not count, as nobody may take them for calm."""
    if zones:
        yield f"Parts of the picture did not count: {zones_in_words(zones)}."


def caveats(
    calibration: Calibration | None,
    frame_seconds: float | None,
    conditions: Sequence[Condition],
    drifts: Sequence[Drift],
    *,
    is_other_scene: bool,
) -> Iterator[str]:
    """In sentences: another scene or frame rate, where the camera fails, and how it differs from the calibration's."""
    if is_other_scene:
        yield f"{OTHER_SCENE} Nothing is flagged."
    if calibration and (rate := calibration.other_rate(frame_seconds)):
        yield f"The recording has {rate}. Scores mean less."
    for sentence in conditions_told(conditions):
        yield f"{sentence}."
    if drifts and not is_other_scene:
        yield f"Not as in the footage of the calibration: {drifts_in_words(drifts)}. Scores mean less there."
