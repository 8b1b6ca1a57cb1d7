"""Options that several commands of an archive share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click

from engine.archive.entering import moment_of, region_of
from engine.archive.listing import Box
from engine.archive.searching import Query
from engine.commands.number_range import NumberRange
from engine.commands.reviewed_recordings import verdicts_of
from engine.review.document import Verdict

archive_option = click.option(
    "--archive",
    "place",
    required=True,
    envvar="VADGUI_ARCHIVE",
    show_envvar=True,
    metavar="FILE|URL",
    help="The archive: a file, or postgresql://USER@HOST/NAME.",
)
_MOST = 1_000_000_000
"""More segments than an archive has; data bases take no number of any length."""
PATIENCE_SECONDS = 60.0
"""Work of hours waits so long for a server that goes away."""
cameras_option = click.option("--camera", "cameras", multiple=True, metavar="NAME", help="May be given several times.")


class Moment(click.ParamType[datetime]):
    """A date, or date and time, in this machine's time zone unless it names another; `ends_day` of a date alone."""

    name = "moment"

    def __init__(self, *, ends_day: bool = False) -> None:
        self._ends_day = ends_day

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment that a text means."""
        try:
            return moment_of(str(value), ends_day=self._ends_day)
        except ValueError:
            self.fail(f"{str(value).strip()!r} is no date and time such as 2026-03-28T22:00.", param, ctx)


class Region(click.ParamType[Box]):
    """LEFT,TOP,RIGHT,BOTTOM as shares of the picture's width and height."""

    name = "region"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Box:
        """The box that a text means."""
        try:
            return region_of(str(value))
        except ValueError:
            words = "LEFT below RIGHT and TOP below BOTTOM, from 0 to 1, such as 0.5,0,1,1 for the right half"
            self.fail(f"Give LEFT,TOP,RIGHT,BOTTOM: {words}.", param, ctx)


def query_options(limit: int | None) -> Callable[[Any], Any]:
    """Options that say which segments are meant, passed to the command as a `query`."""
    options = (
        cameras_option,
        click.option("--from", "begins_from", type=Moment(), metavar="TIME", help="Begins then or later."),
        click.option(
            "--to",
            "begins_before",
            type=Moment(ends_day=True),
            metavar="TIME",
            help="Begins before; of a date alone, on that day still.",
        ),
        click.option("--min-score", type=NumberRange(), metavar="X", help="Peak score at least."),
        click.option("--reason", default="", metavar="TEXT", help="Why it was flagged, or a part of that."),
        click.option(
            "--region",
            type=Region(),
            metavar="L,T,R,B",
            help="What stands out reaches into this part of the picture; shares from 0 to 1, from the top left corner.",
        ),
        click.option(
            "--verdict", "verdicts", callback=verdicts_of, metavar="VERDICTS", help="Separated by commas, or all."
        ),
        click.option(
            "--limit", type=click.IntRange(1, _MOST), default=limit, show_default=limit is not None, metavar="N"
        ),
    )

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def query_of(*, reason: str, verdicts: Sequence[Verdict] | None, **values: Any) -> Query:
    """The query of those options.

    Raises:
        UsageError: no time lies between --from and --to.
    """
    query = Query(**values, reasons=(reason,) if reason else (), verdicts=verdicts or ())
    if query.has_no_time:
        raise click.UsageError("--from is not before --to: no segment can begin between them.")
    return query
