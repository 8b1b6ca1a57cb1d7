"""Which files FFmpeg may read in the program's own process: of kinds that recorders and cameras really write."""

from __future__ import annotations

import re
from pathlib import Path

from engine.common.errors import VideoError
from engine.common.language import tr

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
"""FFmpeg's name of MP4, QuickTime and their like."""

# By FFmpeg's names. Their demuxers and decoders are those that browsers, phones and televisions feed with strangers'
# files, or short. All others, a few hundred, are read in a helper process.
_STARTS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    # Most cameras, phones and exports of recorders.
    (MP4, re.compile(rb"(?s).{4}(?:ftyp|styp|moov|mdat|wide|free|skip)")),
    # Open recorders (Frigate, Shinobi, OBS), and this program's clips.
    ("matroska,webm", re.compile(rb"\x1a\x45\xdf\xa3")),
    # Recorders of analogue cameras, and most old data sets.
    ("avi", re.compile(rb"(?s)RIFF.{4}AVI ")),
    # What comes over the network, written as it came; Blu-ray and AVCHD put four bytes before each packet.
    ("mpegts", re.compile(rb"(?s)(?:\x47.{187}){3}|(?:.{4}\x47.{187}){3}")),
    # Dahua.
    ("dhav", re.compile(rb"DHAV|DAHUA")),
    # Hikvision, with and without its own header.
    ("mpeg", re.compile(rb"(?s)\x00\x00\x01\xba|IMKH.{36}\x00\x00\x01\xba")),
    # A camera's stream without a container begins with its parameters.
    ("h264", re.compile(rb"\x00?\x00\x00\x01[\x09\x27\x47\x67]")),
    ("hevc", re.compile(rb"\x00?\x00\x00\x01[\x40\x46]\x01")),
)
PICTURE_CODECS = frozenset({"h264", "hevc", "mjpeg", "mpeg4", "mpeg2video", "av1", "libdav1d"})
"""Cameras have H.264, H.265 and JPEG, new ones AV1; older recorders have MPEG-4 and MPEG-2."""
SOUND_CODECS = frozenset(
    {"aac", "mp2", "mp2float", "mp3", "mp3float", "opus", "libopus", "pcm_alaw", "pcm_mulaw", "pcm_s16le"}
)
"""What cameras record: AAC, telephone sound, plain samples; MPEG sound in MPEG streams."""

_is_helper = False


class UntrustedFileError(VideoError):
    """A file that FFmpeg may read in a helper process only; nobody sees this error but where a file has changed."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            tr("This kind of file is decoded in a process of its own only"),
            subject=path,
            advice=tr("The file has changed since it was opened: open it again."),
        )


def trust_all() -> None:
    """Let FFmpeg read any file in this process from now on: it is a helper."""
    global _is_helper
    _is_helper = True


def trusts_all() -> bool:
    """Whether FFmpeg may read any file in this process."""
    return _is_helper


def trusted_format(start: bytes) -> str | None:
    """FFmpeg's name of the trusted format that a file with this start has; None where it has none.

    FFmpeg is then held to that format, so that a file can't begin as one kind and be read as another.
    """
    return next((name for name, pattern in _STARTS if pattern.match(start)), None)


def require_trusted(path: Path, codec: str, trusted: frozenset[str]) -> None:
    """Refuse a codec that is to be decoded elsewhere.

    Raises:
        UntrustedFileError: it is none of the trusted ones, and this is no helper.
    """
    if codec not in trusted and not _is_helper:
        raise UntrustedFileError(path)
