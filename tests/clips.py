"""Clips for tests, every picture carrying its frame number in a form that survives lossy coding."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

_GRID = 4  # 16 cells: 12 bits of number and 4 of checksum
MAX_NUMBER = 4095


def numbered_picture(number: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A picture [height, width, 3] whose 4x4 black and white cells spell a number up to LARGEST_NUMBER."""
    bits = _bits(number)
    cells = np.where(bits, 208, 48).astype(np.uint8).reshape(_GRID, _GRID)
    rows = np.arange(height) * _GRID // height
    columns = np.arange(width) * _GRID // width
    return np.repeat(cells[rows][:, columns, None], 3, axis=2)


def read_number(pixels: np.ndarray) -> int:
    """The number spelt by a picture of any size; -1 where it spells none."""
    height, width = pixels.shape[:2]
    rows = [int((cell + 0.5) * height / _GRID) for cell in range(_GRID)]
    columns = [int((cell + 0.5) * width / _GRID) for cell in range(_GRID)]
    half = max(min(height, width) // (4 * _GRID), 1)
    bits = np.array([pixels[r - half : r + half, c - half : c + half].mean() > 128 for r in rows for c in columns])
    number = int(bits[:12] @ (1 << np.arange(12)))
    return number if (bits == _bits(number)).all() else -1


def _bits(number: int) -> np.ndarray:
    checksum = (number ^ number >> 4 ^ number >> 8 ^ 0b0101) & 0xF
    return (number | checksum << 12) >> np.arange(16) & 1 > 0


def make_clip(
    path: Path,
    frames: int | Sequence[int] = 40,
    *,
    size: tuple[int, int] = (96, 64),
    fps: int = 25,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    gop: int = 12,
    b_frames: int = 2,
    times: Sequence[float] | None = None,
    container_format: str | None = None,
    container_options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
    with_audio: bool = False,
) -> Path:
    """Write numbered pictures of `size` (width, height): that many from 0, or these numbers; at `times` in seconds."""
    numbers = range(frames) if isinstance(frames, int) else frames
    with av.open(str(path), "w", format=container_format, options=container_options or {}) as container:
        # x264 takes numbered pictures for cuts and would put keyframes where the test wants none.
        # Of the same pictures it makes the same file with one thread alone.
        own_options = {"sc_threshold": "0", "threads": "1"} if codec == "libx264" else {}
        stream = container.add_stream(codec, rate=fps, options=own_options | (codec_options or {}))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        tick = Fraction(1, 90_000) if times is not None else Fraction(1, fps)
        stream.codec_context.time_base = tick
        stream.time_base = tick
        sound = container.add_stream("aac", rate=16_000, layout="mono") if with_audio else None
        for place, number in enumerate(numbers):
            picture = av.VideoFrame.from_ndarray(numbered_picture(number, *size), format="rgb24")
            picture.pts = place if times is None else round(times[place] * 90_000)
            picture.time_base = tick
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if sound is not None:
            _add_silence(container, sound, seconds=len(numbers) / fps)
    return path


def _add_silence(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    for start in range(0, int(seconds * 16_000), 1024):
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate, silence.pts = 16_000, start
        container.mux(stream.encode(silence))
    container.mux(stream.encode(None))


def write_clip(path: Path, pictures: Sequence[np.ndarray], rate: int = 25, crf: int = 14, gop: int = 250) -> Path:
    """Write pictures [H, W, 3] as H.264 that hardly loses anything, unless told otherwise; returns the path."""
    # With more threads x264 decides otherwise, and what a test measures would depend on the machine's cores.
    options = {"crf": str(crf), "preset": "veryfast", "g": str(gop), "threads": "1"}
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, rate)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def disc_picture(size: tuple[int, int], pixel_aspect: Fraction, place: float = 0.5) -> np.ndarray:
    """A picture [H, W, 3] of stored pixels with a bright disc, `place` across, which is round where it is shown."""
    width, height = size
    tall = height / float(pixel_aspect)  # in stored widths
    radius = 0.22 * min(width, tall)
    x, y = np.arange(width) + 0.5, (np.arange(height) + 0.5) * tall / height
    centre = radius + place * (width - 2 * radius), tall / 2
    distance = np.hypot(x[None, :] - centre[0], y[:, None] - centre[1])
    shade = np.clip(radius - distance + 0.5, 0, 1) * 176 + 40
    return np.repeat(shade.astype(np.uint8)[..., None], 3, axis=2)


def write_discs(
    path: Path,
    size: tuple[int, int],
    pixel_aspect: Fraction,
    *,
    frames: int = 30,
    codec: str = "libx264",
    container_format: str | None = None,
    pixel_format: str = "yuv420p",
    is_told: bool = True,
) -> Path:
    """A disc goes across pictures of stored `size` whose pixels have this shape; `is_told` writes it into the file."""
    options = {"libx264": {"crf": "14", "threads": "1"}, "libx265": {"x265-params": "log-level=none:crf=14"}}
    with av.open(path, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=25, options=options.get(codec, {"qscale": "2"}))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        stream.codec_context.gop_size = 12
        stream.codec_context.bit_rate = 8_000_000
        if is_told:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        for number in range(frames):
            picture = disc_picture(size, pixel_aspect, number / max(frames - 1, 1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def put_pixel_aspect(path: Path, target: Path, pixel_aspect: Fraction) -> Path:
    """A copy of a clip whose container says this ratio of its pixels, whatever its pictures say."""
    with av.open(path) as given, av.open(target, "w") as made:
        stream = given.streams.video[0]
        copy = made.add_stream_from_template(stream)
        copy.codec_context.sample_aspect_ratio = pixel_aspect
        for packet in given.demux(stream):
            if packet.size:
                packet.stream = copy
                made.mux(packet)
    return target
