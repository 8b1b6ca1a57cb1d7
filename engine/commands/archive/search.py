"""`vad archive search`: segments of all recordings, the most conspicuous first."""

from __future__ import annotations

from typing import Any

import click

from engine.archive.database import Archive
from engine.archive.searching import Hit, check_cameras
from engine.archive.searching import search as found
from engine.commands.archive.options import archive_option, query_of, query_options
from engine.common.clock_text import clock_text
from engine.common.names import displayable

_LIMIT = 50


@click.command()
@archive_option
@query_options(limit=_LIMIT)
def search(place: str, **options: Any) -> None:
    """List the segments that fit: score, camera, when, why, verdict, and where to look."""
    with Archive(place) as archive:
        check_cameras(archive, options["cameras"])
        hits = list(found(archive, query_of(**options)))
    for hit in hits:
        click.echo(_line(hit))
    if not hits:
        click.echo("Nothing fits.", err=True)


def _line(hit: Hit) -> str:
    score = f"{hit.peak_score:5.2f}" if hit.peak_score is not None else "    -"
    when = f"{hit.start_time.astimezone():%Y-%m-%d %H:%M:%S}" if hit.start_time else "time unknown"
    said = f"{hit.verdict} ({hit.verdict_reason})" if hit.verdict_reason else str(hit.verdict)
    why = hit.reason or "drawn by hand"
    place = f"{displayable(hit.path)} at {clock_text(hit.start_seconds, 1)}, segment {hit.number}"
    return f"{score}  {hit.camera}  {when}  {why}  [{said}]\n       {place}"
