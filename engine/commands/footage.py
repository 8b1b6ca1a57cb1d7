"""`vad footage`: checks whether footage is suitable for training a detector, with advice on every problem."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.common.durations import duration_in_words
from engine.common.errors import DatasetError
from engine.common.events import Progress
from engine.common.names import displayable

if TYPE_CHECKING:
    from engine.footage_check import FootageFinding, FootageReport, FootageSummary


@click.command(short_help="Check whether footage is fit to teach a detector with.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object on stdout.")
@click.option("--quiet", is_flag=True, help="Name only the videos that something is wrong with.")
@click.pass_context
def footage(ctx: click.Context, paths: tuple[Path, ...], as_json: bool, quiet: bool) -> None:
    """Check videos, folders of videos or picture folders before training on them.

    Looks for files that can't be read or are damaged, duplicates, other sizes and frame rates, other cameras, cameras
    that were moved, parts with another view, stillness, and how much there is in all. A few moments of each video are
    looked at, not every frame.

    Ends with status 0 when a detector can be taught with it, warnings or not, and with 1 otherwise.
    """
    from engine.footage_check import FootageReport, FootageSummary, check_footage
    from engine.footage_check.report import as_json as as_dict

    reports: list[FootageReport] = []
    summary: FootageSummary | None = None
    videos = list(_videos(paths))
    with click.progressbar(
        length=len(videos), label="Checking footage", file=sys.stderr, hidden=as_json, show_pos=True, show_eta=False
    ) as bar:
        for event in check_footage(videos):
            match event:
                case Progress():
                    bar.update(event.done - bar.pos)
                case FootageReport():
                    reports.append(event)
                case FootageSummary():
                    summary = event
    assert summary is not None
    if as_json:
        content = {"videos": [as_dict(report) for report in reports], "summary": as_dict(summary)}
        click.echo(json.dumps(content, indent=2))
    else:
        _print(reports, summary, quiet=quiet)
    ctx.exit(1 if summary.refusal else 0)


def _videos(paths: Sequence[Path]) -> Iterator[Path]:
    """The given files, existing or not because the check reports missing ones, and the videos in given folders."""
    from engine.datasets import footage_videos

    for path in dict.fromkeys(paths):
        if path.is_dir():
            try:
                yield from footage_videos([path])
            except DatasetError:
                if len(paths) == 1:
                    raise
                yield path  # the check then reports that this folder holds no pictures
        else:
            yield path


def _print(reports: Sequence[FootageReport], summary: FootageSummary, *, quiet: bool) -> None:
    for report in reports:
        findings = [*report.findings, *(found for found in summary.findings if found.path == report.path)]
        if findings or not quiet:
            click.echo(f"{displayable(report.path)}: {_facts(report)}")
        for finding in findings:
            _print_finding(finding, indent="  ")
    for finding in summary.findings:
        if finding.path is None:
            _print_finding(finding, indent="")
    if summary.refusal:
        click.echo(summary.refusal)
        return
    click.echo(
        f"{len(summary.usable)} of {len(reports)} videos can be learnt from, "
        f"{duration_in_words(summary.duration_seconds)}, {summary.frames} frames in all."
    )
    if summary.held_out:
        click.echo(f"Held out to judge by, unless you choose others: {', '.join(p.name for p in summary.held_out)}")


def _facts(report: FootageReport) -> str:
    from engine.footage_check.report import rate_in_words

    if not report.frames:
        return "no video"
    rate = rate_in_words(report.fps) if report.rate_is_known else "frame rate unknown"
    return f"{report.shown_seconds:.1f} s, {report.size_in_words}, {rate}"


def _print_finding(finding: FootageFinding, *, indent: str) -> None:
    click.echo(f"{indent}{finding.severity.upper()}: {finding.what}")
    click.echo(f"{indent}  -> {finding.advice}")
