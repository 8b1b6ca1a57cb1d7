"""Segments as edit lists, with which an editing program opens them as a sequence of the recording's own pictures."""

from __future__ import annotations

from typing import Any

from engine.common.errors import ExportError
from engine.common.language import tr
from engine.export.reviewed import ReviewedRecording
from engine.export.segment_lists import row
from engine.review.document import Verdict

_TICKS_A_SECOND = 90_000.0
"""For recordings whose frames do not last equally long: holds every common rate exactly."""
_MOST_EVENTS = 999  # the number of an event has three digits
_TIMECODE_RATES = (24, 25, 30, 48, 50, 60)
"""Of SMPTE ST 12, nominally: what reads an edit list knows no others."""
_SAME_RATE = 0.002  # 29.97 counts as 30
_COLOURS = {
    Verdict.CONFIRMED: "RED",
    Verdict.UNSURE: "YELLOW",
    Verdict.DISMISSED: "GREEN",
    Verdict.UNREVIEWED: "WHITE",
}


class UnsuitableError(ExportError):
    """A format can't hold what there is."""


def edl(recording: ReviewedRecording) -> bytes:
    """A CMX 3600 edit list: non-drop timecode that counts frames, the recording's first one being 00:00:00:00.

    Timecode has few rates. A frame of a slower recording counts as several.

    Raises:
        UnsuitableError: the recording's frames do not last equally long or for no whole number of a timecode's, or
            there are too many segments.
    """
    fps = recording.constant_fps()
    if fps is None:
        raise _no_edl(
            recording,
            tr("An EDL needs a constant frame rate, and the frames of this recording do not last equally long"),
        )
    counted = _timecode_rate(fps)
    if counted is None:
        raise _no_edl(recording, tr("An EDL can't count {fps:.3g} frames a second").format(fps=fps))
    if len(recording.segments) > _MOST_EVENTS:
        raise UnsuitableError(
            tr("An EDL holds {most} segments, these are {count}").format(
                most=_MOST_EVENTS, count=len(recording.segments)
            ),
            subject=recording.name,
            advice=tr("Leave some out by their verdict, or choose OpenTimelineIO (otio) instead."),
        )
    base, repeated = counted
    lines = [f"TITLE: {_line(recording.name)}", "FCM: NON-DROP FRAME"]
    at = 0
    for event, segment in enumerate(recording.segments, 1):
        times = (segment.start, segment.stop, at, at + len(segment))
        codes = " ".join(_timecode(frame * repeated, base) for frame in times)
        at += len(segment)
        lines += ["", f"{event:03}  AX       V     C        {codes}"]
        if event == 1:  # readers refuse a comment that follows no event
            lines.append(f"* FRAME RATE: {fps * repeated:.7g}")
            if repeated > 1:
                lines.append(f"* COMMENT: {repeated} frames of timecode are one of the recording's {fps:.7g} a second")
        lines.append(f"* FROM CLIP NAME: {_line(recording.name)}")
        lines += [f"* COMMENT: {_line(text)}" for text in segment.in_words()]
    return ("\r\n".join(lines) + "\r\n").encode()


def otio(recording: ReviewedRecording) -> bytes:
    """An OpenTimelineIO timeline: a clip a segment with a marker that says what is known of it.

    Times are frames where these last equally long, else ticks of 90 kHz.
    """
    import opentimelineio as library  # takes a moment to import

    schema, opentime = library.schema, library.opentime
    fps = recording.constant_fps()

    def span(start_frame: int, stop_frame: int, start: float, stop: float) -> Any:
        rate = fps or _TICKS_A_SECOND
        first, last = (start_frame, stop_frame) if fps else (round(start * rate), round(stop * rate))
        return opentime.TimeRange(opentime.RationalTime(first, rate), opentime.RationalTime(last - first, rate))

    timeline = schema.Timeline(recording.name)
    track = schema.Track("Segments", kind=schema.TrackKind.Video)
    whole = span(0, len(recording.times), 0.0, recording.info.duration_seconds)
    for segment in recording.segments:
        extent = span(segment.start, segment.stop, recording.start_seconds(segment), recording.stop_seconds(segment))
        media = schema.ExternalReference(recording.media_url or recording.info.path.absolute().as_uri(), whole)
        media.name = recording.name
        known = {key: value for key, value in row(recording, segment).items() if value is not None}
        clip = schema.Clip(f"Segment {segment.number}, {segment.verdict}", media, extent)
        clip.metadata["vadgui"] = known
        clip.markers.append(
            schema.Marker(
                name=str(segment.verdict),
                marked_range=extent,
                color=_COLOURS[segment.verdict],
                metadata={"vadgui": known},
                comment="\n".join(segment.in_words()),
            )
        )
        track.append(clip)
    timeline.tracks.append(track)
    return str(library.adapters.write_to_string(timeline, "otio_json")).encode()


def _no_edl(recording: ReviewedRecording, what: str) -> UnsuitableError:
    return UnsuitableError(what, subject=recording.name, advice=tr("Choose OpenTimelineIO (otio) instead."))


def _timecode_rate(fps: float) -> tuple[int, int] | None:
    """The lowest rate of timecode in which a frame lasts for a whole number, and that number; None if there is none."""
    for rate in _TIMECODE_RATES:
        repeated = round(rate / fps)
        if repeated and abs(fps * repeated / rate - 1) < _SAME_RATE:
            return rate, repeated
    return None


def _line(text: str) -> str:
    """Text that stays within its line."""
    return " ".join(text.split())


def _timecode(frame: int, base: int) -> str:
    seconds, frames = divmod(frame, base)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{frames:02}"
