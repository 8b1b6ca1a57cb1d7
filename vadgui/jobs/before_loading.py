"""What is known of a recording while its detector is still being loaded, which takes seconds.

That is what an earlier run has left of the analysis, or that the recording is not of the detector's camera.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.analysis.overview import first_pictures
from engine.analysis.runner import is_complete, stored_key
from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.analysis.zoned import rows_within
from engine.common.errors import DetectorFileError, ScoreStoreError, VideoError
from engine.models.detector_header import DetectorHeader, read_header
from engine.scoring.calibration import Calibration
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import default_scorer
from engine.scoring.zones import Zones
from engine.video.source import VideoSource
from vadgui.jobs.analysis_run import ROWS_A_MESSAGE
from vadgui.jobs.messages import DetectorRead, Message, SignalsMeasured
from vadgui.model.engine_state import FRAMES, SAMPLES, AnalysisPhase, AnalysisState, DetectorSummary


def known_before_loading(source: VideoSource, detector: Path, folder: Path, zones: Zones = ()) -> Iterator[Message]:
    """The detector as its file's header describes it, then what is stored of its analysis.

    Where nothing is stored, the header alone says whether the recording is of another scene; of the same one, nothing
    is told. Signals are those of what counts in `zones`.
    """
    try:
        header = read_header(detector)
        calibration = Calibration.from_json(header.settings["calibration"]) if _is_calibrated(header) else None
        scorer = default_scorer(calibration)
        key = stored_key(folder, source, header.fingerprint, calibration, scorer.sampling)
        told = _other_scene(source, scorer) if key is None else _stored(source, scorer, folder, key, calibration, zones)
        if (first := next(told, None)) is not None:
            yield DetectorRead(_summary(detector, header, calibration))
            yield first
            yield from told
    except (DetectorFileError, ScoreStoreError, VideoError, KeyError, TypeError, ValueError):
        return  # loading the detector, or its analysis, tells what is wrong


def _stored(
    source: VideoSource,
    scorer: Scorer,
    folder: Path,
    key: AnalysisKey,
    calibration: Calibration | None,
    zones: Zones,
) -> Iterator[Message]:
    with ScoreStore(folder, key) as store:
        for start in range(0, len(store), ROWS_A_MESSAGE):
            frames, rows = store.read(start, start + ROWS_A_MESSAGE)
            yield SignalsMeasured(frames, rows_within(store, frames, rows, calibration, zones))
        if is_complete(store, source.times, scorer.sampling, scorer):
            wanted = scorer.sampling.frames(source.times)
            unit = FRAMES if scorer.sampling.is_every_frame else SAMPLES
            yield AnalysisState(AnalysisPhase.DONE, len(wanted), len(wanted), unit=unit)


def _other_scene(source: VideoSource, scorer: Scorer) -> Iterator[Message]:
    """The few pictures by which a recording is of another scene; nothing where it is not."""
    if scorer.references:
        frames, rows = first_pictures(source, scorer.sampling.frames(source.times))
        if scorer.is_other_scene(rows):
            yield SignalsMeasured(frames, rows)


def _is_calibrated(header: DetectorHeader) -> bool:
    return bool(header.settings.get("calibration"))


def _summary(path: Path, header: DetectorHeader, calibration: Calibration | None) -> DetectorSummary:
    settings = header.settings
    return DetectorSummary(
        name=str(settings["name"]),
        path=path,
        preset=str(settings["preset"]),
        teacher=str(settings["teacher"]),
        flow_radius_px=float(settings["flow_radius_px"]),
        device="",
        calibration=calibration,
    )
