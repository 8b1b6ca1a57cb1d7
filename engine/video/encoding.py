"""How clips are encoded: formats of files, codecs with their options, and pictures as codecs take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import av
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from engine.common.errors import ExportError
from engine.common.language import tr, tr_noop
from engine.video.frame import Pixels

TIME_BASE = Fraction(1, 90_000)
"""Of MP4: holds every common frame rate exactly, and variable ones to 11 microseconds."""
SOUND_BIT_RATE = 128_000
_LEAST_BIT_RATE = 30_000
_PACKET_BYTES = 40
"""What a container takes for a packet of pictures or sound, at the most."""
_HEAD_BYTES = 8192
_BUFFER_SECONDS = 1.0
"""Over which a file of a given size may be over its bit rate."""

Convert = Callable[[Pixels, int], VideoFrame]
"""Makes of RGB, and of a time in ticks, what a codec takes."""


class ClipFormat(StrEnum):
    """Kinds of files that a clip can be."""

    MP4 = "mp4"
    FFV1 = "ffv1"
    GIF = "gif"
    PNG = "png"


@dataclass(frozen=True)
class FormatFacts:
    """What a format is to people, and how FFmpeg writes it."""

    label: str
    suffix: str
    """Of the file; a folder has none."""
    muxer: str = ""
    """FFmpeg's name; empty for pictures in a folder."""
    options: tuple[tuple[str, str], ...] = ()
    tick: Fraction = TIME_BASE
    """What frame times are rounded to."""
    least_ticks: int = 1
    """Between two frames; what comes sooner is left out where that is more than one."""
    pixel_format: str = "yuv420p"
    sound: str = ""
    """Codec of the sound; empty where the format has none."""
    max_size: tuple[int, int] = (1920, 1080)
    """Width and height within which such clips are planned."""


# Without this flag Matroska files have a number by chance: two exports of one clip would not be the same.
_REPRODUCIBLE = ("fflags", "+bitexact")

FORMATS = {
    ClipFormat.MP4: FormatFacts("MP4", ".mp4", "mp4", (("movflags", "+faststart"),), sound="aac"),
    ClipFormat.FFV1: FormatFacts(
        tr_noop("FFV1 in Matroska: lossless, large"),
        ".mkv",
        "matroska",
        (_REPRODUCIBLE,),
        tick=Fraction(1, 1000),
        pixel_format="bgr0",
        sound="flac",
    ),
    ClipFormat.GIF: FormatFacts(
        tr_noop("GIF: 256 colours a frame, no sound"),
        ".gif",
        "gif",
        tick=Fraction(1, 100),
        least_ticks=2,  # players take less for a mistake, and show it for a tenth of a second
        pixel_format="pal8",
        max_size=(960, 720),
    ),
    ClipFormat.PNG: FormatFacts(tr_noop("PNG pictures in a folder: lossless, large, no sound"), ""),
}


class Quality(StrEnum):
    """How much a codec that loses something may lose."""

    HIGH = tr_noop("high")
    MEDIUM = tr_noop("medium")
    LOW = tr_noop("low")


@dataclass(frozen=True)
class Encoder:
    """A codec of MP4 that PyAV's wheels contain, with its options."""

    label: str
    """Name shown to people."""
    options: tuple[tuple[str, str], ...]
    """Options passed to FFmpeg."""
    crf: tuple[int, int, int]
    """Constant rate factor of each quality."""


ENCODERS = {
    # Without B-frames, MP4 stores every frame's duration exactly, including the last one's.
    "libx264": Encoder(tr_noop("H.264 (plays everywhere)"), (("preset", "veryfast"), ("bf", "0")), (16, 20, 28)),
    "libsvtav1": Encoder(tr_noop("AV1 (small files)"), (("preset", "10"),), (25, 32, 45)),
    "libvpx-vp9": Encoder(
        "VP9", (("deadline", "realtime"), ("cpu-used", "6"), ("row-mt", "1"), ("b", "0")), (22, 30, 42)
    ),
}
DEFAULT_ENCODER = "libx264"


@dataclass(frozen=True)
class Encoding:
    """How a clip is to be encoded."""

    format: ClipFormat = ClipFormat.MP4
    encoder: str = DEFAULT_ENCODER
    """Of MP4: a key of ENCODERS."""
    quality: Quality = Quality.MEDIUM
    """Of MP4."""
    max_bytes: int | None = None
    """Of MP4 with H.264: the largest size of the file, instead of a quality."""
    depends_on_pictures_alone: bool = False
    """Whether equal pictures have to make equal files, at some cost in size."""

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            advice = tr("Choose one of {names}.").format(names=", ".join(ENCODERS))
            raise ExportError(tr("There is no such encoder"), subject=self.encoder, advice=advice)
        if self.max_bytes is not None and (self.format, self.encoder) != (ClipFormat.MP4, DEFAULT_ENCODER):
            raise ExportError(
                tr("Only MP4 with H.264 can be made to fit a size"),
                subject=self.format,
                advice=tr("Choose that, or a quality instead."),
            )

    @property
    def facts(self) -> FormatFacts:
        """What the format is."""
        return FORMATS[self.format]

    def codec(self, frames: int, seconds: float, *, has_sound: bool) -> tuple[str, dict[str, str]]:
        """FFmpeg's codec, and its options for a clip of so many frames and seconds.

        Raises:
            ExportError: so long a clip can't be made to fit the size.
        """
        if self.format is ClipFormat.FFV1:
            return "ffv1", {"level": "3", "slicecrc": "1"}
        if self.format is ClipFormat.GIF:
            return "gif", {}
        encoder = ENCODERS[self.encoder]
        options = dict(encoder.options)
        if self.depends_on_pictures_alone and self.encoder == DEFAULT_ENCODER:
            # It decides by memory that it has not written yet: by whatever was there before, such as other pictures.
            options["mbtree"] = "0"
            if self.max_bytes is not None:
                # Its rate control looks at what other threads have come to.
                options["threads"] = "1"
        if self.max_bytes is None:
            return self.encoder, {**options, "crf": str(encoder.crf[list(Quality).index(self.quality)])}
        rate = str(self._bit_rate(self.max_bytes, frames, seconds, has_sound=has_sound))
        buffer = str(round(int(rate) * _BUFFER_SECONDS))
        return self.encoder, {**options, "b": rate, "maxrate": rate, "bufsize": buffer}

    def _bit_rate(self, max_bytes: int, frames: int, seconds: float, *, has_sound: bool) -> int:
        sound_packets = round(seconds * 50) if has_sound else 0
        left = max_bytes - _HEAD_BYTES - _PACKET_BYTES * (frames + sound_packets)
        bits = 8 * left - (SOUND_BIT_RATE * seconds if has_sound else 0)
        rate = round(bits / (seconds + _BUFFER_SECONDS))
        if rate < _LEAST_BIT_RATE:
            raise ExportError(
                tr("{seconds:.1f} s of pictures can't be made to fit {size:g} MB").format(
                    seconds=seconds, size=max_bytes / 1e6
                ),
                advice=tr("Allow a larger file, or export a shorter part of it."),
            )
        return rate


USUAL_ENCODING = Encoding()


def converter(pixel_format: str, width_px: int, height_px: int, tick: Fraction) -> Convert:
    """What makes pictures of a size fit for a codec."""
    if pixel_format == "pal8":
        return _with_palette(width_px, height_px, tick)
    reformatter = VideoReformatter()
    # Without these, players guess BT.601 or BT.709 from the size of the picture. RGB has neither.
    space = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG}

    def convert(pixels: Pixels, pts: int) -> VideoFrame:
        frame = reformatter.reformat(
            VideoFrame.from_ndarray(pixels, format="rgb24"),
            format=pixel_format,
            **(space if pixel_format.startswith("yuv") else {}),
        )
        frame.pts, frame.time_base = pts, tick
        return frame

    return convert


def _with_palette(width_px: int, height_px: int, tick: Fraction) -> Convert:
    """The 256 colours that suit each picture best."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=width_px, height=height_px, format=VideoFormat("rgb24"), time_base=tick)
    split, choose = graph.add("split"), graph.add("palettegen", "stats_mode=single")
    # Not dithered: noise that changes from frame to frame would be most of the file.
    use, sink = graph.add("paletteuse", "new=1:dither=none"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(choose, 0, 0)
    split.link_to(use, 1, 0)
    choose.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()

    def convert(pixels: Pixels, pts: int) -> VideoFrame:
        frame = VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = pts, tick
        graph.push(frame)
        coloured = graph.pull()
        assert isinstance(coloured, VideoFrame)
        coloured.pts, coloured.time_base = pts, tick
        return coloured

    return convert
