"""Loads detectors in a thread of its own: for seconds, in which the recording is looked at, and others are opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vadgui.jobs.openers import PredictorOpener
from vadgui.jobs.request_queue import DetectorLoaded, OpenDetector
from vadgui.model.engine_state import DetectorSummary

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


class DetectorLoader:
    """Loads one detector after another, of those that wait the last one; the engine's thread alone uses it."""

    def __init__(self, opener: PredictorOpener, deliver: Callable[[DetectorLoaded], None]) -> None:
        """`deliver` is called in the loading thread; `take` is to be called with what it was given."""
        self._opener = opener
        self._deliver = deliver
        self._thread: threading.Thread | None = None
        self._running: OpenDetector | None = None
        self._wanted: OpenDetector | None = None
        self._keeps = False
        """Whether what is loaded though nobody wants it may be asked for again."""
        self._spare: DetectorLoaded | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a detector is being loaded, wanted or not."""
        return self._running is not None

    @property
    def wanted(self) -> OpenDetector | None:
        """What was asked for and is not there yet."""
        return self._wanted

    def ask(self, request: OpenDetector, delay_seconds: float = 0.0) -> None:
        """Load a detector after a while; what was asked for before is not wanted any more."""
        spare, self._spare = self._spare, None
        self._wanted = request
        if self._running is None:
            if spare and _asks_again(spare.request, request):
                self._running = spare.request
                self._deliver(spare)
            else:
                self._start(request, delay_seconds)

    def forget(self) -> None:
        """None is wanted any more."""
        self._wanted = self._spare = None
        self._keeps = False

    def leave(self, opening: int) -> None:
        """That opening has succeeded: which detector is wanted of the new recording is said anew."""
        if self._wanted and self._wanted.opening < opening:
            self._wanted = None
            self._keeps = True

    def take(self, loaded: DetectorLoaded) -> DetectorLoaded | None:
        """What was wanted, or why it could not be loaded; None where something else is wanted by now."""
        if self._thread:
            self._thread.join()  # `deliver` was the last that it did
        self._thread = self._running = None
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            self._spare = loaded if self._keeps and loaded.error is None else None
            return None
        if wanted is loaded.request or _asks_again(loaded.request, wanted):
            return replace(loaded, request=wanted)
        self._wanted = wanted
        self._start(wanted)
        return None

    def close(self) -> None:
        """Wait for the thread: the interpreter can't end while it imports."""
        self.forget()
        if self._thread:
            self._thread.join()

    def _start(self, request: OpenDetector, delay_seconds: float = 0.0) -> None:
        self._running = request
        # It inherits the engine's thread's priority.
        self._thread = threading.Thread(
            target=self._load, args=(request, delay_seconds), name="vadgui-detector", daemon=True
        )
        self._thread.start()

    def _load(self, request: OpenDetector, delay_seconds: float) -> None:
        time.sleep(delay_seconds)
        try:
            predictor = self._opener(request.path, request.device)
            if predictor.settings.calibration is not None:
                predictor.prepare_motion()  # recordings will be judged by samples
        except Exception as error:
            # Catches everything: otherwise the window would wait for a detector that never comes.
            self._deliver(DetectorLoaded(request, error=error))
        else:
            self._deliver(DetectorLoaded(request, predictor))


def _asks_again(earlier: OpenDetector, later: OpenDetector) -> bool:
    """Whether it asks for the same for another recording; for the same one, the file was written anew perhaps."""
    same = (earlier.path, earlier.device) == (later.path, later.device)
    return same and earlier.opening < later.opening


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
