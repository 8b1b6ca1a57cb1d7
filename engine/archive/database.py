"""Opens an archive: one SQLite file, or a PostgreSQL data base by its URL."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from engine.archive import schema
from engine.common.errors import ArchiveError
from engine.common.language import tr, tr_noop
from engine.common.remote_path import url_scheme

_BUSY_SECONDS = 30.0
_REACHED_SECONDS = 10
"""A server that says nothing for so long is away; unless the URL has a `connect_timeout` of its own."""
_AGAIN_SECONDS = 1.0
_LOG_AGAIN_SECONDS = 0.02
_POSTGRES = "postgresql"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SECRET_PARAMETERS = ("password", "passfile", "sslpassword")
"""Of a URL's query, by which PostgreSQL's library takes passwords, too."""
_READS = "reads"  # of a connection: it changes nothing
_ADDING_LOCK = 0x76616441  # "vadA": two processes may make the tables, or add the same row, at the same time


class Archive:
    """An open archive; any number of threads and processes may have it open."""

    def __init__(self, place: str, *, create: bool = False, patience_seconds: float = 0.0) -> None:
        """Open the archive in a file, or at a `postgresql://` URL; `create` makes it where there is none.

        A server that was reached and goes away later, such as for its update, is waited for so long.

        Raises:
            ArchiveError: it can't be reached, is none, or was made by a newer version.
        """
        self._url = _url(place)
        self.place = without_password(place)
        if self._is_file and not create and not Path(self._url.database or "").exists():
            advice = tr("Check the name, or make one with `vad archive scan`.")
            raise ArchiveError(tr("There is no such archive"), subject=self.place, advice=advice)
        self._engine = _engine(self._url)
        self._patience_seconds = 0.0
        with self.changing() if create else self.reading() as connection:
            is_new = self._check_version(connection, create)
        if is_new and self._is_file:
            with self._errors(tr("The archive can't be made")), self._engine.connect() as connection:
                _keep_a_log(connection.connection.cursor())
        self._patience_seconds = 0.0 if self._is_file else patience_seconds

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries.

        Raises:
            ArchiveError: the data base says no.
        """
        with self._errors(tr("The archive can't be read")), self._connection() as connection:
            yield connection.execution_options(**{_READS: True})

    @contextlib.contextmanager
    def changing(self) -> Iterator[Connection]:
        """A connection for changes, which are kept together or, where the block raises, not at all.

        Raises:
            ArchiveError: the data base says no.
        """
        with self._errors(tr("The archive can't be used")), self._connection() as connection, connection.begin():
            yield connection

    def add_alone(self, connection: Connection) -> None:
        """Have others that add something wait until this change is kept, so that what is looked up here stays true.

        In a file all changes wait for one another.
        """
        if not self._is_file:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADDING_LOCK)))

    def now(self, connection: Connection) -> datetime:
        """The time by the data base's clock: those of several machines differ."""
        if self._is_file:
            return datetime.now(UTC)
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def revision(self) -> object:
        """Told by equality whether something was changed meanwhile, by whichever process; costs nearly nothing.

        Raises:
            ArchiveError: the data base says no.
        """
        if self._is_file:
            stamps = [_stamp(Path(f"{self._url.database}{suffix}")) for suffix in ("", "-wal")]
            if stamps[0] is None:
                advice = tr("Put it back, or open another one.")
                raise ArchiveError(tr("The archive is not where it was"), subject=self.place, advice=advice)
            return stamps
        with self.reading() as connection:
            return connection.execute(sa.text(_CHANGES)).scalar_one()

    def renew_index(self) -> None:
        """Give an archive that was made by an earlier version the index by which segments are ranked now.

        Raises:
            ArchiveError: the data base says no.
        """
        # SQLAlchemy can't tell whether SQLite has an index of an expression: the former one tells.
        known = "sqlite_master WHERE name" if self._is_file else "pg_indexes WHERE indexname"
        query = sa.text(f"SELECT count(*) FROM {known} = :name")
        with self.reading() as connection:
            if not connection.execute(query, {"name": schema.FORMER_INDEX}).scalar_one():
                return
        with self.changing() as connection:
            connection.execute(sa.schema.CreateIndex(schema.BY_RANK, if_not_exists=True))
            connection.execute(sa.text(f"DROP INDEX IF EXISTS {schema.FORMER_INDEX}"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _connection(self) -> Connection:
        ends = time.monotonic() + self._patience_seconds
        while True:
            try:
                return self._engine.connect()
            except OperationalError:
                if time.monotonic() >= ends:
                    raise
                time.sleep(_AGAIN_SECONDS)

    @property
    def _is_file(self) -> bool:
        return self._url.get_backend_name() != _POSTGRES

    def _check_version(self, connection: Connection, create: bool) -> bool:
        """Whether it was made just now."""
        if create:
            self.add_alone(connection)
        tables = set(sa.inspect(connection).get_table_names())
        if schema.archive_version.name not in tables:
            if tables or not create:
                advice = tr("Name another file or data base: this one holds something else, or nothing.")
                raise ArchiveError(tr("This is no archive"), subject=self.place, advice=advice)
            schema.metadata.create_all(connection)
            connection.execute(sa.insert(schema.archive_version).values(version=schema.VERSION))
            return True
        version = connection.execute(sa.select(sa.func.max(schema.archive_version.c.version))).scalar()
        if version is None or version > schema.VERSION:
            raise ArchiveError(
                tr("This archive was made by a newer version of the program"),
                subject=self.place,
                advice=tr("Update the program to open it. The archive is left as it is."),
            )
        if lacking := sorted(set(schema.metadata.tables) - tables):
            advice = tr("Take back a copy of it, or make a new one with `vad archive scan`.")
            what = tr("This archive lacks tables: {tables}").format(tables=", ".join(lacking))
            raise ArchiveError(what, subject=self.place, advice=advice)
        return False

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            advice = tr("Check that the file or the server can be reached, and has space.")
            if getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                advice = tr("Take back a copy of it, or make a new one with `vad archive scan`.")
            raise ArchiveError(f"{what} ({reason})", subject=self.place, advice=advice) from error


def without_password(place: str) -> str:
    """A place as it may be shown and remembered: passwords of servers are kept elsewhere, such as in ~/.pgpass."""
    if "://" not in place:
        return place
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):  # nobody knows where in it the password is
        return f"{url_scheme(place) or '…'}://…"
    return url.set(password=None).difference_update_query(_SECRET_PARAMETERS).render_as_string()


def _url(place: str) -> URL:
    if "://" not in place:
        return URL.create("sqlite+pysqlite", database=place)
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:  # ValueError: the port is no number
        raise ArchiveError(
            tr("This is no URL of a data base"), subject=without_password(place), advice=tr(_WHICH)
        ) from error
    if url.get_backend_name() != _POSTGRES:
        raise ArchiveError(tr("An archive can't be kept there"), subject=without_password(place), advice=tr(_WHICH))
    return url.set(drivername=f"{_POSTGRES}+psycopg")


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:  # there is no journal while nobody has the archive open
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


_CHANGES = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables"
"""Of all processes, as PostgreSQL counts them for itself."""

_WHICH = tr_noop("Name a file, or a data base as postgresql://USER@HOST/NAME.")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == _POSTGRES:
        try:
            timeout = {} if "connect_timeout" in url.query else {"connect_timeout": _REACHED_SECONDS}
            return sa.create_engine(url, pool_pre_ping=True, connect_args=timeout)
        except ImportError as error:
            advice = tr("Install it: pip install 'vadgui[postgres]'.")
            raise ArchiveError(tr("PostgreSQL's driver is missing (psycopg)"), advice=advice) from error
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # With a write-ahead log, a power cut undoes the last changes and damages nothing; all can be found out again.
    # Without one, as on some network shares, it could damage the file unless every change is synced.
    cursor.execute("PRAGMA journal_mode")
    (journal,) = cursor.fetchone() or ("",)
    cursor.execute(f"PRAGMA synchronous = {'NORMAL' if journal == 'wal' else 'FULL'}")
    cursor.close()


def _keep_a_log(cursor: DBAPICursor) -> None:
    """Turn on SQLite's write-ahead log, which the file remembers; SQLite does not wait for others by itself here."""
    ends = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= ends:
                raise
        time.sleep(_LOG_AGAIN_SECONDS)


def _begin(connection: Connection) -> None:
    # pysqlite would begin at the first change only: of two that read before they change something, one would fail.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
