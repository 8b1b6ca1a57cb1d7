"""The sound of a clip, in step with its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from engine.common.events import ShouldStop, never_stop
from engine.common.json_values import convert
from engine.common.remote_path import as_path
from engine.video.decoder import Decoder, check_memory
from engine.video.helper.client import nonsense
from engine.video.helper.tasks import called
from engine.video.trust import SOUND_CODECS, UntrustedFileError, require_trusted

BLOCK_SAMPLES = 1024
"""What AAC encodes at once."""
_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_EARLIER_SECONDS = 1.0  # decoders need some packets to find in
_JITTER_SECONDS = 0.02  # half of a frame's length: less is imprecise times, more is a gap
_SILENCE_SAMPLES = 1 << 16  # that are made up at once


class ClipSound:
    """Sound of stretches of a recording, one after another, as blocks of samples; silence where there is none."""

    def __init__(self, path: Path, spans: Sequence[tuple[float, float]]) -> None:
        """`spans` are starts and stops in seconds since the recording's first frame.

        Raises:
            LookupError: the recording has no sound, or does not say when its first frame is shown.
            VideoError: it can't be read.
            UntrustedFileError: it is to be read in a helper process.
        """
        self._path = path
        self._decoder = Decoder(path, 1)
        container = self._decoder.container
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            self._decoder.close()
            raise LookupError("no sound")
        self._stream = container.streams.audio[0]
        try:
            require_trusted(path, self._stream.codec_context.name, SOUND_CODECS)
        except UntrustedFileError:
            self._decoder.close()
            raise
        known = self._stream.codec_context.sample_rate
        self.rate_hz = known if known in _RATES_HZ else _RATES_HZ[-1]
        self.layout = "mono" if self._stream.codec_context.channels == 1 else "stereo"
        first = next(self._decoder.frames(), None)
        if first is None or first.time is None:
            self._decoder.close()
            raise LookupError("no time of the first frame")
        self._spans = [(first.time + start, first.time + stop) for start, stop in spans]
        self._length = round(sum(stop - start for start, stop in spans) * self.rate_hz)
        self._made = 0
        self._blocks: Iterator[npt.NDArray[np.float32]] = self._all_blocks()

    def until(self, seconds: float) -> Iterator[AudioFrame]:
        """Blocks that were not given yet and begin before a time, counted from the start."""
        while self._made < min(seconds * self.rate_hz, self._length):
            samples = next(self._blocks)
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout=self.layout)
            frame.sample_rate, frame.pts, frame.time_base = self.rate_hz, self._made, Fraction(1, self.rate_hz)
            self._made += samples.shape[1]
            yield frame

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        """All samples [channels, n], block by block."""
        return self._blocks

    def close(self) -> None:
        """Free the file."""
        self._decoder.close()

    def _all_blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        """Blocks [channels, samples]; the last one may be shorter."""
        waiting = np.empty((self._channels, 0), np.float32)
        ended = 0.0
        left = self._length
        for start, stop in self._spans:
            # Rounded where it ends, so that errors of many spans don't add up.
            began, ended = ended, ended + stop - start
            length = min(round(ended * self.rate_hz) - round(began * self.rate_hz), left)
            left -= length
            for samples in self._span(start, length):
                waiting = np.concatenate([waiting, samples], axis=1)
                while waiting.shape[1] >= BLOCK_SAMPLES:
                    yield np.ascontiguousarray(waiting[:, :BLOCK_SAMPLES])
                    waiting = waiting[:, BLOCK_SAMPLES:]
        if waiting.shape[1]:
            yield np.ascontiguousarray(waiting)

    def _span(self, start: float, length: int) -> Iterator[npt.NDArray[np.float32]]:
        """Exactly `length` samples from a time on, without gap or overlap."""
        at = 0
        for place, samples in self._decoded(start):
            if at and abs(place - at) <= _JITTER_SECONDS * self.rate_hz:
                place = at
            yield from self._silence(min(place, length) - at)
            at = max(at, min(place, length))
            fresh = samples[:, max(at - place, 0) :][:, : length - at]
            if fresh.shape[1]:
                yield fresh
                at += fresh.shape[1]
            if at >= length:
                return
        yield from self._silence(length - at)

    def _silence(self, length: int) -> Iterator[npt.NDArray[np.float32]]:
        while length > 0:
            size = min(length, _SILENCE_SAMPLES)
            yield np.zeros((self._channels, size), np.float32)
            length -= size

    @property
    def _channels(self) -> int:
        return 1 if self.layout == "mono" else 2

    def _decoded(self, start: float) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Samples [channels, n] around a time and later; the place of the first of them, in samples since that time."""
        with suppress(av.FFmpegError, OverflowError):  # then it is read from where it stands
            self._decoder.container.seek(round(max(start - _EARLIER_SECONDS, 0.0) * av.time_base))
        resampler = AudioResampler(format="fltp", layout=self.layout, rate=self.rate_hz)
        for packet in self._packets():
            try:
                frames = packet.decode()
            except (av.FFmpegError, MemoryError) as error:
                check_memory(self._path, error)
                continue  # a damaged packet becomes silence
            for frame in frames:
                if frame.time is None:
                    continue
                place = round((frame.time - start) * self.rate_hz)
                for part in resampler.resample(frame):
                    samples = np.asarray(part.to_ndarray(), np.float32)
                    yield place, samples
                    place += samples.shape[1]

    def _packets(self) -> Iterator[av.Packet[av.AudioStream]]:
        try:
            yield from self._decoder.container.demux(self._stream)
        except (av.FFmpegError, MemoryError) as error:
            check_memory(self._path, error)
            return  # what can't be read any more becomes silence
        self._decoder.check_reads()


def sound_of(path: Path, spans: Sequence[tuple[float, float]]) -> ClipSound | None:
    """The sound of stretches of a recording, in seconds since its first frame; None where it has none.

    Raises:
        VideoError: the recording can't be read.
    """
    if not path.is_file():
        return None  # a folder of pictures
    try:
        return ClipSound(path, spans)
    except LookupError:
        return None
    except UntrustedFileError:
        pass
    try:
        return _HelperSound(path, spans)
    except LookupError:
        return None


class _HelperSound(ClipSound):
    """The same, decoded by a helper process."""

    def __init__(self, path: Path, spans: Sequence[tuple[float, float]]) -> None:
        self._answers = called(path, "engine.video.sound:sound_task", spans=list(spans))
        self._path, self._made = path, 0
        first = next(self._answers, None)
        if first is None:
            raise LookupError("no sound")
        try:
            facts = convert(first[0], _SoundFacts)
            if facts.rate_hz not in _RATES_HZ or facts.layout not in ("mono", "stereo"):
                raise ValueError("sound of another kind")
        except ValueError:
            self._answers.close()
            raise nonsense(path) from None
        self.rate_hz, self.layout = facts.rate_hz, facts.layout
        self._length = round(sum(stop - start for start, stop in spans) * self.rate_hz)
        self._blocks = self._received()

    def close(self) -> None:
        """End the helper."""
        self._answers.close()

    def _received(self) -> Iterator[npt.NDArray[np.float32]]:
        for _, data in self._answers:
            if not data.size or data.size % (4 * self._channels):
                raise nonsense(self._path)
            yield data.view(np.float32).reshape(self._channels, -1)
        raise nonsense(self._path)


@dataclass(frozen=True)
class _SoundFacts:
    rate_hz: int
    layout: str


def sound_task(
    path: str, spans: Sequence[tuple[float, float]], should_stop: ShouldStop = never_stop
) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.generic] | None]]:
    """In a helper: what sound there is, and its blocks; nothing where there is none."""
    try:
        sound = ClipSound(as_path(path), spans)
    except LookupError:
        return
    with closing(sound):
        yield {"rate_hz": sound.rate_hz, "layout": sound.layout}, None
        for block in sound.blocks():
            if should_stop():
                return
            yield {}, block
