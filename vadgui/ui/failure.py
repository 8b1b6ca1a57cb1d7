"""A failure to show within a view, where a dialog would be too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Failure:
    """Why something failed, in the three parts of a VadError: what, subject and advice."""

    what: str
    subject: str = ""
    advice: str = ""
    remedy: Mapping[str, float] = field(default_factory=dict)
    """Settings of the run to change before it is resumed; empty where none must change."""
