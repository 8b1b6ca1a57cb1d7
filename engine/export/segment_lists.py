"""Lists of reviewed segments, as CSV for spreadsheets and as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import re

from engine.export.reviewed import ListedSegment, ReviewedRecording

COLUMNS = (
    "recording",
    "number",
    "start_frame",
    "stop_frame",
    "start_seconds",
    "stop_seconds",
    "duration_seconds",
    "start_time",
    "stop_time",
    "peak_frame",
    "peak_seconds",
    "peak_score",
    "flagged_because",
    "verdict",
    "verdict_reason",
    "bookmark",
    "note",
    "reviewer",
    "judged_at",
)
FORMAT, VERSION = "vadgui-segment-list", 1
_FORMULA = re.compile(r"[=+\-@\t\r]")


def row(recording: ReviewedRecording, segment: ListedSegment) -> dict[str, object]:
    """What there is to say of a segment, by COLUMNS; None where something is not known."""
    start, stop = recording.start_seconds(segment), recording.stop_seconds(segment)
    start_time, stop_time = recording.time_of_day(start), recording.time_of_day(stop)
    peak_seconds, peak_score = float(recording.times[segment.peak_frame]), segment.peak_score
    judged = segment.judged
    values = (
        recording.name,
        segment.number,
        segment.start,
        segment.stop,
        round(start, 6),
        round(stop, 6),
        round(stop - start, 6),
        start_time.isoformat(timespec="milliseconds") if start_time else None,
        stop_time.isoformat(timespec="milliseconds") if stop_time else None,
        segment.peak_frame if segment.has_score else None,
        round(peak_seconds, 6) if segment.has_score else None,
        round(peak_score, 6) if segment.has_score else None,
        segment.flagged_because or None,
        str(segment.verdict),
        judged.reason if judged and judged.reason else None,
        bool(judged and judged.bookmark),
        judged.note if judged and judged.note else None,
        judged.who if judged and judged.who else None,
        judged.when if judged and judged.when else None,
    )
    return dict(zip(COLUMNS, values, strict=True))


def segments_csv(recording: ReviewedRecording) -> bytes:
    """A line a segment under COLUMNS, after RFC 4180, with the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for segment in recording.segments:
        writer.writerow([cell(value) for value in row(recording, segment).values()])
    return text.getvalue().encode("utf-8-sig")


def segments_json(recording: ReviewedRecording) -> bytes:
    """The same for programs, with what the segments came from."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        **source_of(recording),
        "segments": [row(recording, segment) for segment in recording.segments],
    }
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def source_of(recording: ReviewedRecording) -> dict[str, object]:
    """What lists for programs say of where they come from."""
    info, detector = recording.info, recording.detector
    start = info.start
    return {
        "video": {
            "name": recording.name,
            "fingerprint": info.fingerprint,
            "frame_count": len(recording.times),
            "duration_seconds": round(info.duration_seconds, 6),
            "start_time": start.at(0).isoformat() if start else None,
            "start_time_from": start.origin if start else None,
        },
        "detector": {"name": detector.name, "fingerprint": detector.fingerprint} if detector else None,
        "score": recording.score_name or None,
        "threshold": recording.rule.enter if recording.rule else None,
    }


def cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: what a person wrote may begin like one."""
    match value:
        case None:
            return ""
        case bool():
            return int(value)
        case str() if _FORMULA.match(value):
            return f"'{value}"
        case _:
            return value
