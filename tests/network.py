"""Keeps the tests, and what they test, off the network."""

from __future__ import annotations

import ipaddress
import sys
from functools import cache

import psutil


class NetworkUsedError(Exception):
    """The program wanted to speak to another machine, which it never may."""


def refuse_network() -> None:
    """From now on Python raises NetworkUsedError where it would reach beyond this machine; this can't be undone."""
    sys.addaudithook(_check)


def _check(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        # Sockets of the file system have a path for an address.
        if isinstance(address, tuple) and not _is_here(str(address[0])):
            raise NetworkUsedError(f"{event} to {address[0]}")
    elif event == "socket.getaddrinfo" and arguments[0] is not None and not _is_here(_text(arguments[0])):
        raise NetworkUsedError(f"{event} of {_text(arguments[0])}")


def _is_here(host: str) -> bool:
    try:
        return host in ("", "localhost") or ipaddress.ip_address(host).is_loopback or host in _own_addresses()
    except ValueError:
        return False


@cache
def _own_addresses() -> frozenset[str]:
    """Those of this machine, by which Ray's processes reach each other."""
    return frozenset(each.address for addresses in psutil.net_if_addrs().values() for each in addresses)


def _text(host: object) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
