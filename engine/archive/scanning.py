"""Brings an archive up to date with its folders."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.archive.cameras import CameraRule
from engine.archive.database import Archive
from engine.archive.listing import forget_analysis, list_segments
from engine.archive.schema import FileState, folders, recordings
from engine.archive.walking import FoundFile, video_files
from engine.common.errors import ArchiveError, ReviewError, VadError, VideoError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr, tr_noop
from engine.common.names import displayable
from engine.common.paths import resolved
from engine.common.progress_rate import ProgressRate
from engine.common.reach import was_removed
from engine.common.remote_path import holds_secret
from engine.review.document import Recording
from engine.review.files import find_review
from engine.video import open_video
from engine.video.header import read_header

PHASE = tr_noop("Reading")
REST_SECONDS = 60.0
"""A file that was written to more lately may still be growing."""
_NOT_READ_NS = -1
"""Time of a file whose content is not known: its fingerprint, where it has one, is of what was there before."""


@dataclass
class ScanReport:
    """What a scan found."""

    files: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    missing: int = 0
    growing: int = 0
    reviewed: int = 0
    """Recordings whose review was read."""
    left: list[Path] = field(default_factory=list)
    """Folders that are gone, and whose recordings were all found elsewhere: the archive knows them no more."""
    problems: list[VadError] = field(default_factory=list)
    """Folders, files and reviews that can't be read, and why."""


def remember_folder(archive: Archive, folder: Path, rule: CameraRule | None) -> None:
    """Take a folder into the archive, or give one that is there another rule for its cameras.

    Without a rule, cameras of a new folder are all called as the folder is.

    Raises:
        ArchiveError: it is no folder, or one in the archive holds it or lies in it.
    """
    folder = resolved(folder)
    _check_folder(folder)
    with archive.changing() as connection:
        archive.add_alone(connection)
        for known in connection.execute(sa.select(folders.c.path)).scalars():
            if known != folder and (folder.is_relative_to(known) or known.is_relative_to(folder)):
                raise ArchiveError(
                    tr("The folder holds, or lies in, one that the archive has already"),
                    subject=folder,
                    advice=tr("Scan {folder} instead.").format(folder=displayable(known)),
                )
        values = {"camera_rule": asdict(rule or CameraRule(folder.name))}
        row = connection.execute(sa.select(folders.c.id).where(folders.c.path == folder)).scalar()
        if row is None:
            connection.execute(sa.insert(folders).values(path=folder, **values))
        elif rule:
            connection.execute(sa.update(folders).where(folders.c.id == row).values(values))


def _check_folder(folder: Path) -> None:
    try:
        is_refused = holds_secret(str(folder))
    except ValueError:  # neither it nor the error is told: nobody knows where in it a password is
        raise ArchiveError(tr("This is no URL of a folder"), advice=tr("Check how it is written.")) from None
    if is_refused:
        raise ArchiveError(
            tr("The URL holds a password or a signature, which an archive does not keep"),
            advice=tr("Leave it out, and give it to fsspec: in the environment, or in ~/.config/fsspec."),
        )
    try:
        is_folder = folder.is_dir()
    except OSError as error:
        advice = tr("Check the URL, the connection, and that you may read there ({reason}).")
        raise ArchiveError(
            tr("The folder can't be reached"), subject=folder, advice=advice.format(reason=error.strerror)
        ) from error
    if not is_folder:
        raise ArchiveError(tr("There is no such folder"), subject=folder, advice=tr("Check the name."))


def scan(
    archive: Archive,
    chosen: Iterable[Path] = (),
    *,
    rest_seconds: float = REST_SECONDS,
    should_stop: ShouldStop = never_stop,
    clock: Callable[[], float] = time.time,
) -> Generator[Progress, None, ScanReport]:
    """Bring chosen folders of the archive up to date, or all of them; returns what was found.

    Files whose size and time are those of the last scan cost no more than listing their folder. Stopped early, it
    has kept what it found so far.

    Raises:
        ArchiveError: the archive can't be changed.
    """
    archive.renew_index()
    wanted = {resolved(path) for path in chosen}
    with archive.reading() as connection:
        rows = connection.execute(sa.select(folders).order_by(folders.c.id)).mappings().all()
    report = ScanReport()
    scans = [
        _FolderScan(archive, row, report, rest_seconds, clock, should_stop)
        for row in rows
        if not wanted or row["path"] in wanted
    ]
    # What is missing in one folder may have moved to another.
    for each in scans:
        each.look()
    for each in scans:
        yield from each.read()
    return report


class _FolderScan:
    """The scan of one folder."""

    def __init__(
        self,
        archive: Archive,
        row: Mapping[Any, Any],
        report: ScanReport,
        rest_seconds: float,
        clock: Callable[[], float],
        should_stop: ShouldStop,
    ) -> None:
        self._archive = archive
        self._id: int = row["id"]
        self._folder: Path = row["path"]
        rule = row["camera_rule"]
        self._cameras = CameraRule(rule["name"], rule["template"], tuple(map(tuple, rule["mapping"])))
        self._report = report
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._should_stop = should_stop
        self._due: list[tuple[FoundFile, Mapping[Any, Any] | None]] = []

    def look(self) -> None:
        """Compare the folder with what is known of it."""
        columns = recordings.c
        with self._archive.reading() as connection:
            rows = connection.execute(sa.select(recordings).where(columns.folder_id == self._id)).mappings()
            known = {row["path"]: row for row in rows}
        found = self._found(bool(known))
        if found is None:
            return
        self._mark_missing([row for path, row in known.items() if path not in found])
        self._name_cameras(found, known)
        self._due = [(file, known.get(path)) for path, file in found.items() if _is_due(file, known.get(path))]

    def read(self) -> Generator[Progress, None, None]:
        """Look into the files that are new or were changed."""
        total = len(self._due)
        rate = ProgressRate(0, self._clock())
        for number, (file, row) in enumerate(self._due):
            yield rate.progress(PHASE, number, total, self._clock())
            if self._should_stop():
                return
            self._take(file, row)
        yield rate.progress(PHASE, total, total, self._clock())
        with self._archive.changing() as connection:
            now = self._archive.now(connection)
            connection.execute(sa.update(folders).where(folders.c.id == self._id).values(scanned_at=now))

    def _found(self, has_recordings: bool) -> dict[Path, FoundFile] | None:
        """The files of the folder; None where it can't be told which are missing."""
        found: dict[Path, FoundFile] = {}
        is_complete = True
        for each in video_files(self._folder):
            if isinstance(each, VadError):
                self._report.problems.append(each)
                is_complete = False
            else:
                found[each.path] = each
        self._report.files += len(found)
        if not is_complete:
            return None
        if has_recordings and not found:
            advice = tr("Is its disk or share mounted? Nothing was marked as missing.")
            self._report.problems.append(
                ArchiveError(tr("The folder is empty, and had recordings before"), subject=self._folder, advice=advice)
            )
            return None
        return found

    def _mark_missing(self, gone: list[Mapping[Any, Any]]) -> None:
        ids = [row["id"] for row in gone if row["file_state"] != FileState.MISSING]
        self._report.missing += len(ids)
        if ids:
            with self._archive.changing() as connection:
                connection.execute(
                    sa.update(recordings)
                    .where(recordings.c.id == sa.bindparam("gone"))
                    .values(file_state=FileState.MISSING),
                    [{"gone": each} for each in ids],
                )

    def _name_cameras(self, found: Iterable[Path], known: Mapping[Path, Mapping[Any, Any]]) -> None:
        """Give known recordings the cameras that the rule tells now."""
        renamed = [
            {"known": known[path]["id"], "camera": camera}
            for path in found
            if path in known and (camera := self._camera(path)) != known[path]["camera"]
        ]
        if renamed:
            with self._archive.changing() as connection:
                connection.execute(sa.update(recordings).where(recordings.c.id == sa.bindparam("known")), renamed)

    def _camera(self, path: Path) -> str:
        return displayable(self._cameras.camera_of(PurePosixPath(path.relative_to(self._folder).as_posix())))

    def _take(self, file: FoundFile, row: Mapping[Any, Any] | None) -> None:
        """Look into a file that is new, was changed, or whose review was."""
        values: dict[str, Any] = {
            "size_bytes": file.size_bytes,
            "modified_ns": file.modified_ns,
            "file_state": FileState.PRESENT,
            "problem": "",
        }
        if self._is_growing(file, row):
            self._report.growing += 1
            self._keep(file, values | {"file_state": FileState.GROWING, "modified_ns": _NOT_READ_NS})
            return
        is_same = row is not None and _is_same_file(file, row) and row["fingerprint"]
        if not is_same:
            try:
                header = read_header(file.path)
            except VideoError as error:
                self._report.problems.append(error)
                broken = {"file_state": FileState.BROKEN, "modified_ns": _NOT_READ_NS, "problem": str(error)}
                self._keep(file, values | broken)
                return
            seconds = header.duration_seconds
            start = header.start.utc if header.start else None
            values |= {
                "fingerprint": header.fingerprint,
                "start_time": start,
                "stop_time": start + timedelta(seconds=seconds) if start and seconds is not None else None,
                "duration_seconds": seconds,
            }
        recording_id = self._keep(file, values)
        # The clock may be set there: the file alone tells another time.
        fingerprint = values.get("fingerprint") or (row["fingerprint"] if row else "")
        stamp = file.reviews_stamp(fingerprint)
        if (stamp and not is_same) or stamp != (row["reviews_stamp"] if row else ""):
            self._read_review(file.path, recording_id, fingerprint, stamp)

    def _is_growing(self, file: FoundFile, row: Mapping[Any, Any] | None) -> bool:
        if row is not None and _is_same_file(file, row):
            return False  # it rested before; the clock may have been set back since
        was_growing = row is not None and row["file_state"] == FileState.GROWING
        has_another_size = row is None or row["size_bytes"] != file.size_bytes
        age_seconds = self._clock() - file.modified_ns / 1e9
        if age_seconds < -self._rest_seconds:  # by another clock, or one that was wrong: its size tells
            return not was_growing or has_another_size
        # Shares tell the time of a change late, or by another clock: its size changed since the last look.
        return age_seconds < self._rest_seconds or (was_growing and has_another_size)

    def _keep(self, file: FoundFile, values: dict[str, Any]) -> int:
        """Write what is known of a file; returns the number of its recording."""
        with self._archive.changing() as connection:
            self._archive.add_alone(connection)
            # Another process may have added it, or read its new content, since this one looked.
            by_path = sa.select(recordings).where(recordings.c.path == file.path)
            row: Mapping[Any, Any] | None = connection.execute(by_path).mappings().first()
            moved: Mapping[Any, Any] | None = None
            if row is None and values.get("fingerprint"):
                row = moved = self._moved(connection, values["fingerprint"])
                values = values | {"path": file.path, "folder_id": self._id} if row else values
            if row is None:
                self._report.added += 1
                new = values | {"path": file.path, "folder_id": self._id, "camera": self._camera(file.path)}
                added = connection.execute(sa.insert(recordings).values(new).returning(recordings.c.id))
                return int(added.scalar_one())
            fingerprint = values.get("fingerprint")
            if fingerprint and fingerprint != row["fingerprint"]:
                self._report.changed += row["fingerprint"] != ""
                forget_analysis(connection, row["id"])
            values = values | {"camera": self._camera(file.path)}
            connection.execute(sa.update(recordings).where(recordings.c.id == row["id"]).values(values))
            if moved:
                self._forget_if_left(connection, moved["folder_id"], moved["folder"])
            return int(row["id"])

    def _forget_if_left(self, connection: Connection, folder_id: int, folder: Path) -> None:
        """Forget a folder that was renamed or removed, once its last recording was found elsewhere."""
        has_some = sa.select(recordings.c.id).where(recordings.c.folder_id == folder_id).limit(1)
        if connection.execute(has_some).scalar() is None and was_removed(folder, folder):
            connection.execute(sa.delete(folders).where(folders.c.id == folder_id))
            self._report.left.append(folder)

    def _moved(self, connection: Connection, fingerprint: str) -> Mapping[Any, Any] | None:
        """The recording of this content whose own file is gone; its folder may not be scanned, or be gone, too."""
        r, states = recordings.c, (FileState.MISSING, FileState.PRESENT)
        same = (
            sa.select(recordings, folders.c.path.label("folder"))
            .join(folders, r.folder_id == folders.c.id)
            .where(r.fingerprint == fingerprint, r.file_state.in_(states))
            .order_by(r.file_state != FileState.MISSING, r.id)
        )
        for row in connection.execute(same).mappings():
            if row["file_state"] == FileState.MISSING or was_removed(row["path"], row["folder"]):
                self._report.moved += 1
                return row
        return None

    def _read_review(self, path: Path, recording_id: int, fingerprint: str, stamp: str) -> None:
        values = {"reviews_stamp": stamp}
        try:
            with open_video(path) as source:
                review = recording_review(path, fingerprint)
                with self._archive.changing() as connection:
                    list_segments(connection, recording_id, source, review)
                    connection.execute(sa.update(recordings).where(recordings.c.id == recording_id).values(values))
        except (ReviewError, VideoError) as error:
            self._report.problems.append(error)
            return
        self._report.reviewed += 1


def recording_review(path: Path, fingerprint: str) -> Recording | None:
    """What people decided about a recording, where it is usually kept or a person has saved it.

    Raises:
        ReviewError: the review can't be read.
    """
    opened, _ = find_review(path, fingerprint)
    return opened.review.recording_of(fingerprint) if opened else None


def _is_same_file(file: FoundFile, row: Mapping[Any, Any]) -> bool:
    return bool(file.size_bytes == row["size_bytes"] and file.modified_ns == row["modified_ns"])


def _is_due(file: FoundFile, row: Mapping[Any, Any] | None) -> bool:
    """Whether a file has to be looked into; a broken one is each time, as a share may have failed."""
    return (
        row is None
        or row["file_state"] != FileState.PRESENT
        or not _is_same_file(file, row)
        or file.reviews_stamp(row["fingerprint"]) != row["reviews_stamp"]
    )
