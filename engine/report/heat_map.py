"""The heat map of a report: where in the picture things happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop
from engine.export.place_colours import under_places
from engine.export.reviewed import ReviewedRecording
from engine.report.pictures import jpeg_uri
from engine.review.document import Verdict
from engine.scoring.heat_map import EvidenceAt, seconds_by_place
from engine.scoring.motion import PLACES
from engine.video.source import VideoSource


@dataclass(frozen=True)
class HeatMap:
    """A picture of how long something stood out at each place."""

    uri: str
    """A data URI."""
    longest_seconds: float
    """What the lightest colour stands for."""


def heat_map_of(
    recording: ReviewedRecording, source: VideoSource, evidence: EvidenceAt, should_stop: ShouldStop
) -> HeatMap | None:
    """Of all segments but the dismissed, over the first one's peak frame; None where nothing stood out.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    counted = [each for each in recording.segments if each.verdict is not Verdict.DISMISSED]
    seconds = np.zeros((PLACES, PLACES))
    for each in counted:
        if should_stop():
            raise Cancelled
        leave = recording.rule.leave if recording.rule else np.inf
        seconds += seconds_by_place(evidence, recording.times, each.start, each.stop, leave)
    if not seconds.any():
        return None
    try:
        frame = source.read(counted[0].peak_frame, should_stop).pixels
    except VideoError:
        return None
    picture = jpeg_uri(under_places(frame, seconds / seconds.max()), zones=recording.zones)
    return HeatMap(picture, float(seconds.max()))
