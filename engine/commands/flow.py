"""`vad flow`: the optical flow between two pictures, estimated by any teacher."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from engine.commands.number_range import NumberRange
from engine.commands.teacher_option import TEACHERS_IN_WORDS, note_experimental
from engine.common.errors import FlowFileError, VideoError
from engine.common.paths import resolved
from engine.flow.colour import Flow, flow_radius, flow_to_rgb
from engine.flow.files import end_point_error, read_flow, write_flo, write_picture
from engine.flow.teachers import DEFAULT_TEACHER, teacher_by_name
from engine.video.picture_folder import read_picture

_SUFFIXES = (".flo", ".png")


def _outputs(ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]) -> tuple[Path, ...]:
    for path in value:
        if path.suffix.lower() not in _SUFFIXES:
            raise click.BadParameter(f"{path.name} has to end in .flo (numbers) or .png (colours)", ctx, param)
    return value


@click.command(short_help="Estimate the optical flow between two pictures.")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option(
    "--teacher",
    "name",
    default=DEFAULT_TEACHER,
    show_default=True,
    metavar="NAME",
    callback=note_experimental,
    help=f"Who estimates it: {TEACHERS_IN_WORDS}. raft and pwcnet are networks that need a weights file.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The network's weights; by default raft-small.pth or pwcnet.pth in the folder that VADGUI_WEIGHTS names.",
)
@click.option(
    "--out",
    "outputs",
    metavar="FILE",
    type=click.Path(path_type=Path),
    multiple=True,
    callback=_outputs,
    help="A .flo file for the numbers, a .png for a picture in colours; may be given twice. Replaces an older file.",
)
@click.option(
    "--radius",
    "radius_px",
    metavar="PX",
    type=NumberRange(0, min_open=True),
    help="Speed that the picture shows in full colour; by default one that a thousandth of the pixels exceeds.",
)
@click.option(
    "--truth",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The true flow (.flo, or KITTI's 16-bit PNG), to measure the estimate's error.",
)
@click.option("--device", default="auto", show_default=True, help="Where networks run: auto, cuda, mps or cpu.")
def flow(
    first: Path,
    second: Path,
    name: str,
    weights: Path | None,
    outputs: tuple[Path, ...],
    radius_px: float | None,
    truth: Path | None,
    device: str,
) -> None:
    """Estimate how every pixel of picture A moves to picture B.

    Says how fast things move, in pixels from A to B. With --out it writes the flow as numbers for other programs
    (.flo), or as a picture (.png): the colour shows where a pixel moves to, and the paler it is the slower. White
    stands still, red moves right, yellow down, cyan left, blue-violet up.

    \b
    vad flow frame1.png frame2.png --out flow.png
    vad flow frame1.png frame2.png --teacher raft --weights raft-small.pth --out flow.flo --out flow.png
    vad flow frame1.png frame2.png --truth flow_gt.png
    """
    _check_no_overwrite(outputs, [first, second, *filter(None, [weights, truth])])
    first_picture, second_picture = read_picture(first), read_picture(second)
    if first_picture.shape != second_picture.shape:
        raise VideoError(
            f"The pictures differ in size: {_size(first_picture)} and {_size(second_picture)}",
            subject=second,
            advice="Give two pictures of one camera and one size.",
        )
    true_flow = None if truth is None else _truth(truth, first_picture.shape[:2])
    teacher = teacher_by_name(name, weights=weights, device=device)
    estimate = teacher.flow(first_picture, second_picture)
    speed = np.hypot(*estimate)
    click.echo(f"Speed by {teacher.name}: mean {speed.mean():.2f} px, largest {speed.max():.2f} px")
    if true_flow is not None:
        known_fraction = float(np.isfinite(true_flow).all(axis=0).mean())
        click.echo(
            f"End-point error: {end_point_error(estimate, true_flow):.3f} px (truth known for {known_fraction:.0%})"
        )
    for path in outputs:
        if path.suffix.lower() == ".flo":
            write_flo(path, estimate)
            click.echo(f"Written: {path}")
        else:
            radius = radius_px or flow_radius(speed)
            write_picture(path, flow_to_rgb(estimate, radius))
            click.echo(f"Written: {path} (full colour from {radius:.2f} px)")


def _size(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"


def _truth(path: Path, size: tuple[int, ...]) -> Flow:
    truth = read_flow(path)
    if truth.shape[1:] != size:
        raise FlowFileError(
            f"The true flow has {truth.shape[2]}x{truth.shape[1]} pixels, the pictures have {size[1]}x{size[0]}",
            subject=path,
            advice="Give the flow of these very pictures.",
        )
    return truth


def _check_no_overwrite(outputs: tuple[Path, ...], inputs: list[Path]) -> None:
    if overwritten := {resolved(path) for path in outputs} & {resolved(path) for path in inputs}:
        raise click.UsageError(f"--out would overwrite {overwritten.pop().name}, which is read.")
