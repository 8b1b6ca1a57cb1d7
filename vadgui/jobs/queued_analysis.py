"""Analyses of recordings that are not open, in short steps for when nobody needs the engine for anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.analysis.clock import zones_or_clock
from engine.common.errors import Cancelled
from engine.common.reach import is_out_of_reach
from engine.review.store import look_up
from engine.review.summary import segments_to_review
from engine.scoring.scorers import default_scorer
from engine.video.source import VideoSource
from vadgui.jobs.analysis_run import AnalysisRun
from vadgui.jobs.detector_loader import DetectorLoader
from vadgui.jobs.messages import Message, QueueDone, QueueFailed, QueueProgress
from vadgui.jobs.request_queue import DetectorLoaded, OpenDetector, QueueJob, RequestQueue
from vadgui.model.engine_state import AnalysisPhase, AnalysisState

if TYPE_CHECKING:
    from engine.models.predictor import Predictor
    from vadgui.jobs.openers import PredictorOpener, VideoOpener


class QueuedAnalysis:
    """Does one job after another, and says how each ended: done or failed, but never by raising."""

    def __init__(
        self,
        video_opener: VideoOpener,
        predictor_opener: PredictorOpener,
        folder: Path,
        post: Callable[[Message], None],
        requests: RequestQueue,
    ) -> None:
        """`folder` is that of the analyses."""
        self._video_opener = video_opener
        self._loader = DetectorLoader(predictor_opener, lambda loaded: requests.add(replace(loaded, is_queued=True)))
        self._folder = folder
        self._post = post
        self._requests = requests
        self._job: QueueJob | None = None
        self._own: tuple[Path, Predictor] | None = None
        """A detector that is not the open recording's."""
        self._source: VideoSource | None = None
        self._run: AnalysisRun | None = None

    def take(self, job: QueueJob | None) -> None:
        """Do another job from now on, or none."""
        self.let_go()
        self._job = job
        if job is None:
            self._own = None
            self._loader.forget()

    def wants_step(self, open_video: Path | None) -> bool:
        """Whether there is something to do; the recording that is open has an analysis of its own."""
        if self._job is None or self._loader.is_busy:
            return False
        return open_video is None or open_video.absolute() != self._job.path

    def step(self, loaded: tuple[Path, Predictor] | None) -> None:
        """Work for a moment; `loaded` is the open recording's detector and its path.

        Raises:
            Cancelled: something more urgent has come; step again.
        """
        job = self._job
        if job is None:
            return
        try:
            self._go_on(job, loaded)
        except Cancelled:
            raise
        except Exception as error:
            # Catches everything: one broken file must not end the thread, nor keep the others waiting.
            self._fail(job, error)

    def take_detector(self, loaded: DetectorLoaded) -> None:
        """A detector that a step asked for is there, or can't be loaded."""
        taken, job = self._loader.take(loaded), self._job
        if taken and taken.predictor:
            self._own = taken.request.path, taken.predictor
        elif taken and taken.error and job and job.detector == taken.request.path:
            self._fail(job, taken.error)

    def close(self) -> None:
        """Let go of all, and wait for the thread that loads a detector."""
        self.let_go()
        self._loader.close()

    def _fail(self, job: QueueJob, error: Exception) -> None:
        self._post(QueueFailed(job.path, error, is_out_of_reach(job.path.parent)))
        self._job = None
        self.let_go()

    def let_go(self) -> None:
        """Save what was measured and close the recording; the next step takes it up again."""
        run, self._run = self._run, None
        source, self._source = self._source, None
        try:
            if run:
                run.close()
        finally:
            if source:
                source.close()

    def _go_on(self, job: QueueJob, loaded: tuple[Path, Predictor] | None) -> None:
        if self._run:
            self._run.step()
            return
        predictor = self._predictor(job, loaded)
        if predictor is None:
            return
        should_stop = self._requests.queued_opening_is_outdated
        source = self._source = self._source or self._video_opener(job.path, should_stop=should_stop)
        opened = look_up(source.info.path, source.info.fingerprint).opened
        review = opened.review.recording_of(source.info.fingerprint) if opened else None

        def receive(message: Message) -> None:
            if not isinstance(message, AnalysisState) or self._run is None:
                return
            if message.phase is AnalysisPhase.RUNNING:
                self._post(QueueProgress(job.path, message.done / message.total if message.total else 0.0))
            elif message.phase is AnalysisPhase.DONE:
                scorer, signals = self._run.scorer, self._run.signals()
                segments = segments_to_review(signals, source.times, scorer, review)
                other = scorer.is_other_scene(signals)
                name, fingerprint = predictor.settings.name, source.info.fingerprint
                self._post(QueueDone(job.path, fingerprint, name, scorer.name, segments, other))
                self._job = None
                self.let_go()

        zones = review.zones if review else ()
        if review is None or not review.has_decided_zones:
            scorer = default_scorer(predictor.settings.calibration)
            zones = zones_or_clock(zones, source, scorer, self._is_needed_elsewhere)
        outdated = self._requests.queued_analysis_is_outdated
        self._run = AnalysisRun(source, predictor, self._folder, receive, outdated, zones, tells_signals=False)
        self._run.run()

    def _is_needed_elsewhere(self) -> bool:
        return self._requests.queued_analysis_is_outdated() or self._requests.view_is_outdated()

    def _predictor(self, job: QueueJob, loaded: tuple[Path, Predictor] | None) -> Predictor | None:
        """The job's detector; None until it is loaded."""
        for known in (loaded, self._own):
            if known and known[0] == job.detector:
                return known[1]
        self._own = None
        self._loader.ask(OpenDetector(job.detector, job.device))
        return None
