"""The review document: recordings, verdicts on their segments, threshold, playhead and history."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Protocol, TypeVar

import msgspec

from engine.common.errors import ReviewError
from engine.common.json_values import decode
from engine.common.language import tr, tr_noop
from engine.redaction.regions import NOTHING_REDACTED, Redaction, check_redaction
from engine.review.clock import NO_CLOCK, Clock, check_clock
from engine.scoring.zones import Zones, check_zones

V = TypeVar("V", covariant=True)

FORMAT, VERSION = "vadgui-review", 2
"""From 2 on something may be redacted, and the clock be set: programs that know nothing of that must not hand over."""


_STEP_NAME = re.compile(
    r"(?P<what>.+?)(?: \((?P<reason>.+)\))?(?:, frames? (?P<first>\d+)(?:–(?P<last>\d+))?)?", re.DOTALL
)
"""What was done, the reason given, and the frames that it was done to, as the editor names its steps."""


def _reason_in_words(reason: str) -> str:
    """A reason, or the kind of a zone with its name."""
    kind, colon, name = reason.partition(": ")
    return tr(kind) + colon + name


class Verdict(StrEnum):
    """What a person says of a segment."""

    UNREVIEWED = tr_noop("unreviewed")
    CONFIRMED = tr_noop("confirmed")
    DISMISSED = tr_noop("dismissed")
    UNSURE = tr_noop("unsure")


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A half-open run of frames [start, stop)."""

    start: int
    stop: int

    def overlaps(self, other: Span) -> bool:
        """Whether they share a frame."""
        return self.start < other.stop and other.start < self.stop


class JudgedSegment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A segment of which a person has said something, with the frames that it had then."""

    start: int
    stop: int
    verdict: Verdict = Verdict.UNREVIEWED
    reason: str = ""
    bookmark: bool = False
    note: str = ""
    covers: Span | None = None
    """Set where a person has chosen the frames: what was flagged here is answered for, so it is not shown beside it."""
    is_drawn: bool = False
    """Drawn by hand where nothing was flagged."""
    who: str = ""
    when: str = ""
    """ISO 8601, UTC."""

    @property
    def span(self) -> Span:
        """Its frames."""
        return Span(self.start, self.stop)

    @property
    def says_something(self) -> bool:
        """Whether anything would be lost without it."""
        return self.verdict is not Verdict.UNREVIEWED or self.bookmark or bool(self.note) or self.covers is not None


class Threshold(msgspec.Struct, frozen=True, omit_defaults=True):
    """The score from which on a frame is flagged, and the false alarms an hour that it means, where they are known."""

    enter: float
    false_alarms_an_hour: float | None = None


class ThresholdChange(msgspec.Struct, frozen=True):
    """From one threshold of a score to another; None is the score's default."""

    score: str
    before: Threshold | None
    after: Threshold | None


class ZonesChange(msgspec.Struct, frozen=True):
    """From some zones of the picture to others."""

    before: Zones
    after: Zones


class ClockSet(msgspec.Struct, frozen=True):
    """From one clock of the recording to another."""

    before: Clock
    after: Clock


class RedactionChange(msgspec.Struct, frozen=True):
    """From what was redacted to what is redacted."""

    before: Redaction
    after: Redaction


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change: segments that went and came, threshold, zones, redaction or clock. Read backwards it is undone."""

    name: str
    removed: tuple[JudgedSegment, ...] = ()
    added: tuple[JudgedSegment, ...] = ()
    threshold: ThresholdChange | None = None
    zones: ZonesChange | None = None
    clock: ClockSet | None = None
    redaction: RedactionChange | None = None
    who: str = ""
    when: str = ""

    @property
    def in_words(self) -> str:
        """The name in the language in use; stored ones are English."""
        if change := self.threshold:
            if change.after is None:
                return tr("Threshold to its default")
            return tr("Threshold to {score:.2f}").format(score=change.after.enter)
        named = _STEP_NAME.fullmatch(self.name)
        if named is None:
            return tr(self.name)
        told = tr(named["what"]) + (f" ({_reason_in_words(named['reason'])})" if named["reason"] else "")
        if named["first"] is None:
            return told
        place = tr("frames {first}–{last}") if named["last"] else tr("frame {first}")
        return f"{told}, {place.format(first=named['first'], last=named['last'])}"


class DetectorUsed(msgspec.Struct, frozen=True):
    """The detector whose scores were reviewed."""

    name: str
    fingerprint: str


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One recording under review."""

    name: str
    path: str
    """Absolute, where it was last seen."""
    relative_path: str = ""
    """From the review's folder; empty where there is none."""
    fingerprint: str
    frame_count: int
    detector: DetectorUsed | None = None
    score: str = ""
    """Name of the score that is shown."""
    thresholds: dict[str, Threshold] = {}
    """By the score's name; a score that is missing has its default."""
    zones: Zones = ()
    """Of the picture: what counts in the scores."""
    clock: Clock = NO_CLOCK
    """What a person said of the time of day."""
    redaction: Redaction = NOTHING_REDACTED
    """What is not to be seen in anything that is handed over."""
    playhead: int = 0
    segments: tuple[JudgedSegment, ...] = ()
    """In order of time, disjoint."""
    history: tuple[Step, ...] = ()
    """Oldest first; those from `done` on were undone, and can be done again."""
    done: int = 0

    @property
    def has_decided_zones(self) -> bool:
        """Whether a person has drawn zones, or removed them all."""
        return bool(self.zones) or any(step.zones for step in self.history)

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has decided anything yet."""
        is_plain = self.clock == NO_CLOCK and not self.redaction
        return is_plain and not (self.history or self.segments or self.thresholds or self.zones)


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept in one file."""

    recordings: tuple[Recording, ...]
    current: int = 0
    """Number of the recording that was open last."""
    saved: str = ""
    """ISO 8601, UTC."""
    saved_by: str = ""

    def recording_of(self, fingerprint: str) -> Recording | None:
        """The recording with this content."""
        return next((each for each in self.recordings if each.fingerprint == fingerprint), None)

    def with_recording(self, recording: Recording) -> Review:
        """The review with another state of a recording, or with one more; it becomes the current one."""
        places = [i for i, each in enumerate(self.recordings) if each.fingerprint == recording.fingerprint]
        place = places[0] if places else len(self.recordings)
        recordings = (*self.recordings[:place], recording, *self.recordings[place + 1 :])
        return msgspec.structs.replace(self, recordings=recordings, current=place)


class _Head(msgspec.Struct):
    format: str
    version: int


class _File(msgspec.Struct, frozen=True):
    format: str
    version: int
    review: Review


class NewerReviewError(ReviewError):
    """The file was written by a newer version of the program."""


def to_bytes(review: Review) -> bytes:
    """The document as JSON."""
    file = _File(FORMAT, VERSION, review)
    try:
        return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"
    except UnicodeEncodeError:
        # Names of files that are not UTF-8 can be kept as ASCII only, and msgspec refuses that, too.
        return json.dumps(msgspec.to_builtins(file), indent=1).encode("ascii") + b"\n"


def from_bytes(text: bytes) -> Review:
    """Read a document.

    Raises:
        NewerReviewError: it is of a newer version.
        ValueError: it is no review, or damaged.
    """
    head = decode(text, _Head)
    if head.format != FORMAT:
        raise ValueError(f"the format is {head.format}, not {FORMAT}")
    if head.version > VERSION:
        raise NewerReviewError(
            tr("This review was written by a newer version of the program"),
            advice=tr("Update the program to open it. The file is left as it is."),
        )
    review = decode(text, _File).review
    if not review.recordings or not 0 <= review.current < len(review.recordings):
        raise ValueError("there is no current recording")
    for recording in review.recordings:
        check(recording)
    return review


def check(recording: Recording) -> None:
    """Check that segments are in order and disjoint, all else that was set makes sense, and the history fits.

    Raises:
        ValueError: they are not.
    """
    check_segments(recording.segments)
    for threshold in (*recording.thresholds.values(), *_of_history(step.threshold for step in recording.history)):
        _check_threshold(threshold)
    # Each once: a step begins with what the one before it left.
    for zones in {recording.zones, *_of_history(step.zones for step in recording.history)}:
        check_zones(zones)
    for clock in {recording.clock, *_of_history(step.clock for step in recording.history)}:
        check_clock(clock)
    for redaction in {recording.redaction, *_of_history(step.redaction for step in recording.history)}:
        check_redaction(redaction)
    if not 0 <= recording.done <= len(recording.history):
        raise ValueError(f"{recording.done} of {len(recording.history)} steps can't be done")


def _check_threshold(threshold: Threshold | None) -> None:
    values = (threshold.enter, threshold.false_alarms_an_hour or 0.0) if threshold else ()
    if not all(map(math.isfinite, values)):  # JSON has no other numbers: it would be written as null
        raise ValueError(f"no threshold: {threshold}")


class _Change(Protocol[V]):
    @property
    def before(self) -> V: ...

    @property
    def after(self) -> V: ...


def _of_history(changes: Iterable[_Change[V] | None]) -> Iterator[V]:
    """What undoing and redoing may bring back."""
    for change in changes:
        if change:
            yield change.before
            yield change.after


def check_segments(segments: Sequence[JudgedSegment]) -> None:
    """Check that judged segments are in order and disjoint.

    Raises:
        ValueError: they are not.
    """
    for segment in segments:
        if not 0 <= segment.start < segment.stop:
            raise ValueError(f"not a segment: {segment.start} to {segment.stop}")
        if segment.covers and not segment.covers.start <= segment.start < segment.stop <= segment.covers.stop:
            raise ValueError(f"the segment from {segment.start} covers less than itself")
    for one, after in pairwise(segments):
        if one.stop > after.start:
            raise ValueError(f"the segments from {one.start} and {after.start} overlap")
