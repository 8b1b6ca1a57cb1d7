"""Runs the analysis of a whole video into its score store: what the command line and the window's worker share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.analysis import pipeline
from engine.analysis.overview import frames_near_events, overview_frames
from engine.analysis.pipeline import FrameResult
from engine.analysis.score_store import AnalysisKey, ScoreStore, find_analysis
from engine.analysis.segment_frames import frames_of_segments
from engine.common.errors import VideoError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.json_values import decode
from engine.common.language import tr, tr_noop
from engine.common.progress_rate import ProgressRate
from engine.scoring.calibration import Calibration
from engine.scoring.motion import frame_ratio
from engine.scoring.sampling import EVERY_FRAME, Frames, Sampling, Times
from engine.scoring.scorer import Scorer
from engine.scoring.signals import PREDICTION_ERRORS, RAW_SIGNALS, SIGNALS_VERSION, RawSignals, missing_signals
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Predictor

OVERVIEW_PHASE = tr_noop("Overview")
PHASE = tr_noop("Analysing")
SEGMENTS_PHASE = tr_noop("Segments frame by frame")
REPORT_SECONDS = 0.2
_FLUSH_SECONDS = 2.0
PACE_SECONDS = 5.0
_MACHINE_SETTINGS = ("device", "dtype", "motion_int8", "still_change", "teacher")
"""Of a key: known only once a detector is loaded, and of no account to what the signals mean."""


def analysis_key(source: VideoSource, predictor: Predictor, sampling: Sampling = EVERY_FRAME) -> AnalysisKey:
    """What the analysis of this video by this detector depends on."""
    alone = {} if sampling.is_every_frame else predictor.motion_settings
    settings = {
        **predictor.analysis_settings,
        **alone,
        **_footage_settings(source, predictor.settings.calibration, sampling),
    }
    return AnalysisKey(source.info.fingerprint, predictor.fingerprint, json.dumps(settings, sort_keys=True))


def stored_key(
    folder: Path, source: VideoSource, detector_fingerprint: str, calibration: Calibration | None, sampling: Sampling
) -> AnalysisKey | None:
    """The key of the analysis of this video by that detector that was used last, on whichever device it ran.

    None where there is none. Unlike `analysis_key` it needs no predictor, so that scores can be shown before torch is
    loaded.
    """
    wanted = {"signals_version": SIGNALS_VERSION, **_footage_settings(source, calibration, sampling)}

    def fits(key: AnalysisKey) -> bool:
        if (key.video_fingerprint, key.detector_fingerprint) != (source.info.fingerprint, detector_fingerprint):
            return False
        try:
            settings = decode(key.settings, dict[str, Any])
        except ValueError:
            return False
        return {name: value for name, value in settings.items() if name not in _MACHINE_SETTINGS} == wanted

    return find_analysis(folder, fits)


def _footage_settings(source: VideoSource, calibration: Calibration | None, sampling: Sampling) -> dict[str, object]:
    settings: dict[str, object] = {}
    if calibration and frame_ratio(source.frame_seconds, calibration.frame_seconds) != 1:
        # Earlier versions told motion in px a frame of the recording: at another rate their signals differ.
        settings["motion"] = "calibrated"
    if source.info.times_are_made:
        # Earlier versions spaced all frames of such recordings evenly, and measured motion over other times.
        settings["times"] = "made"
    if source.info.rate == "given":
        settings["fps"] = source.info.average_fps
    if sampling != EVERY_FRAME:
        settings["sampling"] = asdict(sampling)
    return settings


def analyse_to_store(
    source: VideoSource,
    predictor: Predictor,
    store: ScoreStore,
    should_stop: ShouldStop = never_stop,
    *,
    sampling: Sampling = EVERY_FRAME,
    scorer: Scorer | None = None,
    segments_by_frame: bool = True,
    report_seconds: float = REPORT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Progress, None, None]:
    """Add what the store lacks of the video, from where it ended last time, and report every `report_seconds`.

    Of samples, those come early that lie where `scorer` sees something in the overview. With `segments_by_frame`,
    the frames in and around its segments are judged last, by all networks.

    Whenever progress is reported, so many rows can be read from the store; however the work ends, what was measured
    is saved first.

    Raises:
        VideoError: a frame can't be decoded, or the recording was changed meanwhile.
        ScoreStoreError: the disk is full or the store can't be written.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    rate = ProgressRate(len(store), clock(), window_seconds=PACE_SECONDS)
    frames = sampling.frames(source.times)
    total = len(frames)
    yield rate.progress(PHASE, len(store), total, clock())
    in_detail = scorer if segments_by_frame and not sampling.is_every_frame else None
    if is_complete(store, source.times, sampling, in_detail):
        return
    measured: list[FrameResult] = []
    reported = flushed = clock()
    try:
        for phase, frames, times in _passes(source, store, sampling, scorer, in_detail):
            if phase == SEGMENTS_PHASE:
                total = len(store) + len(frames)
                results = _by_all_networks(source, predictor, store, frames, sampling, should_stop)
            else:
                results = pipeline.judge(source, predictor, frames, sampling, should_stop=should_stop)
            for result in results:
                if source.times is not times and not sampling.is_every_frame:
                    break  # the frames that are left would be numbered otherwise than these
                measured.append(result)
                now = clock()
                if now - reported < report_seconds:
                    continue
                _hand_over(measured, store)
                if now - flushed >= _FLUSH_SECONDS:
                    store.flush()
                    flushed = now
                yield rate.progress(phase, len(store), max(total, len(store)), now)
                reported = now
            # The next pass asks the store what there is.
            _hand_over(measured, store)
        _refuse_changed(source, measured, store)
    except VideoError:
        _refuse_changed(source, measured, store)
        raise
    finally:
        _hand_over(measured, store)
        store.flush()
    # A damaged file ends before the frame count that it announced.
    yield rate.progress(PHASE, len(store), len(store), clock())


def _refuse_changed(source: VideoSource, measured: list[FrameResult], store: ScoreStore) -> None:
    """Forget what was measured of a recording that was changed meanwhile: nobody knows of which content it is."""
    if source.is_changed():
        measured.clear()
        store.clear()
        raise VideoError(
            tr("The recording was changed while it was analysed"),
            subject=source.info.path,
            advice=tr("It may still be recorded or copied: wait until it is complete, and analyse it again."),
        )


def stored_signals(store: ScoreStore, frame_count: int) -> RawSignals:
    """The raw signals of all frames of a video; NaN where it was not judged."""
    signals = missing_signals(frame_count)
    frames, rows = store.read()
    signals[frames[frames < frame_count]] = rows[frames < frame_count]
    return signals


def is_complete(store: ScoreStore, times: Times, sampling: Sampling, in_detail: Scorer | None) -> bool:
    """Whether nothing is left to judge of a recording with frames at these times [N].

    With `in_detail`, the frames of its segments are asked for, too.
    """
    if sampling.is_every_frame:
        return len(store) >= len(times)
    if not np.isin(sampling.frames(times), store.frames()).all():
        return False
    return in_detail is None or not len(_lacking_in_segments(store, times, sampling, in_detail))


def _lacking_in_segments(store: ScoreStore, times: Times, sampling: Sampling, scorer: Scorer) -> Frames:
    """Frames of the segments that samples make which were not judged by all networks."""
    frames, rows = store.read()
    is_known = frames < len(times)
    frames, rows = frames[is_known], rows[is_known]
    by_all = frames[~np.isnan(rows["psnr_db"])]
    # A sample that was judged again stands in several rows, which agree in what scores are made of.
    samples, first = np.unique(frames, return_index=True)
    is_sample = sampling.due(times)[samples]
    wanted = frames_of_segments(samples[is_sample], rows[first[is_sample]], times, scorer)
    return np.setdiff1d(wanted, by_all)


def _by_all_networks(
    source: VideoSource,
    predictor: Predictor,
    store: ScoreStore,
    frames: Frames,
    sampling: Sampling,
    should_stop: ShouldStop,
) -> Iterator[FrameResult]:
    """All raw signals of some frames; of samples, what their scores are made of stays as it was measured first.

    Networks differ in the last bit from batch to batch, and between the engines that run them.
    """
    stored, rows = store.read()
    again = np.isin(stored, frames)
    known = dict(zip(stored[again].tolist(), rows[again], strict=True))
    is_sample = sampling.due(source.times)
    for result in pipeline.analyse_frames(source, predictor, frames, should_stop=should_stop):
        if is_sample[result.index]:
            row = known[result.index].copy()
            for name in PREDICTION_ERRORS:
                row[name] = result.signals[name]
            result = replace(result, signals=row, places=b"")
        yield result


class _Pass(NamedTuple):
    """Frames that are judged one after another, and the times by which they are numbered."""

    phase: str
    frames: Frames
    times: Times


def _passes(
    source: VideoSource, store: ScoreStore, sampling: Sampling, scorer: Scorer | None, in_detail: Scorer | None
) -> Iterator[_Pass]:
    """What is judged one after another.

    Of samples an overview first, then where something seems to happen, then what the store lacks, and last the frames
    of the segments of `in_detail`. Where a pass finds that there are other frames than were announced, all begins
    anew: what was judged by jumps may have other numbers now.
    """
    if sampling.is_every_frame:
        if len(store) < len(source):
            yield _Pass(PHASE, sampling.frames(source.times)[len(store) :], source.times)
        return
    times = None
    while times is not source.times:
        if times is not None:
            store.clear()
        times = source.times
        frames = sampling.frames(times)
        lacking = np.setdiff1d(frames, store.frames())
        overview = overview_frames(source, frames[:: sampling.motion_every])
        yield _Pass(OVERVIEW_PHASE, np.intersect1d(overview, lacking), times)
        if source.times is times and scorer is not None and len(overview):
            lacking = np.setdiff1d(frames, store.frames())
            signals = stored_signals(store, len(times))
            yield _Pass(PHASE, frames_near_events(lacking, signals, times, scorer), times)
        if source.times is times:
            yield _Pass(PHASE, np.setdiff1d(frames, store.frames()), times)
        if source.times is times and in_detail is not None:
            yield _Pass(SEGMENTS_PHASE, _lacking_in_segments(store, times, sampling, in_detail), times)


def _hand_over(measured: list[FrameResult], store: ScoreStore) -> None:
    if measured:
        frames = np.array([result.index for result in measured])
        rows = np.array([result.signals for result in measured], RAW_SIGNALS)
        places = {result.index: result.places for result in measured if result.places}
        measured.clear()
        store.append(frames, rows, places)
