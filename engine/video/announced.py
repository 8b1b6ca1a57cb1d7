"""How long a file says that its pictures last, to tell one that was cut short by a copy or a power failure."""

from __future__ import annotations

import re

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from engine.video.trust import MP4

# Where the header does not say it, FFmpeg may guess by the bit rate or the last times.
_STATED = {
    "matroska,webm": re.compile(rb"(?s)\x15\x49\xa9\x66.{1,1000}?\x44\x89[\x84\x88]"),
    "flv": re.compile(rb"(?s)onMetaData.{1,4000}?\x00\x08duration\x00"),
}


def announced_seconds(container: InputContainer, stream: VideoStream, start: bytes) -> float:
    """What the header says, by the file's first bytes; 0 where FFmpeg estimates it by the times or the size."""
    name = container.format.name
    whole = max(container.duration or 0, 0) / av.time_base
    if name == MP4:
        # The stream's is with what an edit list hides, the file's that of its longest stream.
        return min(float(max(stream.duration or 0, 0) * (stream.time_base or 0)), whole)
    if name == "avi":
        return float(max(stream.frames, 0) * (stream.time_base or 0))
    return whole if name in _STATED and _STATED[name].search(start) else 0.0
