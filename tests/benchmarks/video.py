"""Speed of reading frames of 720p recordings: in order, at random, and from the cache.

Every exact seek is timed beside what it can't be quicker than: plain PyAV that seeks to the keyframe before the same
frame, decodes up to it and converts that one. Both take turns, so a busy machine slows both.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from engine.video import open_video
from engine.video.pyav_source import PyAvSource
from engine.video.source import VideoSource

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 25
GOPS = (25, 250)
TURNS = 3
STEPS_BACK = 20  # with the arrow key after a jump to the last frame before a keyframe
BARS = {
    "gop25_seek_p95_over_bare": ("<=", 1.2),
    "gop250_seek_p95_over_bare": ("<=", 1.2),
    "gop25_cached_read_p95_ms": ("<=", 16.0),
    "gop250_cached_read_p95_ms": ("<=", 16.0),
}


def run(quick: bool = False) -> dict[str, float]:
    """Frames a second and milliseconds a seek, for short and long distances between keyframes."""
    frames, seeks = (500, 20) if quick else (1500, 60)
    results: dict[str, float] = {}
    # A new cache: a stored index from an earlier run would skip the work to be measured.
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, VADGUI_CACHE=folder):
        for gop in GOPS:
            path = recording(frames, gop)
            figures = decoding_figures(path) | seek_figures(path, seeks) | cache_figures(path, gop, seeks // 10)
            results |= {f"gop{gop}_{key}": value for key, value in figures.items()}
    return results


def decoding_figures(path: Path) -> dict[str, float]:
    """Opening, and two full passes; only the first one also checks the index."""
    opening = seconds(lambda: open_video(path).close())
    with open_video(path) as source:
        first, second = (seconds(lambda: read_all(source)) for _ in range(2))
        count = len(source)
    return {
        "opening_ms": opening * 1000,
        "first_pass_fps": count / first,
        "sequential_fps": count / second,
        "bare_sequential_fps": count / seconds(lambda: decode_only(path)),
    }


def seek_figures(path: Path, seeks: int) -> dict[str, float]:
    """Reads of random, uncached frames, compared with the same seeks by plain PyAV."""
    with PyAvSource(path, cache_bytes=1) as source, closing(PlainDecoder(path)) as plain_decoder:
        targets = random.Random(seeks).choices(range(len(source)), k=seeks)
        # The fastest turn of each target counts, as the one least disturbed by other programs.
        pairs = [
            np.min([measure_once(source, plain_decoder, target) for _ in range(TURNS)], axis=0) for target in targets
        ]
    exact, barely = np.array(pairs).T
    figures = {
        f"{name}_p{percent}_ms": float(np.percentile(took, percent))
        for name, took in (("seek", exact), ("bare_seek", barely))
        for percent in (50, 95)
    }
    return figures | {"seek_p95_over_bare": figures["seek_p95_ms"] / figures["bare_seek_p95_ms"]}


def cache_figures(path: Path, gop: int, jumps: int) -> dict[str, float]:
    """Steps back from random frames, to frames cached on the way, and reads of the same frames again."""
    steps, again = [], []
    with open_video(path) as source:
        for target in random.Random(jumps).choices(range(gop - 1, len(source), gop), k=jumps):
            source.read(target)
            behind = range(target - 1, target - STEPS_BACK, -1)
            steps += [seconds(lambda i=index: source.read(i)) * 1000 for index in behind]
            again += [seconds(lambda i=index: source.read(i)) * 1000 for index in behind]
    return {
        "cached_read_p50_ms": float(np.percentile(steps, 50)),
        "cached_read_p95_ms": float(np.percentile(steps, 95)),
        "cached_reread_p95_ms": float(np.percentile(again, 95)),
    }


def measure_once(source: VideoSource, plain_decoder: PlainDecoder, target: int) -> tuple[float, float]:
    """Milliseconds of the same seek by `source` and by plain PyAV."""
    source.read(
        (target + len(source) // 2) % len(source)
    )  # from afar: it can't just go on, and the target isn't cached
    took = seconds(lambda: source.read(target)), seconds(lambda: plain_decoder.read(target))
    assert np.array_equal(source.read(target).pixels, plain_decoder.last)
    return took[0] * 1000, took[1] * 1000


class PlainDecoder:
    """Lower bound of an exact seek: presentation times are known, nothing is checked or cached."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path))
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._reformatter = VideoReformatter()
        packets = [packet for packet in self._container.demux(self._stream) if packet.pts is not None]
        self._pts = sorted(packet.pts for packet in packets if packet.pts is not None)
        self.last = np.empty(0, np.uint8)

    def read(self, index: int) -> None:
        """Seek to frame `index` and store it in `last`."""
        self._container.seek(self._pts[index], stream=self._stream)
        frame = next(frame for frame in self._container.decode(self._stream) if frame.pts == self._pts[index])
        self.last = self._reformatter.reformat(frame, format="rgb24").to_ndarray()

    def close(self) -> None:
        """Free the file."""
        self._container.close()


def decode_only(path: Path) -> None:
    """Decode every frame to RGB with plain PyAV; each is kept until the next is decoded, as in real use."""
    reformatter = VideoReformatter()
    last = None
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            last = reformatter.reformat(frame, format="rgb24").to_ndarray()
    assert last is not None


def read_all(source: VideoSource) -> None:
    """Read every frame in order."""
    for _ in source.frames():
        pass


def seconds(work: Callable[[], object]) -> float:
    """Duration of a call in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def recording(frames: int, gop: int, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> Path:
    """An H.264 recording with B-frames, kept in the system's temporary folder for the next run."""
    size = f"{width_px}x{height_px}"
    path = Path(tempfile.gettempdir()) / "vadgui-benchmarks" / f"crossing-{size}-gop{gop}-{frames}.mp4"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".part.mp4")
        with av.open(str(unfinished), "w") as container:
            options = {"preset": "veryfast", "crf": "23", "sc_threshold": "0"}
            stream = container.add_stream("libx264", rate=FPS, options=options)
            stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
            stream.codec_context.gop_size = gop
            for picture in crossing(frames, width_px, height_px):
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        unfinished.replace(path)
    return path


def repeated(path: Path, times: int) -> Path:
    """The same recording so many times over in one file: its packets as they are, so it takes no encoding."""
    longer = path.with_name(f"{path.stem}-{times}-times.mp4")
    if not longer.exists():
        unfinished = longer.with_suffix(".part.mp4")
        with av.open(str(unfinished), "w") as output:
            stream, length = None, 0
            for turn in range(times):
                with av.open(str(path)) as container:
                    template = container.streams.video[0]
                    stream = stream or output.add_stream_from_template(template)
                    length = template.duration or 0
                    for packet in container.demux(template):
                        if packet.dts is not None and packet.pts is not None:
                            packet.pts, packet.dts = packet.pts + turn * length, packet.dts + turn * length
                            packet.stream = stream
                            output.mux(packet)
        unfinished.replace(longer)
    return longer


def crossing(frames: int, width_px: int, height_px: int) -> Iterator[av.VideoFrame]:
    """A camera's view of still ground with sensor noise that boxes cross: what surveillance looks like to a codec."""
    dice = np.random.default_rng(0)
    shape = (height_px, width_px, 3)
    ground = cv2.GaussianBlur(dice.integers(0, 256, shape, np.uint8), (0, 0), 3) // 2 + 60
    noise = [dice.integers(0, 7, shape, np.uint8) for _ in range(8)]
    for index in range(frames):
        picture = ground + noise[dice.integers(8)]
        for lane in range(6):
            x, y = (index * (2 + lane) + lane * 210) % width_px, 60 + lane * 105
            cv2.rectangle(picture, (x, y), (x + 60, y + 80), (200, 60, 40 * lane), -1)
        yield av.VideoFrame.from_ndarray(np.asarray(picture, np.uint8), format="rgb24")


def main() -> None:
    """Print the figures of a full run."""
    for key, value in run().items():
        print(f"{key:<32} {value:>10,.2f}")


if __name__ == "__main__":
    main()
