"""`vad archive`: recordings of many folders and cameras in one index."""

from __future__ import annotations

import click

from engine.commands.lazy_group import LazyGroup

_COMMANDS = {
    "analyse": "Analyse what waits.",
    "export": "Write the segments that fit into a file.",
    "plan": "Say what the analysis costs: time, workers, disk.",
    "scan": "Bring an archive up to date with its folders.",
    "search": "List the segments that fit, the most conspicuous first.",
    "status": "Say how far each camera's recordings are.",
}


@click.group(cls=LazyGroup, package=__name__, summaries=_COMMANDS)
def archive() -> None:
    """Keep an index of recordings over any number of folders and cameras, and find segments in all of them.

    An archive is one file, or a PostgreSQL data base.
    """
