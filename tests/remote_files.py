"""Files that a URL names: in memory, and behind a web server of this machine."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

LONG_AGO = datetime(2023, 11, 14, tzinfo=UTC)


@dataclass
class MemoryStore:
    """What memory:// holds, and what was read of it."""

    fetched: list[int] = field(default_factory=list)
    """Bytes of each read."""
    fails: list[Exception] = field(default_factory=list)
    """Raised by the next reads."""

    def put(self, name: str, content: bytes, changed: datetime = LONG_AGO) -> str:
        """Make a file new, as if at that time; returns its URL."""
        system = MemoryFileSystem()
        file = system.store[f"/{name}"] = MemoryFile(system, f"/{name}", content)
        file.created = changed
        return f"memory://{name}"

    def remove(self, name: str) -> None:
        """Remove a file."""
        del MemoryFileSystem.store[f"/{name}"]


@contextmanager
def memory_store(patch: pytest.MonkeyPatch) -> Iterator[MemoryStore]:
    """A store that is empty before and after."""
    store, read = MemoryStore(), MemoryFileSystem.cat_file

    def counted(self: MemoryFileSystem, path: str, start: int | None = None, end: int | None = None) -> bytes:
        if store.fails:
            raise store.fails.pop(0)
        data: bytes = read(self, path, start, end)
        store.fetched.append(len(data))
        return data

    patch.setattr(MemoryFileSystem, "cat_file", counted)
    patch.setattr("engine.common.remote_path._WAITS_SECONDS", (0.0, 0.0))
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield store
    MemoryFileSystem.store.clear()


@dataclass
class WebServer:
    """A server of a folder's files, and what it sent."""

    url: str
    sent: list[int] = field(default_factory=list)
    """Bytes of each answer."""


@contextmanager
def web_server(folder: Path) -> Iterator[WebServer]:
    """Serve a folder to this machine, by ranges."""
    server = WebServer("")
    handler = partial(_RangeHandler, directory=str(folder), server_sent=server.sent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_port}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


class _RangeHandler(SimpleHTTPRequestHandler):
    def __init__(self, *args: object, directory: str, server_sent: list[int]) -> None:
        self._sent = server_sent
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not wanted or not path.is_file():
            super().do_GET()
            return
        content = path.read_bytes()
        data = content[int(wanted[1]) : int(wanted[2]) + 1]
        self._sent.append(len(data))
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Range", f"bytes {wanted[1]}-{int(wanted[1]) + len(data) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass
