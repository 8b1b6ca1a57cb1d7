"""The list of recordings under review, as a file: what each is, how far it is analysed and reviewed.

It holds no decision: those are in the reviews. It says at once, without opening any of forty, where the work stands.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import put_aside
from engine.common.errors import ReviewError
from engine.common.json_values import convert_each, decode
from engine.common.language import tr
from engine.common.messages import Message, Value, message_of
from engine.common.names import displayable
from engine.common.paths import read_regular
from engine.review.document import Verdict

FORMAT, VERSION = "vadgui-recordings", 1


class AnalysisStage(StrEnum):
    """Where a recording's analysis stands."""

    WAITING = "waiting"
    ANALYSING = "analysing"
    ANALYSED = "analysed"
    CANCELLED = "cancelled"
    """Given up by the person; it does not begin again by itself."""
    FAILED = "failed"


class FoundSegment(msgspec.Struct, frozen=True, array_like=True):
    """A segment to review, at the recording's threshold."""

    start: int
    stop: int
    peak_frame: int
    peak_seconds: float
    """Of the peak, since the first frame."""
    peak_score: float
    verdict: Verdict = Verdict.UNREVIEWED


class ListedRecording(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recording of the list; paths are absolute."""

    path: str
    fingerprint: str = ""
    """Of its content; empty where it was never opened."""
    stage: AnalysisStage = AnalysisStage.WAITING
    share: float = 0.0
    """How much of it is analysed, from 0 to 1."""
    problem: str = ""
    """Why it failed, in English; `problem_in_words` has it in the language in use."""
    problem_values: dict[str, Value] = {}
    """What is filled into that."""
    advice: str = ""
    """What to do about it, likewise."""
    advice_values: dict[str, Value] = {}
    detector: str = ""
    """Name of the detector that found `segments`."""
    score: str = ""
    """Name of the score by which it found them."""
    is_other_scene: bool = False
    """Whether it shows another scene than that detector's: nothing is flagged then."""
    segments: tuple[FoundSegment, ...] = ()

    @property
    def problem_in_words(self) -> str:
        """Why it failed, to be shown."""
        return Message(self.problem, self.problem_values).in_words()

    @property
    def advice_in_words(self) -> str:
        """What to do about it, to be shown."""
        return Message(self.advice, self.advice_values).in_words()

    @property
    def unreviewed(self) -> tuple[FoundSegment, ...]:
        """The segments without a verdict."""
        return tuple(each for each in self.segments if each.verdict is Verdict.UNREVIEWED)


def failure_fields(problem: str, advice: str) -> dict[str, Any]:
    """What a ListedRecording says of a failure, from words in the language in use; of none where they are empty."""
    what, remedy = message_of(problem), message_of(advice)
    return {
        "problem": what.text,
        "problem_values": what.values,
        "advice": remedy.text,
        "advice_values": remedy.values,
    }


class RecordingList(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is kept of the list."""

    recordings: tuple[ListedRecording, ...] = ()
    watched_folders: tuple[str, ...] = ()
    """Recordings that come into them come onto the list."""
    left_out: tuple[str, ...] = ()
    """Recordings of watched folders that a person took off the list."""


def ranked(recordings: Iterable[ListedRecording]) -> list[tuple[ListedRecording, FoundSegment]]:
    """Segments of all recordings with their recording, the most suspicious first.

    Scores of different detectors do not compare: the highest of each come first, then the second of each, and so on.
    """
    by_score: dict[tuple[str, str], list[tuple[ListedRecording, FoundSegment]]] = defaultdict(list)
    for recording in recordings:
        by_score[recording.detector, recording.score] += [(recording, segment) for segment in recording.segments]
    places = []
    for comparable in by_score.values():
        comparable.sort(key=lambda each: -each[1].peak_score)
        places += list(enumerate(comparable))
    return [each for _, each in sorted(places, key=lambda placed: placed[0])]


class _Head(msgspec.Struct):
    format: str
    version: int


class _File(RecordingList, frozen=True, kw_only=True):
    format: str
    version: int


class RecordingListFile:
    """Reads and writes one list. It belongs to the window that has it open; another one's list is not kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
        self._may_write = False
        self.notice = ""
        """What a person should know of how the list was read."""

    def open(self) -> RecordingList:
        """Take the list; there may be none yet, or only a damaged one, which is put aside.

        Raises:
            ReviewError: another window has it, it is of a newer version, or it can't be read; then nothing is kept.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as error:
            raise ReviewError(
                tr("The list of recordings is open in another window"),
                advice=tr("This window begins an empty one, and does not keep it."),
            ) from error
        except OSError as error:
            raise self._unusable(error) from error
        try:
            kept = self._read()
        except ReviewError:
            self.close()
            raise
        self._may_write = True
        return kept

    def write(self, kept: RecordingList) -> None:
        """Keep the list, if it is this window's.

        Raises:
            ReviewError: it can't be written.
        """
        if not self._may_write:
            return
        # Not msgspec's encoder, which refuses names that are no Unicode.
        file = _File(format=FORMAT, version=VERSION, **msgspec.structs.asdict(kept))
        text = json.dumps(msgspec.to_builtins(file), indent=1)
        try:
            with atomic_write(self._path) as target:
                target.write(text.encode("ascii") + b"\n")
        except OSError as error:
            raise ReviewError(
                tr("The list of recordings can't be saved"),
                subject=self._path,
                advice=tr("{reason}. Verdicts are kept elsewhere.").format(reason=error.strerror),
            ) from error

    def close(self) -> None:
        """Let another window have it; closing twice is fine."""
        self._may_write = False
        self._lock.release()

    def _read(self) -> RecordingList:
        try:
            text = read_regular(self._path)
        except FileNotFoundError:
            return RecordingList()
        except OSError as error:
            raise self._unusable(error) from error
        try:
            head = decode(text, _Head)
            if head.format == FORMAT and head.version > VERSION:
                raise ReviewError(
                    tr("The list of recordings was written by a newer version of the program"),
                    subject=self._path,
                    advice=tr(
                        "Update the program. Until then this window keeps no list, and leaves the file as it is."
                    ),
                )
            if head.format != FORMAT:
                raise ValueError(head.format)
            with suppress(ValueError):
                return _after_restart(decode(text, _File))
            sound = _after_restart(_sound(decode(text, dict[str, Any])))
        except ValueError:
            sound = RecordingList()
        self._put_aside(len(sound.recordings))
        return sound

    def _put_aside(self, count: int) -> None:
        with suppress(OSError):
            aside = put_aside(self._path)
            self.notice = tr(
                "The list of recordings was damaged: {count} of them could be read. The file is kept as {path}. "
                "Reviews are not part of it."
            ).format(count=count, path=displayable(aside))

    def _unusable(self, error: OSError) -> ReviewError:
        return ReviewError(tr("The list of recordings can't be read"), subject=self._path, advice=f"{error.strerror}.")


def _sound(values: dict[str, Any]) -> RecordingList:
    """What can be used of a list: an entry that can't costs no other one."""
    return RecordingList(
        recordings=tuple(convert_each(values.get("recordings"), ListedRecording)),
        watched_folders=tuple(convert_each(values.get("watched_folders"), str)),
        left_out=tuple(convert_each(values.get("left_out"), str)),
    )


def _after_restart(kept: RecordingList) -> RecordingList:
    recordings = tuple(
        msgspec.structs.replace(each, stage=AnalysisStage.WAITING) if each.stage is AnalysisStage.ANALYSING else each
        for each in kept.recordings
    )
    return RecordingList(recordings=recordings, watched_folders=kept.watched_folders, left_out=kept.left_out)
