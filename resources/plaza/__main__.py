"""`python -m resources.plaza`: writes the demo clip with its labels, and normal clips for training."""

from __future__ import annotations

from pathlib import Path

import click

from resources.plaza.clips import DEMO_SEED, HELD_OUT_SEED, NORMAL_SEED, write_demo, write_normal


@click.command()
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
@click.option("--seed", default=DEMO_SEED, show_default=True, help="Seed of the demo clip.")
@click.option("--demo/--no-demo", default=True, show_default=True, help="Write the demo clip and its labels.")
@click.option("--normal", default=0, show_default=True, metavar="N", help="Clips of normal life to train on.")
@click.option("--held-out", default=0, show_default=True, metavar="N", help="Further normal clips, of other seeds.")
@click.option("--seconds", default=40.0, show_default=True, help="Length of a normal clip.")
def main(out: Path, seed: int, demo: bool, normal: int, held_out: int, seconds: float) -> None:
    """Draw the plaza and write its footage."""
    out.mkdir(parents=True, exist_ok=True)
    if demo:
        for path in write_demo(out, seed):
            click.echo(path)
    for path in write_normal(out / "normal", normal, seconds, NORMAL_SEED):
        click.echo(path)
    for path in write_normal(out / "held-out", held_out, seconds, HELD_OUT_SEED):
        click.echo(path)


if __name__ == "__main__":
    main()
