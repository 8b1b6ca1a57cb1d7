"""The work of the wizard's pages for a background thread, as generators that yield their results."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PySide6.QtGui import QImage

from engine.common.errors import VadError, VideoError
from engine.common.events import Progress, ShouldStop
from engine.common.language import tr
from engine.datasets import footage_videos
from engine.detector_library import DetectorLibrary, LibraryEntry
from engine.flow.colour import flow_radius, flow_to_rgb
from engine.flow.teachers import Teacher, teacher_by_name
from engine.footage_check import FootageReport, FootageSummary, check_footage
from engine.models.detector_header import read_header
from engine.models.picture import model_picture
from engine.review.verdicts import JudgedRecording, find_verdicts
from engine.training import Run, RunSettings
from engine.video.frame import Pixels
from engine.video.source import VideoSource
from vadgui.jobs.openers import VideoOpener
from vadgui.jobs.view_maker import to_bgra
from vadgui.model.frame_view import Bgra
from vadgui.training.model.run_summaries import RunSummary, find_runs
from vadgui.training.model.training_run import Sample
from vadgui.training.model.wizard_state import FlowRequest, Preview
from vadgui.ui.failure import Failure

_PREVIEW_WIDTH_PX = 960
_SAMPLED_VIDEOS = 8
_SAMPLED_PAIRS = 3
_CACHE_BYTES = 64 * 2**20


def failure_of(error: Exception) -> Failure:
    """An exception as a Failure: what, subject and advice."""
    if isinstance(error, VadError):
        return Failure(error.what, error.subject, error.advice)
    return Failure(tr("Something unexpected went wrong"), "", f"{type(error).__name__}: {error}")


def find_videos(paths: Sequence[Path], _should_stop: ShouldStop) -> Iterator[list[Path]]:
    """Yield one list of all videos in files and folders."""
    yield footage_videos(paths)


def find_reviewed(
    videos: Mapping[Path, str], detector: Path, should_stop: ShouldStop
) -> Iterator[Sequence[JudgedRecording]]:
    """Yield the recordings that were reviewed with a detector, among videos with their fingerprints and beside them."""
    work = find_verdicts(videos, read_header(detector).fingerprint, should_stop)
    while True:
        try:
            next(work)
        except StopIteration as end:
            yield end.value.recordings
            return


def check(paths: Sequence[Path], should_stop: ShouldStop) -> Iterator[FootageReport | FootageSummary | float]:
    """Yield a report for each video and the share done (0 to 1) in between, and at the end the summary."""
    if not paths:
        return
    for event in check_footage(paths, should_stop):
        yield event.done / max(event.total, 1) if isinstance(event, Progress) else event


ScanResult = tuple[list[RunSummary], list[LibraryEntry], int | None]
"""Runs, detectors, and the free bytes on the disk of the runs folder."""


def scan(runs_folder: Path, library: DetectorLibrary, should_stop: ShouldStop) -> Iterator[ScanResult]:
    """Yield one ScanResult: the runs and detectors on this machine, and the free disk space."""
    entries = library.entries()
    kept = {entry.fingerprint for entry in entries}
    for runs in find_runs(runs_folder, kept, should_stop):
        yield runs, entries, _free_bytes(runs_folder)


def create_run(folder: Path, fields: dict[str, Any], _should_stop: ShouldStop) -> Iterator[Run]:
    """Create a run with these settings in a new folder."""
    yield Run.create(folder, RunSettings(**fields))


def delete_run(folder: Path, _should_stop: ShouldStop) -> Iterator[bool]:
    """Delete a run's folder with its contents."""
    shutil.rmtree(folder)
    yield True


def load_sample(sample: Sample, _should_stop: ShouldStop) -> Iterator[QImage]:
    """Load the picture of a sample."""
    yield QImage(str(sample.path))


def keep_detector(
    library: DetectorLibrary,
    detector: Path,
    name: str,
    note: str,
    camera: str,
    _should_stop: ShouldStop,
) -> Iterator[LibraryEntry]:
    """Add a detector to the library."""
    yield library.add(detector, name=name, note=note, camera=camera)


def import_detector(library: DetectorLibrary, path: Path, _should_stop: ShouldStop) -> Iterator[Path]:
    """Import a detector file into the library; yields its path there."""
    yield library.import_(path).path


def export_detector(library: DetectorLibrary, path: Path, folder: Path, _should_stop: ShouldStop) -> Iterator[Path]:
    """Copy a detector into a folder; yields the copy's path."""
    yield library.export(path, folder)


class PreviewMaker:
    """Makes previews, and keeps the last video, teacher and flow radius for the next one."""

    def __init__(self, video_opener: VideoOpener) -> None:
        self._video_opener = video_opener
        self._source: VideoSource | None = None
        self._path = Path()
        self._teacher: tuple[tuple[str, Path | None], Teacher] | None = None
        self._radius: tuple[object, float] | None = None

    def close(self) -> None:
        """Close the video; call it only after the thread that made previews has ended."""
        if self._source:
            self._source.close()
        self._source = None

    def frame(self, path: Path, seconds: float, should_stop: ShouldStop) -> Iterator[Preview]:
        """Yield a preview with the frame at `seconds`."""
        try:
            source = self._open(path, should_stop)
            pixels = source.read(source.index_at(seconds), should_stop).pixels
            yield Preview(path, seconds, _small(pixels))
        except VideoError as error:
            yield Preview(path, seconds, failure=failure_of(error))

    def flow(self, request: FlowRequest, should_stop: ShouldStop) -> Iterator[Preview]:
        """Yield a preview with the frame at a time, then one with the teacher's flow too."""
        path, seconds = request.path, request.seconds
        try:
            source = self._open(path, should_stop)
            index = min(max(source.index_at(seconds), 1), len(source) - 1)
            before, after = (source.read(number, should_stop) for number in (index - 1, index))
            shown = _small(after.pixels)
            yield Preview(path, seconds, shown)
            teacher = self._open_teacher(request)
            radius_px = self._radius_of(request, teacher, should_stop)
            flow = teacher.flow(model_picture(before.stored), model_picture(after.stored))
            yield Preview(path, seconds, shown, to_bgra(flow_to_rgb(flow, radius_px)), radius_px)
        except VadError as error:
            yield Preview(path, seconds, failure=failure_of(error))

    def _open(self, path: Path, should_stop: ShouldStop) -> VideoSource:
        if self._source is None or self._path != path:
            self.close()
            self._source, self._path = self._video_opener(path, should_stop=should_stop), path
        return self._source

    def _open_teacher(self, request: FlowRequest) -> Teacher:
        key = (request.teacher, request.weights)
        if self._teacher is None or self._teacher[0] != key:
            self._teacher = key, teacher_by_name(request.teacher, weights=request.weights)
        return self._teacher[1]

    def _radius_of(self, request: FlowRequest, teacher: Teacher, should_stop: ShouldStop) -> float:
        key = (request.teacher, request.weights, request.sampled)
        if self._radius is None or self._radius[0] != key:
            self._radius = key, self._sampled_radius(request.sampled, teacher, should_stop)
        return self._radius[1]

    def _sampled_radius(self, videos: Sequence[Path], teacher: Teacher, should_stop: ShouldStop) -> float:
        """The flow radius in px, estimated from a few frame pairs; training measures it from all of the footage."""
        step = max(len(videos) // _SAMPLED_VIDEOS, 1)
        speeds = []
        for path in videos[::step]:
            with self._video_opener(path, should_stop=should_stop) as source:
                for index in np.linspace(0, len(source) - 2, _SAMPLED_PAIRS + 2)[1:-1]:
                    pair = [source.read(int(index) + k, should_stop).stored for k in (0, 1)]
                    flow = teacher.flow(model_picture(pair[0]), model_picture(pair[1]))
                    speeds.append(np.hypot(flow[0], flow[1]).ravel())
        return flow_radius(np.concatenate(speeds)) if speeds else 1.0


def _small(pixels: Pixels) -> Bgra:
    height, width = pixels.shape[:2]
    if width > _PREVIEW_WIDTH_PX:
        size = (_PREVIEW_WIDTH_PX, max(round(height * _PREVIEW_WIDTH_PX / width), 1))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return to_bgra(pixels)


def _free_bytes(folder: Path) -> int | None:
    """Free bytes on the disk of a folder that may not exist yet; None where that is unknown."""
    existing = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return shutil.disk_usage(existing).free if existing else None
