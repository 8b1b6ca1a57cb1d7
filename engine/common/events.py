"""What long work reports while it runs: frozen dataclasses, each one JSON line on a pipe."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.common.errors import TrainingError, VadError
from engine.common.json_values import convert, decode

ShouldStop = Callable[[], bool]
"""Long work calls this often and stops soon after it returns True."""


def never_stop() -> bool:
    """The `should_stop` of work that nobody can interrupt."""
    return False


@dataclass(frozen=True)
class Progress:
    """How far a phase has come."""

    phase: str
    """What is being done, as a person would say it: "Reading footage", "Learning motion"."""
    done: int
    total: int
    per_second: float = 0.0
    """Items of `done` a second, lately."""
    seconds_left: float | None = None
    """Of this phase; None while there is too little to judge by."""
    epoch: int | None = None
    """Of a training stage, counted from 0."""
    step: int | None = None
    """Steps done in this epoch."""
    loss: float | None = None
    """Mean over the last few steps."""


@dataclass(frozen=True)
class LossReported:
    """The mean loss over an epoch of one stage of a training run."""

    stage: str
    """"motion" or "frame"."""
    epoch: int
    step: int
    loss: float
    held_out_loss: float | None = None
    """On held-out normal videos; None where there are none."""
    is_best: bool = False
    """Whether the model of this epoch is the best of its stage so far, and kept as such."""


@dataclass(frozen=True)
class SampleSaved:
    """A picture that shows what a model has learnt is at `path`."""

    stage: str
    """"motion" or "frame"."""
    epoch: int
    path: str


@dataclass(frozen=True)
class Noted:
    """Something a person should know; the work goes on."""

    text: str


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint that training can resume from is on disk."""

    path: str


@dataclass(frozen=True)
class Finished:
    """The work is done and its result is at `path`."""

    path: str


@dataclass(frozen=True)
class Stopped:
    """The work stopped because it was asked to; it can be resumed."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """The work failed: what, on what, and what to do next."""

    what: str
    subject: str = ""
    advice: str = ""
    remedy: dict[str, int | float] = field(default_factory=dict)
    """Settings of a training run to resume it with; empty where another try needs none."""

    @classmethod
    def by(cls, error: VadError) -> Failed:
        """What an error says."""
        return cls(error.what, error.subject, error.advice, error.remedy if isinstance(error, TrainingError) else {})


Event = Progress | LossReported | SampleSaved | Noted | CheckpointSaved | Finished | Stopped | Failed

_EVENT_TYPES: dict[str, type[Event]] = {
    event.__name__: event
    for event in (Progress, LossReported, SampleSaved, Noted, CheckpointSaved, Finished, Stopped, Failed)
}


def to_json_line(event: Event) -> str:
    """One line of JSON without a newline, its type under "event"; ASCII, as pipes on Windows are not in UTF-8."""
    return json.dumps({"event": type(event).__name__, **asdict(event)})


def from_json_line(line: str) -> Event:
    """The event that `to_json_line` wrote.

    Raises:
        ValueError: the line is no event of this version.
    """
    fields = decode(line, dict[str, Any])
    try:
        return convert(fields, _EVENT_TYPES[fields.pop("event")], exact=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an event: {line!r}") from error
