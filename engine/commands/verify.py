"""`vad verify`: whether an evidence package is whole."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.progress import finished


@click.command(short_help="Tell whether an evidence package is whole.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def verify(ctx: click.Context, folder: Path) -> None:
    """Tell whether the evidence package in FOLDER is whole, and what was changed, is missing or was added.

    Ends with status 0 if it is whole, else with 1.
    """
    from engine.evidence.bag import verify_package

    found = finished(verify_package(folder))
    for word, names in (("changed", found.changed), ("missing", found.missing), ("extra", found.extra)):
        for name in names:
            click.echo(f"{word}: {name}")
    click.echo(f"{found.files} files, {'whole' if found.is_whole else 'NOT whole'}")
    click.echo(f"checksum {found.checksum}")
    ctx.exit(0 if found.is_whole else 1)
