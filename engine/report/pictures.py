"""Thumbnails of a report, as data that stand in the file itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2

from engine.common.errors import VideoError
from engine.common.events import ShouldStop, never_stop
from engine.export.drawing import draw_outlines, draw_zones
from engine.export.reviewed import ListedSegment
from engine.scoring.where import Outline
from engine.scoring.zones import Zones
from engine.video.frame import Pixels
from engine.video.source import VideoSource

_PICTURES = 4
_WIDTH_PX, _HEIGHT_PX = 320, 240
_QUALITY = 82


@dataclass(frozen=True)
class Thumbnail:
    """One frame of a segment."""

    frame: int
    seconds: float
    is_peak: bool
    uri: str
    """A data URI; empty where the frame can't be decoded."""


def thumbnails(
    source: VideoSource, segment: ListedSegment, zones: Zones, should_stop: ShouldStop = never_stop
) -> Iterator[Thumbnail]:
    """Frames from a segment's first to its last, one of them being its peak; what `zones` leave out is hatched."""
    for frame in chosen_frames(segment):
        is_peak = segment.has_score and frame == segment.peak_frame
        try:
            uri = jpeg_uri(source.read(frame, should_stop).pixels, segment.outlines if is_peak else (), zones)
        except VideoError:
            uri = ""
        yield Thumbnail(frame, float(source.times[frame]), is_peak, uri)


def chosen_frames(segment: ListedSegment) -> list[int]:
    """Evenly spaced frames; the one nearest to the peak gives way to it."""
    last = segment.stop - 1
    steps = min(_PICTURES, len(segment))
    frames = [segment.start + round(step * (last - segment.start) / max(steps - 1, 1)) for step in range(steps)]
    if segment.has_score and segment.peak_frame not in frames:
        # The first and the last frame stay: they show where it begins and ends.
        inner = frames[1:-1] or frames
        nearest = min(inner, key=lambda frame: abs(frame - segment.peak_frame))
        frames[frames.index(nearest)] = segment.peak_frame
    return sorted(frames)


def jpeg_uri(pixels: Pixels, outlines: Sequence[Outline] = (), zones: Zones = ()) -> str:
    """A picture, made small, with lines round what stands out and zones, as the data URI of a JPEG."""
    height, width = pixels.shape[:2]
    scale = min(_WIDTH_PX / width, _HEIGHT_PX / height, 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    draw_zones(small, zones)  # type: ignore[arg-type] # uint8 as the frame is
    draw_outlines(small, outlines, in_words=False)  # type: ignore[arg-type] # uint8 as the frame is
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode('ascii')}"
