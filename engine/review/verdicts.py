"""Finds the recordings that were reviewed with a detector, and what was dismissed in each."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import ReviewError, VadError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr, tr_noop
from engine.common.left_out import LeftOut
from engine.common.names import displayable
from engine.review.document import Recording, Verdict
from engine.review.edits import NORMAL_REASONS
from engine.review.files import SUFFIX, find_review, read_review, usual_path
from engine.review.shown import open_recording
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.video.source import ends_of

_DECIDED = (Verdict.CONFIRMED, Verdict.DISMISSED)


@dataclass(frozen=True)
class JudgedRecording:
    """A recording in which a person has confirmed or dismissed something."""

    review: Path
    recording: Recording
    video: Path
    """Where it is now."""
    dismissed: Mapping[str, Sequence[float]]
    """How long each dismissed segment is, in seconds, by the reason."""
    not_normal: Sequence[tuple[float, float]] = ()
    """Judged segments that nobody has called normal, from and to in seconds: not to be learnt as such."""

    @property
    def confirmed_count(self) -> int:
        """How many segments were confirmed."""
        return sum(each.verdict is Verdict.CONFIRMED for each in self.recording.segments)

    def dismissed_for(self, reasons: Collection[str]) -> list[float]:
        """How long each segment is that was dismissed for one of these reasons, in seconds."""
        return [seconds for reason, lengths in self.dismissed.items() if reason in reasons for seconds in lengths]


@dataclass(frozen=True)
class FoundVerdicts:
    """What a detector can learn from, and what it can't."""

    recordings: Sequence[JudgedRecording]
    left_out: Sequence[LeftOut]


def _reviews_of(videos: Mapping[Path, str]) -> list[Path]:
    """The reviews of recordings, and after them those that lie beside the first: they may be older ones of the same."""
    found: list[Path] = []
    for video, fingerprint in videos.items():
        try:
            opened, _ = find_review(video, fingerprint) if fingerprint else (None, "")
            found.append(opened.path if opened else usual_path(video))
        except ReviewError:  # it is read again below, and told of
            found.append(usual_path(video))
    for video in list(videos)[:1]:
        found += sorted(video.parent.glob(f"*{SUFFIX}"))
    return [each for each in dict.fromkeys(path.absolute() for path in found) if os.path.lexists(each)]


def find_verdicts(
    videos: Mapping[Path, str], detector: str, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, FoundVerdicts]:
    """The recordings that were reviewed with the detector of this fingerprint, among `videos` and beside the first.

    `videos` come with their fingerprints, which are empty where they are not known.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    yield Progress(tr_noop("Looking for reviews"), 0, 1)
    reviews = _reviews_of(videos)
    recordings: dict[str, JudgedRecording] = {}
    left_out = []
    for number, path in enumerate(reviews):
        yield Progress(tr_noop("Reading reviews"), number, len(reviews))
        try:
            reviewed = read_review(path).review.recordings
        except ReviewError as error:
            left_out.append(LeftOut(displayable(path.name), error.what))
            continue
        for each in reviewed:
            if each.fingerprint in recordings or not any(segment.verdict in _DECIDED for segment in each.segments):
                continue
            why = _unfit(each, detector)
            if not why:
                try:
                    recordings[each.fingerprint] = _judged(each, path, should_stop)
                except VadError as error:
                    why = error.what
            if why:
                left_out.append(LeftOut(displayable(each.name), why))
    return FoundVerdicts(list(recordings.values()), left_out)


def _unfit(recording: Recording, detector: str) -> str:
    used = recording.detector
    if used is None or used.fingerprint != detector:
        if used is None:
            return tr("Reviewed without a detector")
        return tr("Reviewed with another detector, {name}").format(name=used.name)
    if recording.score != CalibratedScorer.name:
        return tr("Not reviewed by the calibrated score")
    return ""


def _judged(recording: Recording, review: Path, should_stop: ShouldStop) -> JudgedRecording:
    dismissed: dict[str, list[float]] = {}
    not_normal = []
    with open_recording(recording, review, should_stop) as source:
        ends = ends_of(source.info, source.times)
        for each in recording.segments:
            if each.start >= len(source) or each.verdict is Verdict.UNREVIEWED:
                continue
            begin, end = float(source.times[each.start]), float(ends[min(each.stop, len(source)) - 1])
            if each.verdict is Verdict.DISMISSED:
                dismissed.setdefault(each.reason, []).append(end - begin)
            if each.verdict is not Verdict.DISMISSED or each.reason not in NORMAL_REASONS:
                not_normal.append((begin, end))
        return JudgedRecording(review, recording, source.info.path, dismissed, not_normal)
