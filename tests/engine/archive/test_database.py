"""Archives in a file and on a server: made, opened, refused."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.archive import schema
from engine.archive.database import Archive, without_password
from engine.archive.scanning import scan
from engine.commands.progress import finished
from engine.common.errors import ArchiveError
from tests.at_once import run_at_once
from tests.engine.archive.postgres import postgres_server

MAKER = """
import sys
from engine.archive.database import Archive
print("ready", flush=True)
for line in sys.stdin:
    Archive(f"{sys.argv[1]}/{line.strip()}.archive", create=True).close()
"""


def test_an_archive_is_there_again(place: str) -> None:
    with pytest.raises(ArchiveError):
        Archive(place)
    with Archive(place, create=True) as archive, archive.changing() as connection:
        connection.execute(sa.insert(schema.folders).values(path=Path("/a"), camera_rule={}))
    with Archive(place) as archive, archive.reading() as connection:
        assert connection.execute(sa.select(schema.folders.c.path)).scalars().all() == [Path("/a")]


def test_one_made_before_the_index_by_rank_gets_it(place: str) -> None:
    with Archive(place, create=True) as archive, archive.changing() as connection:
        connection.execute(sa.text("DROP INDEX segments_by_rank"))
        connection.execute(sa.text("CREATE INDEX segments_by_score ON segments (peak_score)"))

    def indexes() -> set[str]:
        table, column = ("sqlite_master", "name") if "://" not in place else ("pg_indexes", "indexname")
        with Archive(place) as archive, archive.reading() as connection:
            found = connection.execute(sa.text(f"SELECT {column} FROM {table}")).scalars()
            return {name for name in found if name in ("segments_by_rank", "segments_by_score")}

    assert indexes() == {"segments_by_score"}
    for _ in range(2):
        with Archive(place) as archive:
            finished(scan(archive))
        assert indexes() == {"segments_by_rank"}


@pytest.mark.parametrize(("journal", "synced"), [("wal", 1), ("delete", 2)])
def test_every_change_is_synced_where_there_is_no_write_ahead_log(tmp_path: Path, journal: str, synced: int) -> None:
    path = str(tmp_path / "site.archive")
    Archive(path, create=True).close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute(f"PRAGMA journal_mode = {journal}").fetchone() == (journal,)
    with Archive(path) as archive, archive.reading() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == synced


def test_a_newer_one_is_refused_and_left_as_it_is(place: str) -> None:
    with Archive(place, create=True) as archive, archive.changing() as connection:
        connection.execute(sa.update(schema.archive_version).values(version=schema.VERSION + 1))
    for create in (False, True):
        with pytest.raises(ArchiveError, match="newer version"):
            Archive(place, create=create)


def test_a_strangers_data_base_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE accounts (id INTEGER)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match="no archive"):
        Archive(str(path), create=True)
    assert path.read_bytes() == before
    text = tmp_path / "notes.txt"
    text.write_text("not a data base, but long enough to be looked at" * 50)
    with pytest.raises(ArchiveError):
        Archive(str(text), create=True)


@pytest.mark.parametrize("place", ["mysql://host/name", "what://"])
def test_other_servers_are_refused(place: str) -> None:
    with pytest.raises(ArchiveError, match="postgresql://"):
        Archive(place)


def test_a_server_that_does_not_answer_is_said_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(ArchiveError) as caught:
        Archive("postgresql://me:secret@127.0.0.1:1/name", create=True)
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_all_may_make_one_archive_at_the_same_moment(tmp_path: Path) -> None:
    run_at_once(MAKER, [str(tmp_path)], map(str, range(100)), processes=4)


@pytest.mark.slow
def test_a_server_that_goes_away_for_a_moment_is_waited_for_where_that_is_wanted() -> None:
    with postgres_server() as server:
        place = f"postgresql://vadgui@/postgres?host={server.folder}"
        with Archive(place, create=True) as hasty, Archive(place, patience_seconds=60.0) as patient:
            server.stop()
            with pytest.raises(ArchiveError, match="can't be read"), hasty.reading():
                pass
            starting = threading.Timer(2.0, server.start)
            starting.start()
            with patient.changing() as connection:
                connection.execute(sa.insert(schema.folders).values(path=Path("/f"), camera_rule={}))
            starting.join()
            with hasty.reading() as connection:
                assert connection.execute(sa.select(schema.folders.c.path)).scalar_one() == Path("/f")


@pytest.mark.parametrize("parameter", ["password", "sslpassword", "passfile"])
def test_no_password_in_a_query_is_shown_or_remembered(parameter: str) -> None:
    pytest.importorskip("psycopg")
    place = f"postgresql://me@127.0.0.1:1/name?{parameter}=secret&connect_timeout=2"
    assert without_password(place) == "postgresql://me@127.0.0.1:1/name?connect_timeout=2"
    with pytest.raises(ArchiveError) as caught:
        Archive(place, create=True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("place", ["postgresql://me:secret@host:54x/name", "://me:secret@host/name"])
def test_what_is_no_url_of_a_data_base_is_said_without_its_password(place: str) -> None:
    pytest.importorskip("psycopg")
    assert "secret" not in without_password(place)
    with pytest.raises(ArchiveError) as caught:
        Archive(place, create=True)
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
def test_a_name_that_is_no_text_comes_back(archive: Archive) -> None:
    path = Path(os.fsdecode(b"/footage/caf\xe9 %41.mp4"))
    with archive.changing() as connection:
        connection.execute(sa.insert(schema.folders).values(path=path, camera_rule={}))
    with archive.reading() as connection:
        assert connection.execute(sa.select(schema.folders.c.path)).scalar_one() == path
