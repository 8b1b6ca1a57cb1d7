"""Segments as subtitles: a player shows beside the recording itself what was found and what a person said of it."""

from __future__ import annotations

from engine.export.reviewed import ListedSegment, ReviewedRecording


def srt(recording: ReviewedRecording) -> bytes:
    """SubRip: a cue a segment."""
    cues = []
    for place, segment in enumerate(recording.segments, 1):
        # The format has no escapes: what players take for markup is replaced by what looks like it.
        text = "\n".join(segment.in_words()).translate(str.maketrans("<>{}", "‹›()"))
        cues.append(f"{place}\n{_span(recording, segment, ',')}\n{text}\n")
    return "\n".join(cues).encode()


def webvtt(recording: ReviewedRecording) -> bytes:
    """WebVTT, as browsers take it: a cue a segment."""
    cues = ["WEBVTT\n"]
    for segment in recording.segments:
        text = "\n".join(segment.in_words()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        cues.append(f"{segment.number}\n{_span(recording, segment, '.')}\n{text}\n")
    return "\n".join(cues).encode()


def _span(recording: ReviewedRecording, segment: ListedSegment, point: str) -> str:
    start, stop = recording.start_seconds(segment), recording.stop_seconds(segment)
    return f"{_clock(start, point)} --> {_clock(stop, point)}"


def _clock(seconds: float, point: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"
