"""Loads detectors in a thread of its own: that takes seconds, and the recording can be looked at meanwhile."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vadgui.jobs.openers import PredictorOpener
from vadgui.jobs.priority import lower_thread_priority
from vadgui.jobs.request_queue import DetectorLoaded, OpenDetector, RequestQueue
from vadgui.jobs.threads import join_or_leave
from vadgui.model.session import DetectorSummary

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_LEAVE_SECONDS = 60.0
"""More than a load takes on a busy machine; only a disk that does not answer takes longer."""


class DetectorLoader:
    """Loads one detector after the other; what becomes of each is told by `DetectorLoaded` among the requests."""

    def __init__(self, opener: PredictorOpener, requests: RequestQueue) -> None:
        self._opener = opener
        self._requests = requests
        self._wanted: OpenDetector | None = None
        self._thread: threading.Thread | None = None

    def load(self, request: OpenDetector, delay_seconds: float = 0.0) -> None:
        """Load a detector after a delay; one that waits for its turn is not loaded any more."""
        self._wanted = request
        self._thread = threading.Thread(
            target=self._load, args=(request, delay_seconds, self._thread), name="vadgui-detector", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Wait for the thread's end, unless its disk hangs."""
        self._wanted = None
        if self._thread:
            join_or_leave(self._thread, self, _LEAVE_SECONDS)

    def _load(self, request: OpenDetector, delay_seconds: float, before: threading.Thread | None) -> None:
        lower_thread_priority()
        if before:
            before.join()  # two at once would need the memory of two
        time.sleep(delay_seconds)
        if request is not self._wanted:
            return
        try:
            self._requests.add(DetectorLoaded(request, predictor=self._prepared(request)))
        except Exception as error:
            # Catches everything: the engine tells it, as if it had happened there.
            self._requests.add(DetectorLoaded(request, error=error))

    def _prepared(self, request: OpenDetector) -> Predictor:
        predictor = self._opener(request.path, request.device)
        if predictor.settings.calibration is not None:
            predictor.prepare_motion()  # recordings will be judged by samples
        return predictor


def summary_of(path: Path, predictor: Predictor) -> DetectorSummary:
    """What the window shows of a detector that is loaded."""
    settings = predictor.settings
    return DetectorSummary(
        name=settings.name,
        path=path,
        preset=settings.preset,
        teacher=settings.teacher,
        flow_radius_px=settings.flow_radius_px,
        device=predictor.device_label,
        remark=predictor.motion_remark,
        calibration=settings.calibration,
        fingerprint=predictor.fingerprint,
    )
