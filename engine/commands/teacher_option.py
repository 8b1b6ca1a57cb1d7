"""Help text and callback shared by the options that name an optical-flow teacher."""

from __future__ import annotations

import click

from engine.flow.teachers import EXPERIMENTAL_TEACHERS, TEACHER_NAMES

TEACHERS_IN_WORDS = ", ".join(
    f"{name} (experimental)" if name in EXPERIMENTAL_TEACHERS else name for name in TEACHER_NAMES
)


def note_experimental(ctx: click.Context, param: click.Parameter, value: str) -> str:  # noqa: ARG001
    """Callback of an option: print a note on stderr if the teacher is experimental."""
    if value in EXPERIMENTAL_TEACHERS:
        click.echo(
            f"Note: the teacher {value} is experimental: it was never tried with its published weights.", err=True
        )
    return value
