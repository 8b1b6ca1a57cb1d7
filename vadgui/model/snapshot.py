"""What is open, copied from the session to be handed over while other things are opened."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from engine.export.caveats import Caveats
from engine.export.reviewed import ListedSegment, ReviewedRecording, numbered
from engine.hand_over.jobs import Subject
from engine.review.attaching import ReviewedSegment, hidden
from engine.review.document import DetectorUsed, to_bytes
from engine.review.files import SUFFIX
from engine.scoring.places import placed_signals
from engine.video.source import own_frame_seconds
from vadgui.model.score_model import ScoreModel
from vadgui.model.session import ReviewSession


@dataclass(frozen=True, eq=False)
class ReviewSnapshot:
    """One recording with its review."""

    recording: ReviewedRecording
    """Without what stands out in each segment's peak frame, which the stored analysis knows."""
    selected: ListedSegment | None
    """The selected segment."""
    review: tuple[str, bytes]
    """Name and content of the review's file."""
    detector: Path | None
    """Whose scores these are; None where there are none."""
    knows_where: bool = False
    """Whether the detector tells where the evidence lies."""
    called: str = ""
    """What its files are called after; empty for the recording's own name."""
    recording_bytes: int | None = None
    """Size of the recording; None where nobody has asked yet."""

    @classmethod
    def of_subject(cls, subject: Subject, recording_bytes: int) -> ReviewSnapshot:
        """A recording that is not open."""
        each = subject
        return cls(each.recording, None, each.review, each.detector, each.knows_where, each.called, recording_bytes)

    def subject(self, device: str) -> Subject:
        """What jobs take."""
        return Subject(self.recording, self.detector, device, self.knows_where, self.review, self.called)

    @classmethod
    def of(cls, session: ReviewSession) -> ReviewSnapshot | None:
        """A copy of what is open; None where nothing is."""
        video, scored_by, scoring = session.video, session.scored_by, session.scoring
        used = DetectorUsed(scored_by.name, scored_by.fingerprint) if scored_by else None
        review = session.review.copy(session.playhead, used)
        if video is None or review is None or session.review.recording is None:
            return None
        shown = session.review.segments
        segments = numbered(
            shown,
            [_reason(each, scoring) for each in shown],
            [scoring.scorer.describe(each.peak_score) if math.isfinite(each.peak_score) else "" for each in shown],
        )
        selected = scoring.selected
        return cls(
            recording=ReviewedRecording(
                replace(video, start=session.start),
                session.times,
                segments,
                scoring.scores.copy() if scored_by else None,
                scoring.scorer.name if scored_by else session.review.recording.score,
                scoring.rule if scored_by else None,
                used,
                caveats=_caveats(session),
                zones=session.review.zones,
                redaction=session.review.redaction,
                hidden=tuple(hidden(session.review.recording.segments, shown)),
            ),
            selected=next((each for each in segments if selected and each.start == selected.start), None),
            review=(f"{video.name}{SUFFIX}", to_bytes(review)),
            detector=scored_by.path if scored_by else None,
            knows_where=bool(scored_by and placed_signals(scored_by.calibration)),
        )


def _reason(segment: ReviewedSegment, scoring: ScoreModel) -> str:
    is_drawn = segment.judged is not None and segment.judged.is_drawn
    return "" if is_drawn or not math.isfinite(segment.peak_score) else scoring.reason(segment)


def _caveats(session: ReviewSession) -> Caveats:
    scoring, video, scored_by = session.scoring, session.video, session.scored_by
    if not (video and scored_by):
        return Caveats()
    seconds = own_frame_seconds(video, session.times)
    return Caveats(
        scored_by.calibration, seconds, tuple(scoring.conditions), tuple(scoring.drifts), scoring.is_other_scene
    )
