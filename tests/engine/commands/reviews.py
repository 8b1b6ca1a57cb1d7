"""Reviews on disk, for tests of commands."""

from __future__ import annotations

from pathlib import Path

from engine.redaction.regions import NOTHING_REDACTED, Redaction
from engine.review.clock import NO_CLOCK, Clock
from engine.review.document import DetectorUsed, JudgedSegment, Recording, Review, Step, Threshold
from engine.review.files import usual_path
from engine.review.files import write_review as write_file
from engine.scoring.zones import Zones
from engine.video import open_video


def write_review(
    video: Path,
    *segments: JudgedSegment,
    detector: DetectorUsed | None = None,
    score: str = "",
    redaction: Redaction = NOTHING_REDACTED,
    clock: Clock = NO_CLOCK,
    zones: Zones = (),
    history: tuple[Step, ...] = (),
) -> Path:
    """A review beside its video, as the window writes it."""
    with open_video(video) as source:
        info = source.info
    path = usual_path(video)
    recording = Recording(
        name=info.name,
        path=str(video.absolute()),
        relative_path=video.name,
        fingerprint=info.fingerprint,
        frame_count=info.frame_count,
        detector=detector,
        score=score,
        segments=segments,
        redaction=redaction,
        clock=clock,
        zones=zones,
        history=history,
        done=len(history),
        thresholds={"paper": Threshold(0.0)},
    )
    write_file(path, Review(recordings=(recording,)))
    return path
