"""Makers of clips, one for each kind of video in the contract tests of VideoSource."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tests.clips import make_clip, numbered_picture

FRAMES = 60


@dataclass(frozen=True)
class Kind:
    """A kind of video: how to make one, and its expected properties."""

    name: str
    make: Callable[[Path], Path]
    frames: int = FRAMES
    size: tuple[int, int] = (96, 64)
    """Upright width and height."""
    times: tuple[float, ...] | None = None
    """Presentation times in seconds since the first frame; None for 1/25 s apart."""

    @property
    def expected_times(self) -> np.ndarray:
        return np.array(self.times) if self.times else np.arange(self.frames) / 25


UNEVEN = tuple(np.cumsum([0, *([0.04, 0.1, 0.02, 0.25] * FRAMES)])[:FRAMES].round(4).tolist())


def _rotated(folder: Path, quarter_turns: int) -> Path:
    """Rotated only by the display matrix: pictures are stored sideways or upside down."""
    path = folder / "rotated.mp4"
    stored = np.rot90(numbered_picture(0), quarter_turns).shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = stored[1], stored[0], "yuv420p"
        for number in range(FRAMES):
            lying = np.ascontiguousarray(np.rot90(numbered_picture(number), quarter_turns))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(lying, format="rgb24")))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40  # version 0: the 3x3 matrix follows 40 bytes of times, id and volume
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter_turns]
    turn = (cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30)
    data[matrix : matrix + 36] = struct.pack(">9i", *turn)
    path.write_bytes(data)
    return path


def _joined(folder: Path) -> Path:
    """Two broadcasts one after the other, as recorders write them after a pause: the times start over."""
    parts = [
        make_clip(folder / f"part{n}.ts", range(n * FRAMES // 2, (n + 1) * FRAMES // 2), container_format="mpegts")
        for n in range(2)
    ]
    path = folder / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def _started_late(folder: Path) -> Path:
    times = [1000.5 + number / 25 for number in range(FRAMES)]
    return make_clip(folder / "late.mkv", FRAMES, times=times)


def _with_edit_list(folder: Path) -> Path:
    """The first ten frames are hidden by an edit list but still in the file."""
    path = folder / "edited.mp4"
    with av.open(str(path), "w", options={"use_editlist": "1", "movflags": "+negative_cts_offsets"}) as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.max_b_frames = 0
        stream.codec_context.gop_size = FRAMES + 10
        stream.codec_context.time_base = Fraction(1, 25)
        for number in range(-10, FRAMES):
            picture = av.VideoFrame.from_ndarray(numbered_picture(max(number, 0)), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def _pictures(folder: Path) -> Path:
    path = folder / "Bilder für später"
    path.mkdir()
    for number in range(FRAMES):
        # Without leading zeros and with gaps, only sorting by number gives the right order.
        ok, data = cv2.imencode(".png", numbered_picture(number))
        assert ok
        (path / f"frame{number * 2}.png").write_bytes(data.tobytes())
    return path


KINDS = [
    Kind("h264 in mp4", lambda f: make_clip(f / "a.mp4", FRAMES)),
    Kind("variable rate", lambda f: make_clip(f / "vfr.mp4", FRAMES, times=UNEVEN), times=UNEVEN),
    Kind("many b-frames", lambda f: make_clip(f / "b.mkv", FRAMES, b_frames=8, codec_options={"b-adapt": "0"})),
    Kind("gop 250", lambda f: make_clip(f / "gop.mp4", 300, gop=250), frames=300),
    Kind("open gop", lambda f: make_clip(f / "open.mp4", FRAMES, gop=10, codec_options={"x264-params": "open-gop=1"})),
    Kind(
        "interlaced",
        lambda f: make_clip(f / "i.ts", FRAMES, container_format="mpegts", codec_options={"x264-params": "tff=1"}),
    ),
    Kind("late start", _started_late),
    Kind("xvid in avi", lambda f: make_clip(f / "x.avi", FRAMES, codec="mpeg4", b_frames=0)),
    Kind("xvid with b-frames in avi", lambda f: make_clip(f / "xb.avi", FRAMES, codec="mpeg4", b_frames=2)),
    Kind("h264 in avi", lambda f: make_clip(f / "h.avi", FRAMES, b_frames=3)),
    Kind("mjpeg", lambda f: make_clip(f / "m.avi", FRAMES, codec="mjpeg", pixel_format="yuvj420p", b_frames=0)),
    Kind(
        "hevc", lambda f: make_clip(f / "h.mp4", FRAMES, codec="libx265", codec_options={"x265-params": "log-level=0"})
    ),
    Kind("mpeg-2 in ts", lambda f: make_clip(f / "2.ts", FRAMES, codec="mpeg2video")),
    Kind("ts", lambda f: make_clip(f / "a.ts", FRAMES, container_format="mpegts")),
    Kind("raw h264", lambda f: make_clip(f / "raw.h264", FRAMES, container_format="h264")),
    Kind("raw h264 with b-frames", lambda f: make_clip(f / "rawb.264", FRAMES, container_format="h264", b_frames=3)),
    Kind(
        "raw hevc",
        lambda f: make_clip(f / "raw.hevc", FRAMES, codec="libx265", codec_options={"x265-params": "log-level=0"}),
    ),
    # FFmpeg invents the times of raw MJPEG, which are wrong after a seek.
    Kind(
        "raw mjpeg",
        lambda f: make_clip(f / "raw.mjpeg", FRAMES, codec="mjpeg", pixel_format="yuvj420p", b_frames=0),
    ),
    Kind("joined ts", _joined),
    # Contains reference frames that are never shown.
    Kind(
        "vp8 with hidden frames",
        lambda f: make_clip(
            f / "8.webm",
            FRAMES,
            codec="libvpx",
            gop=30,
            codec_options={"auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "4"},
        ),
    ),
    Kind("vp9 in webm", lambda f: make_clip(f / "v.webm", FRAMES, codec="libvpx-vp9", codec_options={"cpu-used": "8"})),
    Kind(
        "odd size",
        lambda f: make_clip(f / "o.mkv", FRAMES, size=(97, 65), codec="ffv1", pixel_format="yuv444p"),
        size=(97, 65),
    ),
    Kind("rotated left", lambda f: _rotated(f, 1)),
    Kind("upside down", lambda f: _rotated(f, 2)),
    Kind("rotated right", lambda f: _rotated(f, 3)),
    Kind("grey", lambda f: make_clip(f / "g.mkv", FRAMES, codec="ffv1", pixel_format="gray")),
    Kind("10 bit", lambda f: make_clip(f / "10.mp4", FRAMES, pixel_format="yuv420p10le")),
    Kind("one frame", lambda f: make_clip(f / "1.mp4", 1), frames=1),
    Kind("two frames", lambda f: make_clip(f / "2.mp4", 2), frames=2),
    Kind("with audio", lambda f: make_clip(f / "s.mp4", FRAMES, with_audio=True)),
    Kind(
        "fragmented mp4",
        lambda f: make_clip(f / "f.mp4", FRAMES, container_options={"movflags": "frag_keyframe+empty_moov"}),
    ),
    Kind("edit list", _with_edit_list),
    Kind("non-ascii path", lambda f: make_clip(f / "Überwachung 監視 №1.mp4", FRAMES)),
    Kind("picture folder", _pictures),
]
