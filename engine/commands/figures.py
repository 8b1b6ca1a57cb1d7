"""`vad figures`: sheets like the paper's Figures 1, 3, 4 and 5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import cv2
import numpy as np

from engine.analysis.pipeline import inspect_pair
from engine.commands.analysis_cache import analysis_cache
from engine.commands.detector_option import detector_option
from engine.commands.labelled_videos import labelled_dataset, measured_videos
from engine.commands.redaction_option import kept_redaction, redaction_option
from engine.common.atomic_write import atomic_write
from engine.common.errors import ExportError
from engine.datasets import Dataset, LabelledVideo
from engine.datasets.file_access import odd_file
from engine.figures.choosing import ChosenFrame, labelled_regions, representative_frames
from engine.figures.drawing import SheetKind, Transition, draw_sheet
from engine.redaction.source import redacted
from engine.video import open_video
from engine.video.frame import Pixels
from engine.video.naming import picture_count

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_KINDS = {"1": "figure-1", "3": "figure-3-4", "4": "figure-3-4", "5": "figure-5"}


@click.command(short_help="Draw sheets like the paper's figures.")
@click.argument("footage", type=click.Path(path_type=Path))
@detector_option(required=True)
@click.option("--out", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="For sheets.")
@click.option(
    "--frames", metavar="N,...", help="Frames to show: 12,90, or 01:12,04:90 of a dataset's videos 01 and 04."
)
@click.option(
    "--auto",
    "count",
    type=click.IntRange(1, 12),
    default=2,
    show_default=True,
    help="Without --frames: how many unusual frames are chosen, and as many ordinary ones.",
)
@click.option(
    "--kind",
    type=click.Choice([*_KINDS, "all"]),
    default="all",
    show_default=True,
    help="1: all of a transition; 3 and 4: its motion; 5: predicted beside real.",
)
@redaction_option
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep an analysis made earlier.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def figures(
    footage: Path,
    detector: Path,
    folder: Path,
    frames: str | None,
    count: int,
    kind: str,
    redact: bool,
    device: str,
    no_cache: bool,
    quiet: bool,
) -> None:
    """Draw what a detector expected of FOOTAGE, a video or a dataset, beside what came.

    Frames are those of --frames, or chosen by their darkest patch: in a dataset the worst frame of each of the worst
    events, one a video, and normal frames as near as can be to the median; in a video without labels its worst frames
    and its most ordinary ones. The sheets' paths go to stdout; older sheets in the folder are replaced.
    """
    from engine.models.predictor import Predictor  # torch takes seconds to import

    dataset, labelled = _open_footage(footage)
    requested = None if frames is None else _requested_frames(frames, dataset, labelled)
    predictor = Predictor.open(detector, device)
    with analysis_cache(no_cache) as cache:
        choices = requested or _selected_frames(dataset, labelled, predictor, cache, count, quiet)
    transitions = [_transition(dataset, choice, predictor, redact=redact, quiet=quiet) for choice in choices]
    _write(folder, transitions, kind, predictor.settings.flow_radius_px)


def _open_footage(footage: Path) -> tuple[Dataset, bool]:
    """The footage as a dataset, and whether it has labels; a video becomes a dataset without labels."""
    with odd_file(footage):
        is_dataset = footage.is_dir() and not picture_count(footage)
    if is_dataset:
        return labelled_dataset(footage), True
    with open_video(footage) as source:
        video = LabelledVideo(source.info.name, footage, np.zeros(len(source), np.bool_))
    return Dataset(footage.name, footage, complete=False, training=(), testing=(video,)), False


def _requested_frames(frames: str, dataset: Dataset, labelled: bool) -> list[ChosenFrame]:
    """The frames that --frames names by number."""
    indices = {video.name: index for index, video in enumerate(dataset.testing)}
    choices = []
    for word in frames.split(","):
        name, colon, number = word.strip().rpartition(":")
        if bool(colon) != labelled or not number.isdecimal():
            raise click.BadParameter(
                "name a dataset's frames like 01:12,04:90." if labelled else "name a video's frames like 12,90.",
                param_hint="--frames",
            )
        if labelled and name not in indices:
            raise click.BadParameter(f"there is no video {name}, only {', '.join(indices)}.", param_hint="--frames")
        index, frame = indices[name] if labelled else 0, int(number)
        abnormal = dataset.testing[index].abnormal
        if not 1 <= frame < len(abnormal):
            raise ExportError(
                f"There is no transition to frame {frame}",
                subject=dataset.testing[index].path,
                advice=f"Choose frames from 1 to {len(abnormal) - 1}; frame 0 has none before it.",
            )
        choices.append(ChosenFrame(index, frame, bool(abnormal[frame]) if labelled else None))
    return choices


def _selected_frames(
    dataset: Dataset, labelled: bool, predictor: Predictor, cache: Path, count: int, quiet: bool
) -> list[ChosenFrame]:
    return representative_frames(measured_videos(dataset, predictor, cache, quiet=quiet), count, labelled=labelled)


def _transition(
    dataset: Dataset, choice: ChosenFrame, predictor: Predictor, *, redact: bool, quiet: bool
) -> Transition:
    video = dataset.testing[choice.video]
    with open_video(video.path) as recording:
        source = redacted(recording, kept_redaction(recording.info, redact=redact, quiet=quiet))
        previous, frame = source.read(choice.frame - 1), source.read(choice.frame)
    masks = video.masks() if choice.abnormal and video.masks else None
    regions_before, regions = (
        [] if masks is None else labelled_regions(masks[number]) for number in (choice.frame - 1, choice.frame)
    )
    name = video.name if choice.abnormal is None else f"Video {video.name}"
    inspection = inspect_pair(previous, frame, predictor)
    return Transition(name, previous, inspection, choice.abnormal, regions, regions_before or regions)


def _write(folder: Path, transitions: Sequence[Transition], kind: str, flow_radius_px: float) -> None:
    sheet_names = dict.fromkeys(_KINDS.values()) if kind == "all" else [_KINDS[kind]]
    # The paper's Figures 3 and 4 show only abnormal motion.
    abnormal = [transition for transition in transitions if transition.abnormal is not False] or transitions
    for name in sheet_names:
        shown = abnormal if name == SheetKind.MOTION else transitions
        click.echo(_save(folder / f"{name}.png", draw_sheet(SheetKind(name), shown, flow_radius_px)))


def _save(path: Path, sheet: Pixels) -> Path:
    _, encoded = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(encoded.tobytes())
    except OSError as error:
        advice = f"Free some space or choose another folder with --out ({error.strerror})."
        raise ExportError("The sheet can't be written", subject=path, advice=advice) from error
    return path
