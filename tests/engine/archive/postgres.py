"""A PostgreSQL server of a test's own, reached by a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_UNPRIVILEGED = "postgres"  # the server refuses to run as root
_SETTINGS = "-c listen_addresses='' -c fsync=off -c max_connections=30"


def _programs() -> Path:
    """The folder of the server's programs; Debian keeps them off the PATH."""
    if found := shutil.which("pg_ctl"):
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("needs PostgreSQL's server (on Debian: apt-get install postgresql)")
    return folders[-1]


class PostgresServer:
    """A server whose socket and data lie in a folder."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.folder = folder
        self._programs, self._user = _programs(), user
        self._run("initdb", "--auth=trust", "--username=vadgui", "--no-sync", "--encoding=UTF8")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._run("pg_ctl", "start", "--wait", "-l", str(self.folder / "log"), "-o", f"-k {self.folder} {_SETTINGS}")

    def stop(self) -> None:
        """End it at once, and all connections with it."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", self.folder / "data", *arguments],
            user=self._user,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server. Skips the test where there is none to run."""
    if os.name != "posix":
        pytest.skip("a server of a test's own is run on POSIX alone")
    pytest.importorskip("psycopg", reason="needs PostgreSQL's driver, psycopg")
    _programs()
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    # Not below tmp_path, whose parents belong to one person; and a socket's name has to be short.
    with tempfile.TemporaryDirectory(prefix="vadgui-postgres-") as name:
        folder = Path(name)
        if user:
            try:
                shutil.chown(folder, user)
            except LookupError:
                pytest.skip(f"as root, needs the user {user} to run PostgreSQL's server")

        server = PostgresServer(folder, user)
        try:
            yield server
        finally:
            server.stop()
