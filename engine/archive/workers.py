"""What does the shards: an interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from engine.archive.shards import Outcome, Shard

Worker = Hashable


@dataclass(frozen=True, eq=False)
class Ended:
    """A shard that a worker has done, or that was lost with it."""

    worker: Worker
    shard: Shard
    outcome: Outcome | None
    """None where the worker died over it."""


class Workers(ABC):
    """Any number of workers, each of which does one shard at a time."""

    @property
    @abstractmethod
    def idle(self) -> Sequence[Worker]:
        """Those that have nothing to do."""

    @abstractmethod
    def submit(self, worker: Worker, shard: Shard) -> None:
        """Give an idle worker a shard."""

    @abstractmethod
    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, after so long at the latest; a worker that died is replaced."""

    @abstractmethod
    def close(self) -> None:
        """End all workers, whatever they do."""
