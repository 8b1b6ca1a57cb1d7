"""What does the shards: an interface, and one worker in this process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from engine.archive.shards import Judge, Outcome, Shard

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


class OwnWorker(Workers):
    """This process itself."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._given: Shard | None = None

    @property
    def idle(self) -> Sequence[Worker]:
        """It, between two shards."""
        return [] if self._given else [0]

    def submit(self, worker: Worker, shard: Shard) -> None:
        """Take a shard."""
        del worker
        self._given = shard

    def wait(self, seconds: float) -> list[Ended]:
        """Do what was given."""
        del seconds
        shard, self._given = self._given, None
        return [Ended(0, shard, self._judge.run(shard))] if shard else []

    def close(self) -> None:
        """Close what it has open."""
        self._judge.close()
