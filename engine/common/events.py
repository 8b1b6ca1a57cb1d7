"""Events that long work yields while it runs: frozen dataclasses, each written as one JSON line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.common.errors import TrainingError, VadError
from engine.common.json_values import convert, decode
from engine.common.messages import Message, messages_of

ShouldStop = Callable[[], bool]
"""Long work calls this often and stops soon after it returns True."""


def never_stop() -> bool:
    """The `should_stop` of work that nobody can interrupt."""
    return False


@dataclass(frozen=True)
class Progress:
    """Progress of one phase of long work."""

    phase: str
    """Name of the phase, shown to people: "Reading footage", "Learning motion"."""
    done: int
    total: int
    per_second: float = 0.0
    """Items done per second, over the last while."""
    seconds_left: float | None = None
    """Estimated time left in this phase; None while there is too little data for an estimate."""
    epoch: int | None = None
    """Epoch of a training stage, counted from 0."""
    step: int | None = None
    """Steps done in this epoch."""
    loss: float | None = None
    """Mean training loss over the last few steps."""


@dataclass(frozen=True)
class LossReported:
    """The mean loss over an epoch of one stage of a training run."""

    stage: str
    """"motion" or "frame"."""
    epoch: int
    step: int
    loss: float
    held_out_loss: float | None = None
    """Mean loss on held-out normal videos; None without any."""
    is_best: bool = False
    """Whether the model of this epoch is the best of its stage so far, which is then saved."""


@dataclass(frozen=True)
class SampleSaved:
    """A picture that shows what a model has learnt is at `path`."""

    stage: str
    """"motion" or "frame"."""
    epoch: int
    path: str


@dataclass(frozen=True)
class Noted:
    """A note for people; the work goes on."""

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
    """The work stopped on request; it can be resumed."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """The work failed: what, on what, and what to do next."""

    what: str
    subject: str = ""
    advice: str = ""
    remedy: dict[str, int | float] = field(default_factory=dict)
    """Settings that a training run should be resumed with; empty when none have to change."""

    @classmethod
    def from_error(cls, error: VadError) -> Failed:
        """The event of an error."""
        return cls(error.what, error.subject, error.advice, error.remedy if isinstance(error, TrainingError) else {})


Event = Progress | LossReported | SampleSaved | Noted | CheckpointSaved | Finished | Stopped | Failed

_EVENT_TYPES: dict[str, type[Event]] = {
    event.__name__: event
    for event in (Progress, LossReported, SampleSaved, Noted, CheckpointSaved, Finished, Stopped, Failed)
}


_TEXTS = ("text", "what", "advice")
"""Fields that are translated."""
_MESSAGES = "messages"
"""What texts of an event are made of, by field: whoever reads them may speak another language."""


def to_json_line(event: Event) -> str:
    """One line of JSON without a newline, with the type under "event"; ASCII, because Windows pipes are not UTF-8."""
    fields = dict(vars(event))
    messages = messages_of(fields)
    return json.dumps({"event": type(event).__name__, **fields, **({_MESSAGES: messages} if messages else {})})


def from_json_line(line: str) -> Event:
    """The event that `to_json_line` wrote, its texts in the language in use.

    Raises:
        ValueError: the line is no event of this version.
    """
    fields = decode(line, dict[str, Any])
    try:
        messages = convert(fields.pop(_MESSAGES, {}), dict[str, Message])
        known = {name: Message(fields[name]) for name in _TEXTS if name in fields}
        fields |= {name: message.in_words() for name, message in (known | messages).items()}
        return convert(fields, _EVENT_TYPES[fields.pop("event")], exact=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an event: {line!r}") from error
