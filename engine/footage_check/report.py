"""What a check of footage finds, said so that a person knows what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.video.frame import Pixels

Severity = Literal["error", "warning", "note"]
"""error: the video can't be learnt from; warning: it may spoil the detector; note: good to know."""


class FindingKind(StrEnum):
    """What a finding is about, for programs; people read its words."""

    UNREADABLE = "unreadable"
    DAMAGED = "damaged"
    DUPLICATE = "duplicate"
    OTHER_SIZE = "other-size"
    OTHER_RATE = "other-rate"
    OTHER_SCENE = "other-scene"
    CAMERA_MOVED = "camera-moved"
    SCENE_CHANGE = "scene-change"
    LITTLE_MOTION = "little-motion"
    TOO_SHORT = "too-short"
    NOTHING_HELD_OUT = "nothing-held-out"
    ONE_VIDEO = "one-video"
    LIGHT = "light"


@dataclass(frozen=True)
class FootageFinding:
    """One thing to know of a video, or of all of them."""

    path: Path | None
    """The video it concerns; None where it concerns the footage as a whole."""
    severity: Severity
    kind: FindingKind
    what: str
    advice: str
    seconds: tuple[float, float] | None = None
    """The part [start, stop) of the video, where it is but a part."""


@dataclass(frozen=True)
class FootageReport:
    """What was found of one video by itself; findings that compare videos come in the summary."""

    path: Path
    frames: int
    """0 where the video can't be read."""
    duration_seconds: float
    fps: float
    width_px: int
    height_px: int
    fingerprint: str
    findings: tuple[FootageFinding, ...]
    background: Pixels | None = field(default=None, repr=False, compare=False)
    """What stands still in it, uint8 [256, 256, 3] stretched as the models see it; None where it can't be read."""

    @property
    def is_usable(self) -> bool:
        """Whether it can be learnt from at all."""
        return self.frames > 1 and all(finding.severity != "error" for finding in self.findings)


@dataclass(frozen=True)
class FootageSummary:
    """What was found of all videos together; the last thing a check says."""

    usable: tuple[Path, ...]
    """Videos that can be learnt from, each content once."""
    frames: int
    """Of the usable videos."""
    duration_seconds: float
    wanted_seconds: float
    """How much footage makes a detector that can be relied on."""
    held_out: tuple[Path, ...]
    """The videos that training would hold out by itself to judge by; of a single one it holds out the end."""
    findings: tuple[FootageFinding, ...]
    """What only a comparison shows: duplicates, strangers, other sizes and rates, too little in all."""
    refusal: str | None
    """Why nothing can be learnt from this footage; None where it can."""


def as_json(result: FootageReport | FootageSummary) -> dict[str, Any]:
    """The fields of a result as JSON takes them, without pictures; a report's findings and a summary's are alike."""
    fields = {key: value for key, value in vars(result).items() if key != "background"}
    plain: dict[str, Any] = msgspec.to_builtins(fields, enc_hook=str)  # paths
    return plain
