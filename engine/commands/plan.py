"""`vad plan`: time, memory and disk that a training run would need on this machine."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from engine.commands.train import run_settings, train
from engine.common.durations import duration_in_words
from engine.common.events import Progress
from engine.run_plan import EFFORTS, RunPlan, plan_efforts, plan_run
from engine.training import Run, RunSettings

_SET_BY_EFFORTS = ("preset", "motion_epochs", "frame_epochs")


@click.command(short_help="Say what a training run would take here: time, memory and disk.")
@click.option(
    "--effort",
    type=click.Choice([*EFFORTS]),
    help="Plan this one alone: quick for a first look, standard for daily work, thorough for a GPU and the best.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object on stdout.")
@click.pass_context
def plan(
    ctx: click.Context,
    /,
    run_folder: Path,
    footage: tuple[Path, ...],
    effort: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what training in the folder RUN would take, without beginning it.

    Takes the options of `vad train`, and a few real steps on a sample of the footage, from which it finds the batch
    size that fits into the memory and the time. Without --effort, --preset and epochs it compares all efforts.
    Without --footage it speaks of the run that is in RUN.

    Ends with status 0 when a run can be begun, and with 1 when none can, which it gives the reason of.
    """
    given_options = [name for name in _SET_BY_EFFORTS if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if effort and given_options:
        raise click.UsageError("--effort chooses preset and epochs itself: leave those out, or --effort.")
    settings = run_settings(run_folder, footage, options) if footage else Run(run_folder).settings
    if effort:
        settings = EFFORTS[effort].applied_to(settings)
    plans = _plans(settings, run_folder, all_efforts=bool(footage) and not effort and not given_options, quiet=as_json)
    if as_json:
        content = {name or effort or "run": _as_dict(each) for name, each in plans.items()}
        click.echo(json.dumps(content, indent=2))
    else:
        for line in _lines(plans, settings, run_folder, footage):
            click.echo(line)
    ctx.exit(1 if all(each.refusal for each in plans.values()) else 0)


plan.params[:0] = [param for param in train.params if param.name != "supervised"]


def _plans(settings: RunSettings, folder: Path, *, all_efforts: bool, quiet: bool) -> dict[str, RunPlan]:
    plans: dict[str, RunPlan] = {}
    events = plan_efforts(settings, folder) if all_efforts else plan_run(settings, folder)
    with click.progressbar(length=1, label="Measuring", file=sys.stderr, hidden=quiet, show_eta=False) as bar:
        for event in events:
            match event:
                case Progress():
                    bar.length = event.total
                    bar.update(event.done - bar.pos)
                case RunPlan():
                    plans = {"": event}
                case _:
                    plans = event
    return plans


def _lines(plans: dict[str, RunPlan], settings: RunSettings, folder: Path, footage: tuple[Path, ...]) -> Iterator[str]:
    if len({each.refusal for each in plans.values()}) == 1 and (refusal := next(iter(plans.values())).refusal):
        plans = {"": next(iter(plans.values()))}  # all plans were refused for the same reason: print it once
        yield f"It can't be begun: {refusal}"
    some = next(iter(plans.values()))
    if some.frames:
        yield f"Runs on {some.device}"
        yield f"Footage: {some.frames:,} frames, {some.transitions:,} transitions to learn from"
        yield f"Reading it: {duration_in_words(some.reading_seconds)}"
    for name, each in plans.items():
        if name:
            yield f"\n{name}: {EFFORTS[name].sentence}"
            if each.refusal:
                yield f"  It can't be begun: {each.refusal}"
        yield from (f"  {line}" for line in _costs(each))
        if name and not each.refusal:
            command = ["vad", "train", str(folder), *(word for path in footage for word in ("--footage", str(path)))]
            yield f"  -> {shlex.join([*command, *_options(EFFORTS[name].applied_to(settings), each)])}"


def _costs(plan: RunPlan) -> Iterator[str]:
    for stage in plan.stages:
        epochs = f"{stage.epochs} epochs of {duration_in_words(stage.epoch_seconds)}"
        yield f"{stage.name} stage: {epochs}, {stage.step_seconds:.2g} s a step of {plan.batch_size}"
    if plan.judging_seconds:
        yield f"judging held-out footage: {duration_in_words(plan.judging_seconds)}"
    if plan.stages and plan.frames:
        yield f"in all: about {duration_in_words(plan.total_seconds)}"
    if plan.memory_bytes:
        free = f" of {plan.memory_free_bytes / 1e9:.1f} GB free" if plan.memory_free_bytes else ""
        yield f"memory: {plan.memory_bytes / 1e9:.1f} GB{free}"
    if plan.disk_needed_bytes:
        yield f"disk: {plan.disk_needed_bytes / 1e9:.1f} GB of {plan.disk_free_bytes / 1e9:.1f} GB free"
    yield from plan.notes


def _options(settings: RunSettings, plan: RunPlan) -> list[str]:
    return [
        *("--preset", settings.preset),
        *("--motion-epochs", str(settings.motion_epochs)),
        *("--frame-epochs", str(settings.frame_epochs)),
        *("--batch-size", str(plan.batch_size)),
    ]


def _as_dict(plan: RunPlan) -> dict[str, Any]:
    return {**asdict(plan), "total_seconds": plan.total_seconds}
