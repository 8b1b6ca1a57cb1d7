"""What a new detector is worth: on held-out normal recordings, and beside the old one on a recording of choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from engine.scoring.calibration import Calibration
from engine.scoring.scorer import Scorer
from engine.scoring.segments import Segment, find_segments
from engine.scoring.signals import RawSignals
from engine.scoring.tail import block_maxima
from vadgui.training.model.detector_scores import DetectorScores
from vadgui.ui.failure import Failure

Floats = npt.NDArray[np.floating]

DEFAULT_ALARMS_PER_HOUR = 1.0


@dataclass(frozen=True)
class MeasureRequest:
    """Recordings to run detectors over."""

    videos: tuple[Path, ...]
    detectors: tuple[Path, ...]
    labelled: bool = False
    """Whether to look for labels that belong to the recordings."""


@dataclass(frozen=True, eq=False)
class MeasuredRecording:
    """A recording as one detector saw it."""

    video: Path
    detector: Path
    times: npt.NDArray[np.float64]
    signals: RawSignals
    """NaN where the detector has not been yet, or what is to be seen is left out."""
    abnormal: npt.NDArray[np.bool_] | None = None
    """Labels [N], where the recording has any."""
    calibration: Calibration | None = None
    """What the detector's scores mean; None where nobody has taught it."""


@dataclass(frozen=True, eq=False)
class Trace:
    """What is drawn of one detector on the compared recording."""

    title: str
    times: npt.NDArray[np.float64]
    scores: Floats
    scorer: Scorer
    """What they are scores of; where it knows no false alarms, they mean nothing beyond what was looked at."""
    threshold: float
    """Infinite where it has none."""
    flagged: tuple[tuple[float, float], ...]
    """In seconds."""
    abnormal: npt.NDArray[np.bool_] | None
    auc: float | None
    """None where the recording has no labels of both kinds."""


class Acceptance(QObject):
    """Knows the new detector's results and what the person decides on them; starts no work."""

    changed = Signal()
    compared = Signal()
    """The comparison changed."""

    measure_held_out_requested = Signal(object)
    """MeasureRequest; each result comes to `take_held_out`."""
    compare_requested = Signal(object)
    """MeasureRequest; each result comes to `take_compared`."""
    accept_requested = Signal()
    accepted = Signal(object)
    """Path of the detector in the library."""

    def __init__(
        self,
        detector: Path,
        *,
        name: str,
        held_out: Sequence[Path],
        since: Mapping[Path, float] | None = None,
        old: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Recordings were held out `since` some second, or wholly; `old` is the detector in use, if there is one."""
        super().__init__(parent)
        self.detector, self.old = detector, old
        self._detector_scores: dict[Path, DetectorScores] = {}
        self.held_out = tuple(held_out)
        self.since = dict(since or {})
        """From when on, in seconds, a recording was held out that the detector has learnt from before."""
        self.name = self.camera = name
        self.note = ""
        self.use_at_once = True
        self.alarms_per_hour = DEFAULT_ALARMS_PER_HOUR
        self._held_out: dict[Path, tuple[MeasuredRecording, Floats]] = {}
        self._progress: float | None = None
        self._failure: Failure | None = None
        self._keeping = False
        self._compared: dict[Path, MeasuredRecording] = {}
        self._compare_progress: float | None = None

    # Held-out recordings

    @property
    def progress(self) -> float | None:
        """How far the held-out recordings are, from 0 to 1; None while nothing runs."""
        return self._progress

    @property
    def failure(self) -> Failure | None:
        """Why something could not be measured, compared or kept."""
        return self._failure

    @property
    def compare_progress(self) -> float | None:
        """How far the comparison is; None while none runs."""
        return self._compare_progress

    @property
    def is_measured(self) -> bool:
        """Whether all held-out recordings have been looked at."""
        return len(self._held_out) == len(self.held_out)

    def measure_held_out(self) -> None:
        """Have the detector run over the held-out recordings, once; again where that failed."""
        if self.held_out and not self.is_measured and self._progress is None:
            self._progress, self._failure = 0.0, None
            self.measure_held_out_requested.emit(MeasureRequest(self.held_out, (self.detector,)))
            self.changed.emit()

    def take_held_out(self, result: MeasuredRecording | float) -> None:
        """Take over a result, or how far it is."""
        if isinstance(result, MeasuredRecording):
            self._detector_scores[result.detector] = by = DetectorScores(result.calibration)
            seen = _from(result, self.since.get(result.video, 0.0))
            self._held_out[result.video] = seen, by.scorer.scores(seen.signals, seen.times)
        else:
            self._progress = result
        if self.is_measured:
            self._progress = None
        self.changed.emit()
        self.compared.emit()

    def fail(self, failure: Failure | None) -> None:
        """Take over why something could not be done."""
        self._failure, self._progress, self._compare_progress = failure, None, None
        self._keeping = False
        self.changed.emit()

    def set_alarms_per_hour(self, rate: float) -> None:
        """Choose how many false alarms an hour are bearable."""
        if rate != self.alarms_per_hour:
            self.alarms_per_hour = rate
            self.changed.emit()
            self.compared.emit()

    def held_out_scores(self) -> list[tuple[MeasuredRecording, Floats]]:
        """The held-out recordings that have been looked at, with their scores."""
        return list(self._held_out.values())

    def held_out_hours(self) -> float:
        """Length of what has been looked at of the held-out recordings, in whole seconds."""
        return sum(len(block_maxima(scores, recording.times)) for recording, scores in self.held_out_scores()) / 3600

    def threshold(self) -> float | None:
        """The score that gives the wished-for number of false alarms; None while nothing is known to derive it from.

        Where its scores know nothing of false alarms, what lies above all that it gave held-out recordings.
        """
        scores = [scores for _, scores in self.held_out_scores()]
        return self._scores_of(self.detector).threshold(self.alarms_per_hour, scores)

    def alarms(self) -> int:
        """How many alarms the threshold would have given on the held-out recordings, all of them false."""
        threshold = self.threshold()
        if threshold is None:
            return 0
        detector_scores = self._scores_of(self.detector)
        return sum(
            len(_segments(detector_scores, scores, recording.times, threshold))
            for recording, scores in self.held_out_scores()
        )

    @property
    def scorer(self) -> Scorer | None:
        """What scores the new detector's signals; None while nothing was seen of it."""
        detector_scores = self._detector_scores.get(self.detector)
        return detector_scores.scorer if detector_scores else None

    def _scores_of(self, detector: Path) -> DetectorScores:
        # Until something was seen of a detector, it has no scores either.
        return self._detector_scores.get(detector) or DetectorScores()

    # Comparison

    def compare_on(self, video: Path) -> None:
        """Run both detectors over a recording."""
        self._compared, self._compare_progress, self._failure = {}, 0.0, None
        self.compare_requested.emit(MeasureRequest((video,), self._detectors(), labelled=True))
        self.changed.emit()
        self.compared.emit()

    def take_compared(self, result: MeasuredRecording | float) -> None:
        """Take over a result, or how far it is."""
        if isinstance(result, MeasuredRecording):
            self._compared[result.detector] = result
            self._detector_scores[result.detector] = DetectorScores(result.calibration)
            self.compared.emit()
        else:
            self._compare_progress = result
        if len(self._compared) == len(self._detectors()):
            self._compare_progress = None
        self.changed.emit()

    def _detectors(self) -> tuple[Path, ...]:
        return (self.detector, *([self.old] if self.old else []))

    def traces(self) -> list[Trace]:
        """What there is to draw, the new detector first."""
        titles = {self.detector: "New detector"} | ({self.old: "Detector in use"} if self.old else {})
        found = []
        for detector, title in titles.items():
            recording = self._compared.get(detector)
            if recording is not None:
                found.append(self._trace(recording, title))
        return found

    def _trace(self, recording: MeasuredRecording, title: str) -> Trace:
        detector_scores = self._scores_of(recording.detector)
        scores = detector_scores.scorer.scores(recording.signals, recording.times)
        threshold = (
            self.threshold()
            if recording.detector == self.detector
            else detector_scores.scorer.threshold_for(self.alarms_per_hour)
        )
        if threshold is None:
            threshold = float("inf")
        segments = _segments(detector_scores, scores, recording.times, threshold)
        spans = tuple((float(recording.times[s.start]), float(recording.times[s.stop - 1])) for s in segments)
        auc = detector_scores.auc(recording.signals, recording.times, recording.abnormal)
        return Trace(title, recording.times, scores, detector_scores.scorer, threshold, spans, recording.abnormal, auc)

    # The decision

    @property
    def is_being_kept(self) -> bool:
        """Whether it is on its way into the library."""
        return self._keeping

    def decide(self, name: str, note: str, use_at_once: bool) -> None:
        """What the detector is called, and whether it is used from now on."""
        self.name, self.note, self.use_at_once = name, note, use_at_once

    def accept(self) -> None:
        """Keep the detector in the library, and use it if that is wished."""
        if not self._keeping:
            self._failure, self._keeping = None, True
            self.accept_requested.emit()
            self.changed.emit()


def _from(recording: MeasuredRecording, seconds: float) -> MeasuredRecording:
    """What was seen from a moment on."""
    first = int(np.searchsorted(recording.times, seconds))
    return replace(recording, times=recording.times[first:], signals=recording.signals[first:])


def _segments(
    detector_scores: DetectorScores, scores: Floats, times: npt.NDArray[np.float64], threshold: float
) -> list[Segment]:
    if not np.isfinite(threshold):
        return []
    return find_segments(scores, times, detector_scores.scorer.rule_at(threshold))
