"""The command line: `vad`, or `python -m engine`."""

from __future__ import annotations

import importlib
import traceback

import click

from engine.errors import VadError

_COMMANDS = {
    "analyse": "engine.commands.analyse",
    "doctor": "engine.commands.doctor",
    "export": "engine.commands.export",
    "train": "engine.commands.train",
}
_INTERRUPTED = 130  # what shells report of a program that Ctrl-C ended


class _Commands(click.Group):
    """Imports a command when it is asked for, and words whatever ends one early."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(_COMMANDS[cmd_name]), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except VadError as error:
            if ctx.params["debug"]:
                traceback.print_exc()
            else:
                click.echo(f"Error: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(_INTERRUPTED)


@click.group("vad", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
@click.version_option(package_name="vadgui", message="%(prog)s %(version)s")
def cli(debug: bool) -> None:
    """Find what is unusual in surveillance video: train detectors, analyse recordings, export what was found."""


def main() -> None:
    """Run the command line and exit; also under `python -m engine` it calls itself vad."""
    cli(prog_name="vad")


if __name__ == "__main__":
    main()
