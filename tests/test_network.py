"""The guard that keeps every test off the network works, and lets what stays on this machine pass."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from tests.network import NetworkUsedError


def test_other_machines_are_not_reached() -> None:
    with socket.socket() as one, pytest.raises(NetworkUsedError):
        one.connect(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(NetworkUsedError):
        one.sendto(b"x", ("192.0.2.1", 53))
    with pytest.raises(NetworkUsedError):
        urllib.request.urlopen("http://example.invalid/")


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
