"""`vad report`: what was flagged in reviewed recordings and what a person said of it, as one HTML file or PDF."""

from __future__ import annotations

from collections.abc import Collection, Generator
from pathlib import Path

import click

from engine.commands.detector_option import WHICH, detector_option
from engine.commands.language_option import language_option
from engine.commands.progress import follow
from engine.commands.redaction_option import redaction_option
from engine.commands.reviewed_recordings import (
    ALL,
    Opened,
    Predictors,
    check_reviewed,
    open_evidence,
    open_reviewed,
    verdicts_of,
)
from engine.common.events import Finished, Noted, Progress
from engine.common.left_out import LeftOut
from engine.review.document import Verdict

REPORT_FORMATS = ("html", "pdf")
"""Where both are asked for, the second lies beside the first under its name."""


@click.command(short_help="Write the report of a review as one HTML file or PDF.")
@click.argument("review", type=click.Path(path_type=Path), callback=check_reviewed)
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    help="An .html or .pdf file that does not exist yet.",
)
@click.option("--pdf", "with_pdf", is_flag=True, help="Write an .html file as .pdf beside it, too.")
@click.option(
    "--only",
    metavar="VERDICTS",
    default=ALL,
    show_default=True,
    callback=verdicts_of,
    help=f"Segments with these verdicts, out of {','.join(Verdict)}; the report says how many it leaves out.",
)
@language_option
@redaction_option
@detector_option(text=f"Detector {WHICH}; by default that of the review, out of your library.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def report(
    review: Path,
    target: Path,
    with_pdf: bool,
    only: tuple[Verdict, ...],
    redact: bool,
    detector: Path | None,
    device: str,
    quiet: bool,
) -> None:
    """Write the report of REVIEW: a NAME.review.json, or the NAME.segments.json of an analysis.

    The file needs neither network nor script. Its path goes to stdout.
    """
    from engine.report.report import refuse_targets, report_targets

    targets = report_targets(target, with_pdf=with_pdf)
    refuse_targets(targets)  # before an analysis
    predictors = Predictors(detector, device)
    opened = open_reviewed(review, predictors, quiet=quiet, redact=redact)
    left_out = write_joint_report(opened, target, only, predictors, with_pdf=with_pdf, quiet=quiet)
    for path in targets:
        click.echo(path)
    opened.tell_left_out(left_out)


def write_joint_report(
    opened: Opened,
    target: Path,
    verdicts: Collection[Verdict],
    predictors: Predictors,
    *,
    with_pdf: bool,
    quiet: bool,
) -> tuple[LeftOut, ...]:
    """Write the report of recordings, with the segments that have one of the verdicts; returns what it lacks.

    Raises:
        ExportError: a file exists or can't be written, or a library that PDFs need is missing.
        VideoError: no recording can be read.
    """
    from engine.report.report import write_report

    left_out: tuple[LeftOut, ...] = ()

    def work() -> Generator[Progress | Noted | Finished, None, None]:
        nonlocal left_out
        left_out = yield from write_report(
            opened.recordings,
            target,
            verdicts=verdicts,
            with_pdf=with_pdf,
            evidence_of=lambda recording: open_evidence(recording, predictors),
            left_out=opened.left_out,
        )

    follow(work(), hidden=quiet)
    return left_out
