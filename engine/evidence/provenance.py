"""Who made a package, with what, and when by whose clock."""

from __future__ import annotations

import importlib.metadata
import platform
import socket
from datetime import UTC, datetime
from typing import Any

from engine.common.names import displayable
from engine.review.edits import person

_PACKAGES = ("av", "numpy", "opencv-python-headless", "torch")


def program() -> dict[str, Any]:
    """This program and what it works with."""
    return {
        "name": f"vadgui {importlib.metadata.version('vadgui')}",
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }


def made_now() -> dict[str, str]:
    """Who, when and on which machine; nobody compared its clock with another."""
    now = datetime.now(UTC)
    local = now.astimezone()
    return {
        "at": now.isoformat(timespec="seconds"),
        "local_time": local.isoformat(timespec="seconds"),
        "time_zone": local.tzname() or "",
        "by": displayable(person()) or "unknown",
        "machine": displayable(socket.gethostname()),
        "system": platform.platform(),
        "clock": "of the machine; not compared with another",
    }
