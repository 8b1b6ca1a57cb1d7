"""An S3 store of this machine, as fixtures; tests are skipped where it can't be had."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from fsspec.asyn import get_loop

if TYPE_CHECKING:
    from s3fs import S3FileSystem

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """URL of a server that takes any credentials."""
    pytest.importorskip("s3fs", reason="needs the extra s3")
    if any(importlib.util.find_spec(name) is None for name in ("moto", "flask_cors")):
        pytest.skip("needs pip install 'moto[server]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/moto-api/")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def look_ups() -> None:
    """The thread in which the connections look up names of servers, which outlives a test, too."""
    executor = ThreadPoolExecutor(1)
    executor.submit(int).result()
    get_loop().call_soon_threadsafe(get_loop().set_default_executor, executor)


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3FileSystem]:
    """The store, with a bucket `cctv`; it is found by what the environment says, as on a person's machine."""
    from s3fs import S3FileSystem

    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    system = S3FileSystem()
    system.mkdir("cctv")
    yield system
    system.rm("cctv", recursive=True)
    S3FileSystem.clear_instance_cache()


def _wait_until_it_answers(url: str) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            urlopen(url, timeout=PATIENCE_SECONDS).close()
        except URLError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return
