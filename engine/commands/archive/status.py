"""`vad archive status`: how far an archive is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import click

from engine.archive.database import Archive
from engine.archive.searching import CameraCounts, counts, problems
from engine.commands.archive.options import archive_option
from engine.commands.counting import counted
from engine.common.durations import footage_in_words
from engine.common.names import displayable
from engine.review.document import Verdict

_FILES = ("growing", "broken", "missing")
_ANALYSES = ("waiting", "running", "done", "failed")


@click.command()
@archive_option
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object on stdout.")
def status(place: str, as_json: bool) -> None:
    """Say of each camera how many hours there are, how far they are analysed, and what was found; then what failed."""
    with Archive(place) as archive:
        cameras, failed = counts(archive), problems(archive)
    if as_json:
        content = {
            "cameras": [asdict(each) for each in cameras],
            "problems": [{"path": displayable(each.path), "problem": each.problem} for each in failed],
        }
        click.echo(json.dumps(content, indent=2, default=datetime.isoformat))
        return
    for each in cameras:
        click.echo("\n".join(_lines(each)))
    for problem in failed:
        click.echo(f"\n{displayable(problem.path)}\n  {problem.problem}")


def _lines(camera: CameraCounts) -> Iterator[str]:
    yield f"{camera.camera}: {footage_in_words(3600 * camera.hours)} in {counted(camera.present, 'recording')}"
    if camera.first and camera.last:
        yield f"  {_local(camera.first)} to {_local(camera.last)}"
    yield f"  analysed: {footage_in_words(3600 * camera.analysed_hours)}; {_told(camera, _ANALYSES)}"
    if files := _told(camera, _FILES):
        yield f"  files: {files}"
    if found := ", ".join(f"{camera.verdicts[name]} {name}" for name in Verdict if name in camera.verdicts):
        yield f"  segments: {found}"


def _told(camera: CameraCounts, names: tuple[str, ...]) -> str:
    return ", ".join(f"{count} {name}" for name in names if (count := getattr(camera, name)))


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
