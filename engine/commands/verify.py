"""`vad verify`: whether an evidence package is whole."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.progress import finished


@click.command(short_help="Tell whether an evidence package is whole.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--signed-by",
    "key_path",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="The public key that has to have signed it, in PEM or OpenSSH format.",
)
@click.pass_context
def verify(ctx: click.Context, folder: Path, key_path: Path | None) -> None:
    """Tell whether the evidence package in FOLDER is whole, and what was changed, is missing or was added.

    Ends with status 0 if it is whole, and its signature valid where it has one, else with 1.
    """
    from engine.evidence.bag import verify_package
    from engine.evidence.signature import SIGNATURE, SIGNER, read_public_key, signed_by

    wanted = read_public_key(key_path) if key_path else ""
    found = finished(verify_package(folder, beside=(SIGNATURE, SIGNER)))
    signed = signed_by(folder)
    for word, names in (("changed", found.changed), ("missing", found.missing), ("extra", found.extra)):
        for name in names:
            click.echo(f"{word}: {name}")
    click.echo(f"{found.files} files, {'whole' if found.is_whole else 'NOT whole'}")
    click.echo(f"checksum {found.checksum}")
    if signed:
        click.echo(f"signature {'valid' if signed.is_valid else 'NOT valid'}, key {signed.key or 'unreadable'}")
    is_as_wanted = signed is None or signed.is_valid
    if wanted and not (signed and signed.is_valid and signed.key == wanted):
        click.echo(f"NOT signed by {wanted}")
        is_as_wanted = False
    ctx.exit(0 if found.is_whole and is_as_wanted else 1)
