"""`vad train`: train a detector from normal footage, or resume a run that stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from engine.commands.detector_option import WHICH, optional_detector
from engine.commands.learning_options import LEARNING_OPTIONS, LearningOptions, learning_options
from engine.commands.number_range import NumberRange
from engine.commands.progress import finished_with_bar
from engine.commands.verdict_effects import print_effects
from engine.common.durations import duration_in_words
from engine.common.errors import Cancelled, VadError
from engine.common.events import (
    CheckpointSaved,
    Event,
    Failed,
    Finished,
    LossReported,
    Noted,
    Progress,
    SampleSaved,
    Stopped,
    to_json_line,
)
from engine.common.language import use_language_of_environment
from engine.common.paths import resolved
from engine.datasets import footage_videos
from engine.datasets.held_out import Stretch
from engine.models.detector_header import read_header
from engine.training import Run, RunSettings, StopControl
from engine.training.confirmed import confirmed_effects, may_lose_verdicts
from engine.training.run import AMENDABLE

if TYPE_CHECKING:
    from engine.training.distributed import ProcessGroup

_NOT_SETTINGS = {"run_folder", "footage", "supervised"}


def _detector_option(option: str, text: str) -> Callable[[Any], Any]:
    return click.option(option, metavar="D", callback=optional_detector, help=text)


@click.command(short_help="Train a detector from normal footage, or resume a run.")
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--footage",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Video, folder of videos, picture folder or dataset with normal life only; several times, too.",
)
@click.option(
    "--held-out",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Footage to judge by instead of learning from it; a fifth of the videos by default. Several times, too.",
)
@click.option(
    "--leave-out",
    type=(click.Path(path_type=Path, exists=True), NumberRange(0), NumberRange(0)),
    metavar="VIDEO START STOP",
    multiple=True,
    help="Part of a video, in seconds, that is not normal and not to be learnt. Several times, too.",
)
@_detector_option(
    "--start-from", f"Improve this detector ({WHICH}) with more footage, instead of learning from scratch."
)
@_detector_option("--motion-from", "Take this detector's motion model as it is, and learn the next frame alone.")
@click.option("--name", help="What the detector is called; the run folder's name by default.")
@click.option(
    "--preset",
    type=click.Choice(["fast", "paper"]),
    default="fast",
    show_default=True,
    help="Size of the models: paper is the larger one, for machines with a GPU.",
)
@click.option(
    "--motion-epochs", type=click.IntRange(1), default=20, show_default=True, help="Passes that learn the flow."
)
@click.option(
    "--frame-epochs", type=click.IntRange(1), default=10, show_default=True, help="Passes that learn the next frame."
)
@learning_options()
@click.option("--no-margin", is_flag=True, help="Leave the margin term out of the frame model's loss (ablation).")
@click.option("--no-flow-guidance", is_flag=True, help="Have the frame model see the frame alone (ablation).")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option(
    "--supervised",
    is_flag=True,
    help="For programs: events as JSON lines on stdout; on stdin a line `stop`, or its end, stops the run, "
    "and a line `finish` ends the stage at work with the best model so far.",
)
@click.pass_context
def train(ctx: click.Context, /, run_folder: Path, footage: tuple[Path, ...], supervised: bool, **options: Any) -> None:
    """Train a detector in the folder RUN from normal footage.

    With --footage a new run begins; without, the run in RUN goes on from its last checkpoint, with the options that
    it was begun with (batch size, learning rates and device may change). Ctrl-C stops it safely, and so does a file
    RUN/request with the word stop in it. The finished detector is RUN/detector.safetensors.

    Several GPUs or processes: torchrun --nproc-per-node N -m engine train RUN ...
    """
    use_language_of_environment()
    changes = {} if footage else _amendments(ctx)
    run = Run(run_folder)
    run.forget_request()
    requests = StopControl(run.request_path)
    with _signals_as_stop_requests(requests), ExitStack() as held:
        if supervised:
            # A daemon thread, because only the supervisor can end its blocking read of stdin.
            threading.Thread(target=_watch_stdin, args=(requests,), name="stdin", daemon=True).start()
        try:
            group = _process_group(options["device"] if footage else run.settings.device)
            if group is None or group.is_main:
                if footage:
                    held.enter_context(run.created(run_settings(run_folder, footage, options)))
                elif changes:
                    run.amend(**changes)
            if group is not None:
                group.barrier()
            from engine.training.trainer import train as training_events

            events = training_events(run, requests.should_stop, requests.should_finish, group)
            if supervised:
                _report_to_supervisor(events, requests)
            else:
                for event in events:
                    click.echo(_in_words(event), err=True)
                    if isinstance(event, Finished):
                        _judge(run.settings, Path(event.path), requests)
        except VadError as error:
            if supervised:
                _report_to_supervisor(iter([Failed.from_error(error)]), requests)
            raise


def _judge(settings: RunSettings, detector: Path, requests: StopControl) -> None:
    """Say what the finished detector lacks, and which confirmed segments it would not flag any more."""
    if not read_header(detector).settings.get("calibration"):
        click.echo("`vad calibrate` gives its scores a meaning, with more normal footage.", err=True)
    if not may_lose_verdicts(settings):
        return
    try:
        found = finished_with_bar(confirmed_effects(settings, detector, settings.device, requests.should_stop))
    except Cancelled:
        click.echo("What was confirmed was not judged by the new detector.", err=True)
        return
    print_effects(found.effects)
    for each in found.left_out:
        click.echo(f"  Not known of {each.name}: {each.why}", err=True)


def _amendments(ctx: click.Context) -> dict[str, Any]:
    """Settings of a resumed run that the command line changes.

    Raises:
        click.UsageError: an option is given that a resumed run can't change.
    """
    changes = {}
    for option in ctx.command.params:
        name = option.name or ""
        if name in _NOT_SETTINGS or ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        if name not in AMENDABLE:
            raise click.UsageError(
                f"{option.opts[0]} needs --footage: a run goes on with the options it was begun with."
            )
        changes[name] = ctx.params[name]
    return changes


def run_settings(run_folder: Path, footage: tuple[Path, ...], options: dict[str, Any]) -> RunSettings:
    """Convert the options of the command to the settings of a run."""
    videos, held_out = footage_videos(footage), footage_videos(options["held_out"])
    left_out: dict[str, tuple[Stretch, ...]] = {}
    for video, start, stop in options["leave_out"]:
        if not start < stop:
            raise click.UsageError(f"--leave-out {video} {start:g} {stop:g}: the second time must be the later one.")
        left_out[str(resolved(video))] = (*left_out.get(str(resolved(video)), ()), (start, stop))
    learning = LearningOptions(**{name: options[name] for name in LEARNING_OPTIONS})
    chosen = {name: options[name] for name in ("preset", "motion_epochs", "frame_epochs", "device")}
    chosen |= {name: options[name] and str(resolved(options[name])) for name in ("start_from", "motion_from")}
    return RunSettings(
        name=options["name"] or resolved(run_folder).name,
        videos=tuple(dict.fromkeys(str(resolved(video)) for video in [*videos, *held_out])),
        held_out=tuple(str(resolved(video)) for video in held_out),
        left_out=left_out,
        margin=not options["no_margin"],
        flow_guidance=not options["no_flow_guidance"],
        **learning.settings,
        **chosen,
    )


def _process_group(device: str) -> ProcessGroup | None:
    """The process group if `torchrun` started several processes, whose leader alone creates the run; else None."""
    if "RANK" not in os.environ:
        return None
    from engine.training.distributed import make_process_group

    return make_process_group(device)


@contextmanager
def _signals_as_stop_requests(requests: StopControl) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a request to stop; a second SIGINT raises KeyboardInterrupt."""

    def stop(number: int, _: object) -> None:
        if number == signal.SIGINT and requests.should_stop():
            raise KeyboardInterrupt
        requests.add("stop")

    previous_handlers = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous_handlers.items():
            signal.signal(number, handler)


def _watch_stdin(requests: StopControl) -> None:
    for line in sys.stdin:
        if line.strip() == "finish":
            requests.add("finish")
        elif line.strip() == "stop":
            break
    requests.add("stop")


def _report_to_supervisor(events: Iterator[Event], requests: StopControl) -> None:
    for event in events:
        try:
            print(to_json_line(event), flush=True)
        except BrokenPipeError:
            # The supervisor has ended: stop as at the end of stdin, so that the run saves its checkpoint.
            requests.add("stop")
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_words(event: Event) -> str:
    match event:
        case Progress():
            return _progress_in_words(event)
        case LossReported(stage=stage, epoch=epoch, loss=loss, held_out_loss=held_out, is_best=is_best):
            held_out_text = f", held-out {held_out:.5f}" if held_out is not None else ""
            best_text = ", the best so far" if is_best else ""
            return f"{stage} stage, epoch {epoch + 1}: loss {loss:.5f}{held_out_text}{best_text}"
        case SampleSaved(path=path):
            return f"Sample saved: {path}"
        case CheckpointSaved(path=path):
            return f"Checkpoint saved: {path}"
        case Finished(path=path):
            return f"Detector ready: {path}"
        case Stopped(reason=text) | Noted(text=text):
            return text
        case _:
            return str(event)


def _progress_in_words(progress: Progress) -> str:
    where = f", epoch {progress.epoch + 1}, step {progress.step}" if progress.epoch is not None else ""
    loss = f", loss {progress.loss:.5f}" if progress.loss is not None else ""
    speed = f", {progress.per_second:.1f} samples/s" if progress.per_second else ""
    left = f", {duration_in_words(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{progress.phase}: {progress.done}/{progress.total}{where}{loss}{speed}{left}"
