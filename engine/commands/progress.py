"""The progress bar on stderr that commands show during long work."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

import click

from engine.common.events import Finished, Noted, Progress

Result = TypeVar("Result")


def follow(work: Generator[Progress | Noted | Finished, None, None], *, label: str = "", hidden: bool = False) -> str:
    """Run work to its end and show its progress; returns the path of its result, empty if it has none.

    Notes follow the bar, and are shown even if that is hidden.

    `label` is the text before the bar, with the name of a phase that is not the first; if it is empty, only that is.
    """
    with closing(work), _shown_at_the_end() as notes:
        first = next(work)
        assert isinstance(first, Progress)
        with click.progressbar(
            length=first.total,
            label=label or first.phase,
            file=sys.stderr,
            hidden=hidden,
            show_eta=False,  # click's estimate would include items that an earlier run finished
            show_pos=True,
            item_show_func=_rate,
        ) as bar:
            bar.update(first.done, first)
            result = ""
            for event in work:
                if isinstance(event, Finished):
                    result = event.path
                elif isinstance(event, Noted):
                    notes.append(event.text)
                else:
                    bar.length = event.total
                    is_later = event.phase != first.phase
                    bar.label = ": ".join(filter(None, (label, event.phase if is_later or not label else "")))
                    bar.update(event.done - bar.pos, event)
    return result


@contextmanager
def _shown_at_the_end() -> Iterator[list[str]]:
    """Lines to be shown once there is no bar any more that they would break."""
    lines: list[str] = []
    try:
        yield lines
    finally:
        for line in lines:
            click.echo(line, err=True)


def finished(work: Generator[Progress, None, Result]) -> Result:
    """Run work to its end without a bar; returns what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result


def finished_with_bar(work: Generator[Progress, None, Result], *, hidden: bool = False) -> Result:
    """Run work to its end and show its progress, under the name of each phase; returns what it returns."""
    with (
        closing(work),
        click.progressbar(
            length=1, file=sys.stderr, hidden=hidden, show_eta=False, show_pos=True, item_show_func=_rate
        ) as bar,
    ):
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            bar.label, bar.length = event.phase, event.total
            bar.update(event.done - bar.pos, event)


def _rate(progress: Progress | None) -> str:
    if progress is None or progress.seconds_left is None:
        return ""
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    return f"{progress.per_second:.0f} a second, {minutes}:{seconds:02} left"
