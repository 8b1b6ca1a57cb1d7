"""What reads an archive: a read that fails is repeated, and nothing is told to be caught up before it has worked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.vadgui.archive.conftest import NOON, MadeArchive, OpenArchive, listed
from vadgui.jobs import archive_reader
from vadgui.jobs.archive_reader import ArchiveReader

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)

Ask = Callable[[ArchiveReader], None]


@pytest.fixture
def reader(archive: MadeArchive, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveReader]:
    # Nothing is polled before a test asks for something.
    monkeypatch.setattr(archive_reader, "POLL_MS", 600_000)
    reader = ArchiveReader()
    with qtbot.waitSignal(reader.caught_up):
        reader.open(str(archive.file))
    monkeypatch.setattr(archive_reader, "POLL_MS", 50)
    yield reader
    reader.close()


@pytest.mark.parametrize(
    ("function", "ask", "signal"),
    [
        ("days", lambda reader: reader.show_month(NOON.date(), NOON.date()), "days_read"),
        ("footage_of", lambda reader: reader.show_day(NOON.date()), "day_read"),
        ("ranking", lambda reader: reader.rank(archive_reader.Query(min_score=4.0)), "ranking_read"),
        ("hits", lambda reader: reader.read_hits([(1, 1)]), "ranking_read"),
    ],
)
def test_what_could_not_be_read_once_is_read_by_the_next_poll(
    reader: ArchiveReader, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, function: str, ask: Ask, signal: str
) -> None:
    told: list[str] = []
    for name in ("failed", signal, "caught_up"):
        getattr(reader, name).connect(lambda *_, name=name: told.append(name))
    monkeypatch.setattr(archive_reader, function, _failing_once(getattr(archive_reader, function)))
    ask(reader)
    qtbot.waitUntil(lambda: "caught_up" in told)
    assert told == ["failed", signal, "caught_up"]


def test_rows_that_could_not_be_read_once_do_not_stay_blank(
    archive: MadeArchive, open_archive: OpenArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_reader, "POLL_MS", 50)
    monkeypatch.setattr(archive_reader, "hits", _failing_once(archive_reader.hits))
    window = open_archive(archive.file)
    assert listed(window) == ["9.00", "7.00", "5.00", "3.00", "1.00"]


def _failing_once(read: Callable[..., Any]) -> Callable[..., Any]:
    failures = [OSError("the disk is busy")]

    def read_or_fail(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return read(*arguments)

    return read_or_fail
