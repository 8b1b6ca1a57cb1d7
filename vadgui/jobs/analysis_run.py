"""The analysis of one recording, in steps so short that somebody at the playhead never waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.analysis.runner import PHASE, SEGMENTS_PHASE, analyse_to_store, analysis_key
from engine.analysis.score_store import CHUNK_ROWS, ScoreStore
from engine.analysis.where import evidence_at, kinds_of_frames, scores_of_window
from engine.analysis.zoned import rows_within, stored_signals_within
from engine.common.errors import Cancelled
from engine.common.events import Progress, ShouldStop
from engine.scoring.heat_map import Seconds, seconds_by_place
from engine.scoring.sampling import Frames
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import default_scorer
from engine.scoring.signals import RawSignals
from engine.scoring.where import WindowEvidence
from engine.scoring.zones import Zones
from engine.video.source import VideoSource
from vadgui.jobs.messages import Message, SignalsMeasured, TimesRevised, WindowTraced
from vadgui.model.engine_state import FRAMES, SAMPLES, SEGMENT_FRAMES, AnalysisPhase, AnalysisState

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_STEP_SECONDS = 0.04
_ROWS_A_STEP = 512  # taken anew in zones: some 40 ms
ROWS_A_MESSAGE = 32 * CHUNK_ROWS  # of stored ones: the GUI thread takes over some megabytes at a time
_REPORT_SECONDS = 0.1  # a report costs the GUI thread a repaint; more often than this helps nobody


class AnalysisRun:
    """An analysis in hand: runs, pauses, and posts what it measured and where it stands."""

    def __init__(
        self,
        source: VideoSource,
        predictor: Predictor,
        folder: Path,
        post: Callable[[Message], None],
        should_stop: ShouldStop,
        zones: Zones = (),
        *,
        tells_signals: bool = True,
    ) -> None:
        """Take up the analysis that `folder` holds of this video by this detector, or begin one.

        What is told of it is what counts in `zones`; without `tells_signals`, only where it stands.

        Raises:
            ScoreStoreError: the folder can't be used.
        """
        self._source = source
        self._predictor = predictor
        self._post = post
        self._should_stop = should_stop
        self._tells_signals = tells_signals
        self._scorer = default_scorer(predictor.settings.calibration)
        self._sampling = self._scorer.sampling
        self._store = ScoreStore(folder, analysis_key(source, predictor, self._sampling))
        self._times = source.times
        self._concealed = source.info.concealed
        self._zones = zones
        self._kinds = np.zeros(len(source.times), np.uint16)
        """What is wrong in each frame that was told."""
        self._steps = self._begin_steps()
        wanted = len(self._sampling.frames(source.times))
        # Frames of segments, which are stored too, come after the last sample.
        self._progress = Progress("", min(len(self._store), wanted), wanted)
        self._posted_rows = 0
        self._traced = (0, 0)
        self._trace: Iterator[tuple[Frames, npt.NDArray[np.float64]]] | None = None
        self._reported = 0.0
        self._paused_since = time.monotonic()
        self._paused_seconds = 0.0
        self.running = False
        """Whether it wants to be stepped."""
        self.last_step = 0.0
        """When it was stepped last, by time.monotonic."""

    def run(self) -> None:
        """Begin or go on."""
        if not self.running:
            self._paused_seconds += time.monotonic() - self._paused_since
            self.running = True
            self._report(AnalysisPhase.RUNNING)

    def pause(self) -> None:
        """Go on later; the time until then says nothing about the pace."""
        if self.running:
            self._stop(AnalysisPhase.PAUSED)

    def cancel(self) -> None:
        """Give up; what was measured stays."""
        self._stop(AnalysisPhase.CANCELLED)

    def step(self) -> None:
        """Analyse for a moment; what was to be told long ago, of another time or in other zones, comes first.

        Raises:
            VideoError, ScoreStoreError, DeviceError: as `analyse_to_store`; the run has failed then.
        """
        if self.is_behind:
            if self._is_untold:
                self._post_rows(_ROWS_A_STEP)
            else:
                self._trace_on()
            self.last_step = time.monotonic()
            return
        try:
            progress = next(self._steps, None)
        except Cancelled:
            # Something more urgent may still fail and leave this run in place: it goes on from what is stored.
            self._steps = self._begin_steps()
            return
        except Exception:
            self._stop(AnalysisPhase.FAILED)
            raise
        finally:
            self.last_step = time.monotonic()
        if progress is None:
            self._finish()
            return
        self._progress = progress
        if self.last_step - self._reported >= _REPORT_SECONDS:
            self._report(AnalysisPhase.RUNNING)

    @property
    def scorer(self) -> Scorer:
        """What it is made for."""
        return self._scorer

    def signals(self) -> RawSignals:
        """Raw signals [N] of the recording, as far as it is analysed, and as they are in the zones.

        Raises:
            ScoreStoreError: the analysis can't be read.
        """
        calibration = self._predictor.settings.calibration
        return stored_signals_within(self._store, self._source, calibration, self._zones)

    def where(self, frame: int) -> WindowEvidence | None:
        """The evidence of each window of a frame; None where that is not known, or not yet.

        Raises:
            ScoreStoreError: the analysis can't be read.
        """
        calibration, times = self._predictor.settings.calibration, self._source.times
        if frame >= len(self._kinds):
            return None
        return evidence_at(self._store, calibration, times, frame, self._kinds, self._zones)

    def places(self, start: int, stop: int, threshold: float) -> Seconds:
        """For how long something stood out at each place in frames [start, stop).

        Raises:
            ScoreStoreError: the analysis can't be read.
        """
        return seconds_by_place(self.where, self._source.times, start, stop, threshold)

    def set_zones(self, zones: Zones) -> None:
        """Tell everything anew as far as it counts in other zones, in steps."""
        if zones != self._zones:
            self._zones = zones
            self._posted_rows = 0

    def trace(self, window: tuple[int, int] | None) -> None:
        """Tell of a window what it says at all samples that are stored, in steps; None ends that."""
        calibration = self._predictor.settings.calibration
        self._traced = window or (0, 0)
        self._trace = (
            scores_of_window(self._store, calibration, self._times, window, self._kinds)
            if window and calibration
            else None
        )

    def _trace_on(self) -> None:
        found = next(self._trace, None) if self._trace else None
        if found is None:
            self._trace = None
        else:
            self._post(WindowTraced(self._traced, *found))

    @property
    def is_behind(self) -> bool:
        """Whether something is stored that was not told yet: `step` tells it, also while the analysis does not run."""
        return self._is_untold or self._trace is not None

    @property
    def _is_untold(self) -> bool:
        return self._backlog > (_ROWS_A_STEP if self.running else 0)

    @property
    def _backlog(self) -> int:
        return len(self._store) - self._posted_rows if self._tells_signals else 0

    def close(self) -> None:
        """Save what was measured and let go; the analysis can be taken up another time."""
        self.running = False
        self._steps.close()
        self._store.close()

    def _begin_steps(self) -> Generator[Progress, None, None]:
        return analyse_to_store(
            self._source,
            self._predictor,
            self._store,
            self._should_stop,
            sampling=self._sampling,
            scorer=self._scorer,
            report_seconds=_STEP_SECONDS,
            clock=lambda: time.monotonic() - self._paused_seconds,
        )

    def _post_rows(self, at_most: int) -> None:
        """Tell what counts in the zones of the next rows."""
        frames, rows = self._store.read(self._posted_rows, self._posted_rows + at_most)
        calibration = self._predictor.settings.calibration
        known = frames < len(self._kinds)
        self._kinds[frames[known]] = kinds_of_frames(rows[known], self._times[frames[known]], calibration)
        self._post(SignalsMeasured(frames, rows_within(self._store, frames, rows, calibration, self._zones)))
        self._posted_rows += len(rows)

    def _finish(self) -> None:
        if not self._sampling.is_every_frame:
            # Frames of segments were judged, too, some of them for the second time.
            samples = np.isin(self._sampling.frames(self._source.times), self._store.frames()).sum()
            self._progress = Progress(PHASE, int(samples), int(samples))
        self._stop(AnalysisPhase.DONE)

    def _stop(self, phase: AnalysisPhase) -> None:
        self.running = False
        self._paused_since = time.monotonic()
        self._report(phase)

    def _report(self, phase: AnalysisPhase) -> None:
        self._reported = time.monotonic()
        if self._tells_signals:
            self._post_signals(phase)
        now = self._progress
        sampled = SEGMENT_FRAMES if now.phase == SEGMENTS_PHASE else SAMPLES
        unit = FRAMES if self._sampling.is_every_frame else sampled
        self._post(AnalysisState(phase, now.done, now.total, now.per_second, now.seconds_left, unit))

    def _post_signals(self, phase: AnalysisPhase) -> None:
        info = self._source.info
        if self._source.times is not self._times or info.concealed != self._concealed:
            self._times, self._concealed = self._source.times, info.concealed
            self._kinds = np.resize(self._kinds, len(self._times))
            self._post(TimesRevised(info, self._times))
        if self._posted_rows > len(self._store):
            self._posted_rows = 0  # the analysis began anew
        if not self._zones:
            while self._backlog > 0:
                self._post_rows(ROWS_A_MESSAGE)
        elif self._backlog <= _ROWS_A_STEP or phase is AnalysisPhase.CANCELLED:
            self._post_rows(self._backlog)
