"""`vad rate`: the frame rate of recordings that do not store one."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.number_range import NumberRange
from engine.video import open_video
from engine.video.given_rates import HIGHEST_FPS, LOWEST_FPS, give_rate

_SOURCES = {
    "stored": "as the file says",
    "given": "as you gave it",
    "assumed": "assumed, because the recording does not say it: give it with --fps",
}


@click.command(short_help="Give the frame rate of recordings that do not store one.")
@click.argument("videos", metavar="VIDEO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--fps", type=NumberRange(LOWEST_FPS, HIGHEST_FPS), metavar="N", help="Frames a second.")
@click.option("--forget", is_flag=True, help="Forget what was given.")
def rate(videos: tuple[Path, ...], fps: float | None, forget: bool) -> None:
    """Say the frame rate of each VIDEO, or give it where a VIDEO does not store one.

    Folders of pictures and some raw streams do not. The rate is kept, and used wherever the recording is opened.
    """
    if fps is not None and forget:
        raise click.UsageError("Give either --fps or --forget.")
    for video in videos:
        if fps is not None or forget:
            with open_video(video) as source:
                info = source.info
            if info.rate == "stored":
                raise click.UsageError(f"{info.name} says its frame rate itself: {info.average_fps:.4g} a second.")
            give_rate(info.fingerprint, fps)
        with open_video(video) as source:
            info = source.info
        click.echo(f"{info.name}: {info.average_fps:.4g} frames a second, {_SOURCES[info.rate]}")
