"""What becomes of a recording that fails among others: they go on, and it is named."""

from __future__ import annotations

from dataclasses import dataclass

from engine.common.errors import VadError
from engine.common.events import Noted
from engine.common.language import tr
from engine.common.names import displayable


@dataclass(frozen=True)
class LeftOut:
    """A recording that could not take part, and why."""

    name: str
    why: str

    @classmethod
    def of(cls, name: str, error: VadError) -> LeftOut:
        """A recording that fails with an error: what failed, and what to do, in sentences."""
        return cls(displayable(name), " ".join(filter(None, (f"{error.what}.", error.advice))))

    @property
    def in_words(self) -> str:
        """Which, and why."""
        return f"{self.name}: {self.why}"

    @property
    def note(self) -> Noted:
        """What is told of it while the others are handed over."""
        return Noted(tr("Left out: {recording}").format(recording=self.in_words))
