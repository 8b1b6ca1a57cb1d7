"""Parts of recordings that are judged apart, by whichever worker is free; put together they are the whole analysis."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis import pipeline
from engine.analysis.runner import analysis_key
from engine.analysis.score_store import AnalysisKey
from engine.archive.unforeseen import unforeseen_error
from engine.common.errors import VadError, VideoError
from engine.common.language import tr
from engine.scoring.sampling import Frames, Sampling
from engine.scoring.signals import RAW_SIGNALS, RawSignals
from engine.video import open_video
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Predictor

Opener = Callable[[Path], VideoSource]


@dataclass(frozen=True)
class Shard:
    """Those of a recording's judged frames that lie in [start, stop), or a look at the recording where `stop` is 0.

    What motion and smoothing need of the frames around is read by whoever judges it, so shards don't overlap.
    """

    path: Path
    fingerprint: str
    start: int = 0
    stop: int = 0
    verify: bool = False
    """Whether all of the file has to be decoded once first: its container numbers frames wrong."""

    @property
    def is_look(self) -> bool:
        """Whether nothing is judged."""
        return not self.stop


@dataclass(frozen=True, eq=False)
class Look:
    """What has to be known of a recording to divide it."""

    key: AnalysisKey
    frames: Frames
    """Numbers of all frames that are judged, ascending."""
    times_digest: str
    """Tells whether frames are still numbered as they were."""


@dataclass(frozen=True, eq=False)
class JudgedShard:
    """The raw signals of a shard."""

    frames: Frames
    rows: RawSignals
    places: Mapping[int, bytes]
    times_digest: str


@dataclass(frozen=True)
class ShardFailed:
    """Why a shard could not be judged; an error itself does not travel between processes whole."""

    what: str
    subject: str
    advice: str

    @classmethod
    def of(cls, error: VadError) -> ShardFailed:
        """The parts of an error."""
        return cls(error.what, error.subject, error.advice)

    def error(self) -> VideoError:
        """The error again."""
        return VideoError(self.what, subject=self.subject, advice=self.advice)


Outcome = Look | JudgedShard | ShardFailed


class Judge:
    """Judges shards one after another with one detector; keeps the last recording open for the next shard of it."""

    def __init__(self, predictor: Predictor, sampling: Sampling, opener: Opener = open_video) -> None:
        self._predictor = predictor
        self._sampling = sampling
        self._opener = opener
        self._path: Path | None = None
        self._source: VideoSource | None = None

    def run(self, shard: Shard) -> Outcome:
        """What comes of a shard; never raises for what is wrong with its recording."""
        try:
            source = self._opened(shard)
            if shard.verify:
                source.verify()
            return self._look(source) if shard.is_look else self._judged(source, shard)
        except VadError as error:
            self.close()
            return ShardFailed.of(error)
        except Exception as error:
            # Catches everything: what is odd about one recording must not end the worker.
            self.close()
            return ShardFailed.of(unforeseen_error(shard.path, error))

    def close(self) -> None:
        """Close the recording that is open."""
        source, self._source, self._path = self._source, None, None
        if source:
            source.close()

    def _opened(self, shard: Shard) -> VideoSource:
        if self._source is None or self._path != shard.path:
            self.close()
            self._source, self._path = self._opener(shard.path), shard.path
        if self._source.info.fingerprint != shard.fingerprint:
            raise VideoError(
                tr("The recording was changed since it was scanned"),
                subject=shard.path,
                advice=tr("Scan its folder again: `vad archive scan`."),
            )
        return self._source

    def _look(self, source: VideoSource) -> Look:
        key = analysis_key(source, self._predictor, self._sampling)
        return Look(key, self._sampling.frames(source.times), _digest(source))

    def _judged(self, source: VideoSource, shard: Shard) -> JudgedShard:
        frames = self._sampling.frames(source.times)
        frames = frames[(frames >= shard.start) & (frames < shard.stop)]
        results = []
        for result in pipeline.judge(source, self._predictor, frames, self._sampling):
            # Of every frame it goes on to the recording's end.
            if result.index >= shard.stop:
                break
            results.append(result)
        if source.is_changed():
            raise VideoError(
                tr("The recording was changed while it was analysed"),
                subject=shard.path,
                advice=tr("It may still be recorded or copied: wait until it is complete, and scan its folder again."),
            )
        return JudgedShard(
            np.array([result.index for result in results], np.int64),
            np.array([result.signals for result in results], RAW_SIGNALS),
            {result.index: result.places for result in results if result.places},
            _digest(source),
        )


def _digest(source: VideoSource) -> str:
    return hashlib.sha256(source.times.tobytes()).hexdigest()
