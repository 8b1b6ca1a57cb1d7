"""The analysis of a recording that is not open, in short steps for when nobody needs the engine for anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.common.errors import Cancelled
from engine.review.store import look_up
from engine.review.summary import segments_to_review
from engine.video.source import VideoSource
from vadgui.jobs.analysis_run import AnalysisRun
from vadgui.jobs.messages import Message, QueueDone, QueueFailed, QueueProgress
from vadgui.jobs.request_queue import RequestQueue
from vadgui.model.session import AnalysisPhase, AnalysisState

if TYPE_CHECKING:
    from engine.models.predictor import Predictor
    from vadgui.jobs.engine_loop import VideoOpener


class QueuedAnalysis:
    """Opens a recording when it is stepped first, and says how it ended: done or failed, but never by raising."""

    def __init__(
        self,
        path: Path,
        video_opener: VideoOpener,
        folder: Path,
        post: Callable[[Message], None],
        requests: RequestQueue,
    ) -> None:
        """`folder` is that of the analyses."""
        self.path = path
        self._video_opener = video_opener
        self._folder = folder
        self._post = post
        self._requests = requests
        self._source: VideoSource | None = None
        self._run: AnalysisRun | None = None
        self.ended = False
        """Whether there is nothing left to be stepped."""

    def step(self, predictor: Predictor) -> None:
        """Analyse for a moment; always with the same detector, until `let_go`.

        Raises:
            Cancelled: something more urgent has come; step again.
        """
        try:
            if self._run:
                self._run.step()
            else:
                self._open(predictor)
            if self.ended and self._run and self._source:
                self._finish(predictor, self._run, self._source)
        except Cancelled:
            raise
        except Exception as error:
            # Catches everything: one broken file must not end the thread, nor keep the others waiting.
            self.ended = True
            self._post(QueueFailed(self.path, error))
        finally:
            if self.ended:
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

    def _open(self, predictor: Predictor) -> None:
        should_stop = self._requests.queued_opening_is_outdated
        self._source = self._source or self._video_opener(self.path, should_stop=should_stop)
        self._run = AnalysisRun(
            self._source,
            predictor,
            self._folder,
            self._receive,
            self._requests.queued_analysis_is_outdated,
            tells_signals=False,
        )
        self._run.run()

    def _receive(self, message: Message) -> None:
        if not isinstance(message, AnalysisState):
            return
        if message.phase is AnalysisPhase.RUNNING:
            self._post(QueueProgress(self.path, message.done / message.total if message.total else 0.0))
        self.ended = message.phase is AnalysisPhase.DONE

    def _finish(self, predictor: Predictor, run: AnalysisRun, source: VideoSource) -> None:
        info = source.info
        opened = look_up(info.path, info.fingerprint).opened
        review = opened.review.recording_of(info.fingerprint) if opened else None
        scorer = run.scorer
        segments = segments_to_review(run.scores(), source.times, scorer, review)
        self._post(QueueDone(self.path, predictor.settings.name, scorer.name, segments))
