"""Analyses the recordings of an archive that wait for it, with the same analyses and stores as everywhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.analysis.analysis_files import CACHE_MAX_BYTES, prune
from engine.analysis.clock import zones_or_clock
from engine.analysis.findings import Findings
from engine.analysis.runner import PHASE, analyse_to_store, analysis_key
from engine.analysis.score_store import ScoreStore
from engine.analysis.where import evidence_at, kinds_of_frames
from engine.analysis.zoned import stored_signals_within
from engine.archive.dispatching import SHARD_FRAMES, Dispatcher, RecordingGivenUp, RecordingJudged, ShardStored
from engine.archive.leases import LEASE_SECONDS, Heartbeat, LeasedRecording, LeaseLostError, Leases
from engine.archive.listing import FlaggedSegment, keep_flagged, list_segments
from engine.archive.scanning import recording_review
from engine.archive.unforeseen import unforeseen_error
from engine.archive.workers import Workers
from engine.common.errors import Cancelled, ReviewError, VadError, VideoError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr
from engine.common.progress_rate import ProgressRate
from engine.review.document import DetectorUsed
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.scorer import Scorer
from engine.scoring.segments import SegmentRule
from engine.scoring.zones import Zones
from engine.video import open_video
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Predictor


@dataclass(frozen=True)
class AnalysisSettings:
    """How all recordings are analysed."""

    detector: DetectorUsed
    calibration: Calibration | None
    scorer: Scorer
    rule: SegmentRule
    folder: Path
    """Of the score stores."""
    zones: Zones = ()
    """Without any, a burnt-in clock is ignored."""
    max_bytes: int = CACHE_MAX_BYTES
    """What the stores may take on disk before those go that were used least lately."""
    max_days: float = math.inf
    """So long a store is kept that nobody uses."""
    lease_seconds: float = LEASE_SECONDS
    shard_frames: int = SHARD_FRAMES


@dataclass(frozen=True)
class RecordingAnalysed:
    """A recording is done."""

    path: Path
    segments: int


@dataclass(frozen=True)
class RecordingFailed:
    """A recording could not be analysed; the others go on."""

    path: Path
    error: VadError
    is_final: bool
    """Whether it is tried no more."""


@dataclass(frozen=True)
class WorkersDiffer:
    """Workers are of several kinds, so that the last bits of results depend on which worker judged what."""

    kinds: Sequence[str]


@dataclass(frozen=True)
class FoldersOutOfReach:
    """All that is left lies in folders that can't be reached."""

    folders: Sequence[Path]
    is_final: bool
    """Whether they are waited for no more."""


Event = Progress | RecordingAnalysed | RecordingFailed | WorkersDiffer | FoldersOutOfReach

FOLDER_PATIENCE_SECONDS = 1800.0
"""So long a share or disk may be away."""
_WAIT_SECONDS = 0.5


def analyse_waiting(
    leases: Leases, predictor: Predictor, settings: AnalysisSettings, should_stop: ShouldStop = never_stop
) -> Generator[Event, None, None]:
    """Analyse one recording after another until none waits; folders that are out of reach are waited for.

    However it ends, what was measured is stored, and the recording that was not finished waits again.

    Raises:
        ArchiveError: the archive can't be changed.
        ScoreStoreError: the disk is full, or the stores can't be written.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """

    def work() -> Generator[Event, None, None]:
        return _analyse_reached(leases, predictor, settings, should_stop)

    yield from _with_folders_back(work, leases, should_stop)


def _analyse_reached(
    leases: Leases, predictor: Predictor, settings: AnalysisSettings, should_stop: ShouldStop
) -> Generator[Event, None, None]:
    while recording := leases.take():
        heartbeat = Heartbeat(leases, recording, should_stop, settings.lease_seconds)
        try:
            with closing(_analyse(recording, leases, predictor, settings, heartbeat)) as work:
                yield from work
        except LeaseLostError:
            continue
        except Cancelled:
            if heartbeat.is_lost:
                continue
            leases.release(recording)
            raise
        except VideoError as error:
            yield RecordingFailed(recording.path, error, leases.fail(recording, str(error)))
        except (VadError, GeneratorExit, KeyboardInterrupt):
            # No fault of the recording's.
            leases.release(recording)
            raise
        except Exception as error:
            # Catches everything: what is odd about one recording must not end the work on all others.
            odd = unforeseen_error(recording.path, error)
            yield RecordingFailed(recording.path, odd, leases.fail(recording, str(odd)))
        prune(settings.folder, settings.max_bytes, settings.max_days)


def analyse_divided(
    leases: Leases,
    workers: Workers,
    settings: AnalysisSettings,
    should_stop: ShouldStop = never_stop,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Event, None, None]:
    """Analyse all recordings that wait, divided among workers; the same results as of `analyse_waiting`.

    Folders that are out of reach are waited for.

    Progress is that of the recording of the last shard, with the rate of all workers together.

    However it ends, what was judged is stored, and recordings that were not finished wait again.

    Raises:
        ArchiveError: the archive can't be changed.
        ScoreStoreError: the disk is full, or the stores can't be written.
        Cancelled: `should_stop` said yes.
    """
    dispatcher = Dispatcher(
        leases,
        workers,
        settings.folder,
        divides=not settings.scorer.sampling.is_every_frame,
        shard_frames=settings.shard_frames,
        lease_seconds=settings.lease_seconds,
        should_stop=should_stop,
    )

    def work() -> Generator[Event, None, None]:
        return _divide_reached(dispatcher, leases, workers, settings, clock)

    yield from _with_folders_back(work, leases, should_stop)


def _divide_reached(
    dispatcher: Dispatcher,
    leases: Leases,
    workers: Workers,
    settings: AnalysisSettings,
    clock: Callable[[], float],
) -> Generator[Event, None, None]:
    judged, rate, known_kinds = 0, ProgressRate(0, clock()), 1
    with closing(dispatcher.run()) as work:
        for event in work:
            if len(workers.kinds) > known_kinds:
                known_kinds = len(workers.kinds)
                yield WorkersDiffer(workers.kinds)
            match event:
                case ShardStored():
                    judged += event.judged
                    per_second = rate.progress(PHASE, judged, judged, clock()).per_second
                    yield Progress(PHASE, event.done, event.total, per_second)
                case RecordingGivenUp():
                    is_final = leases.fail(event.recording, str(event.error), tried_enough=True)
                    yield RecordingFailed(event.recording.path, event.error, is_final)
                case RecordingJudged():
                    with suppress(LeaseLostError):
                        yield _finish_judged(event, leases, settings)
                    prune(settings.folder, settings.max_bytes, settings.max_days)


def _with_folders_back(
    work: Callable[[], Generator[Event, None, None]], leases: Leases, should_stop: ShouldStop
) -> Generator[Event, None, None]:
    """Do the work, and again whenever a folder is back, until none is missing or they were waited for long enough."""
    while True:
        with closing(work()) as doing:
            yield from doing
        missing = leases.folders_out_of_reach()
        if not missing:
            return
        yield FoldersOutOfReach(missing, is_final=False)
        ends = time.monotonic() + FOLDER_PATIENCE_SECONDS
        while leases.folders_out_of_reach() == missing:
            if should_stop():
                raise Cancelled
            if time.monotonic() >= ends:
                yield FoldersOutOfReach(missing, is_final=True)
                return
            time.sleep(_WAIT_SECONDS)


def _finish_judged(judged: RecordingJudged, leases: Leases, settings: AnalysisSettings) -> Event:
    recording = judged.recording
    try:
        with judged.store, open_video(recording.path) as source:
            try:
                check_content(recording, source)
            except VideoError:
                judged.store.clear()  # nobody knows of which content it is
                raise
            return finish(recording, leases, source, judged.store, settings)
    except (VideoError, OSError) as error:
        told = error if isinstance(error, VideoError) else unforeseen_error(recording.path, error)
        return RecordingFailed(recording.path, told, leases.fail(recording, str(told)))
    except BaseException:
        leases.release(recording)
        raise


def _analyse(
    recording: LeasedRecording,
    leases: Leases,
    predictor: Predictor,
    settings: AnalysisSettings,
    heartbeat: Heartbeat,
) -> Generator[Event, None, None]:
    with open_video(recording.path, heartbeat.should_stop) as source:
        check_content(recording, source)
        sampling = settings.scorer.sampling
        with ScoreStore(settings.folder, analysis_key(source, predictor, sampling)) as store:
            work = analyse_to_store(
                source,
                predictor,
                store,
                heartbeat.should_stop,
                sampling=sampling,
                scorer=settings.scorer,
                # An archive keeps segments alone, and hundreds of recordings wait.
                segments_by_frame=False,
            )
            for progress in work:
                heartbeat.share = progress.done / progress.total if progress.total else 0.0
                yield progress
            yield finish(recording, leases, source, store, settings, heartbeat.should_stop)


def check_content(recording: LeasedRecording, source: VideoSource) -> None:
    """Check that a recording is the one that was scanned.

    Raises:
        VideoError: it was changed.
    """
    if source.info.fingerprint != recording.fingerprint:
        raise VideoError(
            tr("The recording was changed since it was scanned"),
            subject=recording.path,
            advice=tr("Scan its folder again: `vad archive scan`."),
        )


def finish(
    recording: LeasedRecording,
    leases: Leases,
    source: VideoSource,
    store: ScoreStore,
    settings: AnalysisSettings,
    should_stop: ShouldStop = never_stop,
) -> RecordingAnalysed:
    """Write into the archive what was found in a recording whose analysis is stored.

    Raises:
        ArchiveError: the archive can't be changed.
        ScoreStoreError: the store can't be read.
        LeaseLostError: this process has the recording no more.
        Cancelled: `should_stop` said yes.
    """
    scorer, calibration = settings.scorer, settings.calibration
    zones = zones_or_clock(settings.zones, source, scorer, should_stop)
    signals = stored_signals_within(store, source, calibration, zones)
    found = Findings.of(signals, source.times, scorer, settings.rule)
    kinds = kinds_of_frames(signals, source.times, calibration)
    flagged = []
    for segment, reason in zip(found.segments, found.reasons, strict=True):
        box = None
        if isinstance(scorer, CalibratedScorer):
            evidence = evidence_at(store, calibration, source.times, segment.peak_frame, kinds, zones)
            outlines = evidence.outlines(settings.rule.enter, at_least=1) if evidence else []
            box = outlines[0].box if outlines else None
        flagged.append(FlaggedSegment(**asdict(segment), reason=reason, box=box))
    try:
        review = recording_review(recording.path, recording.fingerprint)
    except ReviewError:
        review = None  # the scan has named it
    values: dict[str, object] = {
        "detector_name": settings.detector.name,
        "detector_fingerprint": settings.detector.fingerprint,
        "score": scorer.name,
        "threshold": settings.rule.enter,
        "is_other_scene": found.is_other_scene,
        "duration_seconds": source.info.duration_seconds,
    }
    with leases.finishing(recording, values) as connection:
        keep_flagged(connection, recording.id, flagged)
        list_segments(connection, recording.id, source, review)
    return RecordingAnalysed(recording.path, len(flagged))
