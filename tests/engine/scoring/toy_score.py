"""A kind of score that the program does not know: one class, and one line of registration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from engine.scoring.calibration import Calibration
from engine.scoring.scorer import Floats, Scorer, Times
from engine.scoring.scorers import SCORERS
from engine.scoring.segments import Segment
from engine.scoring.signals import RawSignals, with_frame_0


@dataclass(frozen=True)
class ToyScorer(Scorer):
    """How fast the fastest thing is."""

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "Speed"
    description: ClassVar[str] = "Pixels a frame."
    is_comparable: ClassVar[bool] = True
    has_reasons: ClassVar[bool] = True

    @classmethod
    def of(cls, calibration: Calibration | None) -> Self:
        del calibration
        return cls()

    def raw_scores(self, signals: RawSignals, seconds: Times) -> Floats:
        del seconds
        return with_frame_0(signals["speed_px"])

    def display_scores(self, raw: Floats) -> Floats:
        return raw

    def reason(self, segment: Segment, signals: RawSignals, seconds: Times) -> str:
        return f"{signals['speed_px'][segment.peak_frame]:.0f} px at {seconds[segment.peak_frame]:.0f} s"

    def threshold_for(self, false_alarms_per_hour: float) -> float:
        return 20 / false_alarms_per_hour

    def false_alarms_at(self, threshold: float) -> float:
        return 20 / max(threshold, 1e-3)

    def expected_alarms(self, threshold: float, hours: float) -> tuple[int, int]:
        return 0, round(self.false_alarms_at(threshold) * hours)

    def leave_for(self, enter: float, moved_from: object = None) -> float:
        del moved_from
        return enter / 2

    def axis_top(self, highest: float, threshold: float) -> float:
        return max(20.0, highest, threshold)

    def axis_ticks(self, top: float) -> tuple[float, ...]:
        return (0.0, top)

    def describe(self, score: float) -> str:
        return f"{score:.1f} px a frame"


if __name__ == "__main__":
    # By the name that other modules import it by: there must be one class of it.
    from engine.__main__ import main
    from engine.models.detector import PRESETS
    from tests.engine.scoring.toy_score import ToyScorer as Registered
    from tests.tiny import TINY

    PRESETS["tiny"] = TINY
    SCORERS.append(Registered)
    main()
