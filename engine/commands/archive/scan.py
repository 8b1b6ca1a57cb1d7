"""`vad archive scan`: finds recordings, new, changed, moved or gone."""

from __future__ import annotations

from pathlib import Path

import click

from engine.archive.cameras import CAMERA, CameraRule, read_mapping
from engine.archive.database import Archive
from engine.archive.scanning import REST_SECONDS, ScanReport, remember_folder
from engine.archive.scanning import scan as scanned
from engine.commands.archive.options import PATIENCE_SECONDS, archive_option
from engine.commands.counting import counted
from engine.commands.number_range import NumberRange
from engine.commands.path_or_url import PathOrUrl
from engine.commands.progress import finished_with_bar
from engine.common.errors import ArchiveError
from engine.common.names import displayable

_SHOWN_PROBLEMS = 20


@click.command()
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=PathOrUrl())
@archive_option
@click.option("--camera", metavar="NAME", help="All recordings of these FOLDERs are of this camera.")
@click.option(
    "--camera-from",
    "template",
    metavar="TEMPLATE",
    help=f"Where a path, as seen from FOLDER, has the camera's name: {CAMERA}/** is the first folder below it.",
)
@click.option(
    "--camera-list",
    "mapping_file",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Patterns of paths and cameras: lines such as `north/*,North gate`.",
)
@click.option(
    "--rest",
    "rest_seconds",
    type=NumberRange(0),
    default=REST_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="A file that was written to more lately is left for the next scan.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def scan(
    folders: tuple[Path, ...],
    place: str,
    camera: str | None,
    template: str | None,
    mapping_file: Path | None,
    rest_seconds: float,
    quiet: bool,
) -> None:
    """Bring an archive up to date with FOLDERs and all below them; without any, with those that it knows.

    The first scan makes the archive. What it is told of cameras is kept with each FOLDER; told nothing, it takes the
    FOLDER's name for that of the camera. A FOLDER may be a URL, such as s3://BUCKET/FOLDER.
    """
    if (camera or template or mapping_file) and not folders:
        raise click.UsageError("Name the FOLDERs whose cameras these are.")
    mapping = read_mapping(mapping_file) if mapping_file else ()
    rules = {
        folder: CameraRule(camera or folder.absolute().name, template or "", mapping)
        if camera or template or mapping
        else None
        for folder in folders
    }
    with Archive(place, create=bool(folders), patience_seconds=PATIENCE_SECONDS) as archive:
        for folder, rule in rules.items():
            remember_folder(archive, folder, rule)
        report = finished_with_bar(scanned(archive, folders, rest_seconds=rest_seconds), hidden=quiet)
    if not quiet:
        for line in _lines(report):
            click.echo(line)
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        click.echo(f"Error: {problem}", err=True)
    if len(report.problems) > _SHOWN_PROBLEMS:
        click.echo(f"... and {len(report.problems) - _SHOWN_PROBLEMS} more: see `vad archive status`.", err=True)
    if any(isinstance(problem, ArchiveError) for problem in report.problems):
        click.get_current_context().exit(1)


def _lines(report: ScanReport) -> list[str]:
    counts = {
        "new": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "missing": report.missing,
        "still growing": report.growing,
    }
    told = [f"{count:,} {name}" for name, count in counts.items() if count]
    if report.reviewed:
        told.append(f"{counted(report.reviewed, 'review')} read")
    lines = [f"{counted(report.files, 'recording')}: {', '.join(told) or 'nothing new'}."]
    return lines + [
        f"{displayable(folder)} is gone, and all its recordings were found elsewhere: it is scanned no more."
        for folder in report.left
    ]
