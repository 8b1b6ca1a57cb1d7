"""What the engine tells of its detector, and of the analysis of the whole recording."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from engine.scoring.calibration import Calibration


@dataclass(frozen=True)
class DetectorSummary:
    """What a person sees of the detector in use."""

    name: str
    path: Path
    preset: str
    teacher: str
    flow_radius_px: float
    """Speed, in pixels of the 256x256 picture a frame, at full saturation of both flow panels."""
    device: str
    """Where and how it runs, in words: "CPU, bfloat16"."""
    calibration: Calibration | None = None
    """What its scores mean on its camera; None where nobody has taught it."""
    fingerprint: str = ""
    remark: str = ""
    """Why it does not run in the fastest way, in words; empty where it does."""


class AnalysisPhase(Enum):
    """Where the analysis of the whole recording stands."""

    IDLE = auto()
    RUNNING = auto()
    PAUSED = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


FRAMES, SAMPLES, SEGMENT_FRAMES = "frames", "samples", "frames of segments"


@dataclass(frozen=True)
class AnalysisState:
    """Phase and progress of the analysis."""

    phase: AnalysisPhase = AnalysisPhase.IDLE
    done: int = 0
    total: int = 0
    frames_per_second: float = 0.0
    seconds_left: float | None = None
    unit: str = FRAMES
    """What `done` and `total` count."""
