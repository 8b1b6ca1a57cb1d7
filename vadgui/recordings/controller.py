"""Keeps the list of recordings: what comes onto it, which is analysed next, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

import resources
from engine.common.errors import ReviewError, VideoError
from engine.common.events import ShouldStop
from engine.common.in_time import check_answers, is_folder_in_time
from engine.common.language import tr, tr_n
from engine.common.names import displayable
from engine.common.paths import written_out
from engine.common.remote_path import RemotePath, as_path
from engine.review.files import SUFFIX
from engine.review.recording_list import (
    AnalysisStage,
    ListedRecording,
    RecordingList,
    RecordingListFile,
    failure_fields,
)
from engine.review.summary import found, judged_since
from engine.video.finding import find_recordings
from engine.video.watching import REST_SECONDS
from vadgui.jobs.background import Background
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.messages import VideoOpened
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.session import ReviewSession
from vadgui.recordings.model import RecordingModel, listed_path
from vadgui.recordings.navigation import RecordingNavigation
from vadgui.recordings.queue import RecordingQueue
from vadgui.recordings.relinking import Relinking
from vadgui.recordings.watching import FolderWatching

_SAVE_MS = 1000


class RecordingsController(QObject):
    """Owns the list's file and the search for recordings; `close` ends both."""

    open_requested = Signal(object)
    """Path of a recording to be opened."""
    told = Signal(str)
    """What a person should know now, in a line."""
    failed = Signal(object)
    """A VadError that concerns no single recording."""

    def __init__(
        self, session: ReviewSession, worker: EngineWorker, model: RecordingModel, file: Path | None = None
    ) -> None:
        """The list is kept in `file`; without one it is forgotten."""
        super().__init__()
        self._session = session
        self._worker = worker
        self.model = model
        self.navigation = RecordingNavigation(session, model, self)
        self._file = RecordingListFile(file) if file else None
        self._background = Background("vadgui-recordings")
        # Folders may not answer: the list is kept all the same, and others are searched.
        self._searching = Background("vadgui-folder-search")
        self._looking = Background("vadgui-watched-folders")
        self._searches = 0
        self._left_out: set[str] = set()
        """Recordings of watched folders that were taken off the list."""
        self._watching = FolderWatching(self._looking, self._known, self)
        self.queue = RecordingQueue(session, worker, model, self)
        self.queue.failed.connect(self.failed)
        self._untried: list[Path] = []
        """Recordings to open instead, should the one that is being opened be broken."""
        self._save_timer = QTimer(self, singleShot=True)
        self._save_timer.timeout.connect(self._save_soon)
        self.navigation.open_requested.connect(self.open_requested)
        self.navigation.told.connect(self.told)
        model.changed.connect(self._note_change)
        self.relinking = Relinking(self._searching, model, self)
        self.relinking.told.connect(self.told)
        self.relinking.failed.connect(self.failed)
        self._watching.found.connect(self._take_new)
        self._watching.failed.connect(self.failed)
        self._watching.told.connect(self.told)
        worker.video_closed.connect(self._end_opening)
        worker.failed.connect(self._note_failure)
        session.video_changed.connect(self._follow_video)
        for changed in (session.analysis_changed, session.scoring.segments_changed, session.review.changed):
            changed.connect(self._follow_review)

    def begin(self) -> None:
        """Take up the list of last time."""
        if self._file is None:
            return
        try:
            kept = self._file.open()
            if self._file.notice:
                self.told.emit(self._file.notice)
            self.model.add(kept.recordings)
            self.model.watch(kept.watched_folders)
            self._left_out = set(kept.left_out)
            self._watching.use(kept.watched_folders)
            self.relinking.check()
        except ReviewError as error:
            self._file = None
            self.told.emit(f"{error.what}. {error.advice}")
        self._save_timer.stop()

    def close(self) -> None:
        """Keep the list and end the threads; closing twice is fine."""
        self.queue.close()
        self._watching.close()
        for each in (self._looking, self._searching, self._background):
            each.close()
        file, self._file = self._file, None
        if file:
            try:
                file.write(self._kept())
            except ReviewError as error:
                self.failed.emit(error)
            file.close()

    def fingerprints(self) -> dict[Path, str]:
        """The open recording and all that are listed, with their fingerprints, which are empty where not known."""
        video = self._session.video
        opened = {video.path: video.fingerprint} if video else {}
        return opened | {as_path(each.path): each.fingerprint for each in self.model.recordings}

    # What comes onto the list

    def add(self, paths: Sequence[Path], *, opens: bool = False) -> None:
        """Add files and what folders hold. One recording is opened; of several the first, where none is open.

        With `opens` the first is opened also where one is open.
        """
        # Nobody asks a server here, which may not answer: it names recordings alone.
        if len(paths) == 1 and (isinstance(paths[0], RemotePath) or not is_folder_in_time(paths[0])):
            self.open_requested.emit(paths[0])
        elif paths:
            self._searches += 1
            take = partial(self._take_found, paths, opens)
            self._searching.begin(f"search {self._searches}", partial(_search_to_add, paths), take, self.failed.emit)

    def _take_found(self, searched: Sequence[Path], opens: bool, results: list[Path | VideoError]) -> None:
        paths = dict.fromkeys(listed_path(each) for each in results if isinstance(each, Path))
        found_here = [as_path(path) for path in paths]
        errors = [each for each in results if isinstance(each, VideoError)]
        if errors:
            self.failed.emit(errors[0])
        if len(found_here) == 1:
            self.open_requested.emit(found_here[0])
        elif found_here:
            if opens or (self._session.video is None and not self.queue.is_held):
                self._open_first(found_here)
            new = self.model.add(ListedRecording(path=path) for path in paths)
            known = len(found_here) - len(new)
            self._left_out.difference_update(paths)
            self.told.emit(_added_words(len(new), known))
        elif not errors:
            there = displayable(searched[0].name)
            self.told.emit(tr("There is no recording in {folder}.").format(folder=there))

    def remove(self, paths: Sequence[str]) -> None:
        """Take recordings off the list; the one that is open stays."""
        gone = [path for path in paths if path != self.model.open_path]
        if len(gone) < len(paths):
            self.told.emit(tr("The recording that is open stays on the list. Close it first."))
        if gone:
            self._left_out.update(path for path in gone if self._is_watched(path))
            self.model.remove(gone)

    def leave_out(self, exported: Sequence[Path]) -> None:
        """What was exported into a watched folder is no new recording, nor is what lies in it."""
        here = [path for path in exported if self._is_watched(listed_path(path))]
        if here:
            self._searches += 1
            work = partial(_search, here)
            self._searching.begin(f"search {self._searches}", work, self._take_exported, self.failed.emit)

    def _take_exported(self, results: list[Path | VideoError]) -> None:
        self._left_out.update(listed_path(each) for each in results if isinstance(each, Path))
        self._save_timer.start(_SAVE_MS)

    def watch(self, folder: Path) -> None:
        """Let recordings that are in a folder, or come into it, come onto the list once they rest."""
        path = listed_path(folder)
        if path not in self.model.watched_folders:
            self._watch_all([*self.model.watched_folders, path])
        self.told.emit(
            tr(
                "Watching {folder}: its recordings come onto the list once they have not changed for {seconds:.0f} "
                "seconds."
            ).format(folder=displayable(folder.name), seconds=REST_SECONDS)
        )

    def stop_watching(self, folder: str) -> None:
        """Let a folder be; its recordings stay on the list."""
        self._watch_all([each for each in self.model.watched_folders if each != folder])
        self._left_out = {path for path in self._left_out if self._is_watched(path)}

    def _watch_all(self, folders: Sequence[str]) -> None:
        self.model.watch(folders)
        self._watching.use(folders)

    def _is_watched(self, path: str) -> bool:
        return any(Path(path).is_relative_to(folder) for folder in self.model.watched_folders)

    def _known(self) -> set[Path]:
        return {Path(each.path) for each in self.model.recordings} | {Path(path) for path in self._left_out}

    def _take_new(self, paths: Sequence[Path]) -> None:
        new = self.model.add(ListedRecording(path=listed_path(path)) for path in paths)
        if new:
            words = tr_n(
                "{count} recording came into a watched folder.",
                "{count} recordings came into a watched folder.",
                len(new),
            )
            self.told.emit(words.format(count=len(new)))

    def analyse_again(self, paths: Sequence[str]) -> None:
        """Let recordings wait for their analysis; what is stored of it is taken up."""
        for path in paths:
            if path == self.model.open_path:
                self._worker.run_analysis()
            else:
                self.model.change(path, stage=AnalysisStage.WAITING, **failure_fields("", ""))
        self.model.set_paused(False)

    def use_detector(self, video: Path, detector: str) -> None:
        """Let the recordings of a folder that another detector has analysed wait for the folder's present one."""
        folder = written_out(video).parent
        for each in [row for row in self.model.recordings if row.stage is AnalysisStage.ANALYSED]:
            is_anothers = each.detector not in ("", detector) and as_path(each.path).parent == folder
            if is_anothers and each.path != self.model.open_path:
                self.model.change(each.path, stage=AnalysisStage.WAITING, share=0.0)

    # The open recording

    def expect_opening(self) -> None:
        """A recording is about to be opened."""
        self.queue.is_held = True
        self._untried = []

    def _end_opening(self) -> None:
        self.queue.is_held = False
        self.queue.plan_soon()

    def opening_failed(self, path: Path, error: Exception) -> bool:
        """Note that a recording could not be opened; whether another one is opened in its place."""
        self.model.fail(listed_path(path), error)
        self.navigation.give_up()
        self._end_opening()
        if not self._untried:
            return False
        self.told.emit(tr("{name} can't be opened: the list says why.").format(name=displayable(path.name)))
        self._open_first(self._untried)
        return True

    def _open_first(self, paths: Sequence[Path]) -> None:
        self.open_requested.emit(paths[0])
        self._untried = list(paths[1:])

    def video_opened(self, opened: VideoOpened) -> None:
        """List what was opened, once its detector is asked for; the demo is no one's work."""
        if not resources.contains(opened.info.path):
            path = listed_path(opened.info.path)
            self.model.add([ListedRecording(path=path)])
            self.model.change(path, fingerprint=opened.info.fingerprint)
        self.navigation.video_opened()
        self._end_opening()

    def _follow_video(self) -> None:
        video = self._session.video
        path = listed_path(video.path) if video else ""
        if path == self.model.open_path:
            return
        before = self.model.recording(self.model.open_path)
        if before and before.stage is AnalysisStage.ANALYSING:
            self.model.change(before.path, stage=AnalysisStage.WAITING)
        self.model.set_open(path)
        now = self.model.recording(path)
        if now and now.stage is AnalysisStage.FAILED:
            self.model.change(path, stage=AnalysisStage.WAITING, **failure_fields("", ""))

    def _follow_review(self) -> None:
        """Say of the open recording what its analysis and its segments say."""
        session, path = self._session, self.model.open_path
        known, state, detector = self.model.recording(path), session.analysis, session.scored_by
        if known is None:
            return
        is_whole = state.phase is AnalysisPhase.DONE
        is_read = known.stage is AnalysisStage.ANALYSED and not is_whole and state.done >= state.total
        if detector is None or state.phase is AnalysisPhase.IDLE or is_read:
            # Not all of it is read from the store yet, but a person judges what is there, and may be gone before.
            self.model.change(path, segments=judged_since(known.segments, session.review.segments))
            return
        stage = {
            AnalysisPhase.RUNNING: AnalysisStage.ANALYSING,
            AnalysisPhase.DONE: AnalysisStage.ANALYSED,
            AnalysisPhase.CANCELLED: AnalysisStage.CANCELLED,
            AnalysisPhase.FAILED: AnalysisStage.FAILED,
        }.get(state.phase, AnalysisStage.WAITING)
        self.model.change(
            path,
            stage=stage,
            share=1.0 if is_whole else state.done / state.total if state.total else 0.0,
            detector=detector.name,
            score=session.scoring.scorer.name,
            is_other_scene=session.scoring.is_other_scene,
            segments=found(session.review.segments, session.times),
        )

    def _note_failure(self, error: Exception) -> None:
        if self._session.analysis.phase is AnalysisPhase.FAILED:
            self.model.fail(self.model.open_path, error)

    # The file

    def _kept(self) -> RecordingList:
        return RecordingList(
            recordings=tuple(self.model.recordings),
            watched_folders=self.model.watched_folders,
            left_out=tuple(sorted(self._left_out)),
        )

    def _note_change(self) -> None:
        if not self._save_timer.isActive():
            self._save_timer.start(_SAVE_MS)

    def _save_soon(self) -> None:
        file, kept = self._file, self._kept()
        if file:

            def write(_: ShouldStop) -> Iterator[None]:
                file.write(kept)
                yield None

            self._background.begin("save", write, lambda _: None, self.failed.emit)


def _search(paths: Sequence[Path], should_stop: ShouldStop) -> Iterator[list[Path | VideoError]]:
    failures: list[Path | VideoError] = []
    reached = []
    for path in paths:
        try:
            check_answers(path, VideoError)
        except VideoError as error:
            failures.append(error)
        else:
            reached.append(path)
    yield [*failures, *find_recordings(reached, should_stop)]


def _search_to_add(paths: Sequence[Path], should_stop: ShouldStop) -> Iterator[list[Path | VideoError]]:
    for results in _search(paths, should_stop):
        yield [_of_review(each) if isinstance(each, Path) else each for each in results]


def _added_words(new: int, known: int) -> str:
    if not known:
        words = tr_n("{count} recording added to the list.", "{count} recordings added to the list.", new)
        return words.format(count=new)
    if not new:
        words = tr_n("It is on the list already.", "All {count} are on the list already.", known)
        return words.format(count=known)
    before = tr_n("{count} was in it already", "{count} were in it already", known).format(count=known)
    words = tr_n(
        "{count} recording added to the list, {before}.", "{count} recordings added to the list, {before}.", new
    )
    return words.format(count=new, before=before)


def _of_review(path: Path) -> Path:
    """The recording that a review is beside."""
    video = path.with_name(path.name.removesuffix(SUFFIX))
    return video if path.name.endswith(SUFFIX) and video.name and video.exists() else path
