"""The results of a footage check, with advice for each finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.common.language import tr
from engine.video.frame import Pixels
from engine.video.shape import Shaped, Size

Severity = Literal["error", "warning", "note"]
"""error: the video can't be trained on; warning: it may make the detector worse; note: for information."""


class FindingKind(StrEnum):
    """The kind of a finding, for programs; people read its text."""

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
    TIME_LAPSE = "time-lapse"
    GAPS = "gaps"
    REPLACED_TIMES = "replaced-times"


@dataclass(frozen=True)
class FootageFinding:
    """One problem or note about a video, or about all videos."""

    path: Path | None
    """The video that the finding is about; None if it is about the footage as a whole."""
    severity: Severity
    kind: FindingKind
    what: str
    advice: str
    seconds: tuple[float, float] | None = None
    """The part [start, stop) of the video that the finding is about; None: the whole video."""


@dataclass(frozen=True)
class FootageReport(Shaped):
    """Findings about one video; the summary has findings that compare videos."""

    path: Path
    frames: int
    """Number of frames; 0 if the video can't be read."""
    duration_seconds: float
    """From the first frame to the end of the last, gaps included."""
    fps: float
    """By the usual time between two frames."""
    width_px: int
    """As it is shown, with square pixels."""
    height_px: int
    fingerprint: str
    findings: tuple[FootageFinding, ...]
    background: Pixels | None = field(default=None, repr=False, compare=False)
    """The background: median of the sampled pictures, uint8 [256, 256, 3]; None if the video can't be read."""

    gaps_seconds: float = 0.0
    """How much of its duration has no pictures."""
    rate_is_known: bool = True
    """False for pictures, and for raw streams that do not say their rate."""
    unstretched_px: Size | None = None
    """Width and height as stored, where stored pixels are not square."""

    @property
    def shown_seconds(self) -> float:
        """How long there are pictures."""
        return self.duration_seconds - self.gaps_seconds

    @property
    def is_usable(self) -> bool:
        """Whether the video can be trained on."""
        return self.frames > 1 and all(finding.severity != "error" for finding in self.findings)


def rate_in_words(fps: float) -> str:
    """A frame rate, also of less than a frame a second."""
    if fps >= 1:
        return tr("{count:.3g} frames a second").format(count=fps)
    return tr("a frame every {seconds:.3g} s").format(seconds=1 / fps)


@dataclass(frozen=True)
class FootageSummary:
    """Findings about all videos; the last result of a check."""

    usable: tuple[Path, ...]
    """Videos that can be trained on, without duplicates."""
    frames: int
    """Number of frames of the usable videos."""
    duration_seconds: float
    """How much there is of them, without gaps."""
    wanted_seconds: float
    """Length of footage that is needed for a reliable detector."""
    held_out: tuple[Path, ...]
    """Videos that training holds out by default; empty for a single video, of which it holds out the end."""
    findings: tuple[FootageFinding, ...]
    """Findings from comparing videos: duplicates, other scenes, sizes and frame rates, too little footage."""
    refusal: str | None
    """Why this footage can't be trained on; None if it can."""


def as_json(result: FootageReport | FootageSummary) -> dict[str, Any]:
    """A result as JSON values, without pictures; findings of reports and of the summary have the same form."""
    fields = {key: value for key, value in vars(result).items() if key != "background"}
    plain: dict[str, Any] = msgspec.to_builtins(fields, enc_hook=str)  # paths become strings
    return plain
