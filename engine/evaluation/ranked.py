"""How soon a person who goes through the most suspicious moments first has seen the events, whatever the threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.evaluation.events import ScoredVideo
from engine.scoring.ranking import most_suspicious
from engine.scoring.segments import Segment

FOOTAGE_SHARES = (0.05, 0.1, 0.2)
FIRST_MOMENTS = (5, 10, 20)


@dataclass(frozen=True)
class RankedFigures:
    """Events that the first moments of all videos show, the highest score first."""

    by_footage: Mapping[float, int]
    """Events seen by the share of all footage that was watched; a moment counts if it fits whole."""
    by_moments: Mapping[int, int]
    """Events seen by the number of moments."""


def ranked_figures(videos: Sequence[ScoredVideo]) -> RankedFigures:
    """Count the events that moments ranked over all videos show."""
    moments = [
        (moment.peak_score, number, moment)
        for number, video in enumerate(videos)
        for moment in most_suspicious(video.scores, video.seconds, len(video.scores))
    ]
    moments.sort(key=lambda each: (-each[0], each[1], each[2].start))
    total = sum(float(video.frame_seconds.sum()) for video in videos)
    seen: set[tuple[int, int]] = set()
    watched = 0.0
    by_footage = dict.fromkeys(FOOTAGE_SHARES, 0)
    by_moments = dict.fromkeys(FIRST_MOMENTS, 0)
    for place, (_, number, moment) in enumerate(moments, 1):
        video = videos[number]
        seen |= {(number, event) for event in _events_in(video, moment)}
        watched += float(video.frame_seconds[moment.start : moment.stop].sum())
        by_footage |= {share: len(seen) for share in FOOTAGE_SHARES if watched <= share * total + 1e-9}
        by_moments |= {count: len(seen) for count in FIRST_MOMENTS if place <= count}
    return RankedFigures(by_footage, by_moments)


def _events_in(video: ScoredVideo, moment: Segment) -> list[int]:
    return [number for number, (start, stop) in enumerate(video.events) if start < moment.stop and moment.start < stop]
