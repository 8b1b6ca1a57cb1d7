"""`vad archive export`: the segments that fit, as CSV or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.archive.database import Archive
from engine.archive.hit_lists import FORMATS, write_hits
from engine.archive.searching import check_cameras, search
from engine.commands.archive.options import archive_option, query_of, query_options
from engine.commands.counting import counted


@click.command()
@archive_option
@query_options(limit=None)
@click.option(
    "--out", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="NAME.csv or NAME.json."
)
def export(place: str, target: Path, **options: Any) -> None:
    """Write the segments that fit into a file, which must not exist yet."""
    if target.suffix.lower() not in FORMATS:
        raise click.BadParameter(f"end it in {' or '.join(FORMATS)}", param_hint="--out")
    with Archive(place) as archive:
        check_cameras(archive, options["cameras"])
        count = write_hits(target, search(archive, query_of(**options)))
    click.echo(f"{counted(count, 'segment')} -> {target}")
