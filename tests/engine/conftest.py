"""Files that URLs name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fsspec.asyn import get_loop

from tests.remote_files import MemoryStore, memory_store


@pytest.fixture(scope="module")
def connections() -> None:
    """The thread that fsspec keeps for all its connections, which outlives a test."""
    get_loop()


@pytest.fixture
def store(connections: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryStore]:  # noqa: ARG001
    """What memory:// holds."""
    with memory_store(monkeypatch) as store:
        yield store
