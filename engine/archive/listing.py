"""The segments to review of a recording: what an analysis flagged and what people said, brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.archive.schema import flagged, recordings, segments
from engine.common.names import displayable
from engine.review.attaching import ReviewedSegment, Scores, attach
from engine.review.clock import NO_CLOCK
from engine.review.document import JudgedSegment, Recording
from engine.scoring.segments import Segment
from engine.video.source import VideoSource, ends_of
from engine.video.wall_clock import RecordingStart

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the picture's width and height."""
_SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class FlaggedSegment(Segment):
    """A segment that an analysis flagged."""

    reason: str = ""
    box: Box | None = None
    """Round what stands out most in its peak frame; None where that is not known."""


def keep_flagged(connection: Connection, recording_id: int, found: Sequence[FlaggedSegment]) -> None:
    """Replace what was flagged in a recording."""
    connection.execute(sa.delete(flagged).where(flagged.c.recording_id == recording_id))
    if found:
        connection.execute(sa.insert(flagged), [{"recording_id": recording_id, **_values(each)} for each in found])


def list_segments(connection: Connection, recording_id: int, source: VideoSource, review: Recording | None) -> None:
    """Replace a recording's segments by what is flagged at the archive's threshold, with what people said of it.

    Times are by the clock that they set. What they judged where nothing is flagged is listed, too: a confirmed segment
    must not be lost to another detector.
    """
    # First, as it keeps others from changing what is flagged there until these segments are kept.
    start = _keep_time(connection, recording_id, source, review)
    rows = connection.execute(sa.select(flagged).where(flagged.c.recording_id == recording_id)).mappings()
    found = [_flagged(row) for row in rows]
    shown = _brought_together(found, review.segments if review else (), len(source))
    ends = ends_of(source.info, source.times)
    listed = []
    for number, each in enumerate(shown, 1):
        begins = float(source.times[each.start])
        peak = next((one for one in found if each.start <= one.peak_frame < each.stop), None)
        said = each.judged
        listed.append(
            {
                "recording_id": recording_id,
                "number": number,
                "start": each.start,
                "stop": each.stop,
                "start_seconds": begins,
                "stop_seconds": float(ends[each.stop - 1]),
                "start_time": start.at(begins) if start else None,
                "peak_seconds": float(source.times[each.peak_frame]),
                "peak_score": peak.peak_score if peak else None,
                "reason": peak.reason if peak else "",
                **_sides(peak.box if peak else None),
                "verdict": str(each.verdict),
                "verdict_reason": displayable(said.reason) if said else "",
                "note": displayable(said.note) if said else "",
                "reviewer": displayable(said.who) if said else "",
            }
        )
    connection.execute(sa.delete(segments).where(segments.c.recording_id == recording_id))
    if listed:
        connection.execute(sa.insert(segments), listed)


def _keep_time(
    connection: Connection, recording_id: int, source: VideoSource, review: Recording | None
) -> RecordingStart | None:
    """Write when a recording began and ended, and return the former."""
    info = source.info
    start = (review.clock if review else NO_CLOCK).start_of(info.path, info.start)
    times = {
        "start_time": start.utc if start else None,
        "stop_time": start.utc + timedelta(seconds=info.duration_seconds) if start else None,
    }
    connection.execute(sa.update(recordings).where(recordings.c.id == recording_id).values(times))
    return start


def forget_analysis(connection: Connection, recording_id: int) -> None:
    """Delete what is known of a recording's content: another one has its path now."""
    for table in (flagged, segments):
        connection.execute(sa.delete(table).where(table.c.recording_id == recording_id))
    fresh = {
        column.name: column.default.arg if isinstance(column.default, sa.ColumnDefault) else None
        for column in recordings.columns
        if column.name in _ANALYSIS_COLUMNS
    }
    connection.execute(sa.update(recordings).where(recordings.c.id == recording_id).values(fresh))


_ANALYSIS_COLUMNS = (
    *("analysis_state", "analysed_share", "analysis_problem", "analysed_at", "detector_name", "detector_fingerprint"),
    *("score", "threshold", "is_other_scene", "attempts", "worker", "lease_until"),
)


def _brought_together(
    found: Sequence[FlaggedSegment], judged: Sequence[JudgedSegment], frame_count: int
) -> list[ReviewedSegment]:
    # Scores of all frames are not kept: these steps have the same peaks, and are known nowhere else, so that what was
    # judged there is listed as it was judged.
    scores: Scores = np.full(frame_count, np.nan)
    for each in found:
        scores[each.start : each.stop] = 0
        scores[each.peak_frame] = each.peak_score
    lowest = min((each.peak_score for each in found), default=0.0)
    return attach(found, judged, scores, lowest)


def _flagged(row: Any) -> FlaggedSegment:
    box = None if row["left"] is None else (row["left"], row["top"], row["right"], row["bottom"])
    return FlaggedSegment(row["start"], row["stop"], row["peak_frame"], row["peak_score"], row["reason"], box)


def _values(segment: FlaggedSegment) -> dict[str, object]:
    values = asdict(segment)
    box = values.pop("box")
    return values | _sides(box)


def _sides(box: Box | None) -> dict[str, float | None]:
    return dict(zip(_SIDES, box or (None,) * len(_SIDES), strict=True))
