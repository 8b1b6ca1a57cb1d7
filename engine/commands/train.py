"""`vad train`: teach a detector from normal footage, or go on with a run that stopped."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from engine.commands.detector_option import optional_detector
from engine.errors import Cancelled
from engine.events import CheckpointSaved, Event, Finished, LossReported, Progress, Stopped, to_json_line

_NOT_SETTINGS = {"run_folder", "footage", "supervised"}


def _rate_option(name: str, text: str) -> Callable[[Any], Any]:
    rate = click.FloatRange(0, 1, min_open=True)
    return click.option(name, type=rate, default=2e-4, show_default=True, help=text)


@click.command(short_help="Train a detector from normal footage, or resume a run.")
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--footage",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Video, folder of videos or picture folder with normal life only; may be given several times.",
)
@click.option(
    "--start-from",
    metavar="D",
    callback=optional_detector,
    help="Improve this detector (file or bundled name) with more footage, instead of learning from scratch.",
)
@click.option("--name", help="What the detector is called; the run folder's name by default.")
@click.option(
    "--preset",
    type=click.Choice(["fast", "paper"]),
    default="fast",
    show_default=True,
    help="Size of the models: paper is the larger one, for machines with a GPU.",
)
@click.option("--teacher", default="dis", show_default=True, help="Estimator of the ground-truth flow.")
@click.option(
    "--motion-epochs", type=click.IntRange(1), default=20, show_default=True, help="Passes that learn the flow."
)
@click.option(
    "--frame-epochs", type=click.IntRange(1), default=10, show_default=True, help="Passes that learn the next frame."
)
@_rate_option("--motion-lr", "Adam's learning rate while the flow is learnt.")
@_rate_option("--frame-lr", "The same while the next frame is learnt.")
@click.option("--batch-size", type=click.IntRange(2), default=16, show_default=True, help="Transitions in each step.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is random.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option(
    "--supervised",
    is_flag=True,
    help="For programs: events as JSON lines on stdout; a line `stop` or the end of stdin stops the run.",
)
@click.pass_context
def train(
    ctx: click.Context,
    run_folder: Path,
    footage: tuple[Path, ...],
    start_from: Path | None,
    name: str | None,
    preset: str,
    teacher: str,
    motion_epochs: int,
    frame_epochs: int,
    motion_lr: float,
    frame_lr: float,
    batch_size: int,
    seed: int,
    device: str,
    supervised: bool,
) -> None:
    """Train a detector in the folder RUN from normal footage.

    With --footage a new run begins; without, the run in RUN goes on from its last checkpoint, with the options that
    it was begun with. Ctrl-C stops it safely. The finished detector is RUN/detector.safetensors.
    """
    if not footage:
        _refuse_settings(ctx)
    from engine.datasets import footage_videos
    from engine.training import Run, RunSettings
    from engine.training.trainer import train as training_events

    run = Run(run_folder)
    if footage:
        settings = RunSettings(
            name=name or run_folder.resolve().name,
            videos=tuple(str(video.resolve()) for video in footage_videos(footage)),
            preset=preset,
            teacher=teacher,
            motion_epochs=motion_epochs,
            frame_epochs=frame_epochs,
            motion_learning_rate=motion_lr,
            frame_learning_rate=frame_lr,
            batch_size=batch_size,
            seed=seed,
            device=device,
            start_from=None if start_from is None else str(start_from.resolve()),
        )
        run = Run.create(run_folder, settings)
    stop = threading.Event()
    if supervised:
        # A daemon: it blocks in a read of stdin that nothing but the supervisor can end.
        threading.Thread(target=_watch_stdin, args=(stop,), name="stdin", daemon=True).start()
    try:
        _report(training_events(run, stop.is_set), supervised)
    except Cancelled:
        _report(iter([Stopped("Training was stopped while it read the footage.")]), supervised)


def _refuse_settings(ctx: click.Context) -> None:
    """A run goes on as it was begun: an option that would change nothing is a misunderstanding."""
    for option in ctx.command.params:
        given = option.name and ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
        if given and option.name not in _NOT_SETTINGS:
            raise click.UsageError(
                f"{option.opts[0]} needs --footage: a run goes on with the options it was begun with."
            )


def _watch_stdin(stop: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == "stop":
            break
    stop.set()


def _report(events: Iterator[Event], supervised: bool) -> None:
    for event in events:
        if supervised:
            print(to_json_line(event), flush=True)
        else:
            click.echo(_in_words(event), err=True)


def _in_words(event: Event) -> str:
    match event:
        case Progress(phase=phase, done=done, total=total, per_second=per_second, seconds_left=left):
            speed = f", {per_second:.1f} samples/s" if per_second else ""
            remaining = f", {left / 60:.0f} min left" if left is not None else ""
            return f"{phase}: {done}/{total}{speed}{remaining}"
        case LossReported(stage=stage, epoch=epoch, loss=loss, held_out_loss=held_out):
            judged = f", held-out {held_out:.5f}" if held_out is not None else ""
            return f"{stage} stage, epoch {epoch + 1}: loss {loss:.5f}{judged}"
        case CheckpointSaved(path=path):
            return f"Checkpoint saved: {path}"
        case Finished(path=path):
            return f"Detector ready: {path}"
        case Stopped(reason=reason):
            return reason
        case _:
            return str(event)
