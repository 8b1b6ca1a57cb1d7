"""A reviewed recording, as tests of what is handed over need it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.export.reviewed import ReviewedRecording, numbered
from engine.review.attaching import ReviewedSegment
from engine.review.document import DetectorUsed, JudgedSegment, Span, Verdict
from engine.scoring.motion import PLACES
from engine.scoring.segments import SegmentRule
from engine.scoring.where import WindowEvidence
from engine.video.source import VideoInfo
from engine.video.wall_clock import FROM_NAME, RecordingStart
from tests.engine.scoring.test_where import NAMES, calibration

HOSTILE = "<script>alert('1')</script> & \"you\" {\\an8}\n\n=1+1 --> é"


def judged(start: int, stop: int, verdict: Verdict, **more: object) -> JudgedSegment:
    return JudgedSegment(  # type: ignore[arg-type]
        **{"start": start, "stop": stop, "verdict": verdict, "who": "ann", "when": "2026-03-01T10:00:00+00:00", **more}
    )


SEGMENTS = (
    ReviewedSegment(25, 50, 30, 3.5, judged(25, 50, Verdict.CONFIRMED, note=HOSTILE)),
    ReviewedSegment(75, 100, 80, 2.5, judged(75, 100, Verdict.DISMISSED, reason="animal")),
    ReviewedSegment(120, 130, 121, 2.25),
    ReviewedSegment(
        140, 150, 140, 0.5, judged(140, 150, Verdict.CONFIRMED, is_drawn=True, bookmark=True, covers=Span(140, 150))
    ),
)
REASONS = ("rare motion", "unusual looks", "rare motion", "")


def reviewed(
    path: Path = Path("/cameras/gate 視.mp4"),
    *,
    times: np.ndarray | None = None,
    segments: tuple[ReviewedSegment, ...] = SEGMENTS,
    start: datetime | None = datetime(2026, 3, 1, 8, tzinfo=UTC),
    fingerprint: str = "f1",
    name: str = "",
) -> ReviewedRecording:
    """A recording of 150 frames at 25 a second, unless `times` says otherwise."""
    times = np.arange(150) / 25 if times is None else times
    began = RecordingStart(start, FROM_NAME) if start else None
    duration = float(times[-1] + 0.04)
    info = VideoInfo(path, name or path.name, 96, 64, len(times), duration, 25.0, "h264", fingerprint, began)
    scores = np.linspace(0, 3.5, len(times))
    reasons = [*REASONS, *[""] * len(segments)][: len(segments)]
    rule = SegmentRule(2, 1)
    detector = DetectorUsed("Plaza", "d1")
    return ReviewedRecording(info, times, numbered(segments, reasons), scores, "calibrated", rule, detector)


def evidence() -> WindowEvidence:
    """One window in which something goes too fast."""
    values = np.full((len(NAMES), PLACES, PLACES), -2.0, np.float16)
    values[NAMES.index("speed_excess_px"), 7, 7] = 9.0
    return WindowEvidence.of(calibration(), {0.0: values})
