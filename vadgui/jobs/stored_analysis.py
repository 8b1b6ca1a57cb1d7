"""What an earlier run has left of a recording's analysis: shown while the detector is being loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.analysis.runner import is_complete, stored_key
from engine.analysis.score_store import ScoreStore
from engine.analysis.zoned import rows_within
from engine.common.errors import DetectorFileError, ScoreStoreError
from engine.models.detector_header import DetectorHeader, read_header
from engine.scoring.calibration import Calibration
from engine.scoring.scorers import default_scorer
from engine.scoring.zones import Zones
from engine.video.source import VideoSource
from vadgui.jobs.analysis_run import ROWS_A_MESSAGE
from vadgui.jobs.messages import DetectorRead, Message, SignalsMeasured
from vadgui.model.session import FRAMES, SAMPLES, AnalysisPhase, AnalysisState, DetectorSummary


def stored_analysis(source: VideoSource, detector: Path, folder: Path, zones: Zones = ()) -> Iterator[Message]:
    """The detector as its file's header describes it, then what is stored of its analysis; nothing where none is.

    Signals are those of what counts in `zones`.
    """
    try:
        header = read_header(detector)
        calibration = Calibration.from_json(header.settings["calibration"]) if _is_calibrated(header) else None
        scorer = default_scorer(calibration)
        sampling = scorer.sampling
        key = stored_key(folder, source, header.fingerprint, calibration, sampling)
        if key is None:
            return
        with ScoreStore(folder, key) as store:
            yield DetectorRead(_summary(detector, header, calibration))
            for start in range(0, len(store), ROWS_A_MESSAGE):
                frames, rows = store.read(start, start + ROWS_A_MESSAGE)
                yield SignalsMeasured(frames, rows_within(store, frames, rows, calibration, zones))
            if is_complete(store, source.times, sampling, scorer):
                wanted = sampling.frames(source.times)
                unit = FRAMES if sampling.is_every_frame else SAMPLES
                yield AnalysisState(AnalysisPhase.DONE, len(wanted), len(wanted), unit=unit)
    except (DetectorFileError, ScoreStoreError, KeyError, TypeError, ValueError):
        return  # loading the detector, or its analysis, tells what is wrong


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
