"""`vad train`: teach a detector from normal footage, or go on with a run that stopped."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from engine.commands.detector_option import optional_detector
from engine.errors import Cancelled
from engine.events import CheckpointSaved, Event, Finished, LossReported, Progress, Stopped, to_json_line


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
@click.option("--preset", type=click.Choice(["fast", "paper"]), default="fast", show_default=True)
@click.option("--teacher", default="dis", show_default=True, help="Estimator of the ground-truth flow.")
@click.option("--motion-epochs", type=click.IntRange(1), default=20, show_default=True)
@click.option("--frame-epochs", type=click.IntRange(1), default=10, show_default=True)
@click.option("--motion-lr", type=float, default=2e-4, show_default=True)
@click.option("--frame-lr", type=float, default=2e-4, show_default=True)
@click.option("--batch-size", type=click.IntRange(2), default=16, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option(
    "--supervised",
    is_flag=True,
    help="For programs: events as JSON lines on stdout; a line `stop` or the end of stdin stops the run.",
)
def train(
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

    With --footage a new run begins; without, the run in RUN goes on from its last checkpoint. Ctrl-C stops it
    safely. The finished detector is RUN/detector.safetensors.
    """
    from engine.datasets import footage_videos
    from engine.training import Run, RunSettings
    from engine.training import train as training_events

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
