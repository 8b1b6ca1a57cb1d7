"""The recordings to train a detector on: the check's findings, and the person's decisions about each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.common.language import tr
from engine.datasets.held_out import GAP_SECONDS, held_out_end_seconds
from engine.footage_check import FootageFinding, FootageReport, FootageSummary
from engine.review.verdicts import JudgedRecording
from vadgui.ui.failure import Failure

Part = tuple[float, float]
"""A part of a video: (start, stop) in seconds, half-open."""

_MIN_PART_SECONDS = 0.2
_CACHE_BYTES_A_FRAME = 256 * 256 * (3 + 2 * 2)  # an RGB picture in uint8 and a flow field [2] in float16


@dataclass(frozen=True)
class Clip:
    """One recording of the footage."""

    path: Path
    report: FootageReport | None = None
    """The check's report; None before this recording is checked."""
    findings: tuple[FootageFinding, ...] = ()
    """Findings in this recording, and those from comparing it with the others."""
    left_out: tuple[Part, ...] = ()
    """Parts that are not learnt from, sorted, without overlap."""

    @property
    def is_usable(self) -> bool:
        """Whether the check has found no error in it so far."""
        return all(finding.severity != "error" for finding in self.findings)


class FootageDraft(QObject):
    """Holds the recordings. It does no work itself but requests it by signals."""

    changed = Signal()
    """The recordings, their findings or left-out parts, or which are held out."""
    training_data_changed = Signal()
    """The training data changed, so that costs measured before are out of date."""

    find_requested = Signal(object)
    """Files and folders in which to find videos."""
    reviewed_requested = Signal(object)
    """Path of the detector whose reviewed recordings are to be found."""
    check_requested = Signal(object)
    """Paths of all recordings to check; the last request replaces earlier ones."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clips: dict[Path, Clip] = {}
        self._summary: FootageSummary | None = None
        self._checking: float | None = None
        self._chosen_held_out: frozenset[Path] | None = None
        self._problem: Failure | None = None

    @property
    def clips(self) -> list[Clip]:
        """All recordings, in the order in which they were added."""
        return list(self._clips.values())

    def clip(self, path: Path) -> Clip | None:
        """The recording at a path; None where it is not part of the footage."""
        return self._clips.get(path)

    @property
    def summary(self) -> FootageSummary | None:
        """The check's summary of all recordings; None until the check has ended."""
        return self._summary

    @property
    def checking(self) -> float | None:
        """Share of the check that is done, from 0 to 1; None while none runs."""
        return self._checking

    @property
    def problem(self) -> Failure | None:
        """Why the last search or check failed; None where it did not."""
        return self._problem

    def find_videos(self, paths: Sequence[Path]) -> None:
        """Request a search for videos in files and folders; `add_videos` receives the result."""
        self._problem = None
        self.find_requested.emit(list(paths))

    def add_videos(self, paths: Iterable[Path]) -> None:
        """Add new recordings, and check all again: the check compares recordings with each other."""
        new = {path: Clip(path) for path in paths if path not in self._clips}
        if new:
            self._clips |= new
            self._check_again()
        self.changed.emit()

    def find_reviewed(self, detector: Path) -> None:
        """Request a search for the recordings reviewed with a detector; `add_reviewed` receives the result."""
        self._problem = None
        self.reviewed_requested.emit(detector)

    def add_reviewed(self, recordings: Sequence[JudgedRecording]) -> None:
        """Add reviewed recordings without what nobody has called normal."""
        new = [each for each in recordings if each.video not in self._clips]
        self.add_videos(each.video for each in new)
        for each in new:
            for part in each.not_normal:
                self.leave_out(each.video, part)
        if not recordings:
            self.set_failure(
                Failure(
                    tr("No recording was reviewed with this detector"),
                    "",
                    tr("Confirm and dismiss what it flags in its recordings first, or add recordings here yourself."),
                )
            )

    def remove_videos(self, paths: Iterable[Path]) -> None:
        """Remove recordings."""
        removed = set(paths)
        self._clips = {path: clip for path, clip in self._clips.items() if path not in removed}
        if self._chosen_held_out is not None:
            self._chosen_held_out -= removed
        self._check_again()
        self.changed.emit()

    def add_check_result(self, result: FootageReport | FootageSummary | float) -> None:
        """Store a report, the summary, or the share of the check that is done."""
        if isinstance(result, float):
            self._checking = result
        elif isinstance(result, FootageSummary):
            self._summary, self._checking = result, None
            for finding in result.findings:
                if finding.path in self._clips:
                    clip = self._clips[finding.path]
                    self._clips[finding.path] = replace(clip, findings=(*clip.findings, finding))
            self.training_data_changed.emit()
        elif result.path in self._clips:
            clip = self._clips[result.path]
            self._clips[result.path] = replace(clip, report=result, findings=result.findings)
        self.changed.emit()

    def set_failure(self, failure: Failure) -> None:
        """Set why the search or the check failed."""
        self._problem, self._checking = failure, None
        self.changed.emit()

    def held_out(self) -> frozenset[Path]:
        """Recordings to evaluate on, not to learn from: the person's choice, else the check's proposal."""
        if self._chosen_held_out is not None:
            return self._chosen_held_out
        return frozenset(self._summary.held_out) if self._summary else frozenset()

    def set_held_out(self, path: Path, held_out: bool) -> None:
        """Hold a recording out, or learn from it."""
        chosen = self.held_out()
        self._chosen_held_out = chosen | {path} if held_out else chosen - {path}
        self.training_data_changed.emit()
        self.changed.emit()

    def leave_out(self, path: Path, part: Part) -> None:
        """Exclude a part of a recording from training; it is merged with parts that it touches."""
        clip = self._clips.get(path)
        begin, stop = sorted(part)
        if clip and stop - begin >= _MIN_PART_SECONDS:
            self._set_parts(clip, _joined([*clip.left_out, (begin, stop)]))

    def take_back(self, path: Path, seconds: float) -> None:
        """Include the left-out part at `seconds` again."""
        clip = self._clips.get(path)
        if clip:
            self._set_parts(clip, tuple(part for part in clip.left_out if not part[0] <= seconds <= part[1]))

    def is_used(self, clip: Clip) -> bool:
        """Whether training will use a recording, as far as the check has come; a copy of another is not used."""
        return clip.is_usable and (self._summary is None or clip.path in self._summary.usable)

    def usable_clips(self) -> list[Clip]:
        """Recordings that training will use: without errors and without copies."""
        if self._summary is None:
            return []
        return [clip for clip in self._clips.values() if self.is_used(clip)]

    def seconds(self) -> tuple[float, float]:
        """Seconds to learn from and seconds held out, without left-out parts.

        Where the person holds nothing out, these are training's own choice: of a single recording it holds out the end.
        """
        usable = self.usable_clips()
        held_out = self.held_out() & {clip.path for clip in usable}
        if not held_out and self._summary:
            held_out = frozenset(self._summary.held_out)
        held_out_seconds = sum(_length(clip) for clip in usable if clip.path in held_out)
        training_seconds = sum(_length(clip) for clip in usable if clip.path not in held_out)
        if len(usable) == 1:
            held_out_seconds = held_out_end_seconds(training_seconds)
            training_seconds -= held_out_seconds + GAP_SECONDS if held_out_seconds else 0.0
        return training_seconds, held_out_seconds

    def cache_bytes(self) -> int:
        """Size of the prepared footage on disk."""
        return _CACHE_BYTES_A_FRAME * sum(clip.report.frames for clip in self.usable_clips() if clip.report)

    def refusal(self) -> str | None:
        """Why training can't start with this footage; None where it can."""
        if not self._clips:
            return tr("Add recordings of normal life in front of this camera.")
        if self._checking is not None or self._summary is None:
            return tr("The recordings are still being checked.")
        if self._summary.refusal:
            return self._summary.refusal
        if all(clip.path in self.held_out() for clip in self.usable_clips()):
            return tr("All recordings are held out: leave some to learn from.")
        return None

    def _set_parts(self, clip: Clip, parts: tuple[Part, ...]) -> None:
        self._clips[clip.path] = replace(clip, left_out=parts)
        self.training_data_changed.emit()
        self.changed.emit()

    def _check_again(self) -> None:
        self._problem, self._summary = None, None
        self._checking = 0.0 if self._clips else None
        self.training_data_changed.emit()
        self.check_requested.emit(list(self._clips))


def _length(clip: Clip) -> float:
    whole = clip.report.duration_seconds if clip.report else 0.0
    return whole - sum(stop - begin for begin, stop in clip.left_out)


def _joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Sort parts and merge those that touch."""
    joined: list[Part] = []
    for begin, stop in sorted(parts):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((begin, stop))
    return tuple(joined)
