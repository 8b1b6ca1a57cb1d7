"""Opens what was reviewed, for commands that hand it over: a review, or the segments file of an analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from engine.analysis.where import stored_evidence
from engine.commands.progress import finished_with_bar
from engine.commands.redaction_option import by_kept_clock, kept_redaction, told
from engine.common.errors import ExportError, VadError
from engine.common.left_out import LeftOut
from engine.common.names import of_displayable
from engine.common.paths import analyses_folder
from engine.detector_library import DetectorLibrary
from engine.export.caveats import Caveats
from engine.export.reviewed import ReviewedRecording, numbered
from engine.export.tables import SCORES_SUFFIX, SEGMENTS_SUFFIX, SegmentsFile, read_scores_csv, read_segments_json
from engine.hand_over.reviewing import reviewed, tells_where
from engine.review.attaching import ReviewedSegment
from engine.review.document import DetectorUsed, Recording, Verdict
from engine.review.files import SUFFIX, read_review
from engine.review.shown import open_recording
from engine.scoring.where import WindowEvidence
from engine.video import open_video

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_ROUNDING = 2e-6  # both files have six decimals
ALL = "all"


def is_reviewed(path: Path) -> bool:
    """Whether a name is that of a review or a segments file, not of a video."""
    return path.name.lower().endswith((SUFFIX, SEGMENTS_SUFFIX))


def check_reviewed(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """Callback of an argument: the name of a review or segments file."""
    if not is_reviewed(value):
        raise click.BadParameter(f"give a NAME{SUFFIX} or NAME{SEGMENTS_SUFFIX}, not {value.name}", ctx, param)
    return value


def verdicts_of(_: click.Context, __: click.Parameter, value: str | None) -> tuple[Verdict, ...] | None:
    """Callback of an option: verdicts, separated by commas, or all."""
    if value is None:
        return None
    if value == ALL:
        return tuple(Verdict)
    try:
        return tuple(Verdict(part.strip()) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"choose from {','.join(Verdict)}, or {ALL}") from error


class Opened(NamedTuple):
    """What was reviewed."""

    recordings: list[ReviewedRecording]
    left_out: tuple[LeftOut, ...] = ()
    """Those that could not be opened."""

    def tell_left_out(self, more: Iterable[LeftOut] = ()) -> None:
        """Say at the end of a command which recordings were left out, of these and of `more`.

        Raises:
            ExportError: there are some.
        """
        names = {each.name: each for each in (*self.left_out, *more)}
        if names:
            raise ExportError(
                f"{len(names)} of {len(self.recordings) + len(self.left_out)} recordings were left out",
                subject=", ".join(names),
                advice="Above it says why. The others were handed over.",
            )


def open_reviewed(path: Path, predictors: Predictors, *, quiet: bool, redact: bool = True) -> Opened:
    """What was reviewed, with scores where the detector is here; what a person should know of it goes to stderr.

    What the stored analysis lacks is analysed. Unless it is to `redact`, nothing counts as redacted. Of many
    recordings, those that can't be opened are left out.

    Raises:
        ReviewError: the review can't be read, or all recordings of it are gone or were changed.
        ExportError: the segments file can't be read, or is of another video or detector.
        VideoError: no recording can be read.
    """
    if path.name.lower().endswith(SEGMENTS_SUFFIX):
        return Opened([_of_segments_file(path, redact, quiet)])
    opened = read_review(path)
    if opened.notice and not quiet:
        click.echo(opened.notice, err=True)
    recordings: list[ReviewedRecording] = []
    left_out: list[LeftOut] = []
    for each in opened.review.recordings:
        try:
            recordings.append(_of_review(each, path, predictors, redact, quiet))
        except VadError as error:
            if each is opened.review.recordings[-1] and not recordings:
                raise
            left_out.append(LeftOut.of(each.name, error))
            click.echo(left_out[-1].note.text, err=True)
    for notice in _notices(recordings):
        if not quiet:
            click.echo(notice, err=True)
    return Opened(recordings, tuple(left_out))


class Predictors:
    """The detectors that reviews were made with: a chosen file, or found in the library by content."""

    def __init__(self, chosen: Path | None, device: str) -> None:
        self._chosen = chosen
        self._device = device
        self._open: dict[Path, Predictor] = {}

    def file_of(self, used: DetectorUsed | None) -> Path | None:
        """The file of the detector that was used, or the chosen one."""
        if used is None:
            return None
        return self._chosen or next(
            (entry.path for entry in DetectorLibrary().entries() if entry.fingerprint == used.fingerprint), None
        )

    def of(self, used: DetectorUsed | None) -> Predictor | None:
        """The detector that was used; None where there was none, or it is not here.

        Raises:
            ExportError: the chosen detector is another one.
        """
        path = self.file_of(used)
        if used is None or path is None:
            return None
        if path not in self._open:
            from engine.models.predictor import Predictor  # torch takes seconds to import

            self._open[path] = Predictor.open(path, self._device)
        predictor = self._open[path]
        if predictor.fingerprint != used.fingerprint:
            raise ExportError(
                f"The review was made with another detector, {used.name}",
                subject=path,
                advice="Choose that one with --detector, or leave the option out.",
            )
        return predictor


def _of_segments_file(path: Path, redact: bool, quiet: bool) -> ReviewedRecording:
    listed = read_segments_json(path)
    beside = of_displayable(path.with_name(listed.video_name))
    with open_video(beside if beside.exists() else of_displayable(Path(listed.video_path))) as source:
        if source.info.fingerprint != listed.video_fingerprint:
            raise ExportError(
                "The video was changed since these segments were found in it",
                subject=source.info.path,
                advice="Analyse it again with `vad analyse`.",
            )
        segments = [ReviewedSegment(e.start, e.stop, e.peak_frame, e.peak_score) for e in listed.segments]
        return ReviewedRecording(
            by_kept_clock(source.info, quiet=quiet),
            source.times,
            numbered(segments, listed.reasons),
            _scores_beside(path, listed, len(source)),
            score_name=listed.score,
            rule=listed.rule,
            detector=DetectorUsed(listed.detector_name, listed.detector_fingerprint),
            caveats=Caveats(conditions=listed.conditions, is_other_scene=listed.is_other_scene),
            zones=listed.zones,
            redaction=kept_redaction(source.info, redact=redact, quiet=quiet),
        )


def _scores_beside(path: Path, listed: SegmentsFile, frames: int) -> npt.NDArray[np.float64] | None:
    """The scores [N] that the same analysis wrote beside its segments file; None where they are gone or of another."""
    scores = read_scores_csv(path.with_name(path.name[: -len(SEGMENTS_SUFFIX)] + SCORES_SUFFIX), frames)
    peaks = [each.peak_frame for each in listed.segments]
    if scores is None or not all(0 <= frame < frames for frame in peaks):
        return None
    is_same = np.allclose(scores[peaks], [each.peak_score for each in listed.segments], rtol=0.0, atol=_ROUNDING)
    return scores if is_same else None


def _of_review(
    recording: Recording, review: Path, predictors: Predictors, redact: bool, quiet: bool
) -> ReviewedRecording:
    predictor = predictors.of(recording.detector)
    with open_recording(recording, review) as source:
        redaction = told(source.info, recording.redaction, redact=redact, quiet=quiet)
        work = reviewed(replace(recording, redaction=redaction), source, predictor)
        return finished_with_bar(work, hidden=quiet)


@contextmanager
def open_evidence(
    recording: ReviewedRecording, predictors: Predictors
) -> Iterator[Callable[[int], WindowEvidence | None] | None]:
    """What tells of each frame of a recording where its evidence lies; None where that is not known."""
    predictor = predictors.of(recording.detector) if recording.scores is not None else None
    if predictor is None or not tells_where(predictor, recording.score_name):
        yield None
        return
    with (
        open_video(recording.info.path) as source,
        stored_evidence(analyses_folder(), source, predictor, recording.zones) as evidence,
    ):
        yield evidence


def _notices(recordings: Sequence[ReviewedRecording]) -> Iterator[str]:
    for each in recordings:
        if each.notice:
            yield f"{each.name}: {each.notice}"
