"""Takes a dataset's testing videos through a detector: raw signals beside labels, from the cache where they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.analysis.runner import PACE_SECONDS, PHASE, REPORT_SECONDS, analyse_to_store, analysis_key
from engine.analysis.score_store import ScoreStore
from engine.analysis.where import evidence_at, kinds_of_frames
from engine.analysis.zoned import stored_signals_within
from engine.common.errors import DatasetError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.progress_rate import ProgressRate
from engine.datasets import LabelledVideo
from engine.models.picture import model_picture
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.signals import RawSignals
from engine.scoring.where import Outline
from engine.scoring.zones import Zones
from engine.video import open_video
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Predictor

_MAXIMA = "Reading maxima"


@dataclass(frozen=True, eq=False)
class MeasuredVideo:
    """A testing video's labels, and what a detector measured of each of its frames."""

    name: str
    abnormal: npt.NDArray[np.bool_]
    """[N]."""
    events: tuple[tuple[int, int], ...]
    """Half-open runs of abnormal frames."""
    seconds: npt.NDArray[np.float64]
    """When each frame appears [N]."""
    duration_seconds: float
    signals: RawSignals
    """[N]; of every frame, only frame 0's row is NaN; of samples, all others are."""
    masks: Callable[[], npt.NDArray[np.bool_]] | None = None
    """Reads the labels' pixel masks [N, H, W]."""
    outlines: Sequence[Sequence[Outline]] = ()
    """[N] of what stands out in each frame, where the labels have pixel masks and the detector is calibrated."""


def measure(
    videos: Sequence[LabelledVideo],
    predictor: Predictor,
    cache: Path,
    should_stop: ShouldStop = never_stop,
    *,
    max_i: float | None = 1.0,
    sampling: Sampling = EVERY_FRAME,
    zones: Zones = (),
) -> Generator[Progress | MeasuredVideo, None, None]:
    """Analyse every video as far as the cache lacks it, with progress over all of them, and hand each over when done.

    MAX_I of Eq. 9 is `max_i`, or each frame's maximum where that is None: then frames are read again. What is measured
    of windows is told inside `zones` alone.

    Raises:
        DatasetError: a video has another number of frames than labels; found before anything is analysed.
        VideoError, ScoreStoreError, DeviceError: a video can't be analysed.
        Cancelled: `should_stop` said yes; what was analysed stays in the cache.
    """
    for video in videos:
        with open_video(video.path, should_stop) as source:
            _refuse_other_length(video, source)
    whole = _Whole(sum(len(video.abnormal) for video in videos), [PHASE, _MAXIMA] if max_i is None else [PHASE])
    yield whole.progress(Progress(PHASE, 0, 0))
    for video in videos:
        with (
            open_video(video.path, should_stop) as source,
            ScoreStore(cache, analysis_key(source, predictor, sampling)) as store,
        ):
            for step in analyse_to_store(source, predictor, store, should_stop, sampling=sampling):
                yield whole.progress(_in_frames(step, len(source)))
            _refuse_other_length(video, source)  # a full pass may have corrected what the file announced
            signals = stored_signals_within(store, source, predictor.settings.calibration, zones)
            peaks = [] if max_i is None else [max_i]
            if max_i is None:
                for step in _read_peaks(source, peaks, should_stop):
                    yield whole.progress(step)
            signals = _with_max_i(signals, peaks)
            yield MeasuredVideo(
                video.name,
                video.abnormal,
                tuple(video.events),
                source.times,
                source.info.duration_seconds,
                signals,
                video.masks,
                _outlines(store, predictor, source, signals, zones) if video.masks else (),
            )
        whole.leave(len(video.abnormal))


def _outlines(
    store: ScoreStore, predictor: Predictor, source: VideoSource, signals: RawSignals, zones: Zones
) -> list[list[Outline]]:
    """Outlines of the strongest evidence in each frame; frames without evidence have none."""
    calibration = predictor.settings.calibration
    kinds = kinds_of_frames(signals, source.times, calibration)
    evidence = (evidence_at(store, calibration, source.times, frame, kinds, zones) for frame in range(len(source)))
    return [each.outlines(0.0, at_least=1) if each else [] for each in evidence]


def _in_frames(step: Progress, frames: int) -> Progress:
    """The progress of an analysis of samples, which come in two phases, as one over all frames."""
    share = frames / max(step.total, 1)
    per_second = step.per_second and step.per_second * share
    return replace(step, phase=PHASE, done=round(step.done * share), total=frames, per_second=per_second)


class _Whole:
    """Progress over all videos, each of which goes through the same phases."""

    def __init__(self, frames: int, phases: Sequence[str]) -> None:
        self._frames = frames
        self._phases = phases
        self._before = 0
        """Frames of the videos that are done."""
        self._seconds_each: dict[str, float] = {}
        """Of a frame, by phase; one that had nothing to do yet, as the cache has it all, is missing."""

    def progress(self, step: Progress) -> Progress:
        """The same of all videos, by the progress of a phase in one."""
        if step.seconds_left is not None:
            self._seconds_each[step.phase] = 1 / step.per_second
        place = self._phases.index(step.phase)
        done = [self._before + step.total] * place + [self._before + step.done]
        done += [self._before] * (len(self._phases) - len(done))
        left = sum(
            (self._frames - each) * self._seconds_each.get(phase, 0.0)
            for phase, each in zip(self._phases, done, strict=True)
        )
        return replace(
            step,
            done=sum(done),
            total=self._frames * len(self._phases),
            seconds_left=left if step.phase in self._seconds_each else None,
        )

    def leave(self, frames: int) -> None:
        """The video at work, of so many frames, is done."""
        self._before += frames


def _refuse_other_length(video: LabelledVideo, source: VideoSource) -> None:
    if len(source) != len(video.abnormal):
        raise DatasetError(
            f"A video has {len(source)} frames, its labels are of {len(video.abnormal)}",
            subject=video.path,
            advice="Get the video again from the dataset's own site: labels fit nothing else, frame by frame.",
        )
    if len(source) < 2:
        raise DatasetError(
            "A video of a single frame has nothing to predict",
            subject=video.path,
            advice="Take it out of the dataset, or get it again.",
        )


def _read_peaks(source: VideoSource, peaks: list[float], should_stop: ShouldStop) -> Generator[Progress, None, None]:
    """Fill `peaks` with the maximum of each frame as the models see it, which MAX_I is in the paper's text."""
    lowest = 1 / 255  # what a black frame's maximum counts as
    reported = time.monotonic()
    rate = ProgressRate(0, reported, window_seconds=PACE_SECONDS)
    for frame in source.frames(0, None, should_stop):
        peaks.append(max(float(model_picture(frame.stored).max()) / 255, lowest))
        now = time.monotonic()
        if now - reported >= REPORT_SECONDS:
            yield rate.progress(_MAXIMA, len(peaks), len(source), now)
            reported = now
    yield rate.progress(_MAXIMA, len(peaks), len(source), time.monotonic())


def _with_max_i(signals: RawSignals, max_i: Sequence[float]) -> RawSignals:
    """The signals with another MAX_I than 1, of all frames or of each: PSNR is 20 log10 of it less the error's part."""
    shift_db = np.broadcast_to(20 * np.log10(max_i), len(signals)).astype(np.float64)
    shifted = signals.copy()
    shifted["psnr_db"] += shift_db
    shifted["window_psnr_db"] += shift_db
    shifted["patch_psnr_db"] += shift_db[:, None, None]
    return shifted
