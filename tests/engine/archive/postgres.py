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


@contextmanager
def postgres_server() -> Iterator[Path]:
    """Run a server; yields the folder of its socket. Skips the test where there is none to run."""
    if os.name != "posix":
        pytest.skip("a server of a test's own is run on POSIX alone")
    pytest.importorskip("psycopg", reason="needs PostgreSQL's driver, psycopg")
    programs = _programs()
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    # Not below tmp_path, whose parents belong to one person; and a socket's name has to be short.
    with tempfile.TemporaryDirectory(prefix="vadgui-postgres-") as name:
        folder = Path(name)
        if user:
            try:
                shutil.chown(folder, user)
            except LookupError:
                pytest.skip(f"as root, needs the user {user} to run PostgreSQL's server")

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, "-D", folder / "data", *arguments],
                user=user,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            )

        run("initdb", "--auth=trust", "--username=vadgui", "--no-sync", "--encoding=UTF8")
        run("pg_ctl", "start", "--wait", "-l", str(folder / "log"), "-o", f"-k {folder} {_SETTINGS}")
        try:
            yield folder
        finally:
            run("pg_ctl", "stop", "--mode=immediate", "--wait")
