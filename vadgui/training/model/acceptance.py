"""Evaluation of a new detector: false alarms on held-out recordings, and a comparison with the detector in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from engine.calibrating.comparison import Comparison
from engine.common.events import Progress
from engine.common.language import tr, tr_noop
from engine.scoring.calibration import Calibration
from engine.scoring.scorer import FALSE_ALARMS_PER_HOUR, Scorer
from engine.scoring.segments import Segment, find_segments
from engine.scoring.signals import RawSignals
from engine.scoring.tail import block_maxima
from engine.training.confirmed import ConfirmedEffects
from vadgui.training.model.detector_scores import DetectorScores
from vadgui.ui.failure import Failure

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class MeasureRequest:
    """Recordings to analyse, and the detectors to analyse them with."""

    videos: tuple[Path, ...]
    detectors: tuple[Path, ...]
    labelled: bool = False
    """Whether to search for labels of the recordings."""


@dataclass(frozen=True, eq=False)
class MeasuredRecording:
    """The raw signals of one recording, measured by one detector."""

    video: Path
    detector: Path
    times: npt.NDArray[np.float64]
    signals: RawSignals
    """NaN for frames that are not analysed yet or are left out."""
    abnormal: npt.NDArray[np.bool_] | None = None
    """Whether each frame is abnormal [N]; None without labels."""
    calibration: Calibration | None = None
    """The detector's calibration; None where it is not calibrated."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The score curve of one detector over the compared recording, and what it flags."""

    title: str
    times: npt.NDArray[np.float64]
    scores: Floats
    scorer: Scorer
    """The scorer that made `scores`; without known false alarms, they can't be compared with other recordings."""
    threshold: float
    """Infinite where the detector has no threshold."""
    flagged: tuple[tuple[float, float], ...]
    """(begin, stop) of each flagged segment in seconds."""
    abnormal: npt.NDArray[np.bool_] | None
    auc: float | None
    """Frame-level AUC; None without labels of both normal and abnormal frames."""


class Acceptance(QObject):
    """Holds the new detector's results and the person's decision. It does no work itself but requests it by signals."""

    changed = Signal()
    compared = Signal()
    """The data of `traces` changed."""

    confirmed_judged = Signal()
    """`confirmed` is known."""

    measure_held_out_requested = Signal(object)
    """MeasureRequest; the receiver passes each result to `add_held_out_result`."""
    judge_confirmed_requested = Signal()
    """The receiver passes each result to `add_confirmed_result`."""
    compare_requested = Signal(object)
    """MeasureRequest; the receiver passes each result to `add_compared_result`."""
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
        comparison: Comparison | None = None,
        judges_confirmed: bool = False,
        parent: QObject | None = None,
    ) -> None:
        """`old` is the detector in use; `since` maps a recording to the second from which on it was held out.

        With `judges_confirmed`, what was confirmed with the detector before is judged by the new one, too.
        """
        super().__init__(parent)
        self.comparison = comparison
        """With calibration alone, if that was measured."""
        self.detector, self.old = detector, old
        self._detector_scores: dict[Path, DetectorScores] = {}
        self.held_out = tuple(held_out)
        self.since = dict(since or {})
        """For a recording of which only the end was held out: its first held-out second."""
        self.name = self.camera = name
        self.note = ""
        self.use_at_once = True
        self.alarms_per_hour = FALSE_ALARMS_PER_HOUR  # as in the review
        self._held_out: dict[Path, tuple[MeasuredRecording, Floats]] = {}
        self._progress: float | None = None
        self._failure: Failure | None = None
        self._keeping = False
        self._judges_confirmed = judges_confirmed
        self._confirmed: ConfirmedEffects | Failure | None = None
        self._confirmed_progress: Progress | None = None
        self._compared: dict[Path, MeasuredRecording] = {}
        self._compare_progress: float | None = None

    # Held-out recordings

    @property
    def progress(self) -> float | None:
        """Share of the held-out recordings that is measured, from 0 to 1; None while nothing runs."""
        return self._progress

    @property
    def failure(self) -> Failure | None:
        """Why measuring, comparing or keeping failed; None where nothing did."""
        return self._failure

    @property
    def compare_progress(self) -> float | None:
        """Share of the comparison that is done, from 0 to 1; None while none runs."""
        return self._compare_progress

    @property
    def is_measured(self) -> bool:
        """Whether all held-out recordings have been measured."""
        return len(self._held_out) == len(self.held_out)

    def measure_held_out(self) -> None:
        """Request the measurement of the held-out recordings, unless it runs or is done; a failed one is repeated."""
        if self.held_out and not self.is_measured and self._progress is None:
            self._progress, self._failure = 0.0, None
            self.measure_held_out_requested.emit(MeasureRequest(self.held_out, (self.detector,)))
            self.changed.emit()

    def add_held_out_result(self, result: MeasuredRecording | float) -> None:
        """Store the result of a held-out recording, or the share measured, from 0 to 1."""
        if isinstance(result, MeasuredRecording):
            self._detector_scores[result.detector] = detector_scores = DetectorScores(result.calibration)
            held_out = _since(result, self.since.get(result.video, 0.0))
            scores = detector_scores.scorer.scores(held_out.signals, held_out.times)
            self._held_out[result.video] = held_out, scores
        else:
            self._progress = result
        if self.is_measured:
            self._progress = None
        self.changed.emit()
        self.compared.emit()

    def set_failure(self, failure: Failure | None) -> None:
        """Set why measuring, comparing or keeping failed."""
        self._failure, self._progress, self._compare_progress = failure, None, None
        self._keeping = False
        self.changed.emit()

    def set_alarms_per_hour(self, rate: float) -> None:
        """Set how many false alarms an hour the person accepts."""
        if rate != self.alarms_per_hour:
            self.alarms_per_hour = rate
            self.changed.emit()
            self.compared.emit()

    def held_out_scores(self) -> list[tuple[MeasuredRecording, Floats]]:
        """The held-out recordings that have been measured, with their scores."""
        return list(self._held_out.values())

    def held_out_hours(self) -> float:
        """Measured length of the held-out recordings in hours, counted in whole seconds."""
        return sum(len(block_maxima(scores, recording.times)) for recording, scores in self.held_out_scores()) / 3600

    def threshold(self) -> float | None:
        """The threshold for the accepted rate of false alarms; None while nothing is measured to derive it from.

        For an uncalibrated detector it is just above the highest score of the held-out recordings.
        """
        scores = [scores for _, scores in self.held_out_scores()]
        return self._scores_of(self.detector).threshold(self.alarms_per_hour, scores)

    def alarms(self) -> int:
        """Number of segments above the threshold in the held-out recordings, which are all false alarms."""
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
        """The scorer of the new detector's signals; None before its first result."""
        detector_scores = self._detector_scores.get(self.detector)
        return detector_scores.scorer if detector_scores else None

    def _scores_of(self, detector: Path) -> DetectorScores:
        # Before a detector's first result its calibration is unknown, but there are no signals to score either.
        return self._detector_scores.get(detector) or DetectorScores()

    # What was confirmed

    @property
    def awaits_confirmed(self) -> bool:
        """Whether it is not known yet what the new detector makes of confirmed segments."""
        return self._judges_confirmed and self._confirmed is None

    @property
    def confirmed_progress(self) -> Progress | None:
        """How far judging confirmed segments is; None before it has begun."""
        return self._confirmed_progress

    @property
    def confirmed(self) -> ConfirmedEffects | Failure | None:
        """What becomes of confirmed segments, or why that can't be told; None where it isn't known or asked."""
        return self._confirmed

    def judge_confirmed(self) -> None:
        """Request it, unless it runs or is done."""
        if self.awaits_confirmed and self._confirmed_progress is None:
            self._confirmed_progress = Progress(tr_noop("Looking for reviews"), 0, 1)
            self.judge_confirmed_requested.emit()
            self.changed.emit()

    def add_confirmed_result(self, result: ConfirmedEffects | Failure | Progress) -> None:
        """Store how far it is, what became of confirmed segments, or why that can't be told.

        A detector that loses one is not used unless the person says so.
        """
        if isinstance(result, Progress):
            self._confirmed_progress = result
        else:
            self._confirmed = result
            if isinstance(result, ConfirmedEffects) and any(each.is_lost for each in result.effects):
                self.use_at_once = False
            self.confirmed_judged.emit()
        self.changed.emit()

    # Comparison

    def compare_on(self, video: Path) -> None:
        """Request that both detectors analyse a recording."""
        self._compared, self._compare_progress, self._failure = {}, 0.0, None
        self.compare_requested.emit(MeasureRequest((video,), self._detectors(), labelled=True))
        self.changed.emit()
        self.compared.emit()

    def add_compared_result(self, result: MeasuredRecording | float) -> None:
        """Store the result of a compared detector, or the share of the comparison that is done, from 0 to 1."""
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
        """The curves to draw, the new detector's first."""
        titles = {self.detector: tr("New detector")} | ({self.old: tr("Detector in use")} if self.old else {})
        traces = []
        for detector, title in titles.items():
            recording = self._compared.get(detector)
            if recording is not None:
                traces.append(self._trace(recording, title))
        return traces

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
        """Whether the detector is being added to the library."""
        return self._keeping

    def decide(self, name: str, note: str, use_at_once: bool) -> None:
        """Set the detector's name and note, and whether it is to be used from now on."""
        self.name, self.note, self.use_at_once = name, note, use_at_once

    def accept(self) -> None:
        """Request that the detector is added to the library, and used if `use_at_once` is set."""
        if not self._keeping:
            self._failure, self._keeping = None, True
            self.accept_requested.emit()
            self.changed.emit()


def _since(recording: MeasuredRecording, seconds: float) -> MeasuredRecording:
    """The part of a recording from `seconds` on."""
    first = int(np.searchsorted(recording.times, seconds))
    return replace(recording, times=recording.times[first:], signals=recording.signals[first:])


def _segments(
    detector_scores: DetectorScores, scores: Floats, times: npt.NDArray[np.float64], threshold: float
) -> list[Segment]:
    if not np.isfinite(threshold):
        return []
    return find_segments(scores, times, detector_scores.scorer.rule_at(threshold))
