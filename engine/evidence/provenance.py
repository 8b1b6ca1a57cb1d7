"""What a package tells of itself: who made it, with what, when by whose clock, and what of."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.common.language import SOURCE_LANGUAGE, in_language
from engine.common.left_out import LeftOut
from engine.common.names import displayable
from engine.export.reviewed import ReviewedRecording
from engine.redaction.regions import redaction_in_words
from engine.review.edits import person
from engine.video.integrity import Integrity

FORMAT, VERSION = "vadgui-evidence", 3
_PACKAGES = ("av", "numpy", "opencv-python-headless", "torch")


@dataclass
class Contents:
    """What has been put into a package so far."""

    recordings: list[dict[str, Any]] = field(default_factory=list)
    working_copies: list[dict[str, Any]] = field(default_factory=list)


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


def remarks(recording: ReviewedRecording) -> dict[str, Any]:
    """What to know of it, in English whatever the report's language is: programs may look for it."""
    with in_language(SOURCE_LANGUAGE):
        missing = [f"{sentence}." for sentence in Integrity.of(recording.info, recording.times).in_words()]
        return {
            "redacted": redaction_in_words(recording.redaction) or None,
            "notes": [each for each in (recording.notice, *recording.conditions, *missing) if each],
        }


def provenance_json(contents: Contents, left_out: Sequence[LeftOut]) -> bytes:
    """What a package says of itself: what made it, from what, and what is in it."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "program": program(),
        "made": made_now(),
        "recordings": contents.recordings,
        "working_copies": contents.working_copies,
        "left_out": [asdict(each) for each in left_out],
    }
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
