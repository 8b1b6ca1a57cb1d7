"""What keeps scores of a recording from meaning what they usually do, for whoever reads what is handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.common.language import tr
from engine.scoring.calibration import Calibration
from engine.scoring.conditions import Condition, conditions_told
from engine.scoring.drift import OTHER_SCENE, Drift, drifts_in_words
from engine.scoring.zones import Zones, zones_in_words


@dataclass(frozen=True, eq=False)
class Caveats:
    """Another scene or frame rate, where the camera fails, and how it differs from the calibration's footage."""

    calibration: Calibration | None = None
    frame_seconds: float | None = None
    """How long the recording's frames last; None where they last differently."""
    conditions: Sequence[Condition] = ()
    drifts: Sequence[Drift] = ()
    is_other_scene: bool = False

    def in_words(self) -> Iterator[str]:
        """The same in sentences."""
        if self.is_other_scene:
            yield " ".join([tr(OTHER_SCENE), tr("Nothing is flagged.")])
        elif self.calibration and (rate := self.calibration.other_rate(self.frame_seconds)):
            yield tr("The recording has {rate}. Scores mean less.").format(rate=rate)
        for sentence in conditions_told(self.conditions):
            yield f"{sentence}."
        if self.drifts and not self.is_other_scene:
            yield tr("Not as in the footage of the calibration: {differences}. Scores mean less there.").format(
                differences=drifts_in_words(self.drifts)
            )


def blind_in_words(zones: Zones) -> Iterator[str]:
    """That parts of the picture did not count, as nobody may take them for calm."""
    if zones:
        yield tr("Parts of the picture did not count: {zones}.").format(zones=zones_in_words(zones))
