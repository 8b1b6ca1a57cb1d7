"""`vad recalibrate`: adds reviewed recordings to what a detector takes as normal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.detector_option import check_detector_target, detector_option, refuse_own_detector
from engine.commands.progress import finished_with_bar
from engine.commands.verdict_effects import print_effects
from engine.common.durations import duration_in_words
from engine.common.errors import ExportError, ReviewError
from engine.common.names import displayable
from engine.common.paths import resolved
from engine.export.list_files import cannot_write
from engine.review.files import read_review

if TYPE_CHECKING:
    from engine.calibrating.reviewed import ReviewedFootage
    from engine.commands.reviewed_recordings import Predictors

_NORMAL = "normal"


@click.command(short_help="Teach a detector from the verdicts of reviews.")
@click.argument("reviews", metavar="REVIEW...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@detector_option(text="Detector that the reviews were made with; needed only where the library lacks it.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File of the detector that has learnt.")
@click.option(
    "--reason",
    "reasons",
    multiple=True,
    default=(_NORMAL,),
    show_default=True,
    help="What was dismissed for this reason is normal; may be given more than once.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def recalibrate(
    reviews: tuple[Path, ...],
    detector: Path | None,
    out: Path,
    reasons: tuple[str, ...],
    device: str,
    quiet: bool,
) -> None:
    """Take what was dismissed as normal in each REVIEW into a detector, so that its like raises fewer alarms.

    What was not flagged in these recordings counts as normal too. What was confirmed, is unsure or has no verdict is
    left out, and lowers no threshold. The networks stay as they are. Afterwards every confirmed segment is scored anew:
    the command lists those that the new detector would no longer flag. The detector that you had is left as it is.
    """
    check_detector_target(out)
    from engine.calibrating.reviewed import recalibrate as recalibrating
    from engine.commands.reviewed_recordings import Predictors
    from engine.common.device import choose_compute
    from engine.models.detector import load_detector, save_detector

    used, footage = _footage(reviews, Predictors(detector, device), quiet)
    refuse_own_detector(out, used, "This is the detector that the reviews were made with")
    _refuse_twice([each.path for each in footage])
    dismissed = [each for part in footage for each in part.segments if part.is_normal(each, reasons)]
    if not dismissed:
        raise ReviewError(
            f"Nothing was dismissed as {', '.join(reasons)} in these reviews",
            subject=", ".join(displayable(each.name) for each in reviews),
            advice="Review them first, or choose other reasons with --reason.",
        )
    loaded, _ = load_detector(used)
    learnt = finished_with_bar(recalibrating(loaded, choose_compute(device), footage, reasons=reasons), hidden=quiet)
    try:
        save_detector(learnt.detector, out)
    except OSError as error:
        raise cannot_write(out, error) from error
    print_effects(learnt.effects)
    calibration = learnt.detector.settings.calibration
    seconds = calibration.seconds if calibration else 0
    click.echo(f"Written: {out} ({duration_in_words(seconds)} of normal footage are known to it)")


def _refuse_twice(videos: Sequence[Path]) -> None:
    """What one review says of a recording would be lost beside what another says."""
    for number, video in enumerate(videos):
        if resolved(video) in map(resolved, videos[:number]):
            raise ReviewError(
                "Two of these reviews are of the same recording", subject=video, advice="Give one of them."
            )


def _footage(reviews: Sequence[Path], predictors: Predictors, quiet: bool) -> tuple[Path, list[ReviewedFootage]]:
    """The detector that all reviews were made with, and what was reviewed with it.

    Raises:
        ReviewError: a review can't be read, a recording of it is gone or was changed, or has no calibrated score.
        ExportError: they were made with several detectors, or with another one than is chosen.
        VideoError: a recording can't be read.
    """
    from engine.calibrating.reviewed_footage import reviewed_footage

    used: dict[Path, str] = {}
    footage = []
    for path in reviews:
        for recording in read_review(path).review.recordings:
            predictor, file = predictors.of(recording.detector), predictors.file_of(recording.detector)
            if predictor is None or file is None or recording.detector is None:
                raise ReviewError(
                    "The detector of this review is not here",
                    subject=path,
                    advice="Name its file with --detector.",
                )
            used[file] = recording.detector.name
            footage.append(finished_with_bar(reviewed_footage(recording, path, predictor), hidden=quiet))
    if len(used) > 1:
        raise ExportError(
            f"These reviews were made with several detectors: {', '.join(used.values())}",
            advice="Give the reviews of one at a time.",
        )
    (file,) = used
    return file, footage
