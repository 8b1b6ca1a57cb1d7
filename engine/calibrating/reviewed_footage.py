"""Reads from reviews what a detector may learn from."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.calibrating.reviewed import ReviewedFootage
from engine.common.errors import ReviewError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr
from engine.review.document import Recording
from engine.review.shown import open_recording, shown_of
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.video.source import ends_of

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


def reviewed_footage(
    recording: Recording, review: Path, predictor: Predictor, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, ReviewedFootage]:
    """A recording of a review with the segments that `predictor` flags in it; what is missing is analysed.

    Raises:
        ReviewError: it is gone or was changed, or was not reviewed by the calibrated score.
        VideoError: it can't be read.
        Cancelled: `should_stop` said yes.
    """
    with open_recording(recording, review, should_stop) as source:
        shown = yield from shown_of(recording, source, predictor, should_stop)
        if not isinstance(shown.scorer, CalibratedScorer):
            raise ReviewError(
                tr("This review was not made by the calibrated score"),
                subject=review,
                advice=tr("Only calibrated detectors learn from verdicts. Calibrate this one first."),
            )
        return ReviewedFootage(
            source.info.path,
            source.times,
            ends_of(source.info, source.times),
            shown.scored.signals,
            shown.segments,
            shown.rule.enter,
            recording.zones,
        )
