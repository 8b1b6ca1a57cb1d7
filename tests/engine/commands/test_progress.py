"""The bar says what is done at the moment."""

from __future__ import annotations

import io
from collections.abc import Generator

import pytest

from engine.commands.progress import follow
from engine.common.events import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_later_phase_is_named_beside_the_label(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> Generator[Progress, None, None]:
        yield Progress("Analysing", 0, 10)
        yield Progress("Analysing", 9, 10)
        yield Progress("Segments frame by frame", 11, 20)

    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    follow(work(), label="street.mp4")
    written = terminal.getvalue()
    assert "street.mp4: Segments frame by frame" in written
    assert "street.mp4: Analysing" not in written
