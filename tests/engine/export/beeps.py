"""Sound whose times can be told."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def add_beeps(
    path: Path, target: Path, seconds: int, *, codec: str = "aac", rate: int = 16_000, first: float = 0
) -> Path:
    """The same video with sound from `first` on that beeps for 50 ms at the start of each second."""
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        picture = output.add_stream_from_template(source.streams.video[0])
        sound = output.add_stream(codec, rate=rate, layout="mono")
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = picture
                output.mux(packet)
        at = np.arange(round(first * rate), seconds * rate)
        wave = (np.sin(at * 2 * np.pi * 1000 / rate) * (at % rate < rate // 20) * 20_000).astype(np.int16)
        resampler = av.AudioResampler(format=sound.codec_context.format, layout="mono", rate=rate, frame_size=1024)
        whole = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        whole.sample_rate, whole.pts, whole.time_base = rate, int(at[0]), Fraction(1, rate)
        for frame in (*resampler.resample(whole), *resampler.resample(None)):
            output.mux(sound.encode(frame))
        output.mux(sound.encode(None))
    return target


def beeps(path: Path) -> list[float]:
    """When beeps begin, in seconds after the first picture."""
    with av.open(str(path)) as container:
        first = float(next(container.decode(video=0)).time or 0)
    loud: list[float] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float64).ravel()
            samples /= 32768 if np.abs(samples).max(initial=0) > 2 else 1
            rate = frame.sample_rate
            loud += [float(frame.time) - first + at / rate for at in np.flatnonzero(np.abs(samples) > 0.2)]
    return [at for place, at in enumerate(loud) if not place or at - loud[place - 1] > 0.5]
