"""Lanes under the score: what single signals say over time, each derived bit by bit as raw signals come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.common.language import number_text, tr, tr_noop, with_capital
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import in_words
from engine.scoring.sampling import Frames
from engine.scoring.signals import RawSignals, missing_signals
from vadgui.model.session import ReviewSession
from vadgui.timeline.pyramid import Floats, MinMaxPyramid, Stretches
from vadgui.timeline.scores import ScoreSeries

CHUNK_FRAMES = 8192
"""Derived at once: some two milliseconds' work."""
_STEP_SECONDS = 0.006
_BETWEEN_STEPS_MS = 6
_TELL_SECONDS = 0.2
_SCORE, _LOW_DB, _HIGH_PX = "score", "dB", tr_noop("px a frame")


@dataclass(frozen=True)
class Lane:
    """One signal over time."""

    key: str
    """As settings keep it."""
    title: str
    explanation: str
    unit: str

    @property
    def is_score(self) -> bool:
        """Whether it is on the scale of the calibrated score, so that the threshold means something in it."""
        return self.unit == _SCORE

    @property
    def is_low_suspicious(self) -> bool:
        """Whether low values are the suspicious ones: they are drawn at the top."""
        return self.unit == _LOW_DB

    def describe(self, value: float) -> str:
        """A value with its unit."""
        if np.isnan(value):
            return ""
        if self.is_score:
            return number_text(max(value, 0), ".1f")
        return f"{number_text(value, '.1f' if self.is_low_suspicious else '.2f')} {tr(self.unit)}"


PSNR = Lane(
    "psnr_db", "PSNR", tr_noop("How well the whole frame was predicted; what is worse predicted is higher up."), _LOW_DB
)
WORST_PATCH = Lane(
    "patch_psnr_db",
    tr_noop("Worst patch"),
    tr_noop("How well the worst of the 16 patches of the frame was predicted; what is worse predicted is higher up."),
    _LOW_DB,
)
FLOW_ERROR = Lane(
    "flow_error_px",
    tr_noop("Flow error"),
    tr_noop("How far measured and predicted flow are apart, over the whole frame."),
    _HIGH_PX,
)


WINDOW = Lane(
    "window",
    tr_noop("Chosen place"),
    tr_noop("The score that each frame would have for the place alone that you clicked in the picture."),
    _SCORE,
)


def lanes_of(calibration: Calibration | None) -> list[Lane]:
    """The lanes of scores of a calibration: one for each signal that takes part, and the prediction errors."""
    evidence = [
        Lane(
            name,
            with_capital(tr(in_words(name))),
            tr(
                "The score that the frame would have for this alone ({signal}).\n"
                "The anomaly score is the highest of these lanes."
            ).format(signal=tr(in_words(name))),
            _SCORE,
        )
        for name in (calibration.evidence if calibration else ())
    ]
    return [*evidence, PSNR, WORST_PATCH, FLOW_ERROR]


class LaneSeries(QObject):
    """The values of the lanes that are shown, of every frame."""

    lanes_changed = Signal()
    """Others are offered or shown."""
    values_changed = Signal()

    def __init__(self, session: ReviewSession, scores: ScoreSeries, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scoring = session.scoring
        self._scores = scores
        self._session = session
        self._wanted: set[str] = set()
        self._values: dict[str, Floats] = {}
        self._pyramids: dict[str, MinMaxPyramid] = {}
        self._extents: dict[str, tuple[float, float]] = {}
        self._waiting: dict[int, None] = {}
        """Chunks to derive, the first first."""
        self._signals: RawSignals = missing_signals(0)
        self._calibration: Calibration | None = None
        self._offered = lanes_of(None)
        self._told_at = 0.0
        self._timer = QTimer(self, singleShot=True, interval=_BETWEEN_STEPS_MS)
        self._timer.timeout.connect(self._step)
        self._scoring.signals_added.connect(self._take)
        self._scoring.scores_changed.connect(self._look_for_another)
        session.trace.window_changed.connect(self._show_window)
        session.trace.scores_added.connect(self._take_window)
        self._look_for_another()

    @property
    def offered(self) -> list[Lane]:
        """All lanes that there are for the present score, and for a place of the picture while one is chosen."""
        return [*([WINDOW] if self._session.trace.window else []), *self._offered]

    @property
    def shown(self) -> list[Lane]:
        """Those that a person wants to see."""
        return [lane for lane in self.offered if lane is WINDOW or lane.key in self._wanted]

    def hide_window(self) -> None:
        """Do without the lane of a place."""
        self._session.follow_window(None)

    @property
    def wanted(self) -> list[str]:
        """Keys of the lanes that a person wants to see, also of those that the present score does not have."""
        return sorted(self._wanted)

    def show(self, keys: Sequence[str]) -> None:
        """Show these lanes and no others."""
        added = set(keys) - self._wanted
        self._wanted = set(keys)
        for key in set(self._values) - self._wanted - {WINDOW.key}:
            del self._values[key], self._pyramids[key]
        if added:
            self._derive_all()
        self.lanes_changed.emit()

    @property
    def is_up_to_date(self) -> bool:
        """Whether the lanes say all that the raw signals do."""
        return not self._waiting

    def pyramid(self, lane: Lane) -> MinMaxPyramid:
        """The values [N] of a lane that is shown; NaN where nothing is known."""
        return self._pyramids[lane.key]

    def value_at(self, lane: Lane, frame: int) -> float:
        """A lane's value at a frame; NaN where it is not known."""
        values = self._values[lane.key]
        return float(values[frame]) if frame < len(values) else np.nan

    def extent(self, lane: Lane) -> tuple[float, float]:
        """The values at the lower and the upper end of a lane."""
        if lane.is_score:
            return 0.0, self._scores.top
        if lane.key not in self._extents:
            self._extents[lane.key] = self._extent(lane)
        return self._extents[lane.key]

    def _extent(self, lane: Lane) -> tuple[float, float]:
        values = self._values[lane.key]
        if not len(values):
            return 0.0, 1.0
        whole = Stretches(np.array([0]), np.array([len(values)]))
        low, high = (float(each[0]) for each in self.pyramid(lane).extremes(whole))
        if np.isnan(high):
            return 0.0, 1.0
        high = max(high, low + 1e-3)
        return (high, low) if lane.is_low_suspicious else (0.0, high)

    def is_measured(self, lane: Lane) -> bool:
        """Whether the analysis measures it everywhere: of samples, only motion and looks are."""
        return lane.is_score or self._scoring.scorer.sampling.is_every_frame

    def _look_for_another(self) -> None:
        """Begin anew with another recording, detector or other times: the model then has other raw signals."""
        if self._scoring.signals is self._signals:
            return
        self._signals = self._scoring.signals
        detector = self._session.scored_by
        calibration = detector.calibration if detector else None
        if calibration != self._calibration:
            self._calibration = calibration
            self._offered = lanes_of(calibration)
        self._values.clear()
        self._extents.clear()
        self._derive_all()
        self.lanes_changed.emit()

    def _show_window(self) -> None:
        self._values.pop(WINDOW.key, None)
        if self._session.trace.window:
            self._values[WINDOW.key] = self._session.trace.scores
            self._pyramids[WINDOW.key] = MinMaxPyramid(self._session.trace.scores)
        self.lanes_changed.emit()

    def _take_window(self, start: int, stop: int) -> None:
        self._pyramids[WINDOW.key].update(start, stop)
        self.values_changed.emit()

    def _derive_all(self) -> None:
        for lane in self.shown:
            if lane.key not in self._values:
                self._values[lane.key] = np.full(len(self._signals), np.nan, np.float32)
                self._pyramids[lane.key] = MinMaxPyramid(self._values[lane.key])
        self._wait_for(range(-(-len(self._signals) // CHUNK_FRAMES)))

    def _take(self, frames: Frames) -> None:
        self._look_for_another()
        frames = frames[frames < len(self._signals)]
        if len(frames):
            first, last = self._near(int(frames.min()), int(frames.max()) + 1)
            chunks = range(first // CHUNK_FRAMES, -(-last // CHUNK_FRAMES))
            if len(chunks) > 3:  # scattered over the recording: the samples of an overview
                chunks_of_each = np.unique(frames // CHUNK_FRAMES)
                self._wait_for(chunks_of_each.tolist())
            else:
                self._wait_for(chunks)

    def _wait_for(self, chunks: Sequence[int]) -> None:
        if self._values:
            self._waiting.update(dict.fromkeys(chunks))
            if not self._timer.isActive():
                self._timer.start()

    def _near(self, start: int, stop: int) -> tuple[int, int]:
        """The run of frames [first, beyond) whose values depend on some of [start, stop), and the other way round."""
        times = self._session.times
        reach = self._calibration.reach_seconds if self._calibration else 0.0
        first = int(np.searchsorted(times, times[start] - reach))
        # Frame 0 takes frame 1's, and the first frame of a part its neighbour's.
        return max(first - 2, 0), min(int(np.searchsorted(times, times[stop - 1] + reach, "right")) + 1, len(times))

    def _step(self) -> None:
        self._look_for_another()
        ends = time.perf_counter() + _STEP_SECONDS
        while self._waiting and self._values:
            chunk = next(iter(self._waiting))
            del self._waiting[chunk]
            start = chunk * CHUNK_FRAMES
            if start < len(self._signals):
                self._derive(start, min(start + CHUNK_FRAMES, len(self._signals)))
            if time.perf_counter() > ends:
                break
        now = time.perf_counter()
        if not self._waiting or now - self._told_at > _TELL_SECONDS:
            self._told_at = now
            self._extents.clear()
            self.values_changed.emit()
        if self._waiting and self._values:
            self._timer.start()

    def _derive(self, start: int, stop: int) -> None:
        by_signal: dict[str, Floats] = {}
        if self._calibration and any(lane.is_score for lane in self.shown):
            first, beyond = self._near(start, stop)
            found = self._calibration.scores_by_signal(self._signals[first:beyond], self._session.times[first:beyond])
            by_signal = dict(zip(self._calibration.evidence, found[:, start - first : stop - first], strict=True))
        for lane in self.shown:
            rows = self._signals[start:stop]
            if lane is WINDOW:
                continue
            if lane.is_score:
                values = by_signal[lane.key]
            else:
                values = rows[lane.key].min(axis=(1, 2)) if lane is WORST_PATCH else rows[lane.key]
            self._values[lane.key][start:stop] = values
            self._pyramids[lane.key].update(start, stop)
