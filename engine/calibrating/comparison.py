"""What training added over calibration alone, kept in a file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import read_or_put_aside
from engine.common.json_values import decode
from engine.common.language import tr
from engine.scoring.scorer import FALSE_ALARMS_PER_HOUR

_ERRORS = 2.0
"""A difference is told from none by so many standard errors."""


@dataclass(frozen=True)
class Comparison:
    """How many seconds of held-out footage at double speed are flagged, each detector allowing as many false alarms."""

    seconds: int
    trained: int
    calibrated: int
    """By networks that never saw the camera, calibrated on the same footage."""
    only_trained: int
    only_calibrated: int

    @property
    def is_measurable(self) -> bool:
        """Whether the two differ by more than chance: by those seconds that only one of them flags (McNemar)."""
        differing = self.only_trained + self.only_calibrated
        return bool(abs(self.only_trained - self.only_calibrated) > _ERRORS * np.sqrt(differing))

    @property
    def in_words(self) -> str:
        """Both numbers side by side, and what follows."""
        if not self.is_measurable:
            verdict = tr("Training added nothing that could be measured.")
        elif self.trained > self.calibrated:
            verdict = tr("Training helped.")
        else:
            verdict = tr("Calibration alone is better: keep that detector.")
        numbers = tr(
            "Of {seconds} s of held-out footage at double speed, the trained detector flags {trained} s, calibration "
            "alone {calibrated} s, at {rate:g} false alarms an hour each."
        ).format(seconds=self.seconds, trained=self.trained, calibrated=self.calibrated, rate=FALSE_ALARMS_PER_HOUR)
        return f"{numbers} {verdict}"


def save_comparison(file: Path, comparison: Comparison) -> None:
    """Write a comparison in place of what the file held.

    Raises:
        OSError: the folder can't be written, or the disk is full.
    """
    with atomic_write(file) as written:
        written.write(json.dumps(asdict(comparison)).encode())


def load_comparison(file: Path) -> Comparison | None:
    """The comparison of a file; None where there is none, or it is of another version or damaged."""
    try:
        return read_or_put_aside(file, lambda path: decode(path.read_bytes(), Comparison, exact=True))
    except OSError:
        return None
