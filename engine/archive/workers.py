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
    """None where the worker died."""
    was_begun: bool = True
    """Whether the worker may have died over it: not of one that was only next."""


class Workers(ABC):
    """Any number of workers, each of which does one shard after another in the order that it was given them."""

    @property
    def kinds(self) -> Sequence[str]:
        """Device, precision and packages of the workers, each once; results of several kinds differ in their last bits.

        Empty where workers do not tell.
        """
        return ()

    @property
    @abstractmethod
    def free(self) -> Sequence[Worker]:
        """Those that can be given a shard, first those that have none."""

    @abstractmethod
    def submit(self, worker: Worker, shard: Shard) -> None:
        """Give a free worker a shard."""

    @abstractmethod
    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, after so long at the latest; a worker that died is replaced."""

    @abstractmethod
    def close(self) -> None:
        """End all workers, whatever they do."""
