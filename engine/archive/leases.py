"""Shares the work on an archive out among processes: each recording is leased to one of them at a time."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.archive.database import Archive
from engine.archive.reach import Reach
from engine.archive.schema import AnalysisState, FileState, folders, recordings
from engine.common.events import ShouldStop

LEASE_SECONDS = 300.0
"""How long a process that says nothing more keeps a recording from the others."""
LONGEST_LEASE_SECONDS = 86400.0
"""What is leased for longer was leased by a clock that was ahead and has been set right since."""
MOST_ATTEMPTS = 3
_CANDIDATES = 100  # read at once: sorting a hundred thousand recordings for each that is taken would be slow


@dataclass(frozen=True)
class LeasedRecording:
    """A recording that this process may analyse, and no other."""

    id: int
    path: Path
    fingerprint: str
    camera: str
    folder: Path
    """The folder of the archive that it was found in."""


class LeaseLostError(Exception):
    """Another process has the recording now, or its file was changed: what was found is not to be kept."""


class Leases:
    """Takes recordings that wait for their analysis, one after another."""

    def __init__(
        self,
        archive: Archive,
        *,
        cameras: Sequence[str] = (),
        lease_seconds: float = LEASE_SECONDS,
        most_attempts: int = MOST_ATTEMPTS,
    ) -> None:
        """Of some cameras, or all. A recording that failed `most_attempts` times is taken no more."""
        self._archive = archive
        self._cameras = cameras
        self._lease_seconds = lease_seconds
        self._most_attempts = most_attempts
        self._candidates: deque[LeasedRecording] = deque()
        self._reach = Reach()
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def take(self) -> LeasedRecording | None:
        """The next recording that nobody has; None where there is none. Those that failed come last.

        Recordings in folders that are out of reach are left out until those are back. An attempt counts from here on:
        a recording that kills its process is not taken for ever.

        Raises:
            ArchiveError: the archive can't be changed.
        """
        r = recordings.c
        missing = self._reach.missing()
        with self._archive.changing() as connection:
            now = self._archive.now(connection)
            latest = now + timedelta(seconds=LONGEST_LEASE_SECONDS)
            has_lapsed = sa.and_(
                r.analysis_state == AnalysisState.RUNNING, sa.or_(r.lease_until < now, r.lease_until > latest)
            )
            free = [
                r.file_state == FileState.PRESENT,
                sa.or_(r.analysis_state == AnalysisState.WAITING, has_lapsed),
                *([r.camera.in_(self._cameras)] if self._cameras else []),
                *([r.folder_id.not_in(sa.select(folders.c.id).where(folders.c.path.in_(missing)))] if missing else []),
            ]
            values = {
                "analysis_state": AnalysisState.RUNNING,
                "attempts": r.attempts + 1,
                "worker": self._worker,
                "lease_until": now + timedelta(seconds=self._lease_seconds),
            }
            for is_fresh in (False, True):
                if is_fresh:
                    self._give_up_lapsed(connection, has_lapsed)
                    columns = (r.id, r.path, r.fingerprint, r.camera, folders.c.path.label("folder"))
                    wanted = sa.select(*columns).join(folders, r.folder_id == folders.c.id).where(*free)
                    rows = connection.execute(wanted.order_by(r.attempts, r.start_time, r.id).limit(_CANDIDATES))
                    self._candidates.extend(LeasedRecording(*row) for row in rows)
                while self._candidates:
                    candidate = self._candidates.popleft()
                    # Another process may have taken it since it was read: then this changes no row.
                    own = sa.update(recordings).where(r.id == candidate.id, *free).values(values)
                    if connection.execute(own).rowcount == 1:
                        return candidate
        return None

    def count_of_others(self) -> int:
        """How many recordings other processes have, those included that died with them.

        Raises:
            ArchiveError: the archive can't be read.
        """
        r = recordings.c
        theirs = [r.analysis_state == AnalysisState.RUNNING, r.worker != self._worker]
        if self._cameras:
            theirs.append(r.camera.in_(self._cameras))
        with self._archive.reading() as connection:
            count: int = connection.execute(
                sa.select(sa.func.count()).select_from(recordings).where(*theirs)
            ).scalar_one()
        return count

    def renew(self, recording: LeasedRecording, share: float | None = None) -> bool:
        """Keep a recording for longer, and tell how much of it is analysed; False where another process has it now.

        Raises:
            ArchiveError: the archive can't be changed.
        """
        with self._archive.changing() as connection:
            values: dict[str, object] = {
                "lease_until": self._archive.now(connection) + timedelta(seconds=self._lease_seconds)
            }
            if share is not None:
                values["analysed_share"] = share
            return self._change(connection, recording, values)

    def release(self, recording: LeasedRecording) -> None:
        """Give a recording back that was not finished, for no fault of its own: the attempt does not count.

        Raises:
            ArchiveError: the archive can't be changed.
        """
        with self._archive.changing() as connection:
            waiting = {"analysis_state": AnalysisState.WAITING, "attempts": recordings.c.attempts - 1}
            self._change(connection, recording, {**waiting, **_NOBODYS})

    def fail(self, recording: LeasedRecording, problem: str, *, tried_enough: bool = False) -> bool:
        """Say why a recording could not be analysed; whether it is taken no more.

        Where its folder is out of reach, the attempt does not count: the recording waits until that is back.

        Raises:
            ArchiveError: the archive can't be changed.
        """
        r = recordings.c
        is_out_of_reach = self._reach.is_missing(recording.folder)
        with self._archive.changing() as connection:
            attempts = connection.execute(sa.select(r.attempts).where(r.id == recording.id)).scalar() or 0
            is_final = not is_out_of_reach and (tried_enough or attempts >= self._most_attempts)
            values: dict[str, object] = {
                "analysis_state": AnalysisState.FAILED if is_final else AnalysisState.WAITING,
                "analysis_problem": problem,
            }
            if is_out_of_reach:
                values["attempts"] = r.attempts - 1
            self._change(connection, recording, {**values, **_NOBODYS})
        return is_final

    def folders_out_of_reach(self) -> list[Path]:
        """The folders of recordings that failed and wait until those are back."""
        return self._reach.missing()

    @contextmanager
    def finishing(self, recording: LeasedRecording, values: dict[str, object]) -> Iterator[Connection]:
        """Mark a recording as analysed, together with what is changed by the connection.

        Raises:
            LeaseLostError: this process has it no more.
            ArchiveError: the archive can't be changed.
        """
        with self._archive.changing() as connection:
            done = {
                **{"analysis_state": AnalysisState.DONE, "analysed_share": 1.0, "analysis_problem": "", "attempts": 0},
                "analysed_at": self._archive.now(connection),
            }
            if not self._change(connection, recording, {**done, **_NOBODYS, **values}):
                raise LeaseLostError
            yield connection

    def _change(self, connection: Connection, recording: LeasedRecording, values: dict[str, object]) -> bool:
        r = recordings.c
        own = (r.id == recording.id, r.worker == self._worker, r.analysis_state == AnalysisState.RUNNING)
        return connection.execute(sa.update(recordings).where(*own).values(values)).rowcount == 1

    def _give_up_lapsed(self, connection: Connection, has_lapsed: sa.ColumnElement[bool]) -> None:
        problem = "The process that analysed it ended without a word each time: the file may be what kills it."
        connection.execute(
            sa.update(recordings)
            .where(has_lapsed, recordings.c.attempts >= self._most_attempts)
            .values(analysis_state=AnalysisState.FAILED, analysis_problem=problem, **_NOBODYS)
        )


_NOBODYS: dict[str, object] = {"worker": "", "lease_until": None}


class Heartbeat:
    """Renews the lease of a recording now and then, wherever the work asks whether it should stop."""

    def __init__(
        self,
        leases: Leases,
        recording: LeasedRecording,
        should_stop: ShouldStop,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = leases
        self._recording = recording
        self._should_stop = should_stop
        self._every_seconds = lease_seconds / 4
        self._clock = clock
        self._renewed = clock()
        self.share = 0.0
        """How much is analysed."""
        self.is_lost = False
        """Whether another process has the recording now."""

    def should_stop(self) -> bool:
        """Whether the work is to stop: somebody says so, or the lease is lost."""
        now = self._clock()
        if not self.is_lost and now - self._renewed >= self._every_seconds:
            self._renewed = now
            self.is_lost = not self._leases.renew(self._recording, self.share)
        return self.is_lost or self._should_stop()


def wait_again(archive: Archive, detector_fingerprint: str, *, cameras: Sequence[str] = (), failed: bool) -> int:
    """Have recordings analysed again whose analysis is by another detector, or with `failed` those that failed.

    Returns how many. What was found stays until the new analysis is done.

    Raises:
        ArchiveError: the archive can't be changed.
    """
    r = recordings.c
    outdated = sa.and_(r.analysis_state == AnalysisState.DONE, r.detector_fingerprint != detector_fingerprint)
    which = r.analysis_state == AnalysisState.FAILED if failed else outdated
    some = [r.camera.in_(cameras)] if cameras else []
    fresh = {"analysis_state": AnalysisState.WAITING, "attempts": 0, "analysed_share": 0.0, "analysis_problem": ""}
    with archive.changing() as connection:
        return connection.execute(sa.update(recordings).where(which, *some).values(fresh)).rowcount
