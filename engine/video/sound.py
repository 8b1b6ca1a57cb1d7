"""The sound of a stretch of a recording, in step with its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from engine.video.decoder import Decoder

BLOCK_SAMPLES = 1024
"""What AAC encodes at once."""
_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_EARLIER_SECONDS = 1.0  # decoders need some packets to find in
_JITTER_SECONDS = 0.02  # half of a frame's length: less is imprecise times, more is a gap
_LONGEST_GAP_SECONDS = 5.0  # silence that is made up at once


class ClipSound:
    """Sound from one time of a recording's pictures to another, as blocks of samples; silence where there is none."""

    def __init__(self, path: Path, start_seconds: float, stop_seconds: float) -> None:
        """`start_seconds` and `stop_seconds` count from the recording's first frame.

        Raises:
            LookupError: the recording has no sound, or does not say when its first frame is shown.
            VideoError: it can't be read.
        """
        self._decoder = Decoder(path, 1)
        container = self._decoder.container
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            self._decoder.close()
            raise LookupError("no sound")
        self._stream = container.streams.audio[0]
        known = self._stream.codec_context.sample_rate
        self.rate_hz = known if known in _RATES_HZ else _RATES_HZ[-1]
        self.layout = "mono" if self._stream.codec_context.channels == 1 else "stereo"
        first = next(self._decoder.frames(), None)
        if first is None or first.time is None:
            self._decoder.close()
            raise LookupError("no time of the first frame")
        self._start = first.time + start_seconds
        self._length = round((stop_seconds - start_seconds) * self.rate_hz)
        self._seek()
        self._made = 0
        self._blocks = self._all_blocks()

    def until(self, seconds: float) -> Iterator[AudioFrame]:
        """Blocks that were not given yet and begin before a time, counted from the start."""
        while self._made < min(seconds * self.rate_hz, self._length):
            samples = next(self._blocks)
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout=self.layout)
            frame.sample_rate, frame.pts, frame.time_base = self.rate_hz, self._made, Fraction(1, self.rate_hz)
            self._made += samples.shape[1]
            yield frame

    def close(self) -> None:
        """Free the file."""
        self._decoder.close()

    def _seek(self) -> None:
        earlier = max(self._start - _EARLIER_SECONDS, 0.0)
        with suppress(av.FFmpegError, OverflowError):  # then it is read from where it stands
            self._decoder.container.seek(round(earlier * av.time_base))

    def _all_blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        """Blocks [channels, samples] up to the end; the last one may be shorter."""
        waiting = np.empty((1 if self.layout == "mono" else 2, 0), np.float32)
        left = self._length
        for samples in self._continuous():
            waiting = np.concatenate([waiting, samples], axis=1)
            while waiting.shape[1] >= BLOCK_SAMPLES and left >= BLOCK_SAMPLES:
                yield np.ascontiguousarray(waiting[:, :BLOCK_SAMPLES])
                waiting = waiting[:, BLOCK_SAMPLES:]
                left -= BLOCK_SAMPLES
            if waiting.shape[1] >= left:
                break
        while left > 0:
            size = min(left, BLOCK_SAMPLES)
            block = np.zeros((waiting.shape[0], size), np.float32)
            share = waiting[:, :size]
            block[:, : share.shape[1]] = share
            yield block
            waiting = waiting[:, size:]
            left -= size

    def _continuous(self) -> Iterator[npt.NDArray[np.float32]]:
        """Samples without gap or overlap from the start on."""
        at = 0
        for place, samples in self._decoded():
            if abs(place - at) <= _JITTER_SECONDS * self.rate_hz:
                place = at
            if place + samples.shape[1] <= at:
                continue
            while place > at and at < self._length:
                silence = min(place - at, round(_LONGEST_GAP_SECONDS * self.rate_hz))
                yield np.zeros((samples.shape[0], silence), np.float32)
                at += silence
            fresh = samples[:, max(at - place, 0) :]
            yield fresh
            at += fresh.shape[1]
            if at >= self._length:
                return

    def _decoded(self) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Samples [channels, n] and the place of the first of them, in samples from the start."""
        resampler = AudioResampler(format="fltp", layout=self.layout, rate=self.rate_hz)
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue  # a damaged packet becomes silence
            for frame in frames:
                time = frame.time
                if time is None:
                    continue
                place = round((time - self._start) * self.rate_hz)
                for part in resampler.resample(frame):
                    samples = np.asarray(part.to_ndarray(), np.float32)
                    yield place, samples
                    place += samples.shape[1]

    def _packets(self) -> Iterator[av.Packet[av.AudioStream]]:
        with suppress(av.FFmpegError):  # what can't be read any more becomes silence
            yield from self._decoder.container.demux(self._stream)


def sound_of(path: Path, start_seconds: float, stop_seconds: float) -> ClipSound | None:
    """The sound of a stretch of a recording; None where it has none.

    Raises:
        VideoError: the recording can't be read.
    """
    if not path.is_file():
        return None  # a folder of pictures
    try:
        return ClipSound(path, start_seconds, stop_seconds)
    except LookupError:
        return None
