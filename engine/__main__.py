"""The command line: `vad`, or `python -m engine`."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback

import click

from engine.commands.lazy_group import LazyGroup
from engine.common.errors import VadError
from engine.common.memory import is_out_of_memory, out_of_memory_error

_COMMANDS = {
    "ablation": "Train and judge the method with and without its ingredients: Table 2 of the paper.",
    "analyse": "Score recordings and list what is unusual in them.",
    "archive": "Index recordings of many folders and cameras, and search all of them.",
    "calibrate": "Teach a detector what its scores mean on a camera.",
    "detectors": "List, name, export, import and delete your detectors.",
    "doctor": "Say what is missing on this machine, and how to fix it.",
    "evaluate": "Judge a detector by a labelled dataset: AUC, events found, plots.",
    "export": "Export clips of segments, and tables of a review.",
    "figures": "Draw sheets like the paper's figures: expected beside real.",
    "footage": "Check whether footage is fit to teach a detector with.",
    "flow": "Estimate the optical flow between two pictures.",
    "package": "Make an evidence package of a review.",
    "plan": "Say what a training run would take here: time, memory and disk.",
    "rate": "Give the frame rate of recordings that do not store one.",
    "recalibrate": "Teach a detector from the verdicts of reviews.",
    "report": "Write the report of a review as one HTML file.",
    "timing": "Say how many frames a second a detector predicts and judges: Table 3 of the paper.",
    "train": "Train a detector from normal footage, or resume a run.",
    "verify": "Tell whether an evidence package is whole.",
}
_INTERRUPTED = 130  # what shells report of a program that Ctrl-C ended


class _Commands(LazyGroup):
    """Words whatever ends a command early."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except VadError as error:
            if ctx.params["debug"]:
                traceback.print_exc()
            else:
                click.echo(f"Error: {error}", err=True)
            ctx.exit(1)
        except Exception as error:
            told = None if ctx.params["debug"] else _told(error)
            if told is None:
                raise
            click.echo(f"Error: {told}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt as interrupt:
            click.echo(str(interrupt) or "Interrupted.", err=True)
            ctx.exit(_INTERRUPTED)


def _told(error: Exception) -> VadError | None:
    """Memory that ran out, and what the system says of a file or name; None for a fault of the program."""
    if is_out_of_memory(error):
        return out_of_memory_error()
    if not isinstance(error, OSError) or not error.strerror or error.errno == errno.EPIPE:
        return None
    if error.filename is None:
        return VadError(error.strerror, advice="Check that the disk works and has space, then try again.")
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    return VadError(error.strerror, subject=name, advice="Check this name, and that you may read and write there.")


@click.group(
    "vad",
    cls=_Commands,
    package="engine.commands",
    summaries=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
@click.version_option(package_name="vadgui", message="%(prog)s %(version)s")
def cli(debug: bool) -> None:
    """Find what is unusual in surveillance video: train detectors, analyse recordings, export what was found."""


def main() -> None:
    """Run the command line and exit; also under `python -m engine` it calls itself vad."""
    # Read when torch is imported. Threads that spin while they wait cost a busy machine most of its speed, and
    # sleeping ones an idle machine a tenth.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Redirected on Windows, stdout is in an old code page: a name outside it must not end a night's batch.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    cli(prog_name="vad")


if __name__ == "__main__":
    main()
