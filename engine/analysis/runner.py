"""Runs the analysis of a whole video into its score store: what the command line and the window's worker share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis import pipeline
from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.progress_rate import ProgressRate
from engine.scoring.motion import frame_ratio
from engine.scoring.signals import RAW_SIGNALS, RawSignals, missing_signals
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Predictor

PHASE = "Analysing"
REPORT_SECONDS = 0.2
_FLUSH_SECONDS = 2.0
PACE_SECONDS = 5.0


def analysis_key(source: VideoSource, predictor: Predictor) -> AnalysisKey:
    """What the analysis of this video by this detector depends on."""
    settings, calibration = dict(predictor.analysis_settings), predictor.settings.calibration
    if calibration and frame_ratio(source.frame_seconds, calibration.frame_seconds) != 1:
        # Earlier versions told motion in px a frame of the recording: at another rate their signals differ.
        settings["motion"] = "calibrated"
    return AnalysisKey(source.info.fingerprint, predictor.fingerprint, json.dumps(settings, sort_keys=True))


def analyse_to_store(
    source: VideoSource,
    predictor: Predictor,
    store: ScoreStore,
    should_stop: ShouldStop = never_stop,
    *,
    report_seconds: float = REPORT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Progress, None, None]:
    """Add what the store lacks of the video, from where it ended last time, and report every `report_seconds`.

    Whenever progress is reported, frames [0, done) can be read from the store; however the work ends, what was
    measured is saved first.

    Raises:
        VideoError: a frame can't be decoded.
        ScoreStoreError: the disk is full or the store can't be written.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    rate = ProgressRate(len(store), clock(), window_seconds=PACE_SECONDS)
    yield rate.progress(PHASE, len(store), len(source), clock())
    if len(store) >= len(source):
        return
    measured: list[np.void] = []
    reported = flushed = clock()
    try:
        for result in pipeline.analyse(source, predictor, start=len(store), should_stop=should_stop):
            measured.append(result.signals)
            now = clock()
            if now - reported < report_seconds:
                continue
            _hand_over(measured, store)
            if now - flushed >= _FLUSH_SECONDS:
                store.flush()
                flushed = now
            yield rate.progress(PHASE, len(store), len(source), now)
            reported = now
    finally:
        _hand_over(measured, store)
        store.flush()
    # A damaged file ends before the frame count that it announced.
    yield rate.progress(PHASE, len(store), len(store), clock())


def stored_signals(store: ScoreStore, frame_count: int) -> RawSignals:
    """The raw signals of all frames of a video; NaN where it was not analysed."""
    signals = missing_signals(frame_count)
    measured = store.read(0, frame_count)
    signals[: len(measured)] = measured
    return signals


def _hand_over(measured: list[np.void], store: ScoreStore) -> None:
    if measured:
        rows = np.array(measured, RAW_SIGNALS)
        measured.clear()
        store.append(rows)
