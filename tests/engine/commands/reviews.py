"""Reviews on disk, for tests of commands."""

from __future__ import annotations

from pathlib import Path

from engine.redaction.regions import NOTHING_REDACTED, Redaction
from engine.review.clock import NO_CLOCK, Clock
from engine.review.document import DetectorUsed, JudgedSegment, Recording, Review, Threshold, Verdict
from engine.review.files import SUFFIX, read_review, usual_path
from engine.review.files import write_review as write_file
from engine.video import open_video


def write_review(
    video: Path,
    *segments: JudgedSegment,
    detector: DetectorUsed | None = None,
    score: str = "",
    redaction: Redaction = NOTHING_REDACTED,
    clock: Clock = NO_CLOCK,
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
        thresholds={"paper": Threshold(0.0)},
    )
    write_file(path, Review(recordings=(recording,)))
    return path


def write_joint_review(*videos: Path) -> Path:
    """A review of several videos beside the first; of each a segment was confirmed, and one dismissed."""
    judged = (
        JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED, note="the confirmed one"),
        JudgedSegment(start=7, stop=9, verdict=Verdict.DISMISSED, note="the dismissed one"),
    )
    reviews = [read_review(write_review(video, *judged)).review for video in videos]
    path = videos[0].with_name(f"joint{SUFFIX}")
    write_file(path, Review(recordings=tuple(each for review in reviews for each in review.recordings)))
    return path
